"""What a linear model sees of an eye: directions of edges and coarse colour, in a fixed frame."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image import crops
from pipelines.image.arrays import Image, Map, Points, Reals

# The frame: a person's right eye (left ones are mirrored), the outer canthus to the left.
WIDTH, HEIGHT = 128, 96
CANTHI = np.array([[30.0, 50.0], [98.0, 50.0]])
# How wide an iris is in a frame that is not yet aligned to the canthi.
IRIS_RADIUS = 16.0
DIRECTIONS = 12
COARSE, FINE = 8, 4
COLOURS = (32, 24)
_COLOUR_WEIGHT = 0.15
_FINE_WEIGHT = 0.7
# Strong edges do not outvote the rest (Dalal & Triggs 2005).
_CLIP = 0.5


def describe(patch: Image) -> Reals:
    """Features of an eye patch, float32, shape (n,).

    Histograms of oriented gradients (Dalal & Triggs, CVPR 2005) at two cell sizes, each cell
    normalised by its neighbourhood, and the patch's own colours relative to their mean, so that
    light and exposure matter little.

    Args:
        patch: float32 sRGB in [0, 1], shape (96, 128, 3).
    """
    edges = _edges(patch)
    coarse = _cells(edges, COARSE)
    fine = _cells(edges, FINE)[3:-3, 2:-2] * _FINE_WEIGHT
    parts = (coarse.ravel(), fine.ravel(), _colours(patch))
    return np.concatenate(parts).astype(np.float32)


def cut(pixels: Image, to_frame: Points) -> Image:
    """The frame cut out of a picture by a similarity (2, 3), free of aliasing."""
    return np.asarray(crops.cut(pixels, to_frame, (WIDTH, HEIGHT)), np.float32)


def onto_canthi(canthi: Points) -> Points:
    """The similarity (2, 3) that brings canthi (outer, inner), shape (2, 2), to their places."""
    across, wanted = canthi[1] - canthi[0], CANTHI[1] - CANTHI[0]
    turn = complex(*wanted) / complex(*across)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([matrix, CANTHI[0] - matrix @ canthi[0]])


def _edges(patch: Image) -> Map:
    """Strength of the edges in every direction, shape (96, 128, 12)."""
    smooth = cv2.GaussianBlur(np.sqrt(patch), (0, 0), 0.8)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)
    pick = (dx * dx + dy * dy).argmax(axis=2)[..., None]
    dx = np.take_along_axis(dx, pick, 2)[..., 0]
    dy = np.take_along_axis(dy, pick, 2)[..., 0]
    strength, angle = cv2.cartToPolar(dx, dy)
    turns = angle * (DIRECTIONS / (2 * np.pi))
    apart = np.abs(turns[..., None] - np.arange(DIRECTIONS, dtype=np.float32))
    share = np.maximum(0, 1 - np.minimum(apart, DIRECTIONS - apart))
    return np.asarray(strength[..., None] * share, np.float32)


def _cells(edges: Map, side: int) -> Map:
    size = (WIDTH // side, HEIGHT // side)
    # OpenCV resizes at most four channels by area at a time.
    groups = [
        cv2.resize(edges[..., first : first + 4], size, interpolation=cv2.INTER_AREA)
        for first in range(0, DIRECTIONS, 4)
    ]
    cells = np.concatenate(groups, axis=2)
    around = cv2.blur((cells**2).sum(axis=2), (3, 3)) * 9
    return np.asarray(np.minimum(cells / np.sqrt(around + 1e-4)[..., None], _CLIP))


def _colours(patch: Image) -> Reals:
    lab = cv2.cvtColor(patch, cv2.COLOR_RGB2LAB)
    small = cv2.resize(lab, COLOURS, interpolation=cv2.INTER_AREA)
    spread = small.std(axis=(0, 1)) + 3
    return np.asarray(((small - small.mean(axis=(0, 1))) / spread).ravel() * _COLOUR_WEIGHT)
