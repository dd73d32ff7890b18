"""Render one set-up: the head once, then for each gaze the strip around the eyes, blended in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.renders import lids, photo_tone, picture, scene
from training.renders.head import RestHead, rest_head
from training.renders.identities import SKINS, Identity
from training.renders.lights import LIGHTS
from training.renders.materials import linear
from training.renders.plan import Setup
from training.renders.pose import Pose, eye_poses, place

Array = npt.NDArray[np.float64]

_MARGIN_MM = (27.0, 25.0, 27.0, 21.0)
"""Margin of the strip around the eyeball centres: left, up, right, down."""


@dataclass(frozen=True)
class RenderQuality:
    """Cycles samples per pixel, in the strip of the eyes and elsewhere, and threads."""

    eyes: int
    face: int
    threads: int = 2


@dataclass(frozen=True)
class RenderedPicture:
    """A finished picture with its pose and the lid opening of each eye, (n, 2) px."""

    pose: Pose
    image_u8: npt.NDArray[np.uint8]
    lids_px: dict[str, Array]


def render_setup(
    identity: Identity, setup: Setup, quality: RenderQuality
) -> tuple[RestHead, Iterator[RenderedPicture]]:
    """Build the scene of a set-up and render its pictures.

    Args:
        identity: the rendered person.
        setup: head pose, gazes, camera, light.
        quality: samples and threads.

    Returns:
        The head at rest, and an iterator that renders one picture at a time.
    """
    head = rest_head(identity, setup.smile)
    return head, _render(head, setup, quality)


def _render(head: RestHead, setup: Setup, quality: RenderQuality) -> Iterator[RenderedPicture]:
    camera = setup.camera
    first = setup.poses[0]
    built = scene.build(
        head, first, camera, LIGHTS[setup.light], setup.smile,
        quality.threads, setup.photo,
    )  # fmt: skip
    scene.turn_eyes(built, first)
    whole = scene.render(quality.face)
    albedo = float(linear(SKINS[head.identity.skin]).mean())
    factor = picture.exposure(whole, _face_box(setup), albedo)
    for number, pose in enumerate(setup.poses):
        if number:
            scene.turn_eyes(built, pose)
        box = _eye_box(head, setup, pose)
        left, top, right, bottom = (edge / camera.res for edge in box)
        strip = scene.render(quality.eyes, (left, top, right, bottom))
        mixed = picture.feather_in(whole, strip, box, round(camera.res * 0.014))
        seed = head.identity.seed * 1000 + number
        if setup.photo:
            image = photo_tone.to_photo(mixed, factor * photo_tone.exposure_gain(albedo), seed)
        else:
            image = picture.add_grain(picture.to_srgb(mixed, factor), seed)
        yield RenderedPicture(pose, image, _lids_px(head, setup, pose))


def _eye_box(head: RestHead, setup: Setup, pose: Pose) -> tuple[int, int, int, int]:
    """Box of the strip around both eyes: left, top, right, bottom in px."""
    camera = setup.camera
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


def _face_box(setup: Setup) -> tuple[int, int, int, int]:
    """Box of cheeks and nose, where the exposure is metered: left, top, right, bottom in px."""
    camera, rotation = setup.camera, setup.poses[0].rotation
    corners = np.array([[-38.0, -20.0, 25.0], [38.0, -62.0, 25.0]]) @ rotation.T
    px = camera.project(corners)
    x0, x1 = sorted(px[:, 0].astype(int))
    y0, y1 = sorted(px[:, 1].astype(int))
    return x0, y0, x1, y1


def _lids_px(head: RestHead, setup: Setup, pose: Pose) -> dict[str, Array]:
    """Every fourth point of each lid opening in the picture, (n, 2) px."""
    eyes = eye_poses(head.centers, pose, setup.camera.distance_mm)
    in_head = {side: pose.rotation.T @ eye.axis for side, eye in eyes.items()}
    vertices = lids.fit_lids(head, in_head, setup.smile)
    out = {}
    for side in eyes:
        edge = vertices[lids.opening(side)]
        world = place(head, edge, np.ones(len(edge)), pose)
        out[side] = setup.camera.project(world)[::4]
    return out
