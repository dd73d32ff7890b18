"""Samples and the page's first comparison, analysed and rendered once for all visitors."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import PresenceError
from pipelines.studio import Look
from pipelines.studio.samples import Sample, opening, recognised
from presets import load
from ui import comparison
from ui.comparison import PageComparison, Photo
from ui.file_store import FileStore
from ui.result_cache import ResultCache, SharedResults
from ui.text import captions
from ui.text.language import DEFAULT_LANGUAGE

if TYPE_CHECKING:
    from pipelines.studio import Analysis

_log = logging.getLogger("presence")


class SharedSamples:
    """Shared analyses of the samples, and shared results of the first looks.

    Args:
        root: Path that a proxy serves the page under, or "".
        looks: The looks that the page opens with.
    """

    def __init__(self, root: str, looks: Sequence[Look]) -> None:
        presets = load()
        self.looks = tuple(look.checked(presets) for look in looks)
        # This store is not registered for Gradio's cleanup, so its files stay.
        self.file_store = FileStore(root, folder="samples")
        self._cache = Cache()
        self._samples: dict[Sample, tuple[Analysis, SharedResults]] = {}

    def examine(self, path: str | None, known: Photo | None = None) -> Photo:
        """Like `comparison.examine`, but a sample is analysed for the first visitor only."""
        sample = recognised(path) if path else None
        if sample is None or path is None or (known is not None and known.path == path):
            return comparison.examine(path, known)

        def analyse() -> tuple[Analysis, SharedResults]:
            analysis = comparison.examine(path).analysis
            return analysis, SharedResults(self.file_store, (None, *self.looks))

        self._samples[sample] = self._cache.get(sample, analyse)
        return self._photo(path, sample)

    def ready(self, path: str | None, looks: Sequence[Look]) -> Photo | None:
        """The photo, if it is a sample whose results of these looks exist; never waits."""
        sample = recognised(path) if path else None
        if path is None or sample is None or sample not in self._samples:
            return None
        photo = self._photo(path, sample)
        return photo if all(photo.results.has(key) for key in (None, *looks)) else None

    def opening(self, language: str) -> str:
        """The first comparison as HTML of the results' pictures; "" until it was rendered."""
        sample = opening()
        path = "" if sample is None else str(sample.path)
        photo = self.ready(path, self.looks)
        if photo is None:
            return ""
        return captions.strip(self._compare(photo, language).figures, language)

    def warm_up(self) -> None:
        """Load the models and render the first comparison, in a background thread."""
        threading.Thread(target=self._render_first, name="warm-up", daemon=True).start()

    def _render_first(self) -> None:
        sample = opening()
        if sample is None:
            return
        try:
            photo = self.examine(str(sample.path))
            self._compare(photo)
        except PresenceError as error:
            _log.warning("warm-up: %s", error)

    def _compare(self, photo: Photo, language: str = DEFAULT_LANGUAGE) -> PageComparison:
        letters = comparison.LETTERS[: len(self.looks)]
        return comparison.compare(
            photo, self.looks, letters, self.file_store, lambda *_: None, language
        )

    def _photo(self, path: str, sample: Sample) -> Photo:
        analysis, shared = self._samples[sample]
        return Photo(path, analysis, ResultCache(shared), sample=sample)
