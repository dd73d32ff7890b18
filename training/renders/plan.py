"""Choose head poses, gazes, cameras and lights of the renders. Pure; seeded for each person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.renders.geometry import Camera, angles, direction, head_rotation, head_shot_camera
from training.renders.identities import Identity
from training.renders.pose import Pose

ORBIT_YAW, ORBIT_PITCH = 30.0, 20.0
"""Largest turn of the eyes in the head, degrees; gazes beyond it are left out."""

FIRST_GAZES = (
    (0, 0), (10, 0), (-10, 0), (20, 0), (-20, 0), (0, 10), (0, -10), (8, -4),
)  # fmt: skip
"""The gazes of the plan ``first``, for every head pose."""

FOCALS = (35.0, 50.0, 70.0, 85.0, 105.0)
_LIGHT_ORDER = (
    "studio-soft", "window-left", "courtyard", "beauty", "hard-side",
    "forest", "ring", "interior", "city", "sunset",
)  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """One head pose, camera and light, with the gazes to render.

    Attributes:
        poses: the gazes, all with the same head pose; the head is rendered once, the eyes for each.
        camera: the camera.
        light: name of the light.
        smile: 0..1.
        photo: whether to imitate a photograph (finer skin and hair, depth of field, tone curve);
            only sample portraits do.
    """

    poses: tuple[Pose, ...]
    camera: Camera
    light: str
    smile: float
    photo: bool = False


def first_set(index: int, res: int) -> Iterator[Setup]:
    """The plan ``first``: frontal and slightly turned heads at 50 mm with fixed gazes."""
    camera = head_shot_camera(50.0, res, 300.0, 0.45)
    turned = 13.0 if index % 2 else -13.0
    for number, yaw in enumerate((0.0, turned)):
        poses = (Pose(yaw, 0.0, 0.0, float(y), float(p)) for y, p in FIRST_GAZES)
        light = _LIGHT_ORDER[(index + 3 * number) % 4]
        yield Setup(tuple(p for p in poses if within_orbit(p)), camera, light, 0.0)


def full_set(identity: Identity, index: int, res: int, gazes: int = 3) -> Iterator[Setup]:
    """The plan ``full``: a nearly frontal and a turned head with random gazes for each person."""
    rng = np.random.default_rng(500 + identity.seed)
    for number in range(2):
        wide = number == 1
        head = (
            rng.uniform(12, 30) * rng.choice([-1, 1]) if wide else rng.uniform(-9, 9),
            rng.uniform(-15, 15) if wide else rng.uniform(-6, 6),
            rng.uniform(-8, 8) if wide else rng.uniform(-3, 3),
        )
        focal = FOCALS[(index * 2 + number * 3) % len(FOCALS)]
        camera = head_shot_camera(focal, res, rng.uniform(268, 315), rng.uniform(0.42, 0.48))
        light = _LIGHT_ORDER[(index + number * 5) % len(_LIGHT_ORDER)]
        smile = float(rng.uniform(0.5, 0.9)) if (index + number) % 3 == 1 else 0.0
        poses = tuple(_poses(rng, head, gazes, number == 0 or index % 2 == 0))
        yield Setup(poses, camera, light, smile)


def calibration_set(identity: Identity, index: int, res: int, gazes: int = 4) -> Iterator[Setup]:
    """The plan ``calibration``: a nearly frontal head, one gaze at the lens, and a random one."""
    rng = np.random.default_rng(900_000 + identity.seed)
    for number in range(2):
        wide = number == 1
        head = (
            rng.uniform(-30, 30) if wide else rng.uniform(-12, 12),
            rng.uniform(-15, 15) if wide else rng.uniform(-8, 8),
            rng.uniform(-10, 10) if wide else rng.uniform(-4, 4),
        )
        focal = float(rng.choice(FOCALS))
        camera = head_shot_camera(focal, res, rng.uniform(255, 310), rng.uniform(0.42, 0.48))
        light = _LIGHT_ORDER[(index * 3 + number * 5) % len(_LIGHT_ORDER)]
        smile = float(rng.uniform(0.2, 1.0)) if rng.random() < 0.5 else 0.0
        yield Setup(tuple(_poses(rng, head, gazes, not wide)), camera, light, smile)


def _poses(
    rng: np.random.Generator, head: tuple[float, float, float], count: int, lens: bool
) -> Iterator[Pose]:
    """Random gazes in one head pose, more than 8° apart; the first is the lens if ``lens``."""
    taken: list[Pose] = []
    yaw, pitch, roll = (round(float(x), 1) for x in head)
    if lens and within_orbit(Pose(yaw, pitch, roll, 0.0, 0.0)):
        taken.append(Pose(yaw, pitch, roll, 0.0, 0.0))
    while len(taken) < count:
        gaze = round(float(rng.uniform(-25, 25)), 1), round(float(rng.uniform(-15, 15)), 1)
        pose = Pose(yaw, pitch, roll, *gaze)
        apart = [np.hypot(p.gaze_yaw - gaze[0], p.gaze_pitch - gaze[1]) for p in taken]
        if within_orbit(pose) and min(apart, default=99) > 8:
            taken.append(pose)
    return iter(taken)


def within_orbit(pose: Pose) -> bool:
    """Whether the eyes can turn that far in the head."""
    head = head_rotation(pose.head_yaw, pose.head_pitch, pose.head_roll)
    yaw, pitch = angles(head.T @ direction(pose.gaze_yaw, pose.gaze_pitch))
    return abs(yaw) <= ORBIT_YAW and abs(pitch) <= ORBIT_PITCH
