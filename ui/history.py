"""The history of a session: earlier comparisons, and the files that they need."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from pipelines.studio.samples import recognised
from ui.comparison import PageComparison, Photo
from ui.file_store import FileStore
from ui.result_pictures import ResultPicture

MOST_ENTRIES = 12
MOST_PHOTOS = 3
"""Photos whose analysis is kept, some 100 MB each; those of older entries are analysed again."""
THUMB_HEIGHT = 112
"""Pixels; twice the height on the page, for dense screens."""

SLIDER_REST_S = 8.0
"""Seconds between two comparisons within which a slider counts as still moving."""


@dataclass(frozen=True, eq=False)
class HistoryEntry:
    """One comparison.

    Attributes:
        number: Counts the entries of a session from 1; identifies this one.
        screen: The comparison.
        photo: The analysed photo, or None if it has to be analysed again.
        thumbs: Addresses of small pictures, the original first.
        files: Paths of all files that belong to this comparison.
        created_at: As `time.monotonic`.
        same_presets: Whether photo, regions, contexts and engines are those of the entry before it,
            so that only numbers differ.
    """

    number: int
    screen: PageComparison
    photo: Photo | None
    thumbs: tuple[str, ...]
    files: frozenset[str]
    created_at: float
    same_presets: bool = False

    @property
    def files_exist(self) -> bool:
        """Whether all its files still exist; Gradio deletes old ones."""
        paths = {path for one in _pictures(self.screen) for path in one.paths}
        return all(Path(path).is_file() for path in {self.screen.path, *paths, *self.files})


@dataclass(frozen=True, eq=False)
class History:
    """The entries of a session, newest first.

    Attributes:
        entries: At most `MOST_ENTRIES`.
        last_number: The highest number given to an entry.
    """

    entries: tuple[HistoryEntry, ...] = ()
    last_number: int = 0

    def find(self, screen: PageComparison | None) -> HistoryEntry | None:
        """The entry of a comparison, or None."""
        if screen is None:
            return None
        key = comparison_key(screen)
        return next((entry for entry in self.entries if comparison_key(entry.screen) == key), None)

    def by_number(self, number: int) -> HistoryEntry | None:
        """An entry by its number, or None."""
        return next((entry for entry in self.entries if entry.number == number), None)

    def with_entry(self, entry: HistoryEntry) -> History:
        """The history with one more entry, which replaces an entry of the same comparison.

        It also replaces the newest one while a slider is still moving, so that a moved slider
        leaves one entry instead of many.
        """
        entries = list(self.entries)
        newest = entries[0] if entries else None
        same_presets = newest is not None and _preset_key(newest.screen) == _preset_key(
            entry.screen
        )
        slider_moves = same_presets and newest is not None and newest.same_presets
        same = self.find(entry.screen)
        if same is not None:
            entries[entries.index(same)] = replace(entry, same_presets=same.same_presets)
        elif (
            slider_moves
            and newest is not None
            and entry.created_at - newest.created_at < SLIDER_REST_S
        ):
            entries[0] = replace(entry, same_presets=True)
        else:
            entries.insert(0, replace(entry, same_presets=same_presets))
        return replace(
            self,
            entries=_with_few_photos(entries[:MOST_ENTRIES]),
            last_number=max(self.last_number, entry.number),
        )

    def without(self, removed: Iterable[HistoryEntry]) -> History:
        """The history without some entries."""
        out = set(removed)
        return replace(self, entries=tuple(one for one in self.entries if one not in out))


class FileReferences:
    """Counts the history entries, of all sessions, that need a file."""

    def __init__(self, file_store: FileStore) -> None:
        self._file_store = file_store
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, files: Iterable[str]) -> None:
        """Count one more reference to each file."""
        with self._lock:
            self._counts.update(files)

    def release(self, files: Iterable[str]) -> list[str]:
        """Count one reference less to each file, and return those without any."""
        unused = []
        with self._lock:
            for file in files:
                self._counts[file] -= 1
                if self._counts[file] <= 0:
                    del self._counts[file]
                    unused.append(file)
        return unused

    def release_and_delete(self, files: Iterable[str]) -> None:
        """Count one reference less to each file, and delete those without any."""
        for file in self.release(files):
            Path(file).unlink(missing_ok=True)
            self._file_store.paths.discard(file)


def comparison_key(screen: PageComparison) -> tuple[str, ...]:
    """Photo and looks in order; equal for equal comparisons."""
    return (screen.path, *(f"{one.letter} {one.look}" for one in screen.figures[1:]))


def new_entry(
    number: int, screen: PageComparison, photo: Photo | None, file_store: FileStore
) -> HistoryEntry:
    """An entry for the comparison on the page; writes its thumbnails.

    Raises:
        OSError: The files of its pictures were deleted.
    """
    pictures = _pictures(screen)
    thumbs = [
        file_store.write(_thumbnail(one.files.close_path), "presence-small.jpg") for one in pictures
    ]
    files: list[str] = []
    # Files of samples are shared by all visitors, and may be on anybody's page.
    if not recognised(screen.path):
        paths = (path for one in pictures for path in one.paths)
        files = [*thumbs, *(path for path in paths if path in file_store.paths)]
        files += [screen.path] if file_store.is_upload(screen.path) else []
    return HistoryEntry(
        number=number,
        screen=screen,
        photo=photo if photo is not None and photo.path == screen.path else None,
        thumbs=tuple(file_store.address(thumb) for thumb in thumbs),
        files=frozenset(files),
        created_at=time.monotonic(),
    )


def _preset_key(screen: PageComparison) -> tuple[str, ...]:
    """Photo, regions, contexts and engines; equal for comparisons that differ only in numbers."""
    return (
        screen.path,
        *(f"{look.region} {look.context} {look.engine}" for look in screen.looks),
        *(one.letter for one in screen.figures),
    )


def _pictures(screen: PageComparison) -> list[ResultPicture]:
    return [one for one in screen.figures if isinstance(one, ResultPicture)]


def _thumbnail(path: str) -> bytes:
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small.thumbnail((4 * THUMB_HEIGHT, THUMB_HEIGHT), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _with_few_photos(entries: Sequence[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    """The entries with at most `MOST_PHOTOS` different photos in memory."""
    kept: list[str] = []
    result = []
    for entry in entries:
        path = entry.screen.path
        if path not in kept and len(kept) < MOST_PHOTOS:
            kept.append(path)
        result.append(entry if path in kept else replace(entry, photo=None))
    return tuple(result)
