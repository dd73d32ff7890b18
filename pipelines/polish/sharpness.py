"""Dose ``sharpness``: sharpen lashes, brows, lips and hair, but not the skin."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import Face, skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image.arrays import Map
from pipelines.image.filters import lowpass

# Gain of the detail at a dose of 1.
_SHARPEN = 1.1
# Detail of this strength (in luma) is amplified by half as much, stronger detail by less: hair
# looks wiry and eyes look hard if strong detail is amplified.
_STRONG_DETAIL = 0.07
# Detail of fewer standard deviations of the grain than this counts as grain.
_GRAIN_DEVIATIONS = 2.0
# Standard deviation of the grain (of full scale) up to which sharpening is full, and from which
# there is none.
_QUIET, _NOISY = 0.012, 0.035


def allowed(crop: Closeup) -> float:
    """Share of the sharpening that the picture's grain allows, 0..1."""
    return float(np.clip((_NOISY - crop.grain) / (_NOISY - _QUIET), 0, 1))


def change(crop: Closeup, where: Map) -> Map:
    """Change of luma at a dose of 1: sharpens lashes, brows, lips and hair.

    Only detail stronger than the grain is amplified, strong detail hardly, and no pixel goes far
    beyond the values around it, so there are no halos. Teeth and the lid openings are left out. A
    grainy picture does not change.

    Args:
        crop: Crop of the face and the hair around it.
        where: From `area`, at the size of the crop.

    Returns:
        Shape (h, w) of the crop.
    """
    share, luma = allowed(crop), crop.luma
    if share == 0:
        return np.zeros_like(luma)
    sigma = max(0.7, 0.010 * crop.face.interocular)
    detail = luma - lowpass(luma, sigma)
    detail = np.sign(detail) * np.maximum(np.abs(detail) - _GRAIN_DEVIATIONS * crop.grain, 0)
    detail = detail / (1 + np.square(detail / _STRONG_DETAIL))
    sharpened = luma + (_SHARPEN * share) * detail * where
    neighbours = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(luma, neighbours), cv2.dilate(luma, neighbours)
    slack = 0.2 * (high - low)
    return np.asarray(np.clip(sharpened, low - slack, high + slack) - luma, np.float32)


def area(face: Face, masks: Skin) -> Map:
    """Lashes, brows, lips and hair, 0..1, weaker in beards; shape (h, w) of the masks.

    Args:
        face: The face in the picture of the masks.
        masks: Skin masks.
    """
    view = slice(0, face.size[0]), slice(0, face.size[1])
    unit = face.interocular
    outline = skin.inside(face, skin.outline(face))
    distance = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 3)
    closeness = np.clip(1 - distance / (0.5 * unit), 0, 1)
    closeness = closeness * closeness * (3 - 2 * closeness)
    # The facial mask fades towards the outline; undo that, or the jaw would count as hair.
    fade = skin.edge(face)
    bare = np.clip(masks.facial / np.maximum(fade, 0.05), 0, 1)
    bare = np.maximum(bare, np.clip(2 * masks.visible, 0, 1))
    bare = np.asarray(cv2.dilate(bare.astype(np.float32), np.ones((3, 3), np.uint8)), np.float32)
    # Creases are not in the skin mask either, but they are thin and surrounded by skin.
    amid_skin = np.maximum(lowpass(bare, 0.06 * unit), skin.both(face, "eye_socket", view, 0.05))
    upper = _upper_face(face)
    hair = (upper * closeness + (1 - upper) * 0.6 * fade) * np.clip(1 - 1.6 * amid_skin, 0, 1)
    features = np.maximum(skin.both(face, "eye", view, 0.06), skin.both(face, "brow", view, 0.02))
    features = np.maximum(features, skin.region(face, "lips", view))
    features = lowpass(features, 0.01 * unit)
    # Eyeballs and teeth look etched when sharpened.
    glossy = np.maximum(skin.both(face, "eye", view), skin.region(face, "mouth", view, 0.01))
    not_glossy = 1 - np.clip(1.2 * lowpass(glossy, 0.012 * unit), 0, 1)
    mask = np.maximum(hair, features) * np.clip(1 - 1.6 * bare, 0, 1) * not_glossy
    return np.asarray(mask, np.float32)


def _upper_face(face: Face) -> Map:
    """1 from the eyes upwards, falling to 0 from the mouth downwards.

    Around the lower part of a face there is no hair, but jaw, neck and collar.
    """
    mouth = face.region("lips").mean(axis=0)
    eyes = (face.left.contour.mean(axis=0) + face.right.contour.mean(axis=0)) / 2
    up = (eyes - mouth) / max(float(np.sum((eyes - mouth) ** 2)), 1e-6)
    rows, columns = face.size
    x, y = np.arange(columns) - mouth[0], np.arange(rows) - mouth[1]
    height = np.clip(x[None, :] * up[0] + y[:, None] * up[1], 0, 1)
    return np.asarray(height * height * (3 - 2 * height), np.float32)
