"""Eyes as upright patches of one size and scale, and what was drawn in them back on the face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.engines import annotation
from pipelines.engines.geometry import OUTLINE_GROWTH, Patch
from pipelines.face import Eye, Face
from pipelines.gaze import Gaze
from pipelines.image import crops
from pipelines.image.arrays import Image, Image8, Map, Points

SIZE = (96, 64)
"""(width, height) of a patch."""
MM_PER_PX = 0.4
"""Scale of a patch: 38 by 26 mm, in which an iris has a radius of 14 pixels."""
GROWTH = 3.0
"""Pixels by which the opening between the lids is grown; with 0 the lids' edges keep old iris."""
FEATHER = 1.5
"""Half the width of the mask's soft edge, in pixels."""

# An edit that is fainter than half a step of an 8-bit picture cannot be seen, only counted.
_FAINTEST = 0.5 / 255


@dataclass(frozen=True)
class EyePatch:
    """One eye, upright, mirrored if it is a left one, so that every patch shows a right eye.

    Attributes:
        pixels: The eye as proposed, float32 sRGB, shape (64, 96, 3).
        photo: The eye as photographed, likewise.
        control: The annotation of the eye as it shall be, uint8 RGB, shape (64, 96, 3).
        mask: The opening between the lids, grown and feathered, 0..1, shape (64, 96).
        gaze: Where the eye shall look, in the patch's own frame.
        to_patch: Affine map from the picture to the patch, shape (2, 3).
    """

    pixels: Image
    photo: Image
    control: Image8
    mask: Map
    gaze: Gaze
    to_patch: Points


def cut(
    image_u8: Image8, photo_u8: Image8, before: Face, posed: Face, goals: tuple[Gaze, Gaze]
) -> tuple[EyePatch, EyePatch]:
    """Cut both eyes out.

    Args:
        image_u8: The eyes as proposed, uint8 sRGB, shape (H, W, 3).
        photo_u8: The eyes as photographed, likewise.
        before: The face as photographed, in pixels of `image_u8`; it places the patches.
        posed: The face as it shall be, in the same pixels.
        goals: Where the person's left and right eye shall look.

    Returns:
        The person's left eye (mirrored) and right eye.
    """
    left, right = (
        _cut_one(image_u8, photo_u8, before, posed, side, goal)
        for side, goal in zip(("left", "right"), goals, strict=True)
    )
    return left, right


def place(eye: Eye, roll: float, mm_per_px: float) -> Points:
    """Affine map from a picture to the patch of one of its eyes, shape (2, 3).

    Args:
        eye: The eye; the patch is centred between its canthi, which stay when the eye turns.
        roll: Of the head, in degrees.
        mm_per_px: Scale of the picture, `Face.mm_per_px`.
    """
    to_patch = crops.upright((eye.inner + eye.outer) / 2, roll, mm_per_px / MM_PER_PX, SIZE)
    if eye.side == "left":
        to_patch[0] *= -1
        to_patch[0, 2] += SIZE[0] - 1
    return to_patch


def aperture(*contours: Points) -> Map:
    """What may change: the union of lid openings, grown and feathered, 0..1, shape (64, 96).

    Args:
        contours: Lid edges as polygons in patch pixels, each of shape (n, 2).
    """
    opening = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for contour in contours:
        cv2.fillPoly(opening, [np.round(contour * 16).astype(np.int32)], (1,), shift=4)
    mask = np.clip((_depth(opening) + GROWTH + FEATHER) / (2 * FEATHER), 0, 1)
    # The difference is laid back with a border of nothing.
    mask[[0, 1, -2, -1]] = 0
    mask[:, [0, 1, -2, -1]] = 0
    return mask.astype(np.float32)


def difference(patch: EyePatch, drawn: Image, shape: tuple[int, int]) -> Patch:
    """What was drawn, as a difference at the picture's own scale: the photo's grain stays.

    Args:
        patch: As cut.
        drawn: The patch after drawing, float32, shape (64, 96, 3).
        shape: (height, width) of the picture.

    Returns:
        An edit that is exactly 0 wherever the mask is.
    """
    edit = np.asarray((drawn - patch.pixels) * (patch.mask > 0)[..., None], np.float32)
    return laid_back(edit, patch.mask, patch.to_patch, shape)


def laid_back(edit: Image, mask: Map, to_patch: Points, shape: tuple[int, int]) -> Patch:
    """Bring an edit of a window back to the picture that the window was cut from.

    Args:
        edit: What to add in the window, float32, shape (h, w, 3).
        mask: Where it may be other than 0, 0..1, shape (h, w).
        to_patch: Affine map from the picture to the window, shape (2, 3).
        shape: (height, width) of the picture.
    """
    height, width = edit.shape[:2]
    back = crops.inverse(to_patch)
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64) - 0.5
    seen = crops.through(back, corners)
    low = np.clip(np.floor(seen.min(axis=0)), 0, np.array(shape[::-1]) - 1).astype(int)
    high = np.clip(np.ceil(seen.max(axis=0)) + 1, low + 1, shape[::-1]).astype(int)
    back[:, 2] -= low
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    large = np.asarray(crops.cut(edit, back, size), np.float32)
    # Resampling rings beyond the mask's edge.
    inside = crops.cut((mask > 0).astype(np.float32), back, size) > 0.5
    large[~inside | (np.abs(large).max(axis=2) < _FAINTEST)] = 0
    return Patch(int(low[1]), int(low[0]), large)


def in_patch(goal: Gaze, to_patch: Points) -> Gaze:
    """A gaze of the camera's frame in the frame of an upright, perhaps mirrored, patch."""
    scale = np.sqrt(abs(np.linalg.det(to_patch[:, :2])))
    x, y, z = goal.vector
    right, down = to_patch[:, :2] @ (x, -y) / scale
    return Gaze.from_vector(np.array([right, -down, z]))


def _cut_one(
    image_u8: Image8, photo_u8: Image8, before: Face, posed: Face, side: str, goal: Gaze
) -> EyePatch:
    old, new = (face.left if side == "left" else face.right for face in (before, posed))
    to_patch = place(old, before.head.roll, before.mm_per_px)
    mask = aperture(*(crops.through(to_patch, eye.contour) for eye in (old, new)))
    pixels, photo = (
        crops.cut(picture_u8, to_patch, SIZE).astype(np.float32) / np.float32(255)
        for picture_u8 in (image_u8, photo_u8)
    )
    return EyePatch(
        pixels=pixels,
        photo=photo,
        control=annotation.draw_eye(posed, new, to_patch, SIZE),
        mask=mask * within_outline(before, to_patch, SIZE),
        gaze=in_patch(goal, to_patch),
        to_patch=to_patch,
    )


def within_outline(face: Face, to_patch: Points, size: tuple[int, int]) -> Map:
    """1 inside the face's outline, fading to 0 before it, shape (height, width).

    A turned head brings its outline near an eye, and nothing may change beyond it.
    """
    middle = face.oval.mean(axis=0)
    outline = crops.through(to_patch, middle + OUTLINE_GROWTH * (face.oval - middle))
    # Far outside the window OpenCV's fixed point would overflow.
    outline = np.clip(outline, -16 * size[0], 16 * size[0])
    inside = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(inside, [np.round(outline * 16).astype(np.int32)], (1,), shift=4)
    if inside.all():
        return np.ones((size[1], size[0]), np.float32)
    return np.clip(cv2.distanceTransform(inside, cv2.DIST_L2, 3) / 7 - 0.3, 0, 1)


def _depth(opening: NDArray[np.uint8]) -> Map:
    """Distance inside the opening's edge in pixels, negative outside."""
    inside = cv2.distanceTransform(opening, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - opening, cv2.DIST_L2, 5)
    return np.asarray(inside - outside, np.float32)
