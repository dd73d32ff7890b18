"""``python -m pipelines persona POSE``: invented faces that are nobody's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.output import write_json


def run(
    pose: Annotated[
        Path, typer.Argument(metavar="POSE", help="a portrait that gives the head's pose")
    ],
    out: Annotated[Path, typer.Option(help="folder to write into")],
    look: Annotated[str, typer.Option(help="region, context, engine and seed")] = "",
    count: Annotated[int, typer.Option(help="how many; each has the next seed")] = 4,
) -> None:
    """Invent faces that are nobody's."""
    from pipelines import studio
    from pipelines.studio import Look, marking, persona

    invented = persona.invent(studio.analyse(pose), Look.parse(look), count)
    out.mkdir(parents=True, exist_ok=True)
    report = invented.report()
    names = [f"seed-{one.seed}.png" for one in invented.candidates]
    pictures = [*(one.image_u8 for one in invented.candidates), invented.sheet()]
    for name, image in zip([*names, "side_by_side.png"], pictures, strict=True):
        (out / name).write_bytes(marking.encode(image, None, source=persona.SOURCE_TYPE))
    for candidate, name in zip(report["candidates"], names, strict=True):
        candidate["file"] = name
        print(f"{name}  {' '.join(candidate['warnings'])}".rstrip())
    write_json(report, out / "persona.json")
    print(persona.MARK)
