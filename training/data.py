"""``python -m training.data``: make the training set of the eye model from portraits and renders.

Every eye is stored as a window a little larger than the model's patch, upright and mirrored like
it, so that training can turn, scale and shift it without running MediaPipe again. With each
photographed eye come a few *cycles*: the geometry engine turns the eye away and back.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from datasets import eye_set, renders
from datasets.eye_rows import from_photos, from_renders
from datasets.eye_set import EyeSet
from datasets.portraits import read_crops, read_folder


def main(arguments: list[str] | None = None) -> int:
    """Read photos, crops and renders into one file; return the exit status."""
    options = _parser().parse_args(arguments)
    sets = []
    photos = [*map(read_folder, options.data), *map(read_crops, options.crops)]
    for rows in (
        *(from_photos(found, options.cycles, options.seed, options.jobs) for found in photos),
        *(from_renders(folder, options.cycles, options.seed) for folder in options.renders),
    ):
        try:
            sets.append(eye_set.from_rows(rows))
        except (FileNotFoundError, ValueError, renders.BrokenSet) as error:
            print(error, file=sys.stderr)
            return 2
    eyes = eye_set.concatenate(sets)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    eyes.save(options.out)
    print(summary(eyes))
    return 0


def summary(eyes: EyeSet) -> str:
    """Table of the numbers of people and eyes, per source and split."""
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
