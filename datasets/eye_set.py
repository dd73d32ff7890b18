"""Eyes with their truth in one file: what the eye model is trained, validated and judged on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
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
_BIN_EDGES = (45.0, 70.0)

# Changed once the recipe was settled by looking at verdicts: who is tested now had no part in it.
_DRAWING = 2


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
class EyeRow:
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


def gathered(drawn: Iterator[EyeRow]) -> EyeSet:
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


def _packed(eye: Eye, affine: Points) -> Points:
    points = np.vstack([eye.outer, eye.inner, eye.upper, eye.lower, eye.iris_center])
    return crops.through(affine, points)


def _unpacked(points: Points, side: Side, radius: float) -> Eye:
    return Eye(side, points[0], points[1], points[2:11], points[11:20], points[20], radius)
