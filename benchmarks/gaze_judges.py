"""Estimates of a picture's gaze that are independent of the estimator that guided its redirect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks import iris_on_ball
from datasets.renders import Render, TrueEye
from pipelines import face as faces
from pipelines.face import Face, mesh
from pipelines.gaze import Gaze, appearance
from pipelines.image.arrays import Image, Image8, Points

# The usual constants of landmark geometry: eyeballs 6 mm behind the canthi, 10.5 mm in radius.
_SET_BACK_MM, _RADIUS_MM = 6.0, 10.5


def by_true_eyeballs(picture_u8: Image8, face: Face, render: Render) -> Gaze:
    """Gaze of a picture from the place of its irises in the pixels, on the true eyeballs.

    Args:
        picture_u8: uint8 RGB, (H, W, 3).
        face: The face in it with its lids and the rough place of its irises, in its pixels.
        render: Truth of a picture with the same head, camera and eyeballs: of the picture itself,
            or of the one that it was edited from.
    """
    pixels = picture_u8.astype(np.float32) / np.float32(255)
    turns, weights = [], []
    for eye, true in zip(face.eyes, (render.left, render.right), strict=True):
        limbus = iris_on_ball.find(pixels, eye, true, face.head.roll)
        turns.append(turn(limbus.center, true))
        weights.append(limbus.weight + 1e-3)
    yaw, pitch = np.average(turns, axis=0, weights=weights)
    return Gaze(render.gaze.yaw + float(yaw), render.gaze.pitch + float(pitch))


def turn(found: Points, true: TrueEye) -> Points:
    """Difference in gaze between an eye whose iris is at `found` and the true eye.

    Returns:
        (yaw, pitch) in degrees.
    """
    x, y, _ = true.axis.vector
    travel = (found - true.iris) / true.px_per_mm / true.reach_mm
    after = _toward(float(x + travel[0]), float(y - travel[1]))
    return np.array([after.yaw - true.axis.yaw, after.pitch - true.axis.pitch])


def second_estimate(face: Face, pixels: Image) -> Gaze | None:
    """Estimate the gaze from the eyes' appearance, unlike the first estimate.

    Args:
        face: As `face.find` returns it, with the landmarks' irises.
        pixels: The picture at the size of `face`, float32 (H, W, 3).
    """
    return appearance.read(pixels, face)


def as_found(face: Face) -> Face:
    """An analysed face as `face.find` returned it, before irises and lids were fitted."""
    return replace(faces.from_landmarks(face.landmarks, face.size, face.count), head=face.head)


def plain_landmarks(picture_u8: Image8) -> Gaze | None:
    """Gaze by the usual method, irises against canthi in one pass; None without a face."""
    found = mesh.all_landmarks(picture_u8)
    if not found:
        return None
    largest = max(found, key=lambda points: float(np.ptp(points[:, 0])))
    return off_canthi(faces.from_landmarks(largest, (picture_u8.shape[0], picture_u8.shape[1])))


def off_canthi(face: Face) -> Gaze:
    """Gaze from the landmarks' irises against the midpoints of the canthi."""
    offsets = [
        (eye.iris_center - (eye.inner + eye.outer) / 2) * face.mm_per_px for eye in face.eyes
    ]
    x, y = np.mean(offsets, axis=0) / _RADIUS_MM
    x += _SET_BACK_MM / _RADIUS_MM * np.sin(np.radians(face.head.yaw))
    return _toward(float(x), float(-y))


def _toward(right: float, up: float) -> Gaze:
    right, up = np.clip([right, up], -0.7, 0.7)
    return Gaze.from_vector(np.array([right, up, np.sqrt(max(1 - right**2 - up**2, 1e-6))]))
