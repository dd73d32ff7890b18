"""The head of a person: face, ears, hair and the edge of the neck, without the clothes."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import skin
from pipelines.face.face import Face
from pipelines.image import polygons
from pipelines.image.arrays import Image, Map, Points
from pipelines.image.filters import lowpass, smoothstep

# Lengths are in interocular distances. Above this, below the middle of the eyes, all that is the
# person's is head, such as a hat; further down head and clothes are told apart.
_ALL = 0.1
# Below the chin: where hair ends that falls on the shoulders, and where bare skin of the neck ends.
_HAIR, _NECK = (0.0, 0.4), (0.3, 0.75)
# Below the chin: from where on it is taken to be clothes rather than head until their colours are
# known, where there are only clothes, and how far down they are looked at.
_BESIDE, _CLOTHES, _REACH = -0.3, 0.5, 2.0
# Sides of the head: between these multiples of half the face's width it ends, hair and all.
_SIDES = (2.3, 2.8)
# Distances inside the face's oval between which all becomes head, whatever the matte says.
_FACE = (0.0, 0.08)
# Standard deviation of the soft edge between head and clothes.
_SOFT = 0.035
# Interocular distance in pixels of the copy on which the two are told apart, and the steps for it.
_COPY, _STEPS = 48.0, 4


def find(pixels: Image, matte: Map, bare: Map, face: Face) -> Map:
    """The share of the head in every pixel.

    Above the eyes it is the person's share. Below, hair, beard and clothes are told apart by
    colour and edges: GrabCut (Rother, Kolmogorov & Blake 2004, ACM ToG 23(3)), which knows the
    face, what is above the eyes and bare skin to be head, and what is well below the chin not to.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        matte: Share of the person, from `matte.find`, shape (H, W).
        bare: Visible skin of face, ears and neck, 0..1, shape (H, W).
        face: The face, in the same pixels.

    Returns:
        Exactly 1 on face and hair, exactly 0 on clothes and ground, shape (H, W).
    """
    unit = face.interocular
    scale = min(1.0, _COPY / unit)
    size = max(1, round(face.size[1] * scale)), max(1, round(face.size[0] * scale))
    small, person, skin_of = (
        np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA), np.float32)
        for each in (pixels, matte, bare)
    )
    copy = face.scaled(scale, size[::-1])
    clothes = cv2.resize(_clothes(small, person, skin_of, copy), face.size[::-1])
    head = 1 - smoothstep(lowpass(np.asarray(clothes, np.float32), _SOFT * unit), 0.1, 0.6)
    below, across = _axes(face)
    ends = (1 - smoothstep(below, *_HAIR)), (1 - smoothstep(below, *_NECK))
    head = head * np.maximum(ends[0], ends[1] * smoothstep(lowpass(bare, _SOFT * unit), 0.3, 0.8))
    head = matte * head * (1 - smoothstep(across, *_SIDES))
    return np.asarray(np.maximum(head, smoothstep(_depth(face), *_FACE)), np.float32)


def room_below(face: Face) -> float:
    """How much of the picture there is below the chin, in interocular distances."""
    return float(face.size[0] - _chin(face)[1]) / face.interocular


def _clothes(pixels: Image, matte: Map, bare: Map, face: Face) -> Map:
    """1 on clothes, 0 on the head, and of the ground what is nearer to either; no soft edge."""
    below, _ = _axes(face)
    eyes = float(np.linalg.norm(_chin(face) - _eyes(face))) / face.interocular
    person = matte > 0.5
    head = skin.inside(face, skin.outline(face)) | (below + eyes < _ALL) | (bare > 0.5)
    labels = np.where(below < _BESIDE, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[~person | (below > _CLOTHES)] = cv2.GC_BGD
    labels[person & head & (below < _NECK[1])] = cv2.GC_FGD
    # The ground has one colour, so that its own do not count among those of clothes.
    image = np.where(person[..., None], 255 * pixels, (255, 0, 255)).astype(np.uint8)
    near = slice(0, int(np.flatnonzero(below.min(axis=1) < _REACH).max()) + 1)
    part, cut = np.ascontiguousarray(image[near]), np.ascontiguousarray(labels[near])
    if (cut == cv2.GC_BGD).any() and (cut == cv2.GC_FGD).any():
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(part, cut, (0, 0, 1, 1), *models, _STEPS, cv2.GC_INIT_WITH_MASK)
        labels[near] = cut
    found = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    count, islands, sizes, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
    largest = 1 + int(np.argmax(sizes[1:, cv2.CC_STAT_AREA])) if count > 1 else 0
    on_head = person & (islands == largest)
    # Wisps and soft borders belong to what they are nearest to.
    apart = [
        cv2.distanceTransform((~each).astype(np.uint8), cv2.DIST_L2, 5)
        for each in (person & ~on_head, on_head)
    ]
    return (apart[0] < apart[1]).astype(np.float32)


def _depth(face: Face) -> Map:
    """Distance inside the face's oval in interocular distances, shape (H, W)."""
    return polygons.depth(polygons.filled(face.size, face.oval)) / np.float32(face.interocular)


def _eyes(face: Face) -> Points:
    return np.asarray(np.mean([eye.contour.mean(axis=0) for eye in face.eyes], axis=0))


def _chin(face: Face) -> Points:
    # The outline begins at the top of the forehead; half-way round is the chin.
    return np.asarray(face.oval[len(face.oval) // 2], np.float64)


def _axes(face: Face) -> tuple[Map, Map]:
    """Distances from the chin, down along the head's axis and across it.

    Down is in interocular distances, across in halves of the face's width.
    """
    chin = _chin(face)
    down = chin - _eyes(face)
    down = down / max(float(np.linalg.norm(down)), 1e-6)
    rows, columns = np.indices(face.size, np.float32)
    x, y = columns - chin[0], rows - chin[1]
    below = (x * down[0] + y * down[1]) / face.interocular
    across = np.abs(x * -down[1] + y * down[0]) / (0.5 * face.width)
    return np.asarray(below, np.float32), np.asarray(across, np.float32)
