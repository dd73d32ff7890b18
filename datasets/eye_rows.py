"""Cut portraits and renders into the rows of an eye set: each true eye with its proposals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from tqdm import tqdm

from datasets import renders
from datasets.eye_set import WINDOW, EyeRow, pack_eye, split_of
from datasets.portraits import ReadPortrait, read_render, usable_eyes
from pipelines import gaze
from pipelines.engines import eye_patches, geometry
from pipelines.face import Eye, Side
from pipelines.gaze import Gaze, lids
from pipelines.image import crops
from pipelines.image.arrays import Image8, Points

# Photos are shrunk until the iris has at most this radius; the patch shows it with 14 pixels.
_WORKING_RADIUS = 20.0
# Range of the gazes to which cycles turn an eye, degrees.
_YAW, _PITCH = 25.0, 12.0
_LEAST_TURN = 4.0
# Errors of fitted landmarks in iris radii: 0.1 to 0.3 px at a radius of 12.7 on renders of known
# gaze; lid edges a tenth of a radius.
_IRIS_ERROR, _RADIUS_ERROR, _LID_ERROR = 0.016, 0.02, 0.08


class _Cycle(NamedTuple):
    """An eye with another gaze, and the proposal that geometry makes of it."""

    proposal_u8: Image8
    away_u8: Image8
    away_eye: Eye
    away_gaze: Gaze


def from_photos(
    portraits: Iterator[ReadPortrait], cycles: int, seed: int, jobs: int = 1
) -> Iterator[EyeRow]:
    """Make rows of photographs: the photo is the truth, geometry turns each eye away and back.

    Args:
        portraits: Read photographs.
        cycles: Proposals for each eye.
        seed: Of the other gazes and the landmark errors.
        jobs: Processes.
    """
    tasks = (
        (portrait, side, cycles, seed) for portrait in portraits for side in usable_eyes(portrait)
    )
    if jobs == 1:
        yield from (_photo_row(*task) for task in tasks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_photo_row, *zip(*tasks, strict=True), chunksize=4)


def from_renders(
    folder: Path, cycles: int, seed: int, split: str = "calibrate", most: int | None = None
) -> Iterator[EyeRow]:
    """Make rows of pairs of renders: one is the truth, geometry makes the proposal of the other.

    Args:
        folder: A set with ``truth.json``.
        cycles: Proposals for each pair; they differ in their landmark errors.
        seed: Of those errors.
        split: Split of the set to use; training never uses ``test``.
        most: Largest number of pairs, evenly spread; all if None.

    Raises:
        BrokenSet: The folder is not a set of renders.
    """
    chosen = [render for render in renders.load(folder) if render.split == split]
    pairs = list(renders.pairs(chosen))
    if most is not None and len(pairs) > most:
        pairs = [pairs[i] for i in np.linspace(0, len(pairs) - 1, most).astype(int)]
    portraits: dict[str, ReadPortrait | None] = {}
    for source, target in tqdm(pairs, desc="Renders", disable=None):
        for render in (source, target):
            if render.name not in portraits:
                portraits[render.name] = read_render(render)
        start, truth = portraits[source.name], portraits[target.name]
        if start is not None and truth is not None:
            for side in usable_eyes(start):
                if side in usable_eyes(truth):
                    yield _render_row(start, truth, side, cycles, seed)


def _photo_row(portrait: ReadPortrait, side: Side, count: int, seed: int) -> EyeRow:
    random = np.random.default_rng([seed, _hash(f"{portrait.name}/{side}")])
    small = _shrink(portrait)
    eye, true_gaze = _eye_and_gaze(small, side)
    cycles = []
    for _ in range(count):
        away_gaze = _random_gaze(true_gaze, random)
        away_u8 = _turn(small, _with_errors(eye, random, 0.5), true_gaze, away_gaze)
        shift = gaze.iris_shift_mm(true_gaze, away_gaze) / small.face.mm_per_px
        away_eye = lids.followed(eye, shift)
        away = replace(small, picture_u8=away_u8)
        proposal_u8 = _turn(away, _with_errors(away_eye, random), away_gaze, true_gaze)
        cycles.append(_Cycle(proposal_u8, away_u8, away_eye, away_gaze))
    width = _eye_and_gaze(portrait, side)[0].width
    return _row(f"{small.name}/{side}", small, small, side, cycles, width)


def _render_row(
    source: ReadPortrait, target: ReadPortrait, side: Side, count: int, seed: int
) -> EyeRow:
    random = np.random.default_rng([seed, _hash(f"{source.name}/{target.name}/{side}")])
    eye, start = _eye_and_gaze(source, side)
    true_eye, goal = _eye_and_gaze(target, side)
    cycles = []
    for _ in range(count):
        proposal_u8 = _turn(source, _with_errors(eye, random), start, goal)
        cycles.append(_Cycle(proposal_u8, source.picture_u8, eye, start))
    name = f"{source.name}-{target.name}/{side}"
    return _row(name, source, target, side, cycles, true_eye.width)


def _row(
    name: str,
    placed: ReadPortrait,
    truth: ReadPortrait,
    side: Side,
    cycles: Sequence[_Cycle],
    width: float,
) -> EyeRow:
    """Cut all pictures of an eye to one window.

    Args:
        name: Of the row.
        placed: The portrait whose eye sets the place of the window.
        truth: The portrait with the true eye; its picture has the same frame.
        side: Which eye.
        cycles: The proposals.
        width: Distance between the canthi in pixels of the original picture.
    """
    eye, true_gaze = _eye_and_gaze(truth, side)
    anchor, _ = _eye_and_gaze(placed, side)
    to_window = _window_map(anchor, placed.face.head.roll, placed.face.mm_per_px)
    scale = crops.scale_of(to_window)
    landmarks = truth.face.landmarks * scale
    landmarks[:, :2] = crops.through(to_window, truth.face.landmarks[:, :2])
    gazes = (true_gaze, *(cycle.away_gaze for cycle in cycles))
    in_window = [eye_patches.in_patch(angle, to_window) for angle in gazes]
    angles = np.array([(angle.yaw, angle.pitch) for angle in in_window])
    return EyeRow(
        names=name,
        people=truth.person,
        sources=truth.source,
        splits=split_of(truth.person),
        sides=side,
        widths=width,
        windows=crops.cut(truth.picture_u8, to_window, WINDOW),
        points=pack_eye(eye, to_window),
        radii=eye.iris_radius * scale,
        landmarks=landmarks,
        gazes=(float(angles[0, 0]), float(angles[0, 1])),
        proposals=np.stack([crops.cut(cycle.proposal_u8, to_window, WINDOW) for cycle in cycles]),
        away=np.stack([crops.cut(cycle.away_u8, to_window, WINDOW) for cycle in cycles]),
        away_points=np.stack([pack_eye(cycle.away_eye, to_window) for cycle in cycles]),
        away_gazes=angles[1:],
    )


def _window_map(eye: Eye, roll: float, mm_per_px: float) -> Points:
    """Affine map from a picture to an eye's window, (2, 3): the patch's map with a margin."""
    to_window = eye_patches.place(eye, roll, mm_per_px)
    to_window[:, 2] += (np.array(WINDOW) - eye_patches.SIZE) / 2
    return to_window


def _turn(portrait: ReadPortrait, eye: Eye, start: Gaze, goal: Gaze) -> Image8:
    """The picture after the geometry engine has turned one eye."""
    edit = geometry.turn(portrait.picture_u8, eye, start, goal, portrait.face.mm_per_px, 0)
    return geometry.paste(portrait.picture_u8, (edit,))


def _with_errors(eye: Eye, random: np.random.Generator, share: float = 1.0) -> Eye:
    """An eye with random errors as large as those of fitted landmarks, times `share`."""
    radius = eye.iris_radius * share
    down = lids.Canthal.of(eye).down
    along = np.linspace(0, np.pi, 9)

    def edge(points: Points) -> Points:
        bend = random.normal(0, _LID_ERROR * radius) * np.sin(along)
        lean = random.normal(0, _LID_ERROR / 2 * radius) * np.sin(2 * along)
        return np.asarray(points + (bend + lean)[:, None] * down)

    return replace(
        eye,
        upper=edge(eye.upper),
        lower=edge(eye.lower),
        iris_center=eye.iris_center + random.normal(0, _IRIS_ERROR * radius, 2),
        iris_radius=eye.iris_radius * (1 + share * random.normal(0, _RADIUS_ERROR)),
    )


def _random_gaze(start: Gaze, random: np.random.Generator) -> Gaze:
    """A gaze more than four degrees from `start`."""
    while True:
        goal = Gaze(float(random.uniform(-_YAW, _YAW)), float(random.uniform(-_PITCH, _PITCH)))
        if goal.angle_to(start) > _LEAST_TURN:
            return goal


def _eye_and_gaze(portrait: ReadPortrait, side: Side) -> tuple[Eye, Gaze]:
    if side == "left":
        return portrait.face.left, portrait.gaze.left
    return portrait.face.right, portrait.gaze.right


def _shrink(portrait: ReadPortrait) -> ReadPortrait:
    factor = _WORKING_RADIUS / portrait.face.left.iris_radius
    if factor >= 1:
        return portrait
    height, width = portrait.picture_u8.shape[:2]
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    resized = cv2.resize(portrait.picture_u8, size, interpolation=cv2.INTER_AREA)
    face = portrait.face.scaled(factor, (size[1], size[0]))
    return replace(portrait, picture_u8=np.asarray(resized, np.uint8), face=face)


def _hash(name: str) -> int:
    """A number from a name that is the same in every process, unlike `hash`."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
