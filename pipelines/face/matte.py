"""The matte of a person: which share of each pixel is person and not ground, also in hair."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipelines.face.face import Face
from pipelines.image.arrays import Image, Map, Reals
from pipelines.image.filters import lowpass, smoothstep
from pipelines.runtime import mediapipe_models

# Interocular distance and long side in pixels of the copy on which the matte is solved, at most.
_INTEROCULAR, _SIDE = 120.0, 1024
# Confidence of the segmentation below and above which a pixel is ground or person.
_GROUND, _PERSON = 0.1, 0.9
# Share of the picture that the smallest person takes up.
_ISLAND = 0.03
# In interocular distances: how far the matte may leave the segmentation inwards, and outwards where
# there is hair (above the mouth) and elsewhere.
_INWARDS, _HAIR, _OUTWARDS = 0.08, 0.22, 0.06
# Variance of colour added to that of a window of 3 x 3 pixels, in [0, 1].
_EPSILON = 1e-5
# Weight of the segmentation in the band, compared with the colours; steps of the solver.
_TRUST, _STEPS = 2e-4, 150
# Weight that is added where person and ground have one colour; the standard deviation of the places
# that are compared, in interocular distances, and the difference of sRGB that tells them apart.
_MORE_TRUST, _NEAR, _APART = 0.05, 0.3, 0.10
# Largest channel below which a pixel is black, and from which it has a colour.
_BLACK = (0.12, 0.25)
# Confidences of the segmentation that are taken for nothing and for everything in a guess.
_DOUBT = (0.3, 0.8)
# Shares of the matte that are taken for nothing and for everything.
_NOTHING, _ALL = 0.08, 0.92
# Window in pixels of the guided filter that carries the matte to the full size, and its variance.
_WINDOW, _FLAT = 2, 1e-5


def find(pixels: Image, face: Face) -> Map:
    """Estimate the share of a person in every pixel.

    MediaPipe's segmentation of selfies says where the person is, to within a few pixels of its 256.
    In a band along its border the share is that for which the picture is, in each small window, a
    mix of colours on two lines: closed-form matting (Levin, Lischinski & Weiss 2008, TPAMI 30(2)).

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.

    Returns:
        Exactly 0 on the ground and 1 on the person, shape (H, W).
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _INTEROCULAR / face.interocular, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)
    rough, unit = _without_islands(_segmentation(small)), face.interocular * scale
    person = _shrunk(rough > _PERSON, _INWARDS * unit)
    mouth = face.region("lips").mean(axis=0)[1] * scale
    hair = np.arange(size[1])[:, None] < mouth
    ground = np.where(
        hair,
        _shrunk(rough < _GROUND, _HAIR * unit),
        _shrunk(rough < _GROUND, _OUTWARDS * unit),
    )
    guess = smoothstep(rough, *_DOUBT)
    start = np.where(person, 1, np.where(ground, 0, guess)).astype(np.float64)
    trust = _TRUST + _MORE_TRUST * _alike(small, person, ground, _NEAR * unit)
    matte = _solved(small, start, ~(person | ground), trust)
    matte = np.clip((matte - _NOTHING) / (_ALL - _NOTHING), 0, 1).astype(np.float32)
    if scale == 1:
        return matte
    large = np.asarray(cv2.resize(matte, (width, height), interpolation=cv2.INTER_CUBIC))
    band = cv2.resize((~(person | ground)).astype(np.uint8), (width, height)) > 0
    sharp = cv2.ximgproc.guidedFilter(pixels, large, max(_WINDOW, round(_WINDOW / scale)), _FLAT)
    return np.clip(np.where(band, sharp, large), 0, 1, dtype=np.float32)


def share_alike(pixels: Image, matte: Map, face: Face) -> float:
    """Share of the border along which person and ground have one colour, 0..1.

    There no colour tells where the person ends, and a part of the ground may count as hair.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        matte: From `find`.
        face: The face in the picture.
    """
    scale = min(1.0, _INTEROCULAR / face.interocular, _SIDE / max(matte.shape))
    size = max(3, round(matte.shape[1] * scale)), max(3, round(matte.shape[0] * scale))
    small, share = (
        np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.float32)
        for one in (pixels, matte)
    )
    around = np.ones((3, 3), np.uint8)
    border = cv2.morphologyEx((share > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, around) > 0
    if not border.any():
        return 0.0
    alike = _alike(small, share > _PERSON, share < _GROUND, _NEAR * face.interocular * scale)
    return float((alike[border] > 0.5).mean())


def _without_islands(rough: Map) -> Map:
    """The segmentation without specks that are too small for a person."""
    count, labels, sizes, _ = cv2.connectedComponentsWithStats((rough > _GROUND).astype(np.uint8))
    small = [label for label in range(1, count) if sizes[label, 4] < _ISLAND * rough.size]
    return np.where(np.isin(labels, small), 0, rough).astype(np.float32)


def _alike(
    image: Image, person: NDArray[np.bool_], ground: NDArray[np.bool_], radius: float
) -> Map:
    """How much person and ground have one colour around each pixel, 0..1, shape (H, W).

    Where they do, as dark hair before a dark wall, no mix of colours tells the share.
    """
    near = [lowpass(image, radius, part.astype(np.float32)) for part in (person, ground)]
    # In the dark, hair and shaded skin are black, whatever colour the person has nearby.
    dark = 1 - smoothstep(image.max(axis=2), *_BLACK)
    own, apart = image - near[1], near[0] - near[1]
    alike = [np.exp(-np.square(each / _APART).sum(axis=2)) for each in (own, apart)]
    return np.asarray(np.maximum(dark * alike[0], alike[1]), np.float32)


def _solved(image: Image, start: Reals, unknown: NDArray[np.bool_], trust: Map) -> Reals:
    """The matte with the unknown pixels solved for; shape (H, W).

    Args:
        image: float32 sRGB in [0, 1], shape (H, W, 3).
        start: The matte elsewhere, and a guess where it is unknown.
        unknown: Which pixels are unknown.
        trust: Weight of the guess there, compared with the colours.
    """
    from scipy import sparse
    from scipy.sparse import linalg

    if not unknown.any():
        return start
    laplacian = _laplacian(image, unknown)
    inside, known = unknown.ravel(), ~unknown.ravel()
    weight = trust.ravel().astype(np.float64)
    rows = (laplacian + sparse.diags(weight))[inside]
    wanted = (weight * start.ravel())[inside] - rows[:, known] @ start.ravel()[known]
    matrix = rows[:, inside]
    solution, _ = linalg.cg(
        matrix,
        wanted,
        x0=start.ravel()[inside],
        rtol=1e-4,
        maxiter=_STEPS,
        M=sparse.diags(1 / matrix.diagonal()),
    )
    result = start.copy()
    result[unknown] = solution
    return result


def _laplacian(image: Image, unknown: NDArray[np.bool_]) -> Any:
    """Levin's matting Laplacian of the windows that hold an unknown pixel, sparse (H W, H W)."""
    from scipy import sparse

    height, width = unknown.shape
    touched = cv2.dilate(unknown.astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0
    places = sliding_window_view(np.arange(height * width).reshape(height, width), (3, 3))
    index = places[touched].reshape(-1, 9)
    colours = image.reshape(-1, 3).astype(np.float64)[index]
    centred = colours - colours.mean(axis=1, keepdims=True)
    covariance = np.einsum("nki,nkj->nij", centred, centred) / 9 + _EPSILON * np.eye(3)
    likeness = np.einsum("nki,nij,nlj->nkl", centred, np.linalg.inv(covariance), centred)
    values = np.eye(9) - (1 + likeness) / 9
    rows, columns = np.repeat(index, 9, axis=1), np.tile(index, (1, 9))
    shape = height * width, height * width
    return sparse.coo_matrix((values.ravel(), (rows.ravel(), columns.ravel())), shape).tocsr()


def _shrunk(mask: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """A mask without a border of this width in pixels; the picture's border is no border."""
    size = 2 * max(1, round(radius)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.erode(mask.astype(np.uint8), disc) > 0


def _segmentation(pixels: Image) -> Map:
    """Confidence that a pixel belongs to a person, 0..1, shape (H, W)."""
    image_u8 = np.ascontiguousarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    return mediapipe_models.person_segmentation(image_u8)
