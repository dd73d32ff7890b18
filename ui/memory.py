"""Memory bound for analysed photos, across all visitors.

An analysis of a 12 megapixel photo takes 120 MB, one of 40 megapixels 200 MB, and the stages of
live previews another 40 MB; every open page has some. The least recently used are dropped, and
analysed again when they are needed, which takes a second.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.studio import Analysis
    from pipelines.studio.preview import PreviewStage

MOST_MB = 1000.0
# Measured: what an analysis takes beside the photo, as a multiple of the working copy; and a stage
# with its intermediate results, and a copy for grids, in MB.
_ANALYSIS_FACTOR, _STAGE_MB, _COPY_MB = 0.7, 42.0, 30.0
_MB = 1e6


class CachedAnalysis:
    """The analysis of one photo, dropped and made again as memory allows.

    Args:
        analysis: The analysis.
        analyse: Makes it again after it was dropped; None for an analysis that is held elsewhere
            anyway, of which only what was derived is dropped.
        memory: Decides what is dropped.
    """

    def __init__(
        self, analysis: Analysis, analyse: Callable[[], Analysis] | None, memory: AnalysisMemory
    ) -> None:
        self._analysis: Analysis | None = analysis
        self._analyse, self._memory = analyse, memory
        self._lock = threading.Lock()
        self.stages: dict[str, PreviewStage] = {}
        # Copies at the size of a grid's cell: head and shoulders, and the whole photo.
        self.small: dict[bool, Analysis] = {}
        memory.touch(self)

    @property
    def analysis(self) -> Analysis:
        """The analysis, made again if it was dropped.

        Raises:
            Refusal: It has to be made again, and the photo's file is gone.
        """
        with self._lock:
            if self._analysis is None:
                assert self._analyse is not None
                self._analysis = self._analyse()
            # A local reference, because touching may drop it.
            found = self._analysis
        self._memory.touch(self)
        return found

    @property
    def megabytes(self) -> float:
        """Approximate size in memory; 0 after it was dropped."""
        analysis = self._analysis
        derived_mb = _STAGE_MB * len(self.stages) + _COPY_MB * len(self.small)
        if analysis is None or self._analyse is None:
            return derived_mb
        photo = analysis.portrait
        analysis_bytes = photo.original_u8.nbytes + (1 + _ANALYSIS_FACTOR) * photo.pixels.nbytes
        return analysis_bytes / _MB + derived_mb

    def drop(self) -> None:
        """Release the memory."""
        if self._analyse is not None:
            self._analysis = None
        # Each stage holds the analysis, too.
        self.stages.clear()
        self.small.clear()


class AnalysisMemory:
    """Drops the least recently used analyses once all together exceed a limit.

    Args:
        most_mb: The limit in MB.
    """

    def __init__(self, most_mb: float = MOST_MB) -> None:
        self._most_mb = most_mb
        self._lock = threading.Lock()
        # Least recently used first.
        self._entries: OrderedDict[int, weakref.ref[CachedAnalysis]] = OrderedDict()

    def touch(self, used: CachedAnalysis) -> None:
        """Mark an analysis as used now, and drop others if there is too much."""
        with self._lock:
            self._entries[id(used)] = weakref.ref(used)
            self._entries.move_to_end(id(used))
            alive = [
                (key, found) for key, ref in self._entries.items() if (found := ref()) is not None
            ]
            alive_keys = {key for key, _ in alive}
            for key in [key for key in self._entries if key not in alive_keys]:
                del self._entries[key]
            excess = sum(found.megabytes for _, found in alive) - self._most_mb
            for key, found in alive:
                if excess <= 0 or found is used:
                    break
                excess -= found.megabytes
                found.drop()
                del self._entries[key]
