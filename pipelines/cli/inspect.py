"""``python -m pipelines inspect PICTURE``: what a picture says about itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.output import printable


def run(picture: Annotated[Path, typer.Argument(metavar="PICTURE")]) -> None:
    """Print what a picture says about itself."""
    from pipelines.image import credentials, loading, metadata

    portrait = loading.load(picture)
    pixels, origin = portrait.original_u8, portrait.origin
    data = picture.read_bytes()
    statement, signed = metadata.read(data), credentials.read(data)
    source, original = origin.source_type, statement.original
    meaning = metadata.SOURCE_TYPES.get(source, "")
    rows = {
        "size": f"{pixels.shape[1]} x {pixels.shape[0]} pixels",
        "software": statement.software,
        "source type": f"{source} ({meaning})" if meaning else source,
        "look": statement.look,
        "pixels": f"sha256 {metadata.pixel_hash(pixels)}",
        "original": original and f"sha256 {original}",
        "credentials": ""
        if signed is None
        else f"{signed.state.lower()}, signed by {signed.signer}",
    }
    for name, value in rows.items():
        print(f"{name + ':':13}{printable(value) or 'not said'}")
    for field, values in statement.rights.fields:
        print(f"{field.partition(':')[2].lower() + ':':13}{printable('; '.join(values))}")
    if statement.rights.resolution is not None:
        print(f"{'resolution:':13}{statement.rights.resolution[0]:g} pixels per inch")
    for note in portrait.notes:
        print(f"note: {note}")
    for line in () if signed is None else (*signed.actions, *signed.problems):
        print(f"{'':13}{printable(line)}")
