"""The journal of an audit: measured rows on disk, so that a stopped audit can be resumed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.audit.columns import Row

NAME = "audit.journal.jsonl"


class Key(NamedTuple):
    """A file as it was when it was measured; a changed file has another key.

    Attributes:
        file: Path inside the folder, with / between its parts, or an address.
        size: In bytes; -1 if that is not known before it is fetched.
        modified_ns: Time of its last change, in nanoseconds; of a file that is fetched, a number
            that changes with it, or 0.
    """

    file: str
    size: int
    modified_ns: int


def place(file: str) -> bytes:
    """By what names are ordered; also those that are not UTF-8."""
    return os.fsencode(file)


class Journal:
    """A file of JSON lines: the version first, then one measured row per line.

    A kill can cut the last line short. A line that cannot be read is left out, and its picture is
    measured again.

    Attributes:
        rows: The measured rows.
        outdated: Whether the file was written by another version; its rows are dropped then.
    """

    def __init__(self, path: Path, version: str) -> None:
        self._path, self._version = path, version
        self.rows: dict[Key, Row] = {}
        self.outdated = False
        if path.exists():
            self._read()
        # Rewriting what could be read removes a cut line and the rows of another version.
        self.compact(self.rows)

    def add(self, key: Key, row: Row) -> None:
        """Append one row; it is on disk when this returns."""
        self.rows[key] = row
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(key, row))

    def sorted(self) -> list[tuple[Key, Row]]:
        """The rows in the order of their files."""
        return sorted(self.rows.items(), key=lambda entry: place(entry[0].file))

    def compact(self, keys: Iterable[Key]) -> None:
        """Rewrite the file with these rows only."""
        self.rows = {key: self.rows[key] for key in keys}
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"version": self._version}) + "\n")
            file.writelines(_line(key, row) for key, row in self.rows.items())
        fresh.replace(self._path)

    def _read(self) -> None:
        with self._path.open(encoding="utf-8", errors="replace") as file:
            first = _parse(file.readline())
            self.outdated = first != {"version": self._version}
            for line in () if self.outdated else file:
                match _parse(line):
                    case {
                        "file": str(name),
                        "size": int(size),
                        "modified_ns": int(modified_ns),
                        "row": dict(row),
                    }:
                        self.rows[Key(name, size, modified_ns)] = row


def version() -> str:
    """Fingerprint of all that a measurement depends on: our own code and constants.

    Rows measured by different versions of Presence must not be mixed in one report.
    """
    root = Path(__file__).resolve().parents[1]
    folders = ("runtime", "image", "face", "gaze", "measure", "studio")
    files = [path for folder in folders for path in sorted((root / folder).rglob("*"))]
    files += [root / "audit" / name for name in ("columns.py", "face_hash.py")]
    digest = hashlib.sha256()
    for path in files:
        if path.suffix in (".py", ".npz"):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def key_of(folder: Path, file: str) -> Key | None:
    """The key of a file now; None if it is gone."""
    try:
        state = (folder / file).stat()
    except OSError:
        return None
    return Key(file, state.st_size, state.st_mtime_ns)


def _line(key: Key, row: Row) -> str:
    # ASCII only, so that names that are not UTF-8 survive as escapes.
    return json.dumps({**key._asdict(), "row": row}) + "\n"


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
