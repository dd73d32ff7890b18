"""``python -m pipelines inspect PICTURE``: what a picture says about itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.output import printable


def run(picture: Annotated[Path, typer.Argument(metavar="PICTURE")]) -> None:
    """Print what a picture says about itself."""
    from pipelines.image import credentials, loading, metadata

    pixels = loading.load(picture).original_u8
    data = picture.read_bytes()
    statement, signed = metadata.read(data), credentials.read(data)
    source, original = statement.source_type, statement.original
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
    for line in () if signed is None else (*signed.actions, *signed.problems):
        print(f"{'':13}{printable(line)}")
