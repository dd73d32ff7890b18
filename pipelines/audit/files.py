"""Find the portraits of a folder, and write files at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipelines.audit.journal import Key
from pipelines.audit.sources.folder import Folder


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
    pictures, others = list[str](), list[str]()
    for found in Folder(folder, leave_out).walk():
        if isinstance(found, Key):
            pictures.append(found.file)
        else:
            others.append(found)
    return pictures, tuple(others)


def replace(path: Path, content: str | bytes) -> None:
    """Write a file at once, so that a reader gets the old or the new one, never a part of it."""
    if isinstance(content, str):
        # Names that are not UTF-8 come as lone surrogates.
        content = content.encode("utf-8", "backslashreplace")
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Like `replace`, for a file that is written piece by piece."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        yield file
    fresh.replace(path)
