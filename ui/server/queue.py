"""A queue with a maximum length for each kind of work, and a message when it is full.

Gradio's own queue has one maximum for everything that waits, and an English message. Here
comparisons and grids have maximums of their own, so a full queue keeps nobody from opening the page
or a tab, and the message is in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import gradio as gr
from gradio.context import LocalContext
from gradio.queueing import Queue

from ui.text.catalogue import translate
from ui.text.language import COOKIE, preferred_language

RETRY_AFTER_S = 10
"""Retry-After for programs when the queue is full."""

_TOTAL_FACTOR = 4
"""All waiting events together may be this many times the sum of the maximums."""

Answer = tuple[
    bool,
    str | list[dict[str, Any]],
    Literal["success", "error", "queue_full", "validator_error"],
]


class LimitedQueue(Queue):
    """Gradio's queue with a maximum length for each kind of work.

    Args:
        blocks: The page.
        lengths: How many may wait, by ``concurrency_id``.
        concurrency: Concurrency limit of events without their own.
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
        """Add an event, or refuse it with a message if the queue is full; see `Queue.push`."""
        function = self.blocks.fns.get(body.fn_index)
        if function is not None and self.is_full(function.concurrency_id):
            return False, _full_message(request), "queue_full"
        return await super().push(body, request, username)

    def is_full(self, concurrency_id: str) -> bool:
        """Whether no more events of this kind are accepted."""
        most = self._lengths.get(concurrency_id)
        if most is not None and self.waiting(concurrency_id) >= most:
            return True
        return len(self) >= _TOTAL_FACTOR * sum(self._lengths.values())

    def waiting(self, concurrency_id: str) -> int:
        """How many events of this kind wait."""
        events = self.event_queue_per_concurrency_id.get(concurrency_id)
        return 0 if events is None else len(events.queue)

    def ahead(self, concurrency_id: str) -> int:
        """How many events are ahead of one that joins now, including those that run."""
        events = self.event_queue_per_concurrency_id.get(concurrency_id)
        if events is None or events.current_concurrency < (
            events.concurrency_limit or len(self) + 1
        ):
            return 0
        return len(events.queue) + events.current_concurrency


def ahead(concurrency_id: str) -> int:
    """How many events are ahead of one that joins this queue now; 0 outside of events."""
    blocks = LocalContext.blocks.get(None)
    queue = None if blocks is None else blocks._queue
    return queue.ahead(concurrency_id) if isinstance(queue, LimitedQueue) else 0


def _full_message(request: Any) -> str:
    headers, cookies = request.headers, request.cookies
    language = preferred_language(None, cookies.get(COOKIE), headers.get("accept-language"))
    return translate(language, "queue.busy")
