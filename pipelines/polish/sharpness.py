"""Crisp lashes, brows, lips and hair, beside skin that stays as soft as it is."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import Face, skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image.arrays import Map
from pipelines.image.colour import luma_of
from pipelines.image.filters import lowpass, noise

_SHARPEN = 1.1
# Detail that is already this strong (in luma) is crisp enough and gets little more: what makes
# hair wiry and eyes hard is not faint detail made clear, but strong detail made stronger.
_CRISP = 0.07
# Detail smaller than this many deviations of the grain is grain.
_CORE = 2.0
# Grain (of full scale) up to which sharpening is full, and from which there is none.
_QUIET, _NOISY = 0.012, 0.035


def calm(near: Closeup) -> float:
    """How much sharpening the picture's grain allows: 1 full, 0 none."""
    grain = noise(luma_of(near.pixels))
    return float(np.clip((_NOISY - grain) / (_NOISY - _QUIET), 0, 1))


def change(near: Closeup, seen: Skin) -> Map:
    """The change of luma that makes lashes, brows, lips and hair crisp, all the way.

    Only detail that stands out of the grain is raised, strong detail hardly, and none beyond the
    values around it, so there are no halos. Teeth and the eyes' own surface are left alone, and a
    noisy picture altogether.

    Args:
        near: The face and the hair around it.
        seen: Its skin, in the closeup.

    Returns:
        Shape (h, w) of the closeup.
    """
    allowed = calm(near)
    luma = luma_of(near.pixels)
    if allowed == 0:
        return np.zeros_like(luma)
    sigma = max(0.7, 0.010 * near.face.interocular)
    detail = luma - lowpass(luma, sigma)
    detail = np.sign(detail) * np.maximum(np.abs(detail) - _CORE * noise(luma), 0)
    detail = detail / (1 + np.square(detail / _CRISP))
    raised = luma + (_SHARPEN * allowed) * detail * _where(near.face, seen)
    reach = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(luma, reach), cv2.dilate(luma, reach)
    slack = 0.2 * (high - low)
    return np.asarray(np.clip(raised, low - slack, high + slack) - luma, np.float32)


def _where(face: Face, seen: Skin) -> Map:
    """Where to sharpen, 0..1: lashes, brows, lips and hair; gently in beards."""
    view = slice(0, face.size[0]), slice(0, face.size[1])
    unit = face.interocular
    outline = skin.inside(face, skin.outline(face))
    distance = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 3)
    near = np.clip(1 - distance / (0.5 * unit), 0, 1)
    near = near * near * (3 - 2 * near)
    # The mask fades towards the outline; undo that, or the jaw would count as hair.
    fade = skin.edge(face)
    bare = np.clip(seen.facial / np.maximum(fade, 0.05), 0, 1)
    bare = np.maximum(bare, np.clip(2 * seen.visible, 0, 1))
    bare = np.asarray(cv2.dilate(bare.astype(np.float32), np.ones((3, 3), np.uint8)), np.float32)
    # Creases are off the mask too, but thin and amid skin; hair is wide.
    amid = np.maximum(lowpass(bare, 0.06 * unit), skin.both(face, "eye_socket", view, 0.05))
    high = _height(face)
    hair = (high * near + (1 - high) * 0.6 * fade) * np.clip(1 - 1.6 * amid, 0, 1)
    features = np.maximum(skin.both(face, "eye", view, 0.06), skin.both(face, "brow", view, 0.02))
    features = np.maximum(features, skin.region(face, "lips", view))
    features = lowpass(features, 0.01 * unit)
    # Wet and hard surfaces look etched when sharpened.
    bright = np.maximum(skin.both(face, "eye", view), skin.region(face, "mouth", view, 0.01))
    gentle = 1 - np.clip(1.2 * lowpass(bright, 0.012 * unit), 0, 1)
    where = np.maximum(hair, features) * np.clip(1 - 1.6 * bare, 0, 1) * gentle
    return np.asarray(where, np.float32)


def _height(face: Face) -> Map:
    """0 from the mouth down, 1 from the eyes up: below, only jaw, neck and collar lie around."""
    mouth = face.region("lips").mean(axis=0)
    eyes = (face.left.contour.mean(axis=0) + face.right.contour.mean(axis=0)) / 2
    up = (eyes - mouth) / max(float(np.sum((eyes - mouth) ** 2)), 1e-6)
    rows, columns = face.size
    x, y = np.arange(columns) - mouth[0], np.arange(rows) - mouth[1]
    height = np.clip(x[None, :] * up[0] + y[:, None] * up[1], 0, 1)
    return np.asarray(height * height * (3 - 2 * height), np.float32)
