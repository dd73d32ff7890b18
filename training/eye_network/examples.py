"""Labelled pictures of single eyes: photographs turned by geometry, and renders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from datasets.portraits import ReadPortrait
from datasets.renders import Render
from pipelines.engines import geometry
from pipelines.face import Eye, Face
from pipelines.gaze import Gaze, GazeEstimate, eye_network, iris_shift_mm, lids
from pipelines.gaze.projection import to_upright
from pipelines.image import crops
from pipelines.image.arrays import Image8, Points

SIZE = (128, 96)
"""(width, height) of a stored picture: the network's, with a margin to shift and turn it."""
LEAST_CONFIDENCE = 0.3
"""Of the less clear iris fit of a portrait; the labels of others would be guesses."""
LARGEST_YAW, LARGEST_PITCH = 32.0, 18.0
"""Largest turns away from where the photo looks, in degrees."""

_CENTER = GazeEstimate(Gaze(0, 0), Gaze(0, 0), Gaze(0, 0), 1.0)


@dataclass(frozen=True)
class Example:
    """One eye, upright, mirrored to a right eye, the radius of its iris about 12 px.

    Attributes:
        person: Whose eye it is.
        picture_u8: uint8 sRGB, shape (96, 128, 3).
        opening: Lid edges as a polygon in its pixels, shape (n, 2).
        iris: Centre and radius of the iris in its pixels, shape (3,).
        sines: Gaze to the right and up, (2,); of a photograph relative to where it looks by nature.
        head: Yaw and pitch of the head in degrees, (2,).
        looks_at_lens: Whether the photograph presumably looks into the lens, so that `sines` are
            those of the gaze.
        rendered: Whether it is a render.
        turned: Whether geometry has turned it.
        weight: Confidence in the labels, 0..1.
    """

    person: str
    picture_u8: Image8
    opening: Points
    iris: Points
    sines: Points
    head: Points
    looks_at_lens: bool
    rendered: bool
    turned: bool
    weight: float


def of_portrait(
    portrait: ReadPortrait, turns: int, random: np.random.Generator, looks_at_lens: bool = True
) -> Iterator[Example]:
    """Both eyes of a portrait, as they are and turned by geometry.

    The last two turns start from eyes that were turned already, the very last but one back to where
    they looked: else what geometry leaves behind would tell that an eye looks away.

    Args:
        portrait: With fitted irises and lids.
        turns: Number of turned versions, at least 3.
        random: Draws the targets.
        looks_at_lens: See `Example`.
    """
    if min(portrait.confidence) < LEAST_CONFIDENCE:
        return
    yield from _examples(portrait, portrait.picture_u8, portrait.face, Gaze(0, 0), looks_at_lens)
    for turn in range(turns):
        scale = (0.1, 1.0, 0.4, 1.0)[turn % 4]
        goal = _random_gaze(random, scale)
        picture, face, start = portrait.picture_u8, portrait.face, Gaze(0, 0)
        if turn >= turns - 2:
            start = _random_gaze(random, 0.7)
            picture, face = _turned(picture, face, Gaze(0, 0), start)
            if turn == turns - 2:
                goal = Gaze(float(random.normal()), float(random.normal()))
        picture, face = _turned(picture, face, start, goal)
        yield from _examples(portrait, picture, face, goal, looks_at_lens)


def of_render(portrait: ReadPortrait, render: Render) -> Iterator[Example]:
    """Both eyes of a render, with their true irises, lids and gaze."""
    for eye, true in zip(portrait.face.eyes, (render.left, render.right), strict=True):
        exact = replace(eye, iris_center=true.iris, iris_radius=true.iris_radius)
        opening = true.opening if len(true.opening) else eye.contour
        yield _example(portrait, portrait.picture_u8, exact, opening, render.gaze, True)


def _examples(
    portrait: ReadPortrait, picture_u8: Image8, face: Face, gaze: Gaze, looks_at_lens: bool
) -> Iterator[Example]:
    for eye in face.eyes:
        yield _example(portrait, picture_u8, eye, eye.contour, gaze, looks_at_lens)


def _example(
    portrait: ReadPortrait,
    picture_u8: Image8,
    eye: Eye,
    opening: Points,
    gaze: Gaze,
    looks_at_lens: bool,
) -> Example:
    head = portrait.face.head
    to_frame = eye_network.frame(eye, head.roll, eye.iris_radius)
    margin = (np.array(SIZE) - eye_network.SIZE) / 2
    to_frame = to_frame + np.column_stack([np.zeros((2, 2)), margin])
    mirror = np.array([-1.0 if eye.side == "left" else 1.0, 1.0])
    center = crops.through(to_frame, eye.iris_center)
    return Example(
        person=portrait.person,
        picture_u8=_cut(picture_u8, to_frame),
        opening=crops.through(to_frame, opening),
        iris=np.array([*center, eye_network.RADIUS]),
        sines=mirror * to_upright(gaze, head.roll),
        head=mirror * [head.yaw, head.pitch],
        looks_at_lens=looks_at_lens,
        rendered=portrait.source == "render",
        turned=picture_u8 is not portrait.picture_u8,
        weight=0.4 + 0.6 * portrait.confidence[0 if eye.side == "left" else 1],
    )


def _turned(picture_u8: Image8, face: Face, start: Gaze, goal: Gaze) -> tuple[Image8, Face]:
    now = replace(_CENTER, gaze=start, left=start, right=start)
    patches = geometry.redirect(picture_u8, face, now, goal)
    shift = iris_shift_mm(start, goal) / face.mm_per_px
    left, right = (lids.followed(eye, shift) for eye in face.eyes)
    return geometry.paste(picture_u8, patches), replace(face, left=left, right=right)


def _random_gaze(random: np.random.Generator, scale: float) -> Gaze:
    yaw, pitch = scale * random.uniform(-1, 1, 2) * (LARGEST_YAW, LARGEST_PITCH)
    return Gaze(float(yaw), float(pitch))


def _cut(picture_u8: Image8, to_frame: Points) -> Image8:
    cut: NDArray[np.uint8] = np.asarray(crops.cut(picture_u8, to_frame, SIZE), np.uint8)
    return cut
