"""A folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.audit.journal import Key, place
from pipelines.audit.sources.source import is_picture
from pipelines.image import decoding
from pipelines.runtime.errors import PresenceError


@dataclass(frozen=True)
class Folder:
    """A folder and its subfolders, except hidden files and folders.

    Attributes:
        path: The folder.
        leave_out: A folder that is not entered (the audit's own, if it lies inside).
    """

    path: Path
    leave_out: Path

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.resolve().name

    def walk(self) -> Iterator[Key | str]:
        """See `Source.walk`; a picture is known by its ending, or by how it begins."""
        if not self.path.is_dir():
            raise PresenceError(
                "no-folder", "There is no such folder. Name one that holds portraits."
            )
        yield from self._below("", self.leave_out.resolve())

    def read(self, file: str) -> Path:
        """The path of a picture."""
        return self.path / file

    def _below(self, inside: str, left_out: Path) -> Iterator[Key | str]:
        try:
            with os.scandir(self.path / inside) as found:
                entries = [entry for entry in found if not entry.name.startswith(".")]
        except OSError:
            return
        # Folders by the names that their files will have: a-b/x comes before a/x.
        folders = {e.name for e in entries if e.is_dir(follow_symlinks=False)}
        entries.sort(key=lambda entry: place(entry.name + "/" * (entry.name in folders)))
        for entry in entries:
            file = f"{inside}{entry.name}"
            if entry.name in folders:
                if (self.path / file).resolve() != left_out:
                    yield from self._below(f"{file}/", left_out)
                continue
            try:
                if not entry.is_file():
                    continue
                state = entry.stat()
            except OSError:
                continue
            known = is_picture(entry.name) or _begins_like_a_picture(entry.path)
            yield Key(file, state.st_size, state.st_mtime_ns) if known else file


def _begins_like_a_picture(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return decoding.form_by_signature(file.read(16)) is not None
    except OSError:
        return False
