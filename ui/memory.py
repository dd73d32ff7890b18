"""How many photos stay analysed: as many as fit, whoever's they are.

An analysis of 12 megapixels takes 120 MB, one of 40 takes 200, what previews of it begin with 40
more, and every open page has some. What nobody has touched for longest is let go of; who touches it
again waits for a second.
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
# Measured: what an analysis keeps beside the photo, in sizes of its working copy; a stage with the
# steps that it keeps, in MB.
_BESIDE, _STAGE_MB = 0.7, 42.0
_MB = 1e6


class Remembered:
    """What was learned from one photo, as long as there is room for it.

    Args:
        analysis: It.
        again: Learns it again, once it has been forgotten; None for what is kept elsewhere anyway:
            of that only the stages are forgotten.
        memory: Keeps it.
    """

    def __init__(
        self, analysis: Analysis, again: Callable[[], Analysis] | None, memory: Memory
    ) -> None:
        self._analysis: Analysis | None = analysis
        self._again, self._memory = again, memory
        self._lock = threading.Lock()
        self.stages: dict[str, PreviewStage] = {}
        memory.touch(self)

    @property
    def analysis(self) -> Analysis:
        """What was learned.

        Raises:
            Refusal: It has to be learned again, and the photo's file is gone.
        """
        with self._lock:
            if self._analysis is None:
                assert self._again is not None
                self._analysis = self._again()
            # Whoever has it keeps it, also while it is being forgotten.
            found = self._analysis
        self._memory.touch(self)
        return found

    @property
    def megabytes(self) -> float:
        """About what it takes now; 0 once it has been forgotten."""
        kept, stages = self._analysis, _STAGE_MB * len(self.stages)
        if kept is None or self._again is None:
            return stages
        photo = kept.portrait
        return (photo.original_u8.nbytes + (1 + _BESIDE) * photo.pixels.nbytes) / _MB + stages

    def forget(self) -> None:
        """Let go of it."""
        if self._again is not None:
            self._analysis = None
        # Each of them holds the analysis, too.
        self.stages.clear()


class Memory:
    """Forgets what was not touched for longest.

    Args:
        most_mb: How much is kept.
    """

    def __init__(self, most_mb: float = MOST_MB) -> None:
        self._most_mb = most_mb
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, weakref.ref[Remembered]] = OrderedDict()

    def touch(self, one: Remembered) -> None:
        """This is in use; forget others, if there is too much."""
        with self._lock:
            self._kept[id(one)] = weakref.ref(one)
            self._kept.move_to_end(id(one))
            there = [
                (key, found) for key, ref in self._kept.items() if (found := ref()) is not None
            ]
            known = {key for key, _ in there}
            for key in [key for key in self._kept if key not in known]:
                del self._kept[key]
            excess = sum(found.megabytes for _, found in there) - self._most_mb
            for key, found in there:
                if excess <= 0 or found is one:
                    break
                excess -= found.megabytes
                found.forget()
                del self._kept[key]
