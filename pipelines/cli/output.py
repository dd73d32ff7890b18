"""Files and lines that several commands write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.image.arrays import Image8
    from pipelines.studio import Look


def save(
    image_u8: Image8, path: Path, look: Look | None, original: str, source: str | None = None
) -> None:
    """Write a picture that says how it was made; see `marking.encode`.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
        path: Where to; its ending is the format.
        look: What it was made with; None for a sheet of several looks.
        original: `pixel_hash` of the photo.
        source: IPTC code of a sheet; what the look says if None.

    Raises:
        PresenceError: ``cannot-write``: the format cannot carry the metadata.
    """
    from pipelines.image import metadata
    from pipelines.studio import marking

    form = metadata.form_of(path)
    data = marking.encode(image_u8, look, original=original, form=form, source=source)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_json(report: object, path: Path) -> None:
    """Write a report, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def printable(text: str) -> str:
    """At most 300 characters of a text, without those that a terminal obeys.

    For metadata of files, which strangers write.
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]
