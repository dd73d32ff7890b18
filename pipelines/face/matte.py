"""The matte of a person: which share of each pixel is person and not ground."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face.face import Face
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import local_mean, smoothstep
from pipelines.runtime import mediapipe_models

# Interocular distance and long side in pixels of the copy that is segmented, at most.
_INTEROCULAR, _SIDE = 120.0, 1024
# Half sides of the windows around the head that are segmented besides the whole picture, and how
# far from their border they count fully, in interocular distances; their weight.
_HALF_SIDES, _FULLY, _WEIGHT = (2.4, 3.2, 4.2), 0.5, 2.0
# A window that holds almost all of the picture says nothing new.
_NEW = 0.97
# Confidences of the segmentation that are taken for ground and for person.
_GROUND, _PERSON = 0.35, 0.75
# Share of the picture that the smallest person takes up; area of the smallest thing beside one,
# such as an earring, in squared interocular distances.
_ISLAND, _SPECK = 0.03, 0.004
# For the colours: confidence from which a pixel says what person or ground look like, how far
# around, in interocular distances, and the least standard deviation of a colour, in sRGB.
_SAYS, _AROUND, _LEAST_SPREAD = 0.9, 0.3, 0.06
# Weight of the colours in log odds, and most that they count for person and ground: they decide
# where the segmentation is unsure, about from 0.1 to 0.9. More cut dark hair off before dark
# grounds, and took wood for skin.
_COLOURS, _MOST, _SUREST = 0.5, (2.5, 2.0), 0.99
# Window of the guided filter that carries the matte to the borders in the picture, in interocular
# distances; variance of colour that it takes for none; shares taken for nothing and everything.
_WINDOW, _FLAT = 0.025, 1e-4
_NOTHING, _ALL = 0.15, 0.9


def find(pixels: Image, face: Face) -> Map:
    """Estimate the share of a person in every pixel.

    MediaPipe's segmentation of selfies sees 256 pixels of a side, and errs by a few. It looks at
    the picture, at its mirror image, and at windows around the head; their mean is finer than each.
    Where it is unsure, the colours of person and ground nearby have a say, as in a step of GrabCut
    (Rother, Kolmogorov & Blake 2004, ACM ToG 23(3)), with one Gaussian each; where the two are
    alike, as before leaves, they say nothing. A guided filter (He, Sun & Tang 2013, TPAMI 35(6))
    carries the matte to the borders in the picture.

    Closed-form matting keeps single hairs before a smooth ground, but before leaves, wood or
    streets it takes what is behind the person for hair: of 60 portraits it spoilt 41.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.

    Returns:
        Shape (H, W), 0 on the ground and 1 on the person.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _INTEROCULAR / face.interocular, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)
    unit = face.interocular * scale
    segmented = _without_islands(_segmented(small, face, scale), _ISLAND * size[0] * size[1])
    sure = _without_islands(_with_colours(small, segmented, unit), _SPECK * unit**2)
    rough = cv2.resize(
        smoothstep(sure, _GROUND, _PERSON), (width, height), interpolation=cv2.INTER_CUBIC
    )
    window = max(2, round(_WINDOW * face.interocular))
    fine = cv2.ximgproc.guidedFilter(pixels, rough, window, _FLAT)
    return np.clip((fine - _NOTHING) / (_ALL - _NOTHING), 0, 1).astype(np.float32)


def _segmented(small: Image, face: Face, scale: float) -> Map:
    """Mean confidence that a pixel belongs to a person, of several looks at a picture.

    Args:
        small: The picture reduced by `scale`, shape (H, W, 3).
        face: The face in the picture.
        scale: Size of `small` as a share of the picture.
    """
    height, width = small.shape[:2]
    total = _segmentation(small) + _segmentation(small[:, ::-1])[:, ::-1]
    weights = np.full((height, width), 2, np.float32)
    x, y = face.oval.mean(axis=0) * scale
    unit = face.interocular * scale
    for half in _HALF_SIDES:
        left, right = max(0, int(x - half * unit)), min(width, int(x + half * unit))
        top, bottom = max(0, int(y - half * unit)), min(height, int(y + half * unit))
        if (right - left) * (bottom - top) >= _NEW * width * height:
            continue
        weight = _WEIGHT * np.minimum(
            _inwards(top, bottom, height, _FULLY * unit)[:, None],
            _inwards(left, right, width, _FULLY * unit),
        )
        total[top:bottom, left:right] += weight * _segmentation(small[top:bottom, left:right])
        weights[top:bottom, left:right] += weight
    return np.asarray(total / weights, np.float32)


def _inwards(first: int, end: int, size: int, fully: float) -> Map:
    """How far inside a stretch each place is, 0..1; the picture's border is no border.

    Args:
        first: Where the stretch begins.
        end: Where it ends.
        size: Length of the picture.
        fully: Distance from an end from which a place counts 1.
    """
    places = np.arange(first, end, dtype=np.float32)
    before = places - first + (size if first == 0 else 0)
    after = end - 1 - places + (size if end == size else 0)
    return np.clip(np.minimum(before, after) / fully, 0, 1)


def _with_colours(small: Image, confidence: Map, unit: float) -> Map:
    """The confidence that a pixel is person, after its colour; shape (H, W).

    Args:
        small: The picture, shape (H, W, 3).
        confidence: Of the segmentation, 0..1, shape (H, W).
        unit: Interocular distance in pixels.
    """
    person, ground = (
        _likelihood(small, part.astype(np.float32), _AROUND * unit)
        for part in (confidence > _SAYS, confidence < 1 - _SAYS)
    )
    say = np.clip(_COLOURS * (person - ground), -_MOST[1], _MOST[0])
    sure = np.clip(confidence, 1 - _SUREST, _SUREST)
    odds = np.log(sure / (1 - sure)) + say
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def _likelihood(small: Image, weight: Map, sigma: float) -> Map:
    """Log likelihood of each pixel's colour among those with weight around it, shape (H, W)."""
    mean, square = (local_mean(values, weight, sigma) for values in (small, small**2))
    variance = np.maximum(square - mean**2, 0)
    variance += _LEAST_SPREAD**2
    terms = (small - mean) ** 2 / variance + np.log(variance)
    return np.asarray(-0.5 * terms.sum(axis=2), np.float32)


def _without_islands(rough: Map, area: float) -> Map:
    """A confidence without what is smaller than an area in pixels."""
    mask = (rough > _GROUND).astype(np.uint8)
    count, labels, sizes, _ = cv2.connectedComponentsWithStats(mask)
    small = [label for label in range(1, count) if sizes[label, 4] < area]
    return np.where(np.isin(labels, small), 0, rough).astype(np.float32)


def _segmentation(pixels: Image) -> Map:
    """Confidence that a pixel belongs to a person, 0..1, shape (H, W)."""
    image_u8 = np.ascontiguousarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    return mediapipe_models.person_segmentation(image_u8)
