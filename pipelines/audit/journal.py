"""What is already measured, kept on disk line by line, so that a stopped audit can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from pipelines.audit.columns import Value

NAME = "audit.journal.jsonl"


@dataclass(frozen=True)
class Key:
    """A file as it was when it was measured; a changed file has another key.

    Attributes:
        file: Path inside the folder, with / between its parts.
        size: In bytes.
        modified_ns: Time of its last change, in nanoseconds.
    """

    file: str
    size: int
    modified_ns: int


class Journal:
    """An append-only file: a first line that names the version, then one row a line.

    A line is on disk before the next picture is waited for. A kill can cut the last line short;
    a line that cannot be read is left out, and its picture is measured again.
    """

    def __init__(self, path: Path, version: str) -> None:
        self._path, self._version = path, version
        self.rows: dict[Key, dict[str, Value]] = {}
        self.outdated = False
        self._read()
        # Starting from what could be read mends a cut line and drops an older version.
        self.compact(self.rows)
        self._file = path.open("a", encoding="utf-8")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, key: Key, row: dict[str, Value]) -> None:
        """Write one row down."""
        self.rows[key] = row
        self._file.write(_line(key, row))
        self._file.flush()

    def compact(self, keys: Iterable[Key]) -> None:
        """Rewrite the file with these rows only."""
        self.rows = {key: self.rows[key] for key in keys}
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"version": self._version}) + "\n")
            file.writelines(_line(key, row) for key, row in self.rows.items())
        fresh.replace(self._path)

    def _read(self) -> None:
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8", errors="replace") as file:
            first = _parsed(file.readline())
            if first is None or first.get("version") != self._version:
                self.outdated = True
                return
            for line in file:
                entry = _parsed(line)
                if entry is not None and _whole(entry):
                    key = Key(entry["file"], entry["size"], entry["modified_ns"])
                    self.rows[key] = entry["row"]


def version() -> str:
    """Fingerprint of all that a measurement depends on: our own code and constants.

    A row that another version of Presence measured must not stand beside a new one.
    """
    here = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    measuring = [Path(__file__).with_name(name) for name in ("columns.py", "duplicates.py")]
    floors = ("runtime", "image", "face", "gaze", "measure", "studio")
    files = [path for floor in floors for path in sorted((here / floor).rglob("*"))]
    for path in [*files, *measuring]:
        if path.suffix in (".py", ".npz"):
            digest.update(path.relative_to(here).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def key_of(folder: Path, file: str) -> Key | None:
    """The key of a file now; None if it is gone."""
    try:
        state = (folder / file).stat()
    except OSError:
        return None
    return Key(file, state.st_size, state.st_mtime_ns)


def _line(key: Key, row: Mapping[str, Value]) -> str:
    entry = {"file": key.file, "size": key.size, "modified_ns": key.modified_ns, "row": row}
    # ASCII only: names that are not UTF-8 survive as escapes.
    return json.dumps(entry) + "\n"


def _whole(entry: dict[str, Any]) -> bool:
    kinds = {"file": str, "size": int, "modified_ns": int, "row": dict}
    return all(isinstance(entry.get(name), kind) for name, kind in kinds.items())


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
