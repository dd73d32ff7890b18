"""A set of eyes with known truth, stored in one file; the eye model is trained and judged on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.face import Eye, Face, HeadPose, Side
from pipelines.image import crops
from pipelines.image.arrays import Image8, Points

Split = Literal["train", "validation", "test"]

WINDOW = (152, 116)
"""(width, height) of a stored window at the patch's own scale; it holds a patch turned by 8°."""

_WIDTH_BINS = (45.0, 70.0)
# Part of the hash that assigns people to splits. It was changed when the training recipe was final,
# so that the present test people had no influence on the recipe.
_SPLIT_SALT = 2


@dataclass(frozen=True)
class EyeSet:
    """n eyes, each with k cycles.

    A *cycle* is the same eye turned to another gaze and back by the geometry engine. A *window*
    is the crop around an eye, upright, at the scale of the model's patch and a little larger.

    Attributes:
        names: File and side, (n,).
        people: The person, (n,); all eyes of a person are in one split.
        sources: Origin, (n,): ``photo``, ``render`` or the name that a set of crops gives.
        splits: ``train``, ``validation`` or ``test``, (n,).
        sides: ``left`` or ``right``, (n,); windows of left eyes are mirrored.
        widths: Distance between the canthi in pixels of the photo, (n,).
        windows: The true eye, uint8, (n, 116, 152, 3).
        points: Outer and inner canthus, upper and lower lid edge (9 points each) and iris centre,
            in pixels of the window, (n, 21, 2).
        radii: Radius of the iris in pixels of the window, (n,).
        landmarks: All 478 landmarks in pixels of the window, (n, 478, 3).
        gazes: Yaw and pitch in degrees in the window's frame, (n, 2).
        proposals: The eye turned back by geometry, from its other gaze to the true one, uint8,
            (n, k, 116, 152, 3).
        away: The eye with the other gaze, uint8, (n, k, 116, 152, 3).
        away_points: As `points`, for the other gaze, (n, k, 21, 2).
        away_gazes: As `gazes`, for the other gaze, (n, k, 2).
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
        return self.subset(np.flatnonzero(self.splits == split))

    def subset(self, indices: NDArray[np.intp]) -> EyeSet:
        """The eyes at some indices."""
        return EyeSet(**{field.name: getattr(self, field.name)[indices] for field in fields(self)})

    def eye(self, index: int, cycle: int | None = None) -> Eye:
        """An eye in pixels of its window: the true one, or with the other gaze of a cycle."""
        points = self.points[index] if cycle is None else self.away_points[index, cycle]
        side: Side = "left" if self.sides[index] == "left" else "right"
        return unpack_eye(points.astype(np.float64), side, float(self.radii[index]))

    def face(self, index: int) -> Face:
        """The face around an eye in pixels of the window, for its brows and outline.

        Both eyes are the eye of the window, and the head pose is zero.
        """
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
        """Sampling probability of each eye, (n,), balanced over sizes and sources.

        Most eyes are small in their photo and therefore blurred at the patch's scale; a model that
        saw them as often as they occur would draw blurred eyes. No eye is drawn more than four
        times as often as another.
        """
        bins = np.digitize(self.widths, _WIDTH_BINS) + 10 * (self.sources == "render")
        _, inverse, counts = np.unique(bins, return_inverse=True, return_counts=True)
        weights = 1.0 / counts[inverse]
        weights = np.minimum(weights, 4 * weights.min())
        return np.asarray(weights / weights.sum())

    def save(self, path: Path) -> None:
        """Write all arrays into one .npz file."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})


@dataclass(frozen=True)
class EyeRow:
    """One eye of an `EyeSet`; its fields have the names of the columns that they fill."""

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
    """Read a file that `EyeSet.save` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        KeyError: It is another kind of .npz file.
        ValueError: It is no .npz file.
    """
    with np.load(path, allow_pickle=False) as stored:
        return EyeSet(**{field.name: stored[field.name] for field in fields(EyeSet)})


def from_rows(rows: Iterable[EyeRow]) -> EyeSet:
    """Collect rows into a set.

    Raises:
        ValueError: There are no rows.
    """
    rows = list(rows)
    if not rows:
        raise ValueError("No usable eye was found.")
    columns: dict[str, Any] = {}
    for field in fields(EyeSet):
        column = np.array([getattr(row, field.name) for row in rows])
        columns[field.name] = column.astype(np.float32) if column.dtype.kind == "f" else column
    return EyeSet(**columns)


def concatenate(sets: Sequence[EyeSet]) -> EyeSet:
    """Join several sets into one."""
    return EyeSet(
        **{
            field.name: np.concatenate([getattr(eyes, field.name) for eyes in sets])
            for field in fields(EyeSet)
        }
    )


def split_of(person: str) -> Split:
    """The split of a person, from a hash of the name: 80 % train, 10 % validation, 10 % test."""
    digest = hashlib.sha256(f"{_SPLIT_SALT}/{person}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") % 100
    return "train" if share < 80 else "validation" if share < 90 else "test"


def person_of(file: Path, root: Path) -> str:
    """The person on a photo: its top folder inside `root`, or the file's stem if it has none."""
    parts = file.relative_to(root).parts
    return parts[0] if len(parts) > 1 else file.stem


def pack_eye(eye: Eye, affine: Points) -> Points:
    """An eye's points through an affine map (2, 3), in the order of `EyeSet.points`, (21, 2)."""
    points = np.vstack([eye.outer, eye.inner, eye.upper, eye.lower, eye.iris_center])
    return crops.through(affine, points)


def unpack_eye(points: Points, side: Side, radius: float) -> Eye:
    """An eye from points in the order of `EyeSet.points` and the radius of its iris."""
    return Eye(side, points[0], points[1], points[2:11], points[11:20], points[20], radius)
