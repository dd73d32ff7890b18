"""Crisp lashes, brows, lips and hair, beside skin that stays as soft as it is."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines import skin
from pipelines.arrays import Image, Map
from pipelines.bands import lowpass, noise
from pipelines.face import Face
from pipelines.luma import add, luma_of

_SHARPEN = 1.2
# Detail smaller than this many deviations of the grain is grain.
_CORE = 2.0
# Grain (of full scale) up to which sharpening is full, and from which there is none.
_QUIET, _NOISY = 0.012, 0.035


def apply(pixels: Image, face: Face, mask: Map, dose: float) -> Image:
    """Crisper lashes, brows, lips and hair; the skin stays as soft as it is.

    Only detail that stands out of the grain is raised, never beyond the values around it, so
    there are no halos; a noisy picture is left alone.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        mask: Skin mask, shape (H, W).
        dose: 0..1, above 0.
    """
    view = skin.window(face, margin=0.6)
    luma = luma_of(pixels[view])
    grain = noise(luma)
    calm = float(np.clip((_NOISY - grain) / (_NOISY - _QUIET), 0, 1))
    if calm == 0:
        return pixels
    where = _crisp(face, mask, view)
    sigma = max(0.7, 0.010 * face.interocular)
    detail = luma - lowpass(luma, sigma)
    detail = np.sign(detail) * np.maximum(np.abs(detail) - _CORE * grain, 0)
    raised = luma + (_SHARPEN * dose * calm) * where * detail
    reach = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(luma, reach), cv2.dilate(luma, reach)
    slack = 0.25 * (high - low)
    raised = np.clip(raised, low - slack, high + slack)
    change = np.where(where > 0, raised - luma, 0).astype(np.float32)
    result = pixels.copy()
    result[view] = add(pixels[view], change)
    return result


def _crisp(face: Face, mask: Map, view: skin.Window) -> Map:
    """Where to sharpen, 0..1: lashes, brows, lips and hair; gently in the eyes and in beards."""
    outline = skin.inside(face, skin.outline(face))[view]
    distance = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 3)
    near = np.clip(1 - distance / (0.5 * face.interocular), 0, 1)
    near = near * near * (3 - 2 * near)
    # The mask fades towards the outline; undo that, or the jaw would count as hair.
    fade = skin.edge(face)[view]
    bare = np.clip(mask[view] / np.maximum(fade, 0.05), 0, 1)
    bare = np.asarray(cv2.dilate(bare, np.ones((3, 3), np.uint8)), np.float32)
    # Creases are off the mask too, but thin and amid skin; hair is wide.
    amid = np.maximum(
        lowpass(bare, 0.06 * face.interocular), skin.both(face, "eye_socket", view, 0.05)
    )
    high = _height(face, view)
    hair = (high * near + (1 - high) * 0.6 * fade) * np.clip(1 - 1.6 * amid, 0, 1)
    eyes = skin.both(face, "eye", view)
    features = np.maximum(skin.both(face, "eye", view, 0.06), skin.both(face, "brow", view, 0.02))
    features = np.maximum(features, skin.region(face, "lips", view))
    features = lowpass(features, 0.01 * face.interocular)
    gentle = 1 - 0.6 * lowpass(eyes, 0.02 * face.interocular)
    where = np.maximum(hair, features) * np.clip(1 - 1.6 * bare, 0, 1) * gentle
    return np.asarray(where, np.float32)


def _height(face: Face, view: skin.Window) -> Map:
    """0 from the mouth down, 1 from the eyes up: below, only jaw, neck and collar lie around."""
    mouth = face.region("lips").mean(axis=0)
    eyes = (face.left.contour.mean(axis=0) + face.right.contour.mean(axis=0)) / 2
    up = (eyes - mouth) / max(float(np.sum((eyes - mouth) ** 2)), 1e-6)
    rows, columns = view
    x = np.arange(columns.start, columns.stop) - mouth[0]
    y = np.arange(rows.start, rows.stop) - mouth[1]
    height = np.clip(x[None, :] * up[0] + y[:, None] * up[1], 0, 1)
    return np.asarray(height * height * (3 - 2 * height), np.float32)
