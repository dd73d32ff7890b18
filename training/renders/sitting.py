"""Renders one sitting: the head once, the eyes as a strip for every gaze, feathered in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.renders import film, lids, picture, scene
from training.renders.head import RestHead, rest_head
from training.renders.identities import SKINS, Identity
from training.renders.lights import LIGHTS
from training.renders.materials import linear
from training.renders.plan import Sitting
from training.renders.pose import Pose, eye_poses, place

Array = npt.NDArray[np.float64]

_MARGIN_MM = (27.0, 25.0, 27.0, 21.0)
"""How far a strip reaches beyond the eyeball centres: left, up, right, down."""


@dataclass(frozen=True)
class RenderQuality:
    """What a picture may cost: Cycles samples a pixel of eyes and of all else; threads."""

    eyes: int
    face: int
    threads: int = 2


@dataclass(frozen=True)
class Shot:
    """A finished picture with its gaze and its lid openings in px."""

    pose: Pose
    image_u8: npt.NDArray[np.uint8]
    lids_px: dict[str, Array]


def shots(
    identity: Identity, sitting: Sitting, quality: RenderQuality
) -> tuple[RestHead, Iterator[Shot]]:
    """Build the scene and yield its pictures.

    Args:
        identity: who.
        sitting: head pose, gazes, camera, light.
        quality: samples and threads.

    Returns:
        The head (for its eyeball centres) and a lazy iterator over the pictures.
    """
    head = rest_head(identity, sitting.smile)
    return head, _render(head, sitting, quality)


def _render(head: RestHead, sitting: Sitting, quality: RenderQuality) -> Iterator[Shot]:
    camera = sitting.camera
    first = sitting.poses[0]
    stage = scene.build(
        head, first, camera, LIGHTS[sitting.light], sitting.smile,
        quality.threads, sitting.photo,
    )  # fmt: skip
    scene.look(stage, first)
    whole = scene.shoot(quality.face)
    albedo = float(linear(SKINS[head.identity.skin]).mean())
    factor = picture.exposure(whole, _face_box(sitting), albedo)
    for number, pose in enumerate(sitting.poses):
        if number:
            scene.look(stage, pose)
        box = eye_box(head, sitting, pose)
        left, top, right, bottom = (edge / camera.res for edge in box)
        strip = scene.shoot(quality.eyes, (left, top, right, bottom))
        mixed = picture.feather_in(whole, strip, box, round(camera.res * 0.014))
        seed = head.identity.seed * 1000 + number
        if sitting.photo:
            image = film.develop(mixed, factor * film.lift(albedo), seed)
        else:
            image = picture.grain(picture.develop(mixed, factor), seed)
        yield Shot(pose, image, _lids_px(head, sitting, pose))


def eye_box(head: RestHead, sitting: Sitting, pose: Pose) -> tuple[int, int, int, int]:
    """The strip around both eyes: left, top, right, bottom in px."""
    camera = sitting.camera
    eyes = eye_poses(head.centers, pose, camera.distance_mm)
    centers = np.array([eye.center for eye in eyes.values()])
    left, up, right, down = _MARGIN_MM
    low = centers.min(0) + np.array([-left, -down, 10.0])
    high = centers.max(0) + np.array([right, up, 10.0])
    corners = camera.project(np.array([low, high]))
    x0, x1 = sorted(corners[:, 0])
    y0, y1 = sorted(corners[:, 1])
    edge = camera.res
    return max(int(x0), 0), max(int(y0), 0), min(int(x1), edge), min(int(y1), edge)


def _face_box(sitting: Sitting) -> tuple[int, int, int, int]:
    """Cheeks and nose, turned with the head: where the light is metered."""
    camera, rotation = sitting.camera, sitting.poses[0].rotation
    corners = np.array([[-38.0, -20.0, 25.0], [38.0, -62.0, 25.0]]) @ rotation.T
    px = camera.project(corners)
    x0, x1 = sorted(px[:, 0].astype(int))
    y0, y1 = sorted(px[:, 1].astype(int))
    return x0, y0, x1, y1


def _lids_px(head: RestHead, sitting: Sitting, pose: Pose) -> dict[str, Array]:
    eyes = eye_poses(head.centers, pose, sitting.camera.distance_mm)
    in_head = {side: pose.rotation.T @ eye.axis for side, eye in eyes.items()}
    vertices = lids.fit_lids(head, in_head, sitting.smile)
    out = {}
    for side in eyes:
        edge = vertices[lids.opening(side)]
        world = place(head, edge, np.ones(len(edge)), pose)
        out[side] = sitting.camera.project(world)[::4]
    return out
