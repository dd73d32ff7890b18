"""``python -m training.data``: portraits become eyes to train on, in one file.

Every eye is stored as a window a little larger than the model's patch, upright and mirrored like
it, so that training can turn, scale and shift it without running MediaPipe again. Beside the eye as
photographed stand a few *cycles*: the same eye sent away by the geometry, and brought back.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from tqdm import tqdm

from benchmarks import renders
from benchmarks.renders import Render
from pipelines import face as faces
from pipelines import gaze
from pipelines.engines import eye_patches, geometry
from pipelines.face import Eye, Face, HeadPose, Side, mesh
from pipelines.gaze import PEOPLE, RENDERED, Gaze, GazeEstimate, eye_shape, iris, lids
from pipelines.image import crops, loading
from pipelines.image.arrays import Image8, Points
from pipelines.runtime.errors import Refusal
from pipelines.studio import analysis

Split = Literal["train", "validation", "test"]

WINDOW = (152, 116)
"""(width, height) of a stored window at the patch's own scale; it holds a patch turned by 8°."""
SMALLEST_WIDTH = 28.0
"""Canthus to canthus in pixels of the photo; below, an iris is five pixels wide."""
# Irises are worked on at no more than this radius: the patch has 14 pixels.
_WORKING_RADIUS = 20.0
# Share of an eye's contrast that lies in details finer than a twelfth of its iris: below, the eye
# is out of focus. Set by looking at sheets of the eyes on either side.
_BLURRED = 0.12
_BIN_EDGES = (45.0, 70.0)
# An eye that shows itself at such a share of its width is open (`face.SHUT_OPENING` refuses less).
_OPEN = 0.16

# Changed once the recipe was settled by looking at verdicts: who is tested now had no part in it.
_DRAWING = 2

YAW, PITCH = 25.0, 12.0
"""How far cycles send an eye away, in degrees."""
# Errors of fitted landmarks in iris radii: 0.1 to 0.3 px at a radius of 12.7 on renders of known
# gaze; lid edges a tenth of a radius.
IRIS_ERROR, RADIUS_ERROR, LID_ERROR = 0.016, 0.02, 0.08


@dataclass(frozen=True)
class EyeSet:
    """Eyes to train on; n of them, each with k cycles.

    Attributes:
        names: File and side, (n,).
        people: Whose each is; people are held out whole, (n,).
        sources: Where they come from, (n,): ``photo``, ``render`` or the name a set gives.
        splits: ``train``, ``validation`` or ``test``, (n,).
        sides: ``left`` or ``right``; windows of left eyes are mirrored, (n,).
        widths: Canthus to canthus in pixels of the photo, (n,).
        windows: The true eye, uint8, (n, 116, 152, 3).
        points: Outer, inner canthus, upper and lower lid edge (9 each) and iris, (n, 21, 2), in
            pixels of the window.
        radii: Of the irises, in pixels of the window, (n,).
        landmarks: All 478, in pixels of the window, (n, 478, 3).
        gazes: Yaw and pitch in the window's frame, (n, 2).
        proposals: What geometry makes of another gaze of this eye, with the true eye's gaze as
            its target, uint8, (n, k, 116, 152, 3).
        away: The eye in that other gaze, (n, k, 116, 152, 3).
        away_points: As `points`, (n, k, 21, 2).
        away_gazes: As `gazes`, (n, k, 2).
    """

    names: NDArray[np.str_]
    people: NDArray[np.str_]
    sources: NDArray[np.str_]
    splits: NDArray[np.str_]
    sides: NDArray[np.str_]
    widths: NDArray[np.float32]
    windows: Image8
    points: NDArray[np.float32]
    radii: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    gazes: NDArray[np.float32]
    proposals: Image8
    away: Image8
    away_points: NDArray[np.float32]
    away_gazes: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.names)

    def of(self, split: Split) -> EyeSet:
        """The eyes of one split."""
        return self.chosen(np.flatnonzero(self.splits == split))

    def chosen(self, indices: NDArray[np.intp]) -> EyeSet:
        """Some of the eyes."""
        return EyeSet(**{field.name: getattr(self, field.name)[indices] for field in fields(self)})

    def eye(self, index: int, cycle: int | None = None) -> Eye:
        """An eye in its window, or as a cycle sent it away."""
        points = self.points[index] if cycle is None else self.away_points[index, cycle]
        side: Side = "left" if self.sides[index] == "left" else "right"
        return _unpacked(points.astype(np.float64), side, float(self.radii[index]))

    def face(self, index: int) -> Face:
        """The face around an eye, in pixels of the window: brows and outline are right, no more."""
        eye = self.eye(index)
        return Face(
            landmarks=self.landmarks[index].astype(np.float64),
            size=WINDOW[::-1],
            head=HeadPose(0.0, 0.0, 0.0),
            left=eye,
            right=eye,
            count=1,
        )

    def weights(self) -> NDArray[np.float64]:
        """How often each is to be drawn: sizes and sources even out, none counts over four times.

        Most eyes are small in their photo and so blurred at the patch's scale; a model that saw
        them as often as they come would draw blurred eyes.
        """
        bins = np.digitize(self.widths, _BIN_EDGES) + 10 * (self.sources == "render")
        _, inverse, counts = np.unique(bins, return_inverse=True, return_counts=True)
        weights = 1.0 / counts[inverse]
        weights = np.minimum(weights, 4 * weights.min())
        return np.asarray(weights / weights.sum())

    def save(self, path: Path) -> None:
        """Write everything into one .npz."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})


@dataclass(frozen=True)
class Sitter:
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


@dataclass(frozen=True)
class Drawn:
    """One row of an `EyeSet`; see there."""

    names: str
    people: str
    sources: str
    splits: Split
    sides: Side
    widths: float
    windows: Image8
    points: Points
    radii: float
    landmarks: Points
    gazes: tuple[float, float]
    proposals: Image8
    away: Image8
    away_points: Points
    away_gazes: NDArray[np.float64]


def load(path: Path) -> EyeSet:
    """Read what `EyeSet.save` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        KeyError: It is something else.
    """
    with np.load(path, allow_pickle=False) as stored:
        return EyeSet(**{field.name: stored[field.name] for field in fields(EyeSet)})


def split_of(person: str) -> Split:
    """Where a person belongs, fixed by their name: 80 % train, 10 % each of the others."""
    drawn = hashlib.sha256(f"{_DRAWING}/{person}".encode()).digest()
    share = int.from_bytes(drawn[:4], "big") % 100
    return "train" if share < 80 else "validation" if share < 90 else "test"


def person_of(file: Path, root: Path) -> str:
    """Who is on a file: its folder inside the set if it has one, else its own name."""
    parts = file.relative_to(root).parts
    return parts[0] if len(parts) > 1 else file.stem


def portraits(folder: Path) -> Iterator[Sitter]:
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


def eye_crops(folder: Path) -> Iterator[Sitter]:
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
    sitters: Iterator[Sitter], cycles: int, seed: int, jobs: int = 1
) -> Iterator[Drawn]:
    """Eyes of photographs: the truth is the photo, the proposals are cycles back to it."""
    work = ((sitter, side, cycles, seed) for sitter in sitters for side in usable(sitter))
    if jobs == 1:
        yield from (_photo_eye(*one) for one in work)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_photo_eye, *zip(*work, strict=True), chunksize=4)


def from_renders(
    folder: Path, cycles: int, seed: int, split: str = "calibrate", most: int | None = None
) -> Iterator[Drawn]:
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
    read: dict[str, Sitter | None] = {}
    for source, target in tqdm(pairs, desc="Renders", disable=None):
        for render in (source, target):
            if render.name not in read:
                read[render.name] = _rendered(render)
        one, other = read[source.name], read[target.name]
        if one is not None and other is not None:
            for side in usable(one):
                if side in usable(other):
                    yield _rendered_eye(one, other, side, cycles, seed)


def gathered(drawn: Iterator[Drawn]) -> EyeSet:
    """Put rows together.

    Raises:
        ValueError: There is none.
    """
    rows = list(drawn)
    if not rows:
        raise ValueError("No usable eye was found.")
    columns: dict[str, Any] = {}
    for field in fields(EyeSet):
        values = [getattr(row, field.name) for row in rows]
        column = np.array(values)
        columns[field.name] = column.astype(np.float32) if column.dtype.kind == "f" else column
    return EyeSet(**columns)


def joined(sets: Sequence[EyeSet]) -> EyeSet:
    """Several sets as one."""
    return EyeSet(
        **{
            field.name: np.concatenate([getattr(one, field.name) for one in sets])
            for field in fields(EyeSet)
        }
    )


def usable(sitter: Sitter) -> tuple[Side, ...]:
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


def _read(name: str, person: str, source: str, picture_u8: Image8, found: Face) -> Sitter:
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
    return Sitter(name, person, source, picture_u8, face, now, confidence)


def _rendered(render: Render) -> Sitter | None:
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


def _photo_eye(sitter: Sitter, side: Side, cycles: int, seed: int) -> Drawn:
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


def _rendered_eye(source: Sitter, target: Sitter, side: Side, cycles: int, seed: int) -> Drawn:
    random = np.random.default_rng([seed, _number(f"{source.name}/{target.name}/{side}")])
    eye, start = _chosen(source, side)
    _, goal = _chosen(target, side)
    made = []
    for _ in range(cycles):
        proposal = _sent(source, perturbed(eye, random), start, goal)
        made.append((proposal, source.picture_u8, eye, start))
    return _row(source, target, side, made, target)


def _row(
    placed: Sitter,
    truth: Sitter,
    side: Side,
    made: Sequence[tuple[Image8, Image8, Eye, Gaze]],
    photo: Sitter,
) -> Drawn:
    eye, now = _chosen(truth, side)
    anchor, _ = _chosen(placed, side)
    to_window = window_of(anchor, placed.face.head.roll, placed.face.mm_per_px)
    scale = float(np.sqrt(abs(np.linalg.det(to_window[:, :2]))))
    landmarks = truth.face.landmarks * scale
    landmarks[:, :2] = crops.through(to_window, truth.face.landmarks[:, :2])
    gazes = [eye_patches.in_patch(one, to_window) for one in (now, *(row[3] for row in made))]
    angles = np.array([(one.yaw, one.pitch) for one in gazes])
    return Drawn(
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


def _sent(sitter: Sitter, eye: Eye, start: Gaze, goal: Gaze) -> Image8:
    edit = geometry.turn(sitter.picture_u8, eye, start, goal, sitter.face.mm_per_px, 0)
    return geometry.paste(sitter.picture_u8, (edit,))


def _elsewhere(start: Gaze, random: np.random.Generator) -> Gaze:
    """A gaze at least four degrees off."""
    while True:
        goal = Gaze(float(random.uniform(-YAW, YAW)), float(random.uniform(-PITCH, PITCH)))
        if goal.angle_to(start) > 4:
            return goal


def _chosen(sitter: Sitter, side: Side) -> tuple[Eye, Gaze]:
    if side == "left":
        return sitter.face.left, sitter.now.left
    return sitter.face.right, sitter.now.right


def _shrunk(sitter: Sitter) -> Sitter:
    factor = _WORKING_RADIUS / sitter.face.left.iris_radius
    if factor >= 1:
        return sitter
    height, width = sitter.picture_u8.shape[:2]
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    resized = cv2.resize(sitter.picture_u8, size, interpolation=cv2.INTER_AREA)
    face = sitter.face.scaled(factor, (size[1], size[0]))
    return replace(sitter, picture_u8=np.asarray(resized, np.uint8), face=face)


def _packed(eye: Eye, affine: Points) -> Points:
    points = np.vstack([eye.outer, eye.inner, eye.upper, eye.lower, eye.iris_center])
    return crops.through(affine, points)


def _unpacked(points: Points, side: Side, radius: float) -> Eye:
    return Eye(side, points[0], points[1], points[2:11], points[11:20], points[20], radius)


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


def main(arguments: list[str] | None = None) -> int:
    """Read photos, crops and renders into one file; returns the exit status."""
    options = _parser().parse_args(arguments)
    sets = []
    for found in (
        *(
            from_photos(portraits(one), options.cycles, options.seed, options.jobs)
            for one in options.data
        ),
        *(
            from_photos(eye_crops(one), options.cycles, options.seed, options.jobs)
            for one in options.crops
        ),
        *(from_renders(one, options.cycles, options.seed) for one in options.renders),
    ):
        try:
            sets.append(gathered(found))
        except (FileNotFoundError, ValueError, renders.BrokenSet) as error:
            print(error, file=sys.stderr)
            return 2
    eyes = joined(sets)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    eyes.save(options.out)
    print(summary(eyes))
    return 0


def summary(eyes: EyeSet) -> str:
    """How many eyes of how many people there are, as a table."""
    lines = [f"{'source':<10}{'split':<12}{'people':>8}{'eyes':>8}{'median px':>11}"]
    for source in np.unique(eyes.sources):
        for split in ("train", "validation", "test"):
            part = (eyes.sources == source) & (eyes.splits == split)
            if part.any():
                people = len(np.unique(eyes.people[part]))
                size = float(np.median(eyes.widths[part]))
                lines.append(f"{source:<10}{split:<12}{people:>8}{part.sum():>8}{size:>11.0f}")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.data", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", default=[], help="portraits")
    parser.add_argument("--crops", type=Path, action="append", default=[], help="crops of eyes")
    parser.add_argument(
        "--renders", type=Path, nargs="*", default=[renders.COMMITTED], help="sets with truth.json"
    )
    parser.add_argument("--cycles", type=int, default=4, help="proposals for each eye")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=Path("training/runs/eyes.npz"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
