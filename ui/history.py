"""The history of a session: earlier comparisons, and the files that they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ui.comparison import PageComparison, Photo
from ui.result_pictures import ResultPicture

MOST_ENTRIES = 12

SLIDER_REST_S = 8.0
"""Seconds between two comparisons within which a slider counts as still moving."""


@dataclass(frozen=True, eq=False)
class HistoryEntry:
    """One comparison.

    Attributes:
        number: Counts the entries of a session from 1; identifies this one.
        screen: The comparison.
        photo: The analysed photo.
        created_at: As `time.monotonic`.
        moved: Whether only numbers differ from the entry before it, as after a moved slider.
    """

    number: int
    screen: PageComparison
    photo: Photo
    created_at: float
    moved: bool = False

    @property
    def pictures(self) -> tuple[ResultPicture, ...]:
        """The original, then every look that could be rendered."""
        return tuple(one for one in self.screen.figures if isinstance(one, ResultPicture))

    @property
    def files(self) -> frozenset[str]:
        """Paths of the photo and of all its pictures."""
        return frozenset((self.screen.path, *(path for one in self.pictures for path in one.paths)))

    @property
    def files_exist(self) -> bool:
        """Whether all its files still exist; Gradio deletes old ones."""
        return all(Path(path).is_file() for path in self.files)


@dataclass(frozen=True, eq=False)
class History:
    """The entries of a session, newest first.

    Attributes:
        entries: At most `MOST_ENTRIES`.
        last_number: The highest number given to an entry.
    """

    entries: tuple[HistoryEntry, ...] = ()
    last_number: int = 0

    @property
    def files(self) -> frozenset[str]:
        """Paths of the files of all entries."""
        return frozenset(path for one in self.entries for path in one.files)

    def find(self, screen: PageComparison | None) -> HistoryEntry | None:
        """The entry of a comparison, or None."""
        if screen is None:
            return None
        key = comparison_key(screen)
        return next((entry for entry in self.entries if comparison_key(entry.screen) == key), None)

    def by_number(self, number: int) -> HistoryEntry | None:
        """An entry by its number, or None."""
        return next((entry for entry in self.entries if entry.number == number), None)

    def with_comparison(self, screen: PageComparison, photo: Photo, now: float) -> History:
        """The history with one more comparison, which replaces an equal one.

        It also replaces the newest one while a slider is still moving, so that a moved slider
        leaves two entries, where it began and where it rests.

        Args:
            screen: The comparison.
            photo: Its photo.
            now: As `time.monotonic`.
        """
        same = self.find(screen)
        if same is not None:
            renewed = replace(same, screen=screen, photo=photo)
            entries = tuple(renewed if one is same else one for one in self.entries)
            return replace(self, entries=entries)
        number, older = self.last_number + 1, self.entries
        newest = older[0] if older else None
        moved = newest is not None and _preset_key(newest.screen) == _preset_key(screen)
        if newest and moved and newest.moved and now - newest.created_at < SLIDER_REST_S:
            older = older[1:]
        entry = HistoryEntry(number, screen, photo, now, moved)
        return History((entry, *older)[:MOST_ENTRIES], number)

    def without(self, removed: Iterable[HistoryEntry]) -> History:
        """The history without some entries."""
        out = set(removed)
        return replace(self, entries=tuple(one for one in self.entries if one not in out))


def comparison_key(screen: PageComparison) -> tuple[str, ...]:
    """Photo and looks in order; equal for equal comparisons."""
    return (screen.path, *(f"{one.letter} {one.look}" for one in screen.figures[1:]))


def _preset_key(screen: PageComparison) -> tuple[str, ...]:
    """Photo, regions, contexts and engines; equal for comparisons that differ only in numbers."""
    return (
        screen.path,
        *(f"{look.region} {look.context} {look.engine}" for look in screen.looks),
        *(one.letter for one in screen.figures),
    )
