"""Find the portraits of a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pipelines.image import decoding
from pipelines.runtime.errors import PresenceError

# Endings that photos have, the raw ones of cameras among them, which are refused with what to do.
_PICTURE = re.compile(
    r"jpe?g|jpe|jfif|png|webp|hei[cf]|hif|avif|tiff?|bmp|gif|jxl|psd|dng|cr[23]|nef|arw|raf|rw2|orf",
    re.IGNORECASE,
)


def walk(folder: Path, leave_out: Path) -> tuple[list[str], tuple[str, ...]]:
    """Find all pictures in a folder and its subfolders, except hidden files and folders.

    Args:
        folder: Where to look.
        leave_out: A folder that is not entered (the audit's own, if it lies inside).

    Returns:
        The paths of pictures inside the folder, / between their parts, in alphabetical order, and
        those of the other files. A picture is known by its ending, or by how it begins.

    Raises:
        PresenceError: ``no-folder``.
    """
    if not folder.is_dir():
        raise PresenceError("no-folder", "There is no such folder. Name one that holds portraits.")
    left_out = leave_out.resolve()
    pictures, others = list[str](), list[str]()
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != left_out
        ]
        for name in names:
            path = here / name
            if name.startswith(".") or not path.is_file():
                continue
            known = _PICTURE.fullmatch(name.rpartition(".")[2]) or _begins_like_a_picture(path)
            (pictures if known else others).append(path.relative_to(folder).as_posix())
    return sorted(pictures), tuple(sorted(others))


def _begins_like_a_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return decoding.form_by_signature(file.read(16)) is not None
    except OSError:
        return False


def replace(path: Path, content: str | bytes) -> None:
    """Write a file at once, so that a reader gets the old or the new one, never a part of it."""
    if isinstance(content, str):
        # Names that are not UTF-8 come as lone surrogates.
        content = content.encode("utf-8", "backslashreplace")
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)
