"""``python -m benchmarks speed``: run a benchmark, print its table, write its JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; returns the exit status."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="How good and how fast Presence is."
    )
    commands = parser.add_subparsers(required=True, metavar="benchmark")
    speed = commands.add_parser("speed", help="seconds per look, step by step, warm")
    speed.add_argument("--photo", type=Path, help="a portrait; Grace Hopper's if none is given")
    speed.add_argument("--size", type=int, default=1024, help="its long side in pixels")
    speed.add_argument("--rounds", type=int, default=5)
    speed.add_argument("--look", action="append", help="looks to time instead of the three usual")
    speed.add_argument("--json", type=Path, help="write the timings here, too")
    speed.set_defaults(run=_speed)
    gaze = commands.add_parser("gaze", help="degrees against renders of known gaze")
    gaze.add_argument("--renders", type=Path, help="a folder with truth.json; the committed set")
    gaze.add_argument("--split", choices=("test", "calibrate", "all"), default="test")
    gaze.add_argument("--engines", default="geometry", help="ids with commas between")
    gaze.add_argument("--pairs", type=int, help="at most so many pairs per engine")
    gaze.add_argument("--json", type=Path, help="write the figures here, too")
    gaze.set_defaults(run=_gaze)
    return parser


def _gaze(options: argparse.Namespace) -> int:
    from benchmarks import gaze, renders

    chosen = renders.load(options.renders or renders.COMMITTED)
    if options.split != "all":
        chosen = [render for render in chosen if render.split == options.split]
    made = gaze.report(chosen, options.engines.split(","), options.pairs)
    print(gaze.table(made))
    if options.json:
        options.json.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return 0


def _speed(options: argparse.Namespace) -> int:
    from benchmarks import speed

    looks = options.look or speed.LOOKS
    timings = speed.measure(options.photo, options.size, options.rounds, looks)
    print(speed.table(timings))
    if options.json:
        report = {"size": options.size, "timings": [asdict(timing) for timing in timings]}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
