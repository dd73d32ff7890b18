"""Align an edited copy with its original, which may differ in crop and size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.face import Face, skin
from pipelines.image import crops
from pipelines.image.arrays import Image8, Points
from pipelines.runtime.errors import Refusal

# Largest mean distance of the landmarks after alignment, in interocular distances: versions of one
# photo agree to a few thousandths, another photo of the same person in the same pose to a few
# hundredths.
_MOST_LANDMARK_ERROR = 0.04
# Smallest correlation after alignment: versions of one photo reached 0.95 and more, a mirrored face
# and itself 0.81.
_LEAST_CORRELATION = 0.9
# Error of a scale estimated from landmarks: within it, both copies may be of the same size.
_SCALE_ERROR = 0.03
# Blur in pixels of both pictures if they differ in size.
_RESIZED_BLUR = 1.2
# Displacements this close to whole pixels, all over the face, count as whole pixels.
_WHOLE_PIXEL = 0.08
# Iterations of the alignment.
_ITERATIONS = 60


@dataclass(frozen=True)
class Registered:
    """Two versions of one photo, aligned pixel by pixel.

    Attributes:
        original_u8: The original, uint8 sRGB, shape (H, W, 3), reduced if the copy is smaller.
        copy_u8: The copy, same shape; beyond its crop, the pixels of the original.
        scale: Size of the face in the copy divided by its size in the original.
        resampled: Whether the pictures were resampled; if not, all pixels are those of the files.
    """

    original_u8: Image8
    copy_u8: Image8
    scale: float
    resampled: bool


def register(copy_u8: Image8, copy: Face, original_u8: Image8, original: Face) -> Registered:
    """Align a copy with its original.

    The landmarks give a first affine map; maximising the enhanced correlation coefficient refines
    it (Evangelidis & Psarakis 2008, IEEE TPAMI 30(10)), because texture can only be compared if
    pores coincide. If the sizes differ, the larger picture is reduced and both are slightly
    blurred, so that neither has detail that the other cannot have.

    Args:
        copy_u8: The edited picture at its own size, uint8 sRGB, shape (H, W, 3).
        copy: The face in it, in pixels of `copy_u8`.
        original_u8: The photo that it was made from, uint8 sRGB, any size.
        original: The face in it, in pixels of `original_u8`.

    Raises:
        Refusal: ``not-the-same-photo``.
    """
    scale = crops.scale_of(_landmark_map(original, copy))
    if abs(scale - 1) < _SCALE_ERROR:
        to_copy = _align(copy_u8, copy, original_u8, original)
        shift, is_whole = _whole_shift(to_copy, original)
        shifted = _shift(copy_u8, original_u8, shift)
        if is_whole or _edge_difference(shifted, original_u8, original) <= _edge_difference(
            _resample(copy_u8, original_u8, to_copy), original_u8, original
        ):
            return Registered(original_u8, shifted, 1.0, False)
        scale = crops.scale_of(to_copy)
    original_u8, original = _reduce(original_u8, original, scale)
    copy_u8, copy = _reduce(copy_u8, copy, 1 / scale)
    to_copy = _align(copy_u8, copy, original_u8, original)
    aligned = _resample(copy_u8, original_u8, to_copy)
    # The finest detail differs between methods of resizing, so it is removed from both.
    return Registered(_blur(original_u8), _blur(aligned), scale, True)


def _blur(picture_u8: Image8) -> Image8:
    return np.asarray(cv2.GaussianBlur(picture_u8, (0, 0), _RESIZED_BLUR), np.uint8)


def _align(copy_u8: Image8, copy: Face, original_u8: Image8, original: Face) -> Points:
    """Affine map from pixels of the original to pixels of the copy, shape (2, 3)."""
    to_original = _landmark_map(copy, original)
    error = crops.through(to_original, copy.landmarks[:, :2]) - original.landmarks[:, :2]
    if np.linalg.norm(error, axis=1).mean() > _MOST_LANDMARK_ERROR * original.interocular:
        raise _not_the_same_photo()
    return _refine(copy_u8, original_u8, original, crops.inverse(to_original))


def _landmark_map(source: Face, target: Face) -> Points:
    """Similarity transform that maps the landmarks of one face to those of another, (2, 3)."""
    here, there = (
        np.ascontiguousarray(face.landmarks[:468, :2], np.float32) for face in (source, target)
    )
    matrix, _ = cv2.estimateAffinePartial2D(here, there, method=cv2.LMEDS)
    if matrix is None or np.linalg.det(matrix[:, :2]) <= 1e-6:
        raise _not_the_same_photo()
    return np.asarray(matrix, np.float64)


def _reduce(picture_u8: Image8, face: Face, scale: float) -> tuple[Image8, Face]:
    """The picture and its face, reduced by `scale` if it is less than 1."""
    if scale >= 1:
        return picture_u8, face
    height, width = picture_u8.shape[:2]
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(picture_u8, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), face.scaled(scale, (size[1], size[0]))


def _refine(copy_u8: Image8, original_u8: Image8, original: Face, to_copy: Points) -> Points:
    """The map after maximising the enhanced correlation coefficient within the face's window."""
    rows, columns = skin.window(original)
    template = cv2.cvtColor(original_u8[rows, columns], cv2.COLOR_RGB2GRAY)
    start = np.array([columns.start, rows.start], np.float64)
    from_window = to_copy.copy()
    from_window[:, 2] += to_copy[:, :2] @ start
    grey = cv2.cvtColor(copy_u8, cv2.COLOR_RGB2GRAY)
    # With a mask, pixels of the window that lie outside the copy are not compared.
    mask = np.full(grey.shape, 255, np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ITERATIONS, 1e-5)
    try:
        correlation, found = cv2.findTransformECC(
            template, grey, from_window.astype(np.float32), cv2.MOTION_AFFINE, stop, mask, 5
        )
    except cv2.error as error:
        raise _not_the_same_photo() from error
    if correlation < _LEAST_CORRELATION:
        raise _not_the_same_photo()
    refined = found.astype(np.float64)
    refined[:, 2] -= refined[:, :2] @ start
    return np.asarray(refined)


def _whole_shift(to_copy: Points, original: Face) -> tuple[tuple[int, int], bool]:
    """The nearest shift (x, y) by whole pixels, and whether the map equals it all over the face."""
    displacement = crops.through(to_copy, original.oval) - original.oval
    whole = np.rint(displacement.mean(axis=0))
    is_whole = bool(np.abs(displacement - whole).max() <= _WHOLE_PIXEL)
    return (int(whole[0]), int(whole[1])), is_whole


def _edge_difference(aligned_u8: Image8, original_u8: Image8, original: Face) -> float:
    """Median difference of the Laplacians in the face's window.

    It compares pores. The correlation is also affected by turned eyes, which distort the map.
    """
    rows, columns = skin.window(original)
    edges = [
        cv2.Laplacian(cv2.cvtColor(picture[rows, columns], cv2.COLOR_RGB2GRAY), cv2.CV_32F)
        for picture in (aligned_u8, original_u8)
    ]
    return float(np.median(np.abs(edges[0] - edges[1])))


def _shift(copy_u8: Image8, original_u8: Image8, shift: tuple[int, int]) -> Image8:
    """The copy shifted by whole pixels, with the original where the copy does not reach."""
    result = original_u8.copy()
    height, width = original_u8.shape[:2]
    left, top = max(0, -shift[0]), max(0, -shift[1])
    right = min(width, copy_u8.shape[1] - shift[0])
    bottom = min(height, copy_u8.shape[0] - shift[1])
    result[top:bottom, left:right] = copy_u8[
        top + shift[1] : bottom + shift[1], left + shift[0] : right + shift[0]
    ]
    return result


def _resample(copy_u8: Image8, original_u8: Image8, to_copy: Points) -> Image8:
    """The copy resampled to the original's pixels, with the original where it does not reach."""
    height, width = original_u8.shape[:2]
    whole = np.full(copy_u8.shape[:2], 255, np.uint8)
    covered = cv2.warpAffine(whole, to_copy, (width, height), flags=cv2.WARP_INVERSE_MAP)
    lanczos, linear = (
        cv2.warpAffine(copy_u8, to_copy, (width, height), flags=kind | cv2.WARP_INVERSE_MAP)
        for kind in (cv2.INTER_LANCZOS4, cv2.INTER_LINEAR)
    )
    # Lanczos overshoots at edges, which would count as clipped highlights.
    around = np.ones((3, 3), np.uint8)
    limited = np.clip(lanczos, cv2.erode(linear, around), cv2.dilate(linear, around))
    return np.where((covered == 255)[..., None], limited, original_u8).astype(np.uint8)


def _not_the_same_photo() -> Refusal:
    return Refusal(
        "not-the-same-photo",
        "These are not two versions of one photo: the faces do not lie on each other. "
        "Give the photo that this one was made from, or none.",
    )
