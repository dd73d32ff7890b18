"""Lay an edited copy over the photo it was made from, whatever its crop or size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.face import Face, skin
from pipelines.image import crops
from pipelines.image.arrays import Image8, Points
from pipelines.runtime.errors import Refusal

# Two versions of one photo agree in their landmarks to a few thousandths of an interocular; another
# photo of the same person, posed alike, to some hundredths.
_MOST_OFF = 0.04
# Versions of one photo correlated by 0.95 and more, a mirrored face with itself by 0.81.
_LEAST_ALIKE = 0.9
# The scale that landmarks tell is off by up to so much.
_JITTER = 0.03
# Copies of another size are compared with this blur on both, in pixels.
_COARSER = 1.2
# Displacements this near to whole pixels, all over the face, count as whole.
_WHOLE = 0.08
_ROUNDS = 60


@dataclass(frozen=True)
class Registered:
    """Two versions of one photo in the same pixels.

    Attributes:
        original_u8: The original, uint8 sRGB, shape (H, W, 3), made smaller where the sizes differ.
        copy_u8: The copy on it, same shape; where the copy is cropped, the original's own pixels.
        scale: Size of the copy's face / size of the original's.
        resampled: Whether both had to be resized; if not, every pixel is the file's own.
    """

    original_u8: Image8
    copy_u8: Image8
    scale: float
    resampled: bool


def register(copy_u8: Image8, copy: Face, original_u8: Image8, original: Face) -> Registered:
    """Bring a copy and its original to the same size and place.

    Where the sizes differ, the larger is reduced to the smaller and both are blurred a little, so
    that neither has detail that the other cannot have. Landmarks say roughly where the copy lies,
    then the enhanced correlation coefficient is maximised over affine maps (Evangelidis & Psarakis
    2008, IEEE TPAMI 30(10)), because texture can only be compared where pores fall on pores.

    Args:
        copy_u8: The edited picture at its own size, uint8 sRGB (H, W, 3).
        copy: The face in it, in these pixels.
        original_u8: The photo it was made from.
        original: The face in that, in those pixels.

    Raises:
        Refusal: ``not-the-same-photo``.
    """
    scale = _scale(copy, original)
    if abs(scale - 1) < _JITTER:
        fetch = _located(copy_u8, copy, original_u8, original)
        shift, near = _whole_shift(fetch, original)
        placed = _shifted(copy_u8, original_u8, shift)
        if near or _apart(placed, original_u8, original) <= _apart(
            _fetched(copy_u8, original_u8, fetch), original_u8, original
        ):
            return Registered(original_u8, placed, 1.0, False)
        scale = float(np.sqrt(np.linalg.det(fetch[:, :2])))
    original_u8, original = _reduced(original_u8, original, scale)
    copy_u8, copy = _reduced(copy_u8, copy, 1 / scale)
    laid = _fetched(copy_u8, original_u8, _located(copy_u8, copy, original_u8, original))
    # Each way of resizing treats the very finest detail in its own way: leave that out of both.
    return Registered(_coarser(original_u8), _coarser(laid), scale, True)


def _coarser(picture_u8: Image8) -> Image8:
    return np.asarray(cv2.GaussianBlur(picture_u8, (0, 0), _COARSER), np.uint8)


def _located(copy_u8: Image8, copy: Face, original_u8: Image8, original: Face) -> Points:
    """Map from the original's pixels to the copy's: the way in which pixels are fetched."""
    rough = _fit(copy, original)
    off = _through(rough, copy.landmarks[:, :2]) - original.landmarks[:, :2]
    if np.linalg.norm(off, axis=1).mean() > _MOST_OFF * original.interocular:
        raise _other()
    return _refined(copy_u8, original_u8, original, crops.inverse(rough))


def _scale(copy: Face, original: Face) -> float:
    matrix = _fit(original, copy)
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def _fit(source: Face, target: Face) -> Points:
    here, there = (
        np.ascontiguousarray(face.landmarks[:468, :2], np.float32) for face in (source, target)
    )
    matrix, _ = cv2.estimateAffinePartial2D(here, there, method=cv2.LMEDS)
    if matrix is None or np.linalg.det(matrix[:, :2]) <= 1e-6:
        raise _other()
    return np.asarray(matrix, np.float64)


def _through(matrix: Points, points: Points) -> Points:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def _reduced(picture_u8: Image8, face: Face, scale: float) -> tuple[Image8, Face]:
    if scale >= 1:
        return picture_u8, face
    height, width = picture_u8.shape[:2]
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(picture_u8, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), face.scaled(scale, (size[1], size[0]))


def _refined(copy_u8: Image8, original_u8: Image8, original: Face, fetch: Points) -> Points:
    rows, columns = skin.window(original)
    template = cv2.cvtColor(original_u8[rows, columns], cv2.COLOR_RGB2GRAY)
    # Where the copy does not reach, there is nothing to compare.
    local = fetch.copy()
    local[:, 2] += fetch[:, :2] @ np.array([columns.start, rows.start], np.float64)
    seen = cv2.cvtColor(copy_u8, cv2.COLOR_RGB2GRAY)
    mask = np.full(seen.shape, 255, np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ROUNDS, 1e-5)
    try:
        alike, found = cv2.findTransformECC(
            template, seen, local.astype(np.float32), cv2.MOTION_AFFINE, stop, mask, 5
        )
    except cv2.error as error:
        raise _other() from error
    if alike < _LEAST_ALIKE:
        raise _other()
    refined = found.astype(np.float64)
    refined[:, 2] -= refined[:, :2] @ np.array([columns.start, rows.start], np.float64)
    return np.asarray(refined)


def _whole_shift(fetch: Points, original: Face) -> tuple[tuple[int, int], bool]:
    """The shift in whole pixels next to the map, and whether the map is that all over the face."""
    corners = original.oval
    moved = _through(fetch, corners) - corners
    whole = np.rint(moved.mean(axis=0))
    near = bool(np.abs(moved - whole).max() <= _WHOLE)
    return (int(whole[0]), int(whole[1])), near


def _apart(laid_u8: Image8, original_u8: Image8, original: Face) -> float:
    """Mean difference of edges in the face: eyes that were turned pull on a map, pores do not."""
    rows, columns = skin.window(original)
    fine = [
        cv2.Laplacian(cv2.cvtColor(picture[rows, columns], cv2.COLOR_RGB2GRAY), cv2.CV_32F)
        for picture in (laid_u8, original_u8)
    ]
    return float(np.median(np.abs(fine[0] - fine[1])))


def _shifted(copy_u8: Image8, original_u8: Image8, shift: tuple[int, int]) -> Image8:
    placed = original_u8.copy()
    height, width = original_u8.shape[:2]
    left, top = max(0, -shift[0]), max(0, -shift[1])
    right = min(width, copy_u8.shape[1] - shift[0])
    bottom = min(height, copy_u8.shape[0] - shift[1])
    placed[top:bottom, left:right] = copy_u8[
        top + shift[1] : bottom + shift[1], left + shift[0] : right + shift[0]
    ]
    return placed


def _fetched(copy_u8: Image8, original_u8: Image8, fetch: Points) -> Image8:
    height, width = original_u8.shape[:2]
    whole = np.full(copy_u8.shape[:2], 255, np.uint8)
    reach = cv2.warpAffine(whole, fetch, (width, height), flags=cv2.WARP_INVERSE_MAP)
    sharp, soft = (
        cv2.warpAffine(copy_u8, fetch, (width, height), flags=kind | cv2.WARP_INVERSE_MAP)
        for kind in (cv2.INTER_LANCZOS4, cv2.INTER_LINEAR)
    )
    # Lanczos overshoots beside edges, which would read as burnt-out highlights.
    around = np.ones((3, 3), np.uint8)
    laid = np.clip(sharp, cv2.erode(soft, around), cv2.dilate(soft, around))
    return np.where((reach == 255)[..., None], laid, original_u8).astype(np.uint8)


def _other() -> Refusal:
    return Refusal(
        "not-the-same-photo",
        "These are not two versions of one photo: the faces do not lie on each other. "
        "Give the photo that this one was made from, or none.",
    )
