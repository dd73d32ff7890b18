"""Which files of a folder are portraits to look at."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines.runtime.errors import PresenceError

# What `portrait` reads.
ENDINGS = frozenset(
    (
        "jpg",
        "jpeg",
        "jpe",
        "jfif",
        "png",
        "webp",
        "heic",
        "heif",
        "hif",
        "tif",
        "tiff",
        "bmp",
        "gif",
    )
)


@dataclass(frozen=True)
class Found:
    """The files of a folder.

    Attributes:
        pictures: Paths inside the folder, / between their parts, in alphabetical order.
        others: How many further files there are, by their endings no pictures.
    """

    pictures: tuple[str, ...]
    others: int


def walk(folder: Path, leave_out: Path) -> Found:
    """Find all pictures below a folder; hidden files and folders stay out.

    Args:
        folder: Where to look.
        leave_out: A folder that is not entered (the audit's own, if it lies inside).

    Raises:
        PresenceError: ``no-folder``.
    """
    if not folder.is_dir():
        raise PresenceError("no-folder", "There is no such folder. Name one that holds portraits.")
    own = leave_out.resolve()
    pictures, others = [], 0
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = [
            name for name in folders if not name.startswith(".") and (here / name).resolve() != own
        ]
        for name in names:
            if name.startswith(".") or not (here / name).is_file():
                continue
            if name.rpartition(".")[2].lower() in ENDINGS:
                pictures.append((here / name).relative_to(folder).as_posix())
            else:
                others += 1
    return Found(tuple(sorted(pictures)), others)
