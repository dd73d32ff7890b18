"""``python -m benchmarks speed``: run a benchmark, print its table, write its JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks import polish


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; returns the exit status."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    from pipelines.studio import Look

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
    grid = commands.add_parser("grid", help="seconds for twelve cells, warm")
    grid.add_argument("--photo", type=Path, help="a portrait; Grace Hopper's if none is given")
    grid.add_argument("--size", type=int, default=1400, help="the photo's long side in pixels")
    grid.add_argument("--workers", type=int, help="cells at the same time; as many as cores")
    grid.add_argument("--alone", action="store_true", help="make the cells one by one, too")
    grid.add_argument("--json", type=Path, help="write the figures here, too")
    grid.set_defaults(run=_grid)
    live = commands.add_parser("live", help="milliseconds until a moved slider is seen")
    live.add_argument("--address", help="of a page that is served already; else one is started")
    live.add_argument("--photo", type=Path, action="append", default=[], help="one more")
    live.add_argument("--moves", type=int, default=20, help="of each slider")
    live.add_argument("--visits", type=int, default=5, help="how often the page is opened")
    live.add_argument("--json", type=Path, help="write the times here, too")
    live.set_defaults(run=_live)
    load = commands.add_parser("load", help="many visitors at once, on a real server")
    load.add_argument("--users", type=int, action="append", help="at the same time; 20")
    load.add_argument("--minutes", type=float, default=2.0)
    load.add_argument("--requests", type=int, help="instead: memory over so many requests")
    load.add_argument(
        "--beside", action="store_true", help="instead: small requests beside 40 megapixels"
    )
    load.add_argument("--engine", default=Look().engine)
    load.add_argument(
        "--photo", type=Path, action="append", default=[], help="a portrait of theirs"
    )
    load.add_argument("--json", type=Path, help="write the figures here, too")
    load.set_defaults(run=_load)
    recovery = commands.add_parser("recovery", help="kill -9 under load, and the next start")
    recovery.add_argument("--links", type=int, default=20, help="published before the kill")
    recovery.add_argument("--json", type=Path, help="write the figures here, too")
    recovery.set_defaults(run=_recovery)
    gaze = commands.add_parser("gaze", help="degrees against renders of known gaze")
    gaze.add_argument("--renders", type=Path, help="a folder with truth.json; the committed set")
    gaze.add_argument("--split", choices=("test", "calibrate", "all"), default="test")
    gaze.add_argument("--engines", default="geometry", help="ids with commas between")
    gaze.add_argument("--pairs", type=int, help="at most so many pairs per engine")
    gaze.add_argument(
        "--known-start",
        action="store_true",
        help="redirect from the true gazes, so that only the redirect itself errs",
    )
    gaze.add_argument("--plots", type=Path, help="draw the angles and the worst dozen in here")
    gaze.add_argument("--json", type=Path, help="write the figures here, too")
    gaze.set_defaults(run=_gaze)
    polish = commands.add_parser("polish", help="doses, guards and seconds in every context")
    polish.add_argument("folder", type=Path, help="a folder of portraits")
    polish.add_argument("--contexts", help="ids with commas between; all of them")
    polish.add_argument("--json", type=Path, help="write the figures here, too")
    polish.add_argument("--sheet", type=Path, help="draw all faces side by side into this PNG")
    polish.set_defaults(run=_polish)
    fairness = commands.add_parser("fairness", help="the polish on light and dark skin")
    fairness.add_argument("folder", type=Path, help="a folder of portraits")
    fairness.add_argument("--context", default="advertising", help="the strongest, if none given")
    fairness.add_argument("--json", type=Path, help="write the figures here, too")
    fairness.set_defaults(run=_fairness)
    eyes = commands.add_parser("eyes", help="the eye model against geometry alone")
    eyes.add_argument("--weights", type=Path, help="a folder with weights; the bundled ones")
    eyes.add_argument("--data", type=Path, action="append", default=[], help="portraits")
    eyes.add_argument("--crops", type=Path, action="append", default=[], help="crops of eyes")
    eyes.add_argument("--eyes", type=Path, help="what training.data gathered, instead of --crops")
    eyes.add_argument("--steps", type=int, default=4, help="of the bridge")
    eyes.add_argument("--most", type=int, help="at most so many eyes and portraits of a kind")
    eyes.add_argument("--json", type=Path, help="write the figures here, too")
    eyes.add_argument("--sheet", type=Path, help="draw the twelve worst eyes into this PNG")
    eyes.set_defaults(run=_eyes)
    return parser


def _grid(options: argparse.Namespace) -> int:
    from benchmarks import grid

    timings = grid.measure(options.photo, options.size, options.workers, alone=options.alone)
    print(grid.table(timings))
    if options.json:
        made = grid.report(timings, options.size, options.workers)
        options.json.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return 0


def _eyes(options: argparse.Namespace) -> int:
    from benchmarks import eyes
    from datasets import eye_set, gathering
    from pipelines.engines import weights

    folder = options.weights or weights.BUNDLED / "eye-controlnet"
    if not (folder / "model_index.json").is_file():
        print("There are no weights of the eye model. Name some with --weights.", file=sys.stderr)
        return 2
    try:
        photos = eyes.test_eyes(options.data, options.crops, options.eyes)
        portraits = [
            file
            for place in options.data
            for file in gathering.pictures(place)
            if eye_set.split_of(eye_set.person_of(file, place)) == "test"
        ]
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    done = eyes.run(
        eyes.load(folder), photos, portraits=portraits, steps=options.steps, most=options.most
    )
    made = eyes.report(done)
    print(eyes.table(made))
    if options.json:
        options.json.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    sheet = eyes.worst_sheet(done)
    if options.sheet and sheet is not None:
        from PIL import Image

        Image.fromarray(sheet).save(options.sheet)
    return 0


def _polish(options: argparse.Namespace) -> int:
    from benchmarks import polish

    chosen = options.contexts.split(",") if options.contexts else None
    done = _polished(options.folder, chosen)
    if done is None:
        return 2
    made = polish.report(done)
    print(polish.table(made))
    if options.json:
        options.json.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    if options.sheet:
        from PIL import Image

        Image.fromarray(polish.contact_sheet(done)).save(options.sheet)
    return 0


def _fairness(options: argparse.Namespace) -> int:
    from benchmarks import fairness

    done = _polished(options.folder, [options.context])
    if done is None:
        return 2
    made = fairness.report(done.results)
    print(fairness.table(made, options.context))
    if options.json:
        report = {"context": options.context, **made}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def _polished(folder: Path, contexts: list[str] | None) -> polish.PolishRun | None:
    from benchmarks import polish
    from presets.schema import load

    presets = load()
    unknown = [name for name in contexts or () if name not in presets.contexts]
    if unknown or not folder.is_dir():
        wrong = f"no context '{unknown[0]}'" if unknown else "no such folder"
        print(f"There is {wrong}.", file=sys.stderr)
        return None
    try:
        done = polish.run(folder, presets, contexts, _tell)
    except FileNotFoundError as error:
        print(f"{str(error).capitalize()}.", file=sys.stderr)
        return None
    if not done.results:
        print("None of the photos can be used.", file=sys.stderr)
        return None
    return done


def _tell(photo: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{photo:60}", end="", file=sys.stderr, flush=True)


def _load(options: argparse.Namespace) -> int:
    from benchmarks import endurance, interference, load

    made: object
    if options.beside:
        calm = interference.run(30 * options.minutes)
        print(interference.table(calm))
        made = calm.report()
    elif options.requests:
        long = endurance.run(options.requests, options.engine, options.photo)
        print(endurance.table(long))
        made = long.report()
    else:
        runs = [
            load.run(users, options.minutes, options.engine, options.photo)
            for users in options.users or [20]
        ]
        print(load.table(runs))
        made = [one.report() for one in runs]
    _write(made, options.json)
    return 0


def _recovery(options: argparse.Namespace) -> int:
    from benchmarks import recovery

    done = recovery.run(links=options.links)
    print(recovery.table(done))
    _write(done.report(), options.json)
    return 0 if done.whole == done.promised and not done.orphans else 1


def _write(made: object, path: Path | None) -> None:
    if path:
        path.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


def _gaze(options: argparse.Namespace) -> int:
    from benchmarks import gaze, gaze_plots, gaze_table
    from datasets import renders
    from pipelines.runtime.errors import PresenceError

    engines = [engine.strip() for engine in options.engines.split(",") if engine.strip()]
    try:
        chosen = renders.load(options.renders or renders.COMMITTED)
        if options.split != "all":
            chosen = [render for render in chosen if render.split == options.split]
        done = gaze.run(chosen, engines, options.pairs, options.known_start)
    except (renders.BrokenSet, PresenceError) as error:
        print(getattr(error, "sentence", error), file=sys.stderr)
        return 2
    made = gaze.report(done)
    print(gaze_table.table(made))
    if options.json:
        options.json.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    if options.plots:
        gaze_plots.write(done, options.plots)
    return 0


def _live(options: argparse.Namespace) -> int:
    from benchmarks import live

    done = live.run(options.address, options.photo, options.moves, options.visits)
    print(live.table(done))
    if options.json:
        made = json.dumps(live.report(done), indent=2)
        options.json.write_text(made + "\n", encoding="utf-8")
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
