"""Files and lines that several commands write."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from pipelines.image.arrays import Image8
    from pipelines.studio import Analysis, Look
    from pipelines.studio.saving import Wishes


Profile = Annotated[
    Literal["keep", "srgb"], typer.Option(help="the photo's own colour space, or sRGB")
]
Depth = Annotated[
    Literal["keep", "8", "16"],
    typer.Option(help="bits per channel, 16 in PNG and TIFF; keep: as the photo"),
]
Quality = Annotated[
    int | None,
    typer.Option(min=1, max=100, help="of JPEG, WebP and AVIF; left out: as a JPEG photo, or 95"),
]
Metadata = Annotated[
    Literal["rights", "all", "none"],
    typer.Option(
        help="what is kept of the photo's: rights (copyright, creator, credit, caption, keywords, "
        "terms, resolution), all (places and serial numbers, too), or none"
    ),
]


def save(
    photo: Path, analysis: Analysis, image_u8: Image8, look: Look, path: Path, wishes: Wishes
) -> None:
    """Write the file of a result; see `saving.save`.

    Raises:
        PresenceError: ``cannot-write``: the format cannot carry the metadata.
    """
    from pipelines.image import credentials, loading, metadata
    from pipelines.studio import saving

    form = metadata.form_of(path)
    data = saving.save(loading.read(photo), analysis, image_u8, look, form, wishes)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if analysis.portrait.origin.credentials is not None and not credentials.configured():
        print(
            "note: The photo's Content Credentials are not in the result: that takes a "
            "certificate (PRESENCE_C2PA_CERT, PRESENCE_C2PA_KEY).",
            file=sys.stderr,
        )


def write_json(report: object, path: Path) -> None:
    """Write a report, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def printable(text: str) -> str:
    """At most 300 characters of a text, without those that a terminal obeys.

    For metadata of files, which strangers write.
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]
