"""Portraits and renders read, and cut into the rows of an eye set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pictures
from tqdm import tqdm

from datasets import renders
from datasets.eye_set import WINDOW, EyeRow, _packed, person_of, split_of
from datasets.renders import Render
from pipelines import face as faces
from pipelines import gaze
from pipelines.engines import eye_patches, geometry
from pipelines.face import Eye, Face, Side, mesh
from pipelines.gaze import PEOPLE, RENDERED, Gaze, GazeEstimate, eye_shape, iris, lids
from pipelines.image import crops, loading
from pipelines.image.arrays import Image8, Points
from pipelines.runtime.errors import Refusal
from pipelines.studio import analysis

SMALLEST_WIDTH = 28.0
"""Canthus to canthus in pixels of the photo; below, an iris is five pixels wide."""
# Irises are worked on at no more than this radius: the patch has 14 pixels.
_WORKING_RADIUS = 20.0
# Share of an eye's contrast that lies in details finer than a twelfth of its iris: below, the eye
# is out of focus. Set by looking at sheets of the eyes on either side.
_BLURRED = 0.12
# An eye that shows itself at such a share of its width is open (`face.SHUT_OPENING` refuses less).
_OPEN = 0.16

YAW, PITCH = 25.0, 12.0
"""How far cycles send an eye away, in degrees."""
# Errors of fitted landmarks in iris radii: 0.1 to 0.3 px at a radius of 12.7 on renders of known
# gaze; lid edges a tenth of a radius.
IRIS_ERROR, RADIUS_ERROR, LID_ERROR = 0.016, 0.02, 0.08


@dataclass(frozen=True)
class ReadPortrait:
    """One picture with a face that was read.

    Attributes:
        name: Of the file.
        person: Who it is, as far as is known.
        source: Where it comes from.
        picture_u8: uint8 sRGB, (H, W, 3).
        face: With fitted irises and lids.
        now: The gaze.
        confidence: Of the left and the right iris.
    """

    name: str
    person: str
    source: str
    picture_u8: Image8
    face: Face
    now: GazeEstimate
    confidence: tuple[float, float]


def portraits(folder: Path) -> Iterator[ReadPortrait]:
    """Read every usable portrait in a folder and its subfolders.

    Raises:
        FileNotFoundError: There is no such folder, or no picture in it.
    """
    files = pictures(folder)
    for file in tqdm(files, desc="Portraits", disable=None):
        try:
            photo = loading.load(file)
            found = faces.find(photo.pixels)
        except Refusal:
            continue
        pixels_u8 = np.rint(photo.pixels * 255).astype(np.uint8)
        yield _read(file.stem, person_of(file, folder), "photo", pixels_u8, found)


def eye_crops(folder: Path) -> Iterator[ReadPortrait]:
    """Read crops around both eyes whose landmarks are known.

    Args:
        folder: JPEGs and ``landmarks.npz`` with names (n,), landmarks (n, 478, 3) in pixels of each
            crop, and source (n,).

    Raises:
        FileNotFoundError: There is no ``landmarks.npz``.
    """
    with np.load(folder / "landmarks.npz", allow_pickle=False) as known:
        rows = list(zip(known["names"], known["landmarks"], known["source"], strict=True))
    for name, landmarks, source in tqdm(rows, desc="Crops", disable=None):
        pixels_u8 = _opened(folder / str(name))
        size = (pixels_u8.shape[0], pixels_u8.shape[1])
        found = faces.from_landmarks(np.asarray(landmarks, np.float64), size)
        if found.head.turn <= mesh.LARGEST_TURN:
            yield _read(Path(str(name)).stem, Path(str(name)).stem, str(source), pixels_u8, found)


def from_photos(
    sitters: Iterator[ReadPortrait], cycles: int, seed: int, jobs: int = 1
) -> Iterator[EyeRow]:
    """Eyes of photographs: the truth is the photo, the proposals are cycles back to it."""
    work = ((sitter, side, cycles, seed) for sitter in sitters for side in usable(sitter))
    if jobs == 1:
        yield from (_photo_eye(*one) for one in work)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_photo_eye, *zip(*work, strict=True), chunksize=4)


def from_renders(
    folder: Path, cycles: int, seed: int, split: str = "calibrate", most: int | None = None
) -> Iterator[EyeRow]:
    """Eyes of renders: the truth is the render of one gaze, the proposals come from another's.

    Args:
        folder: A set with ``truth.json``.
        cycles: Proposals of each pair; they differ in their landmarks' errors.
        seed: Of those errors.
        split: Which people of the set; training never sees ``test``.
        most: At most so many pairs, evenly spread; all if None.
    """
    chosen = [render for render in renders.load(folder) if render.split == split]
    pairs = list(renders.pairs(chosen))
    if most is not None and len(pairs) > most:
        pairs = [pairs[i] for i in np.linspace(0, len(pairs) - 1, most).astype(int)]
    read: dict[str, ReadPortrait | None] = {}
    for source, target in tqdm(pairs, desc="Renders", disable=None):
        for render in (source, target):
            if render.name not in read:
                read[render.name] = _rendered(render)
        one, other = read[source.name], read[target.name]
        if one is not None and other is not None:
            for side in usable(one):
                if side in usable(other):
                    yield _rendered_eye(one, other, side, cycles, seed)


def usable(sitter: ReadPortrait) -> tuple[Side, ...]:
    """Which eyes of a picture are large, open, seen and in focus."""
    sides: tuple[Side, Side] = ("left", "right")
    return tuple(
        side
        for side, eye, clear in zip(sides, sitter.face.eyes, sitter.confidence, strict=True)
        if eye.width >= SMALLEST_WIDTH
        and eye.opening >= _OPEN
        and clear >= analysis.CLEAR_IRIS
        and detail(sitter.picture_u8, eye) >= _BLURRED
    )


def detail(picture_u8: Image8, eye: Eye) -> float:
    """Share of an eye's contrast that lies in details finer than a twelfth of its iris, 0..1."""
    low = np.maximum(np.floor(eye.contour.min(axis=0)), 0).astype(int)
    high = np.ceil(eye.contour.max(axis=0)).astype(int) + 1
    cut = picture_u8[low[1] : high[1], low[0] : high[0]]
    if min(cut.shape[:2]) < 3:
        return 0.0
    grey = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), max(0.7, eye.iris_radius / 12))
    return float(fine.std() / max(float(grey.std()), 1.0))


def perturbed(eye: Eye, random: np.random.Generator, share: float = 1.0) -> Eye:
    """An eye with the errors that fitted landmarks have."""
    radius = eye.iris_radius * share
    down = lids.Canthal.of(eye).down
    along = np.linspace(0, np.pi, 9)

    def edge(points: Points) -> Points:
        bend = random.normal(0, LID_ERROR * radius) * np.sin(along)
        lean = random.normal(0, LID_ERROR / 2 * radius) * np.sin(2 * along)
        return np.asarray(points + (bend + lean)[:, None] * down)

    return replace(
        eye,
        upper=edge(eye.upper),
        lower=edge(eye.lower),
        iris_center=eye.iris_center + random.normal(0, IRIS_ERROR * radius, 2),
        iris_radius=eye.iris_radius * (1 + share * random.normal(0, RADIUS_ERROR)),
    )


def window_of(eye: Eye, roll: float, mm_per_px: float) -> Points:
    """Affine map from a picture to an eye's window, (2, 3): the patch's map with a margin."""
    to_window = eye_patches.place(eye, roll, mm_per_px)
    to_window[:, 2] += (np.array(WINDOW) - eye_patches.SIZE) / 2
    return to_window


def _read(name: str, person: str, source: str, picture_u8: Image8, found: Face) -> ReadPortrait:
    """What `studio` reads from a photo, without its refusals."""
    pixels = picture_u8.astype(np.float32) / np.float32(255)
    fit = iris.fit(pixels, found)
    with_irises = replace(found, left=fit.left, right=fit.right)
    shapes = eye_shape.find(pixels, with_irises)
    population = RENDERED if source == "render" else PEOPLE
    now = gaze.estimate(with_irises, shapes, fit.confidence, population)
    # An iris that hardly differs from its white is not seen, however round.
    clear = fit.contrast >= analysis.CLEAR_CONTRAST
    confidence = fit.confidence if clear else (0.0, 0.0)
    face = replace(found, left=fit.left_snapped, right=fit.right_snapped)
    return ReadPortrait(name, person, source, picture_u8, face, now, confidence)


def _rendered(render: Render) -> ReadPortrait | None:
    picture_u8 = _opened(render.path)
    try:
        found = faces.find(picture_u8.astype(np.float32) / np.float32(255))
    except Refusal:
        return None
    sitter = _read(render.path.stem, render.identity, "render", picture_u8, found)
    left, right = (
        replace(eye, iris_center=true.iris)
        for eye, true in zip(sitter.face.eyes, (render.left, render.right), strict=True)
    )
    now = GazeEstimate(render.gaze, render.left.axis, render.right.axis, 1.0)
    return replace(sitter, face=replace(sitter.face, left=left, right=right), now=now)


def _photo_eye(sitter: ReadPortrait, side: Side, cycles: int, seed: int) -> EyeRow:
    random = np.random.default_rng([seed, _number(f"{sitter.name}/{side}")])
    small = _shrunk(sitter)
    eye, start = _chosen(small, side)
    made = []
    for _ in range(cycles):
        goal = _elsewhere(start, random)
        gone = _sent(small, perturbed(eye, random, 0.5), start, goal)
        there = lids.followed(eye, gaze.iris_shift_mm(start, goal) / small.face.mm_per_px)
        back = _sent(replace(small, picture_u8=gone), perturbed(there, random), goal, start)
        made.append((back, gone, there, goal))
    return _row(small, small, side, made, sitter)


def _rendered_eye(
    source: ReadPortrait, target: ReadPortrait, side: Side, cycles: int, seed: int
) -> EyeRow:
    random = np.random.default_rng([seed, _number(f"{source.name}/{target.name}/{side}")])
    eye, start = _chosen(source, side)
    _, goal = _chosen(target, side)
    made = []
    for _ in range(cycles):
        proposal = _sent(source, perturbed(eye, random), start, goal)
        made.append((proposal, source.picture_u8, eye, start))
    return _row(source, target, side, made, target)


def _row(
    placed: ReadPortrait,
    truth: ReadPortrait,
    side: Side,
    made: Sequence[tuple[Image8, Image8, Eye, Gaze]],
    photo: ReadPortrait,
) -> EyeRow:
    eye, now = _chosen(truth, side)
    anchor, _ = _chosen(placed, side)
    to_window = window_of(anchor, placed.face.head.roll, placed.face.mm_per_px)
    scale = float(np.sqrt(abs(np.linalg.det(to_window[:, :2]))))
    landmarks = truth.face.landmarks * scale
    landmarks[:, :2] = crops.through(to_window, truth.face.landmarks[:, :2])
    gazes = [eye_patches.in_patch(one, to_window) for one in (now, *(row[3] for row in made))]
    angles = np.array([(one.yaw, one.pitch) for one in gazes])
    return EyeRow(
        names=f"{placed.name}-{truth.name}/{side}"
        if placed is not truth
        else f"{truth.name}/{side}",
        people=truth.person,
        sources=truth.source,
        splits=split_of(truth.person),
        sides=side,
        widths=_chosen(photo, side)[0].width,
        windows=crops.cut(truth.picture_u8, to_window, WINDOW),
        points=_packed(eye, to_window),
        radii=eye.iris_radius * scale,
        landmarks=landmarks,
        gazes=(float(angles[0, 0]), float(angles[0, 1])),
        proposals=np.stack([crops.cut(row[0], to_window, WINDOW) for row in made]),
        away=np.stack([crops.cut(row[1], to_window, WINDOW) for row in made]),
        away_points=np.stack([_packed(row[2], to_window) for row in made]),
        away_gazes=angles[1:],
    )


def _sent(sitter: ReadPortrait, eye: Eye, start: Gaze, goal: Gaze) -> Image8:
    edit = geometry.turn(sitter.picture_u8, eye, start, goal, sitter.face.mm_per_px, 0)
    return geometry.paste(sitter.picture_u8, (edit,))


def _elsewhere(start: Gaze, random: np.random.Generator) -> Gaze:
    """A gaze at least four degrees off."""
    while True:
        goal = Gaze(float(random.uniform(-YAW, YAW)), float(random.uniform(-PITCH, PITCH)))
        if goal.angle_to(start) > 4:
            return goal


def _chosen(sitter: ReadPortrait, side: Side) -> tuple[Eye, Gaze]:
    if side == "left":
        return sitter.face.left, sitter.now.left
    return sitter.face.right, sitter.now.right


def _shrunk(sitter: ReadPortrait) -> ReadPortrait:
    factor = _WORKING_RADIUS / sitter.face.left.iris_radius
    if factor >= 1:
        return sitter
    height, width = sitter.picture_u8.shape[:2]
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    resized = cv2.resize(sitter.picture_u8, size, interpolation=cv2.INTER_AREA)
    face = sitter.face.scaled(factor, (size[1], size[0]))
    return replace(sitter, picture_u8=np.asarray(resized, np.uint8), face=face)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def _opened(path: Path) -> Image8:
    with Pictures.open(path) as opened:
        return np.asarray(opened.convert("RGB"), np.uint8)


def pictures(folder: Path) -> list[Path]:
    """Every picture in a folder and its subfolders, in order.

    Raises:
        FileNotFoundError: There is none.
    """
    endings = {".jpg", ".jpeg", ".png", ".webp", ".heic"}
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in endings)
    if not files:
        raise FileNotFoundError(f"There is no picture in {folder}.")
    return files
