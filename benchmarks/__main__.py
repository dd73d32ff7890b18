"""``python -m benchmarks NAME``: run a benchmark, print its table, write its JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from benchmarks.reports import write
from pipelines.runtime import slots

if TYPE_CHECKING:
    from benchmarks.polish import PolishRun

WRONG = 2
"""Exit code for arguments that cannot be used; what is wrong is one line on stderr."""

T = TypeVar("T")


def _option(text: str, *flags: str) -> Any:
    return typer.Option(*flags, help=text)


Folder = Annotated[Path, typer.Argument(help="a folder of portraits")]
Photo = Annotated[Path | None, _option("a portrait; Grace Hopper's if none is given")]
Json = Annotated[Path | None, _option("write the figures here, too")]

app = typer.Typer(
    help="How good and how fast Presence is.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; returns the exit status."""
    slots.limit_threads()
    try:
        app(arguments, prog_name="python -m benchmarks")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


@app.command()
def speed(
    photo: Photo = None,
    size: Annotated[int, _option("its long side in pixels")] = 1024,
    rounds: int = 5,
    look: Annotated[list[str] | None, _option("looks to time instead of the three usual")] = None,
    json: Json = None,
) -> None:
    """Seconds per look, step by step, warm."""
    from benchmarks import speed

    _show(speed.run(photo, size, rounds, look or speed.LOOKS), speed.table, json)


@app.command()
def grid(
    photo: Photo = None,
    size: Annotated[int, _option("the photo's long side in pixels")] = 1400,
    workers: Annotated[int | None, _option("cells at the same time; as many as cores")] = None,
    alone: Annotated[bool, _option("make the cells one by one, too", "--alone")] = False,
    json: Json = None,
) -> None:
    """Seconds for twelve cells, warm."""
    from benchmarks import grid

    _show(grid.run(photo, size, workers, alone=alone), grid.table, json)


@app.command()
def live(
    address: Annotated[
        str | None, _option("of a page that is served already; else one is started")
    ] = None,
    photo: Annotated[list[Path] | None, _option("one more")] = None,
    moves: Annotated[int, _option("of each slider")] = 20,
    visits: Annotated[int, _option("how often the page is opened")] = 5,
    json: Json = None,
) -> None:
    """Milliseconds until a moved slider is seen."""
    from benchmarks import live

    _show(live.run(address, photo or [], moves, visits), live.table, json)


@app.command()
def load(
    users: Annotated[list[int] | None, _option("at the same time; 20")] = None,
    minutes: float = 2.0,
    requests: Annotated[int | None, _option("instead: memory over so many requests")] = None,
    beside: Annotated[
        bool, _option("instead: small requests beside 40 megapixels", "--beside")
    ] = False,
    engine: Annotated[str | None, _option("the default engine if none is given")] = None,
    photo: Annotated[list[Path] | None, _option("a portrait of theirs")] = None,
    json: Json = None,
) -> None:
    """Many visitors at once, on a real server."""
    # First: these import locust, which has to replace blocking calls before they are imported.
    from benchmarks import endurance, interference, load
    from pipelines.studio import Look

    engine = engine or Look().engine
    if beside:
        _show(interference.run(30 * minutes), interference.table, json)
    elif requests:
        _show(endurance.run(requests, engine, photo or ()), endurance.table, json)
    else:
        runs = [load.run(count, minutes, engine, photo or ()) for count in users or [20]]
        _show(runs, load.table, json)


@app.command()
def arrivals(
    load: Annotated[list[float] | None, _option("shares of the capacity; 0.3 0.6 0.8")] = None,
    minutes: float = 3.0,
    engine: Annotated[str | None, _option("the default engine if none is given")] = None,
    json: Json = None,
) -> None:
    """Visitors who come at random, beside the queueing model; what a look and a page cost."""
    from benchmarks import arrivals
    from pipelines.studio import Look

    report = arrivals.run(load or (0.3, 0.6, 0.8), minutes, engine or Look().engine)
    _show(report, arrivals.table, json)


@app.command()
def recovery(
    links: Annotated[int, _option("published before the kill")] = 20,
    json: Json = None,
) -> None:
    """Kill -9 under load, and the next start."""
    from benchmarks import recovery

    result = recovery.run(links=links)
    print(recovery.table(result))
    write(asdict(result), json)
    if result.whole < result.promised or result.orphans:
        raise typer.Exit(1)


@app.command()
def gaze(
    portraits: Annotated[
        Path | None, typer.Argument(help="instead of renders: a folder of labelled portraits")
    ] = None,
    labels: Annotated[
        Path | None, _option("a CSV with where a person felt the portraits' eyes look")
    ] = None,
    renders: Annotated[Path | None, _option("a folder with truth.json; the committed set")] = None,
    split: Literal["test", "calibrate", "all"] = "test",
    engines: Annotated[str, _option("ids with commas between")] = "geometry",
    pairs: Annotated[int | None, _option("at most so many pairs per engine")] = None,
    known_start: Annotated[
        bool,
        _option(
            "redirect from the true gazes, so that only the redirect itself errs", "--known-start"
        ),
    ] = False,
    plots: Annotated[Path | None, _option("draw the angles and the worst dozen in here")] = None,
    json: Json = None,
) -> None:
    """Degrees against renders of known gaze, or words against labelled portraits."""
    if portraits or labels:
        _labelled(portraits, labels, json)
        return
    from benchmarks import gaze, gaze_plots
    from datasets.renders import COMMITTED, BrokenSet
    from datasets.renders import load as load_renders
    from pipelines.runtime.errors import PresenceError

    ids = [engine.strip() for engine in engines.split(",") if engine.strip()]
    try:
        pictures = load_renders(renders or COMMITTED)
        chosen = [one for one in pictures if split in ("all", one.split)]
        done = gaze.run(chosen, ids, pairs, known_start)
    except (BrokenSet, PresenceError) as error:
        raise _wrong(getattr(error, "sentence", str(error))) from None
    _show(gaze.report(done), gaze.table, json)
    if plots:
        gaze_plots.write(done, plots)


@app.command()
def columbia(
    folder: Annotated[Path, typer.Argument(help="with Columbia Gaze eye strips")],
    first: Annotated[int, _option("number of the first person")] = 1,
    last: Annotated[int, _option("number of the last person")] = 28,
    json: Json = None,
) -> None:
    """Degrees against real people whose gaze is exactly known."""
    from benchmarks import gaze_strips

    try:
        strips = gaze_strips.run(folder, (first, last))
    except FileNotFoundError as error:
        raise _wrong(str(error)) from None
    _show(gaze_strips.report(strips), gaze_strips.table, json)


@app.command()
def polish(
    folder: Folder,
    contexts: Annotated[str | None, _option("ids with commas between; all of them")] = None,
    json: Json = None,
    sheet: Annotated[Path | None, _option("draw all faces side by side into this PNG")] = None,
    faults: Annotated[
        bool, typer.Option("--planted", help="plant spots, moles, shadows and dark circles, too")
    ] = False,
    straighten: Annotated[
        bool, typer.Option("--straighten", help="turn the photos, and straighten them, too")
    ] = False,
    blind: Annotated[
        Path | None, _option("write pairs at 100 % for a blind look here, with their key")
    ] = None,
    mattes: Annotated[
        bool, typer.Option("--matting", help="put the people before other grounds, too")
    ] = False,
) -> None:
    """Doses, guards and seconds in every context."""
    from PIL import Image

    from benchmarks import matting, pairs, planted, polish, straightening
    from presets.schema import load as load_presets

    presets = load_presets()
    names = contexts.split(",") if contexts else list(presets.contexts)
    done = _polished(folder, names)
    report = polish.report(done)
    print(polish.table(report))
    if faults:
        report["planted"] = planted.run(folder, presets, names)
        print(planted.table(report))
    if straighten:
        report["straightening"] = straightening.run(folder)
        print(straightening.table(report))
    if blind:
        pairs.write(folder, presets.contexts[names[0]], blind)
    if mattes:
        report["matting"] = matting.run(folder)
        print(matting.table(report))
    write(report, json)
    if sheet:
        Image.fromarray(polish.contact_sheet(done)).save(sheet)


@app.command()
def fairness(
    folder: Folder,
    context: Annotated[str, _option("the strongest, if none given")] = "advertising",
    json: Json = None,
) -> None:
    """The polish on light and dark skin."""
    from benchmarks import fairness

    report = {"context": context, **fairness.report(_polished(folder, [context]).results)}
    _show(report, fairness.table, json)


@app.command()
def eyes(
    weights: Annotated[Path | None, _option("a folder with weights; the bundled ones")] = None,
    data: Annotated[list[Path] | None, _option("portraits")] = None,
    crops: Annotated[list[Path] | None, _option("crops of eyes")] = None,
    eyes: Annotated[Path | None, _option("what training.data gathered, instead of --crops")] = None,
    steps: Annotated[int | None, _option("of the bridge; as many as the engine takes")] = None,
    most: Annotated[int | None, _option("at most so many eyes and portraits of a kind")] = None,
    json: Json = None,
    sheet: Annotated[Path | None, _option("draw the twelve worst eyes into this PNG")] = None,
) -> None:
    """The eye model against geometry alone."""
    from PIL import Image

    from benchmarks import eyes as eye_benchmark
    from pipelines.engines.weights import BUNDLED

    model = weights or BUNDLED / "eye-controlnet"
    if not (model / "model_index.json").is_file():
        raise _wrong("There are no weights of the eye model. Name some with --weights.")
    try:
        photos = eye_benchmark.test_eyes(data or (), crops or (), eyes)
        portraits = eye_benchmark.test_portraits(data or ())
    except FileNotFoundError as error:
        raise _wrong(str(error)) from None
    pipeline = eye_benchmark.load(model)
    steps = steps or eye_benchmark.STEPS
    done = eye_benchmark.run(pipeline, photos, portrait_files=portraits, steps=steps, most=most)
    _show(eye_benchmark.report(done), eye_benchmark.table, json)
    worst = eye_benchmark.worst_sheet(done)
    if sheet and worst is not None:
        Image.fromarray(worst).save(sheet)


def _labelled(folder: Path | None, labels: Path | None, json: Path | None) -> None:
    from benchmarks import gaze_portraits

    if folder is None or labels is None:
        raise _wrong("Name both a folder of portraits and their --labels.")
    try:
        readings = gaze_portraits.run(labels, folder)
    except gaze_portraits.BrokenLabels as error:
        raise _wrong(str(error)) from None
    _show(gaze_portraits.report(readings), gaze_portraits.table, json)


def _polished(folder: Path, contexts: list[str] | None) -> PolishRun:
    from benchmarks import polish
    from presets.schema import load as load_presets

    presets = load_presets()
    unknown = [name for name in contexts or () if name not in presets.contexts]
    if unknown or not folder.is_dir():
        raise _wrong(f"There is no {f'context {unknown[0]!r}' if unknown else 'such folder'}.")
    try:
        done = polish.run(folder, presets, contexts)
    except FileNotFoundError as error:
        raise _wrong(f"{str(error).capitalize()}.") from None
    if not done.results:
        raise _wrong("None of the photos can be used.")
    return done


def _show(report: T, table: Callable[[T], str], json: Path | None) -> None:
    print(table(report))
    write(report, json)


def _wrong(sentence: str) -> typer.Exit:
    print(sentence, file=sys.stderr)
    return typer.Exit(WRONG)


if __name__ == "__main__":
    sys.exit(main())
