"""The command line: ``python -m pipelines render|compare``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from pipelines.errors import PresenceError

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
    return parser


def _render(options: argparse.Namespace) -> int:
    from pipelines import studio
    from pipelines.look import Look

    look = Look.parse(options.look)
    variant = studio.render(studio.analyse(options.photo), look)
    _save(variant.image_u8, options.out)
    if options.report:
        _write_json(variant.report(), options.report)
    for warning in variant.warnings:
        print(f"note: {warning}", file=sys.stderr)
    return 0


def _compare(options: argparse.Namespace) -> int:
    from pipelines import captions, sheet, studio
    from pipelines.look import Look

    looks = [Look.parse(text) for text in options.look]
    comparison = studio.compare(studio.analyse(options.photo), looks)
    options.out.mkdir(parents=True, exist_ok=True)
    report = comparison.report()
    for index, variant in enumerate(comparison.variants):
        name = f"{_letter(index)}.png"
        _save(variant.image_u8, options.out / name)
        report["variants"][index]["file"] = name
    _save(sheet.side_by_side(comparison), options.out / "side_by_side.png")
    _write_json(report, options.out / "comparison.json")
    for rank, index in enumerate(comparison.ranking, start=1):
        variant = comparison.variants[index]
        star = captions.star(comparison, index)
        print(f"{rank}. {_letter(index)}  {captions.title(variant)}  {star}".rstrip())
        print(f"      {', '.join(captions.lines(variant))}")
        for warning in variant.warnings:
            print(f"      note: {warning}")
    return 0


def _letter(index: int) -> str:
    return chr(65 + index) if index < 26 else f"look-{index + 1}"


def _save(image_u8: object, path: Path) -> None:
    import numpy as np
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        Image.fromarray(np.asarray(image_u8)).save(path)
    except ValueError as error:
        raise PresenceError(
            "cannot-write", f"We can't write a picture named {path.name}. End it in .png or .jpg."
        ) from error


def _write_json(report: object, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
