"""Find the portraits of a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pipelines.runtime.errors import PresenceError

# The formats that `pipelines.image.decoding` reads.
_PICTURE = re.compile(r"jpe?g|jpe|jfif|png|webp|hei[cf]|hif|avif|tiff?|bmp|gif", re.IGNORECASE)


def walk(folder: Path, leave_out: Path) -> tuple[list[str], int]:
    """Find all pictures in a folder and its subfolders, except hidden files and folders.

    Args:
        folder: Where to look.
        leave_out: A folder that is not entered (the audit's own, if it lies inside).

    Returns:
        The pictures' paths inside the folder, / between their parts, in alphabetical order; and how
        many further files there are that are no pictures by their endings.

    Raises:
        PresenceError: ``no-folder``.
    """
    if not folder.is_dir():
        raise PresenceError("no-folder", "There is no such folder. Name one that holds portraits.")
    left_out = leave_out.resolve()
    pictures, others = [], 0
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != left_out
        ]
        for name in names:
            if name.startswith(".") or not (here / name).is_file():
                continue
            if _PICTURE.fullmatch(name.rpartition(".")[2]):
                pictures.append((here / name).relative_to(folder).as_posix())
            else:
                others += 1
    return sorted(pictures), others
