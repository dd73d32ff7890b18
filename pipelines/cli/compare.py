"""``python -m pipelines compare PHOTO``: several looks of a photo, ranked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.output import Depth, Metadata, Profile, save, write_json

if TYPE_CHECKING:
    from pipelines.studio import Comparison


def run(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO")],
    look: Annotated[list[str], typer.Option(help="once for every look")],
    out: Annotated[Path, typer.Option(help="folder to write into")],
    profile: Profile = "keep",
    depth: Depth = "keep",
    metadata: Metadata = "rights",
) -> None:
    """Make several looks and rank them."""
    from pipelines import studio
    from pipelines.image.metadata import pixel_hash
    from pipelines.studio import Look, marking, sheet
    from pipelines.studio.saving import Wishes
    from presets import load

    looks = [Look.parse(text).checked(load()) for text in look]
    comparison = studio.compare(studio.analyse(photo, face=looks[0].face), looks)
    out.mkdir(parents=True, exist_ok=True)
    analysis, wishes = comparison.analysis, Wishes(profile, depth, keep=metadata)
    report = comparison.report()
    for index, variant in enumerate(comparison.variants):
        name = f"{_letter(index)}.png"
        save(photo, analysis, variant.image_u8, variant.look, out / name, wishes)
        report["variants"][index]["file"] = name
    side_by_side = marking.encode(
        sheet.side_by_side(comparison),
        [variant.look for variant in comparison.variants],
        original=pixel_hash(analysis.portrait.original_u8),
        origin=analysis.portrait.origin,
        keep="none" if metadata == "none" else "rights",
    )
    (out / "side_by_side.png").write_bytes(side_by_side)
    write_json(report, out / "comparison.json")
    for note in analysis.warnings:
        print(f"note: {note}")
    _print(comparison)


def _print(comparison: Comparison) -> None:
    from pipelines.studio import captions

    for rank, index in enumerate(comparison.ranking, start=1):
        variant = comparison.variants[index]
        star = captions.badge(comparison, index)
        print(f"{rank}. {_letter(index)}  {captions.title(variant)}  {star}".rstrip())
        print(f"      {', '.join(captions.lines(variant))}")
        if variant.measurements.held_back:
            print(f"      note: {captions.held_back_line(variant)}")
        for warning in variant.warnings:
            print(f"      note: {warning}")


def _letter(index: int) -> str:
    return chr(65 + index) if index < 26 else f"look-{index + 1}"
