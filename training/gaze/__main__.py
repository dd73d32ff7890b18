"""``python -m training.gaze``: train the cascade of eye shapes and fit the constants of gaze."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from pipelines.gaze import appearance, eye_shape
from training.gaze import cascade, constants, eyes
from training.gaze.cascade import Trained
from training.gaze.constants import MeasuredEyes


def main(arguments: list[str] | None = None) -> None:
    """Train on renders; the zero of people comes from photographs of theirs."""
    options = _parser().parse_args(arguments)
    sitters = eyes.renders(options.renders)
    trained = cascade.train(sitters, options.samples, options.seed)
    for number, errors in enumerate(trained.errors, start=1):
        print(f"stage {number}: median errors of held-out people, 16 px an iris radius")
        print(np.round(errors.T, 2))
    eye_shape.save(options.out / eye_shape.WEIGHTS.name, trained.shape)
    eye_shape.save(options.out / appearance.WEIGHTS.name, (trained.appearance,))
    fold_of = cascade.folds(sitters)
    known = [
        constants.measure(sitter, trained.shape_without[fold_of[sitter.identity]])
        for sitter in sitters
    ]
    photos = [
        constants.measure(sitter, trained.shape)
        for sitter in eyes.photographs([one for d in options.photos for one in sorted(d.iterdir())])
    ]
    fitted = constants.fit(known, photos)
    report = {"constants": asdict(fitted), "held_out": _held_out(known, trained, fold_of)}
    print(json.dumps(report, indent=2))
    (options.out / "gaze_training.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def _held_out(
    known: Sequence[MeasuredEyes], trained: Trained, fold_of: dict[str, int]
) -> dict[str, float]:
    """Errors in degrees on people that neither cascade nor constants had seen."""
    ours, second, true = [], [], []
    for fold in range(cascade.FOLDS):
        inside = [m for m in known if fold_of[m.sitter.identity] == fold]
        others = [m for m in known if fold_of[m.sitter.identity] != fold]
        fitted = constants.fit(others, [])
        for measured in inside:
            sitter = measured.sitter
            sines = [
                float(measured.row(axis) @ gains + fitted.rendered[axis])
                for axis, gains in enumerate((fitted.side, fitted.up))
            ]
            ours.append(sines)
            true.append([constants.true_sine(sitter, axis) for axis in (0, 1)])
            read = appearance.read_with(
                sitter.pixels_u8.astype(np.float32) / 255,
                sitter.face,
                trained.shape_without[fold],
                trained.appearance_without[fold],
            )
            second.append(appearance.upright_sines(read, sitter.face.head, "right"))
    report = {}
    for name, read_sines in (("ours", ours), ("second", second)):
        degrees = np.degrees(np.arcsin(np.clip(read_sines, -1, 1)))
        wanted = np.degrees(np.arcsin(np.array(true)))
        for axis, word in enumerate(("yaw", "pitch")):
            report[f"{name}_mae_{word}"] = float(np.abs(degrees - wanted)[:, axis].mean())
            slope = np.polyfit(wanted[:, axis], degrees[:, axis], 1)[0]
            report[f"{name}_slope_{word}"] = float(slope)
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.gaze", description=__doc__)
    parser.add_argument("--renders", type=Path, action="append", required=True)
    parser.add_argument(
        "--photos",
        type=Path,
        action="append",
        default=[],
        help="portraits that look into the lens; several folders count alike",
    )
    parser.add_argument("--samples", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=eye_shape.WEIGHTS.parent)
    return parser


if __name__ == "__main__":
    main()
