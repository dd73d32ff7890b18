"""Features of an eye patch for linear regression: oriented gradients and coarse colours."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image import crops
from pipelines.image.arrays import Image, Map, Points, Reals

# Size of the frame in pixels. It shows a person's right eye, or a mirrored left eye.
WIDTH, HEIGHT = 128, 96
# Places of the outer and the inner canthus (x, y) in an aligned frame.
CANTHI = np.array([[30.0, 50.0], [98.0, 50.0]])
# Radius of the iris in the first frame, which is not aligned to the canthi yet.
IRIS_RADIUS = 16.0
# Bins of gradient direction.
DIRECTIONS = 12
# Sides of the cells in pixels.
COARSE, FINE = 8, 4
# (width, height) to which the patch's colours are reduced.
COLOURS = (32, 24)
_COLOUR_WEIGHT = 0.15
_FINE_WEIGHT = 0.7
# Upper limit of a normalised cell, so that strong edges do not dominate (Dalal & Triggs 2005).
_CLIP = 0.5


def describe(patch: Image) -> Reals:
    """Features of an eye patch, float32, shape (n,).

    Histograms of oriented gradients (Dalal & Triggs, CVPR 2005) at two cell sizes, each cell
    normalised by its neighbourhood, and coarse CIELAB colours normalised by their mean and
    standard deviation, so that light and exposure have little influence.

    Args:
        patch: float32 sRGB in [0, 1], shape (96, 128, 3).
    """
    edges = _edges(patch)
    coarse = _cells(edges, COARSE)
    fine = _cells(edges, FINE)[3:-3, 2:-2] * _FINE_WEIGHT
    parts = (coarse.ravel(), fine.ravel(), _colours(patch))
    return np.concatenate(parts).astype(np.float32)


def cut(pixels: Image, to_frame: Points) -> Image:
    """Crop the frame out of a picture without aliasing, shape (96, 128, 3).

    Args:
        pixels: The picture, shape (H, W, 3).
        to_frame: Similarity from the picture to the frame, shape (2, 3).
    """
    return np.asarray(crops.cut(pixels, to_frame, (WIDTH, HEIGHT)), np.float32)


def onto_canthi(canthi: Points) -> Points:
    """Similarity (2, 3) that moves canthi (outer, inner), shape (2, 2), to `CANTHI`."""
    across, goal = canthi[1] - canthi[0], CANTHI[1] - CANTHI[0]
    # Rotation and scale as one complex number.
    turn = complex(*goal) / complex(*across)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([matrix, CANTHI[0] - matrix @ canthi[0]])


def _edges(patch: Image) -> Map:
    """Gradient magnitude in each bin of direction, shape (96, 128, 12)."""
    smooth = cv2.GaussianBlur(np.sqrt(patch), (0, 0), 0.8)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)
    strongest = (dx * dx + dy * dy).argmax(axis=2)[..., None]
    dx = np.take_along_axis(dx, strongest, 2)[..., 0]
    dy = np.take_along_axis(dy, strongest, 2)[..., 0]
    strength, angle = cv2.cartToPolar(dx, dy)
    turns = angle * (DIRECTIONS / (2 * np.pi))
    apart = np.abs(turns[..., None] - np.arange(DIRECTIONS, dtype=np.float32))
    share = np.maximum(0, 1 - np.minimum(apart, DIRECTIONS - apart))
    return np.asarray(strength[..., None] * share, np.float32)


def _cells(edges: Map, side: int) -> Map:
    """Histograms of cells of `side` pixels, normalised by 3 x 3 cells."""
    size = (WIDTH // side, HEIGHT // side)
    # OpenCV's area resize takes at most four channels.
    groups = [
        cv2.resize(edges[..., first : first + 4], size, interpolation=cv2.INTER_AREA)
        for first in range(0, DIRECTIONS, 4)
    ]
    cells = np.concatenate(groups, axis=2)
    around = cv2.blur((cells**2).sum(axis=2), (3, 3)) * 9
    return np.asarray(np.minimum(cells / np.sqrt(around + 1e-4)[..., None], _CLIP))


def _colours(patch: Image) -> Reals:
    """Normalised CIELAB colours of the reduced patch, flat."""
    lab = cv2.cvtColor(patch, cv2.COLOR_RGB2LAB)
    small = cv2.resize(lab, COLOURS, interpolation=cv2.INTER_AREA)
    spread = small.std(axis=(0, 1)) + 3
    return np.asarray(((small - small.mean(axis=(0, 1))) / spread).ravel() * _COLOUR_WEIGHT)
