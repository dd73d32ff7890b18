"""``python -m training.gaze``: train the regressions of eye shapes and gaze, fit the constants."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from pipelines.gaze import appearance, eye_shape
from training.gaze import cascade, constants, eyes
from training.gaze.cascade import TrainedRegressions
from training.gaze.constants import MeasuredEyes


def main(arguments: list[str] | None = None) -> None:
    """Train on renders; fit the zero of people on photographs that look into the lens."""
    options = _parser().parse_args(arguments)
    rendered = eyes.read_renders(options.renders)
    trained = cascade.train(rendered, options.samples, options.seed)
    for number, errors in enumerate(trained.errors, start=1):
        print(f"stage {number}: median errors of held-out people, 16 px an iris radius")
        print(np.round(errors.T, 2))
    eye_shape.save(options.out / eye_shape.WEIGHTS.name, trained.shape)
    eye_shape.save(options.out / appearance.WEIGHTS.name, (trained.appearance,))
    fold_of = cascade.folds(rendered)
    measured = [
        constants.measure(picture, trained.shape_without[fold_of[picture.identity]])
        for picture in rendered
    ]
    files = [file for folder in options.photos for file in sorted(folder.iterdir())]
    photos = [constants.measure(picture, trained.shape) for picture in eyes.read_photographs(files)]
    fitted = constants.fit(measured, photos)
    report = {"constants": asdict(fitted), "held_out": _held_out(measured, trained, fold_of)}
    print(json.dumps(report, indent=2))
    (options.out / "gaze_training.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def _held_out(
    rendered: Sequence[MeasuredEyes], trained: TrainedRegressions, fold_of: dict[str, int]
) -> dict[str, float]:
    """Mean absolute errors in degrees, and slopes, on people unseen by cascade and constants.

    ``ours`` is the estimator, ``second`` the gaze by appearance.
    """
    ours, second, true = [], [], []
    for fold in range(cascade.FOLDS):
        inside = [m for m in rendered if fold_of[m.picture.identity] == fold]
        others = [m for m in rendered if fold_of[m.picture.identity] != fold]
        fitted = constants.fit(others, [])
        for measured in inside:
            picture = measured.picture
            sines = [
                float(measured.row(axis) @ gains + fitted.rendered[axis])
                for axis, gains in enumerate((fitted.side, fitted.up))
            ]
            ours.append(sines)
            true.append([constants.true_sine(picture, axis) for axis in (0, 1)])
            read = appearance.read_with(
                picture.pixels_u8.astype(np.float32) / 255,
                picture.face,
                trained.shape_without[fold],
                trained.appearance_without[fold],
            )
            second.append(appearance.upright_sines(read, picture.face.head, "right"))
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
