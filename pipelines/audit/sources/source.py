"""What every source of pictures can do, and what it may be asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pipelines.audit.journal import Key
from pipelines.runtime.errors import Refusal

MAX_BYTES = 200_000_000
"""Size up to which a picture is fetched; 40 megapixels of 16 bits have 240 MB at worst."""

# Endings that photos have, the raw ones of cameras among them, which are refused with what to do.
_PICTURE = re.compile(
    r"jpe?g|jpe|jfif|png|webp|hei[cf]|hif|avif|tiff?|bmp|gif|jxl|psd|dng|cr[23]|nef|arw|raf|rw2|orf",
    re.IGNORECASE,
)


class Source(Protocol):
    """Pictures by name. Sources are small and picklable: workers get their own."""

    @property
    def name(self) -> str:
        """Name in the reports, without the path that leads to it."""

    def walk(self) -> Iterator[Key | str]:
        """What is there, in the order of `journal.place`.

        Yields:
            Keys of pictures; names of other files.

        Raises:
            PresenceError: ``no-folder`` and others: there is no such source.
        """

    def read(self, file: str) -> Path | bytes:
        """A picture: its path where it is a file of this machine, else its bytes.

        Raises:
            Refusal: It cannot be had.
        """


def is_picture(name: str) -> bool:
    """Whether a name ends as that of a photo."""
    return _PICTURE.fullmatch(name.rpartition(".")[2]) is not None


def too_large() -> Refusal:
    """What is said of a picture beyond `MAX_BYTES`."""
    return Refusal(
        "too-large", f"This picture has more than {MAX_BYTES // 10**6} MB and was not fetched."
    )
