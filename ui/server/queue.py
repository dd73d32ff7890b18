"""The queue in front of the work: it has a length, and says in words when nobody more fits in.

Gradio's own queue counts everything that waits together, and tells who comes too late its numbers.
Here comparisons and grids have lines of their own, so that a full one keeps nobody from opening the
page or a tab, and whoever is sent away is told so in their language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import gradio as gr
from gradio.context import LocalContext
from gradio.queueing import Queue

from ui.language import COOKIE, chosen, say

RETRY_AFTER_S = 10
"""What a program that is sent away is told to wait."""

_BESIDE = 4
"""Everything that waits, comparisons or not, may be so many times as much."""

Answer = tuple[
    bool,
    str | list[dict[str, Any]],
    Literal["success", "error", "queue_full", "validator_error"],
]


class LimitedQueue(Queue):
    """Gradio's queue with a length for each kind of work.

    Args:
        blocks: The page.
        lengths: How many may wait, by ``concurrency_id``.
        concurrency: Of events that say nothing of their own.
    """

    def __init__(self, blocks: gr.Blocks, lengths: Mapping[str, int], concurrency: int) -> None:
        super().__init__(
            live_updates=True,
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=None,
            blocks=blocks,
            default_concurrency_limit=concurrency,
        )
        self._lengths = dict(lengths)

    async def push(self, body: Any, request: Any, username: str | None) -> Answer:
        """Let an event in, or say that the line is full; see `Queue.push`."""
        function = self.blocks.fns.get(body.fn_index)
        if function is not None and self.is_full(function.concurrency_id):
            return False, _busy(request), "queue_full"
        return await super().push(body, request, username)

    def is_full(self, kind: str) -> bool:
        """Whether nothing more of this kind is let in."""
        most = self._lengths.get(kind)
        if most is not None and self.waiting(kind) >= most:
            return True
        return len(self) >= _BESIDE * sum(self._lengths.values())

    def waiting(self, kind: str) -> int:
        """How many wait in one line."""
        line = self.event_queue_per_concurrency_id.get(kind)
        return 0 if line is None else len(line.queue)

    def ahead(self, kind: str) -> int:
        """How many are before whoever joins now, those included that are being served."""
        line = self.event_queue_per_concurrency_id.get(kind)
        if line is None or line.current_concurrency < (line.concurrency_limit or len(self) + 1):
            return 0
        return len(line.queue) + line.current_concurrency


def ahead(kind: str) -> int:
    """How many are before whoever joins this line now; 0 outside of events."""
    blocks = LocalContext.blocks.get(None)
    line = None if blocks is None else blocks._queue
    return line.ahead(kind) if isinstance(line, LimitedQueue) else 0


def _busy(request: Any) -> str:
    headers, cookies = request.headers, request.cookies
    language = chosen(None, cookies.get(COOKIE), headers.get("accept-language"))
    return say(language, "queue.busy")
