"""Eye patches: upright crops of one size and scale, and edits of them pasted back on the face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.engines import annotation
from pipelines.engines.geometry import LEAST_EDIT, OUTLINE_GROWTH, Patch
from pipelines.face import Eye, Face
from pipelines.gaze import Gaze
from pipelines.image import crops, polygons
from pipelines.image.arrays import Image, Image8, Map, Points

SIZE = (96, 64)
"""(width, height) of a patch."""
MM_PER_PX = 0.4
"""Scale of a patch. It covers 38 by 26 mm, and the radius of an iris is 14 pixels."""
GROWTH = 3.0
"""Margin of the mask around the lid opening, in pixels; without it old iris stays at the edge."""
FEATHER = 1.5
"""Half of the width of the mask's soft edge, in pixels."""
# The largest fall of a channel where the iris was and white shall be, and the margin and the
# standard deviation of the edge of that place, in pixels.
_MOST_DARKER, _VACATED_MARGIN, _VACATED_EDGE = 0.03, 1.0, 1.0


@dataclass(frozen=True)
class EyePatch:
    """Upright patch of one eye; that of a left eye is mirrored, so all patches show right eyes.

    Attributes:
        pixels: The proposal, float32 sRGB in [0, 1], shape (64, 96, 3).
        photo: The photo, likewise.
        control: Control image of the target, uint8 RGB, shape (64, 96, 3).
        mask: The lid opening with a margin and a soft edge, 0..1, shape (64, 96).
        vacated: Where the photo's iris was and the proposal's is not, 0..1, likewise.
        gaze: Target of the eye in the patch's frame.
        to_patch: Affine map from the picture to the patch, shape (2, 3).
    """

    pixels: Image
    photo: Image
    control: Image8
    mask: Map
    vacated: Map
    gaze: Gaze
    to_patch: Points


def cut(
    image_u8: Image8, photo_u8: Image8, before: Face, posed: Face, goals: tuple[Gaze, Gaze]
) -> tuple[EyePatch, EyePatch]:
    """Cut the patches of both eyes.

    Args:
        image_u8: The proposal, uint8 sRGB, shape (H, W, 3).
        photo_u8: The photo, likewise.
        before: The face as photographed, in pixels of `image_u8`; it places the patches.
        posed: The face with irises and lids at the target, in the same pixels.
        goals: Targets of the person's left and right eye.

    Returns:
        The patches of the person's left eye (mirrored) and right eye.
    """
    left, right = (
        _cut_eye(image_u8, photo_u8, before, posed, side, goal)
        for side, goal in zip(("left", "right"), goals, strict=True)
    )
    return left, right


def place(eye: Eye, roll: float, mm_per_px: float) -> Points:
    """Affine map from a picture to the patch of one of its eyes, shape (2, 3).

    Args:
        eye: The eye; the patch is centred between its canthi, which do not move with the eye.
        roll: Roll of the head in degrees.
        mm_per_px: Scale of the picture, from `Face.mm_per_px`.
    """
    middle, scale = (eye.inner + eye.outer) / 2, mm_per_px / MM_PER_PX
    return crops.upright(middle, roll, scale, SIZE, mirrored=eye.side == "left")


def aperture(*contours: Points) -> Map:
    """Mask of the union of lid openings, with a margin and a soft edge, 0..1, shape (64, 96).

    Args:
        contours: Lid edges as polygons in patch pixels, each of shape (n, 2).
    """
    depth = polygons.depth(polygons.filled(SIZE[::-1], *contours))
    mask = np.clip((depth + GROWTH + FEATHER) / (2 * FEATHER), 0, 1)
    # `laid_back` needs a border that is 0.
    mask[[0, 1, -2, -1]] = 0
    mask[:, [0, 1, -2, -1]] = 0
    return mask.astype(np.float32)


def difference(patch: EyePatch, drawn: Image, shape: tuple[int, int]) -> Patch:
    """The difference of a redrawn patch to the proposal, at the picture's scale.

    As only the difference is resized, the grain of the photo is kept. Where the iris has left,
    the proposal's white is hardly darkened: with strongly averted eyes the model brings back the
    rim of the old iris, which it sees in the photo.

    Args:
        patch: The patch that was redrawn.
        drawn: The result, float32, shape (64, 96, 3).
        shape: (height, width) of the picture.

    Returns:
        An edit that is exactly 0 where the mask is 0.
    """
    edit = np.asarray((drawn - patch.pixels) * (patch.mask > 0)[..., None], np.float32)
    edit += patch.vacated[..., None] * (np.maximum(edit, -_MOST_DARKER) - edit)
    return laid_back(edit, patch.mask, patch.to_patch, shape)


def laid_back(edit: Image, mask: Map, to_patch: Points, shape: tuple[int, int]) -> Patch:
    """Resample an edit of a crop to the picture that the crop was cut from.

    Args:
        edit: Values to add to the crop, float32, shape (h, w, 3).
        mask: Above 0 where the edit may be other than 0, shape (h, w).
        to_patch: Affine map from the picture to the crop, shape (2, 3).
        shape: (height, width) of the picture.
    """
    height, width = edit.shape[:2]
    to_picture = crops.inverse(to_patch)
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64) - 0.5
    corners = crops.through(to_picture, corners)
    low = np.clip(np.floor(corners.min(axis=0)), 0, np.array(shape[::-1]) - 1).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, low + 1, shape[::-1]).astype(int)
    to_picture[:, 2] -= low
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    resampled = np.asarray(crops.cut(edit, to_picture, size), np.float32)
    # Cubic resampling overshoots beyond the edge of the mask.
    inside = crops.cut((mask > 0).astype(np.float32), to_picture, size) > 0.5
    resampled[~inside | (np.abs(resampled).max(axis=2) < LEAST_EDIT)] = 0
    return Patch(int(low[1]), int(low[0]), resampled)


def within_outline(face: Face, to_patch: Points, size: tuple[int, int]) -> Map:
    """1 inside the face outline, fading to 0 at it, shape (height, width).

    The outline of a turned head can be close to an eye, and nothing may change beyond it.

    Args:
        face: The face, in pixels of the picture.
        to_patch: Affine map from the picture to the crop, shape (2, 3).
        size: (width, height) of the crop.
    """
    center = face.oval.mean(axis=0)
    outline = crops.through(to_patch, center + OUTLINE_GROWTH * (face.oval - center))
    # OpenCV's fixed-point coordinates would overflow far outside the crop.
    outline = np.clip(outline, -16 * size[0], 16 * size[0])
    inside = polygons.filled(size[::-1], outline)
    if inside.all():
        return np.ones((size[1], size[0]), np.float32)
    return np.clip(cv2.distanceTransform(inside, cv2.DIST_L2, 3) / 7 - 0.3, 0, 1)


def in_patch(goal: Gaze, to_patch: Points) -> Gaze:
    """Convert a gaze from the camera's frame to that of an upright, possibly mirrored patch."""
    scale = crops.scale_of(to_patch)
    x, y, z = goal.vector
    right, down = to_patch[:, :2] @ (x, -y) / scale
    return Gaze.from_vector(np.array([right, -down, z]))


def _cut_eye(
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
        vacated=_vacated(old, new, to_patch),
        gaze=in_patch(goal, to_patch),
        to_patch=to_patch,
    )


def _vacated(old: Eye, new: Eye, to_patch: Points) -> Map:
    """Where an iris was and is no more, with a soft edge, 0..1, shape (64, 96)."""
    columns, rows = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))

    def beyond(eye: Eye) -> Map:
        eye = eye.through(to_patch)
        away = np.hypot(columns - eye.iris_center[0], rows - eye.iris_center[1])
        return np.asarray(away - eye.iris_radius, np.float32)

    was, stays = beyond(old) < _VACATED_MARGIN, beyond(new) < _VACATED_MARGIN
    soft = cv2.GaussianBlur((was & ~stays).astype(np.float32), (0, 0), _VACATED_EDGE)
    return np.asarray(soft * np.clip(beyond(new), 0, 1), np.float32)
