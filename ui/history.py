"""The comparisons of one visit, to go back to: what each was, and whose files it holds."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

from pipelines.studio.samples import recognised
from ui.pictures import FileStore
from ui.result_pictures import ResultPicture
from ui.work import OnScreen, Photo

MOST_FRAMES = 12
MOST_PHOTOS = 3
"""Photos that stay analysed: each takes some 100 MB. Others are looked at again."""
THUMB_HEIGHT = 112
"""Pixels: twice as many as the page shows, for dense screens."""

ON_ITS_WAY_S = 8.0

_FILE = "/file="


@dataclass(frozen=True, eq=False)
class HistoryEntry:
    """One comparison.

    Attributes:
        number: Counts the frames of a visit from 1; names this one.
        screen: The comparison.
        photo: The analysed photo, or None where it has to be looked at again.
        thumbs: Addresses of small pictures, the original first.
        files: Paths of all files that are this comparison's.
        at: When it was taken, in seconds of a clock that only runs forward.
        finer: Whether it differs from the frame before it by numbers only, as a moved slider does.
    """

    number: int
    screen: OnScreen
    photo: Photo | None
    thumbs: tuple[str, ...]
    files: frozenset[str]
    at: float
    finer: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The photo and the looks: frames that share them are the same comparison."""
        return key(self.screen)

    @property
    def there(self) -> bool:
        """Whether all its files are still here; Gradio deletes those that are old."""
        shots = [one for one in self.screen.figures if isinstance(one, ResultPicture)]
        shown = [path for shot in shots for path in (*shot.files.paths, shot.path) if path]
        return all(Path(path).is_file() for path in (self.screen.path, *shown, *self.files))


@dataclass(frozen=True, eq=False)
class History:
    """All frames of a visit, the newest first.

    Attributes:
        frames: At most `MOST_FRAMES`.
        taken: How many were ever taken.
    """

    frames: tuple[HistoryEntry, ...] = ()
    taken: int = 0

    def of(self, screen: OnScreen | None) -> HistoryEntry | None:
        """The frame of a comparison, if there is one."""
        if screen is None:
            return None
        return next((frame for frame in self.frames if frame.key == key(screen)), None)

    def numbered(self, number: int) -> HistoryEntry | None:
        """A frame by its number."""
        return next((frame for frame in self.frames if frame.number == number), None)

    def with_frame(self, frame: HistoryEntry) -> History:
        """With one more; a frame of the same comparison gives up its place to it.

        So does the newest one where a slider is still on its way: one frame for where it came to
        rest is enough.
        """
        frames = list(self.frames)
        newest = frames[0] if frames else None
        finer = newest is not None and _subject(newest.screen) == _subject(frame.screen)
        on_its_way = finer and newest is not None and newest.finer
        same = self.of(frame.screen)
        if same is not None:
            frames[frames.index(same)] = replace(frame, finer=same.finer)
        elif on_its_way and newest is not None and frame.at - newest.at < ON_ITS_WAY_S:
            frames[0] = replace(frame, finer=True)
        else:
            frames.insert(0, replace(frame, finer=finer))
        return replace(
            self, frames=_few_photos(frames[:MOST_FRAMES]), taken=max(self.taken, frame.number)
        )

    def without(self, gone: Iterable[HistoryEntry]) -> History:
        """Without some frames."""
        out = set(gone)
        return replace(self, frames=tuple(one for one in self.frames if one not in out))


class FileHolds:
    """Counts who still needs a file, so that what one visitor clears is nobody else's."""

    def __init__(self, file_store: FileStore) -> None:
        self._file_store = file_store
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    def hold(self, files: Iterable[str]) -> None:
        """Keep these."""
        with self._lock:
            self._held.update(files)

    def let_go(self, files: Iterable[str]) -> list[str]:
        """Need these no longer; gives those that nobody else holds."""
        free = []
        with self._lock:
            for file in files:
                self._held[file] -= 1
                if self._held[file] <= 0:
                    del self._held[file]
                    free.append(file)
        return free

    def remove(self, files: Iterable[str]) -> None:
        """Need these no longer, and delete at once those that nobody else holds."""
        for file in self.let_go(files):
            Path(file).unlink(missing_ok=True)
            self._file_store.paths.discard(file)


def key(screen: OnScreen) -> tuple[str, ...]:
    """What makes a comparison the same as another: its photo and its looks, in order."""
    letters = (figure.letter for figure in screen.figures[1:])
    looks = zip(letters, screen.looks, strict=True)
    return (screen.path, *(f"{letter} {look}" for letter, look in looks))


def _subject(screen: OnScreen) -> tuple[str, ...]:
    """What makes two comparisons the same but for numbers: photo, audiences and purposes."""
    letters = (figure.letter for figure in screen.figures[1:])
    looks = zip(letters, screen.looks, strict=True)
    return (
        screen.path,
        *(f"{letter} {look.region} {look.context} {look.engine}" for letter, look in looks),
    )


def taken(
    number: int, screen: OnScreen, photo: Photo | None, file_store: FileStore
) -> HistoryEntry:
    """A frame of what is on the page, with small pictures on the shelf.

    Raises:
        OSError: The pictures have been cleared meanwhile.
    """
    shots = [one for one in screen.figures if isinstance(one, ResultPicture)]
    thumbs = [file_store.keep(_thumb(shot.files.paths[1]), "presence-small.jpg") for shot in shots]
    mine: list[str] = []
    # Samples are everybody's: what is made of them may be on anybody's page.
    if not recognised(screen.path):
        mine = [*thumbs, *_files(shots, file_store)]
        mine += [screen.path] if file_store.is_upload(screen.path) else []
    return HistoryEntry(
        number=number,
        screen=screen,
        photo=photo if photo is not None and photo.path == screen.path else None,
        thumbs=tuple(file_store.address(thumb) for thumb in thumbs),
        files=frozenset(mine),
        at=time.monotonic(),
    )


def _files(shots: Sequence[ResultPicture], file_store: FileStore) -> list[str]:
    """Paths of all files of some pictures that lie on the shelf."""
    known = [path for shot in shots for path in (*shot.files.paths, shot.path)]
    told = [
        unquote(address.partition(_FILE)[2])
        for shot in shots
        for address in (shot.files.whole, shot.files.eyes, shot.full, shot.control, shot.skin)
    ]
    return [path for path in (*known, *told) if path in file_store.paths]


def _thumb(path: str) -> bytes:
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small.thumbnail((4 * THUMB_HEIGHT, THUMB_HEIGHT), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _few_photos(frames: Sequence[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    """The frames, with no more photos in memory than `MOST_PHOTOS`."""
    kept: list[str] = []
    few = []
    for frame in frames:
        path = frame.screen.path
        if path not in kept and len(kept) < MOST_PHOTOS:
            kept.append(path)
        few.append(frame if path in kept else replace(frame, photo=None))
    return tuple(few)
