"""``python -m training.data``: portraits become eyes to train on, in one file.

Every eye is stored as a window a little larger than the model's patch, upright and mirrored like
it, so that training can turn, scale and shift it without running MediaPipe again. Beside the eye as
photographed stand a few *cycles*: the same eye sent away by the geometry, and brought back.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from datasets import renders
from datasets.eye_set import EyeSet, gathered, joined
from datasets.gathering import eye_crops, from_photos, from_renders, portraits


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
