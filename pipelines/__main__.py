"""The command line: ``python -m pipelines render|compare|grid|measure|audit|...``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.audit import report as audit
from pipelines.cli import grid, measure
from pipelines.runtime.errors import PresenceError

if TYPE_CHECKING:
    from pipelines.image.arrays import Image8
    from pipelines.studio import Look

REFUSED = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        0, or 2 after a refusal, which is one line on stderr: ``refused: <code>: <sentence>``.
    """
    # Idle OpenMP threads that spin cost up to twenty times on a busy two-core machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except PresenceError as error:
        print(f"refused: {error}", file=sys.stderr)
    except OSError as error:
        print(f"refused: cannot-write: {error.strerror or 'cannot write here'}.", file=sys.stderr)
    return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines", description="Presence on the command line."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    render = commands.add_parser("render", help="make one look of a photo")
    render.add_argument("photo", type=Path)
    render.add_argument("--look", default="", help='for example "region=japan&context=linkedin"')
    render.add_argument("--out", type=Path, required=True, help="the picture to write")
    render.add_argument("--report", type=Path, help="measurements as JSON")
    render.set_defaults(run=_render)

    compare = commands.add_parser("compare", help="make several looks and rank them")
    compare.add_argument("photo", type=Path)
    compare.add_argument("--look", action="append", required=True, help="once for every look")
    compare.add_argument("--out", type=Path, required=True, help="folder to write into")
    compare.set_defaults(run=_compare)

    inspect = commands.add_parser("inspect", help="print what a picture says about itself")
    inspect.add_argument("picture", type=Path)
    inspect.set_defaults(run=_inspect)

    persona = commands.add_parser("persona", help="invent faces that are nobody's")
    persona.add_argument("pose", type=Path, help="a portrait that gives the head's pose")
    persona.add_argument("--look", default="", help="region, context, engine and seed")
    persona.add_argument("--count", type=int, default=4, help="how many; each has the next seed")
    persona.add_argument("--out", type=Path, required=True, help="folder to write into")
    persona.set_defaults(run=_persona)

    fetch = commands.add_parser("fetch", help="download an engine's weights, once")
    fetch.add_argument("engine", help="a name from presets/engines.yaml")
    fetch.set_defaults(run=_fetch)

    grid.add_to(commands)
    measure.add_to(commands)
    audit.add_to(commands)
    return parser


def _render(options: argparse.Namespace) -> int:
    from pipelines import studio
    from pipelines.image import metadata
    from pipelines.studio import Look, captions
    from presets import load

    # Before the photo is looked at: a slip of the pen is answered at once.
    look = Look.parse(options.look).checked(load())
    analysis = studio.analyse(options.photo)
    variant = studio.render(analysis, look)
    original = metadata.pixel_hash(analysis.portrait.original_u8)
    _save(variant.image_u8, options.out, variant.look, original)
    if options.report:
        _write_json(variant.report(), options.report)
    print(f"{options.out}  {', '.join(captions.lines(variant))}")
    for warning in variant.warnings:
        print(f"note: {warning}", file=sys.stderr)
    return 0


def _compare(options: argparse.Namespace) -> int:
    from pipelines import studio
    from pipelines.image import metadata
    from pipelines.studio import Look, captions, marking, sheet
    from presets import load

    looks = [Look.parse(text).checked(load()) for text in options.look]
    comparison = studio.compare(studio.analyse(options.photo), looks)
    options.out.mkdir(parents=True, exist_ok=True)
    original = metadata.pixel_hash(comparison.analysis.portrait.original_u8)
    report = comparison.report()
    for index, variant in enumerate(comparison.variants):
        name = f"{_letter(index)}.png"
        _save(variant.image_u8, options.out / name, variant.look, original)
        report["variants"][index]["file"] = name
    source = marking.source_type_of(variant.look for variant in comparison.variants)
    _save(sheet.side_by_side(comparison), options.out / "side_by_side.png", None, original, source)
    _write_json(report, options.out / "comparison.json")
    for rank, index in enumerate(comparison.ranking, start=1):
        variant = comparison.variants[index]
        star = captions.star(comparison, index)
        print(f"{rank}. {_letter(index)}  {captions.title(variant)}  {star}".rstrip())
        print(f"      {', '.join(captions.lines(variant))}")
        if variant.measurements.held_back:
            print(f"      note: {captions.held_back_line(variant)}")
        for warning in variant.warnings:
            print(f"      note: {warning}")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    from pipelines.image import credentials, loading, metadata

    pixels = loading.load(options.picture).original_u8
    data = options.picture.read_bytes()
    said, signed = metadata.read(data), credentials.read(data)
    meaning = metadata.SOURCE_TYPES.get(said.source_type, "")
    rows = {
        "size": f"{pixels.shape[1]} x {pixels.shape[0]} pixels",
        "software": said.software,
        "source type": f"{said.source_type} ({meaning})" if meaning else said.source_type,
        "look": said.look,
        "pixels": f"sha256 {metadata.pixel_hash(pixels)}",
        "original": said.original and f"sha256 {said.original}",
        "credentials": "",
    }
    if signed is not None:
        rows["credentials"] = f"{signed.state.lower()}, signed by {signed.signer}"
    for name, value in rows.items():
        print(f"{name + ':':13}{_printable(value) or 'not said'}")
    for line in () if signed is None else (*signed.actions, *signed.problems):
        print(f"{'':13}{_printable(line)}")
    return 0


def _persona(options: argparse.Namespace) -> int:
    from pipelines import studio
    from pipelines.studio import Look, marking, persona

    look = Look.parse(options.look)
    made = persona.invent(studio.analyse(options.pose), look, options.count)
    options.out.mkdir(parents=True, exist_ok=True)
    report = made.report()
    named = {f"seed-{one.seed}.png": one.image_u8 for one in made.candidates}
    for name, image in {**named, "side_by_side.png": made.sheet()}.items():
        marked = marking.marked(image, None, source=persona.SOURCE_TYPE)
        (options.out / name).write_bytes(marked)
    for candidate, name in zip(report["candidates"], named, strict=True):
        candidate["file"] = name
        print(f"{name}  {' '.join(candidate['warnings'])}".rstrip())
    _write_json(report, options.out / "persona.json")
    print(persona.MARK)
    return 0


def _fetch(options: argparse.Namespace) -> int:
    from pipelines.engines import weights
    from pipelines.runtime.errors import LookError
    from presets.schema import load

    engines = load().engines
    if options.engine not in engines:
        raise LookError(
            "unknown-engine",
            f"There is no engine '{_printable(options.engine)}'. Choose one of "
            f"{', '.join(engines)}.",
        )
    weights.fetch(engines[options.engine], lambda line: print(line, flush=True))
    return 0


def _printable(text: str) -> str:
    # A file's metadata is a stranger's text, and terminals obey some characters.
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]


def _letter(index: int) -> str:
    return chr(65 + index) if index < 26 else f"look-{index + 1}"


def _save(
    image_u8: Image8, path: Path, look: Look | None, original: str, source: str | None = None
) -> None:
    from pipelines.image import metadata
    from pipelines.studio import marking

    form = metadata.form_of(path)
    data = marking.marked(image_u8, look, original=original, form=form, source=source)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_json(report: object, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
