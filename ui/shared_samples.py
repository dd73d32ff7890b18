"""What all visitors share: the samples, which are public, and the page's first comparison."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import PresenceError
from pipelines.studio import Look
from pipelines.studio.samples import Sample, recognised, samples
from presets import load
from ui import work
from ui.pictures import FileStore
from ui.result_cache import ResultCache, SharedResults
from ui.work import Photo

if TYPE_CHECKING:
    from pipelines.studio import Analysis

_log = logging.getLogger("presence")


class SharedSamples:
    """Samples analysed once, and their first looks made once, for everybody.

    Args:
        root: Path that a proxy serves the page under, or "".
        looks: What the page opens with.
    """

    def __init__(self, root: str, looks: Sequence[Look]) -> None:
        presets = load()
        self.looks = tuple(look.checked(presets) for look in looks)
        # Its files are on no list of those that are cleared.
        self.file_store = FileStore(root, folder="samples")
        self._once = Cache()
        self._known: dict[Sample, tuple[Analysis, SharedResults]] = {}

    def examine(self, path: str | None, known: Photo | None = None) -> Photo:
        """Like `work.examine`, but a sample is analysed for the first visitor only."""
        sample = recognised(path) if path else None
        if sample is None or path is None or (known is not None and known.path == path):
            return work.examine(path, known)

        def analyse() -> tuple[Analysis, SharedResults]:
            return work.examine(path).analysis, SharedResults(self.file_store, (None, *self.looks))

        self._known[sample] = self._once.get(sample, analyse)
        return self._photo(path, sample)

    def ready(self, path: str | None, looks: Sequence[Look]) -> Photo | None:
        """The photo, if it is a sample of which these looks are there already; never waits."""
        sample = recognised(path) if path else None
        if path is None or sample is None or sample not in self._known:
            return None
        photo = self._photo(path, sample)
        return photo if all(photo.made.has(key) for key in (None, *looks)) else None

    def warm_up(self) -> None:
        """In the background, load the models and make what the page opens with."""
        if samples():
            threading.Thread(target=self._make_first, name="warm-up", daemon=True).start()

    def _make_first(self) -> None:
        letters = work.LETTERS[: len(self.looks)]
        try:
            photo = self.examine(str(samples()[0].path))
            work.on_screen(photo, self.looks, letters, self.file_store, lambda *_: None)
        except PresenceError as error:
            _log.warning("warm-up: %s", error)

    def _photo(self, path: str, sample: Sample) -> Photo:
        analysis, lasting = self._known[sample]
        return Photo(path, analysis, ResultCache(lasting), sample=sample)
