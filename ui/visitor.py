"""For whom the current event is worked on, since when it was asked for, and whether they wait.

Gradio keeps this beside each call of an event's function. It is read here and nowhere else.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from typing import Any

from gradio import skip
from gradio.context import LocalContext
from gradio.server_messages import ProcessCompletedMessage


def current() -> str | None:
    """The session that the current event is of; None outside of events."""
    request = LocalContext.request.get(None)
    return None if request is None else request.session_hash


def asked_at() -> float:
    """When the current event was asked for (`time.monotonic`); now, if it did not have to queue.

    Longer ago than anything for an event that was cancelled before its work began.
    """
    queue, id_ = _place()
    if queue is None:
        return time.monotonic()
    event = queue.event_ids_to_events.get(id_)
    return -math.inf if event is None else float(event.enqueue_time)


def waiting() -> Callable[[], bool]:
    """Whether anybody still waits for the current event: tells it as often as it is asked.

    Nobody does once the event was cancelled, or once the connection was lost that its result would
    have gone through.
    """
    queue, id_ = _place()
    if queue is None:
        return lambda: True

    def alive() -> bool:
        event = queue.event_ids_to_events.get(id_)
        return event is not None and bool(event.alive)

    return alive


def _place() -> tuple[Any, str | None]:
    """Gradio's queue and the current event's id; neither where the event did not queue."""
    blocks, id_ = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    return (None, None) if blocks is None or id_ is None else (blocks._queue, id_)


async def leave_queue(
    visitor: str, line: str, only: Collection[str] | None = None, of: str | None = None
) -> bool:
    """Take what a visitor has waiting out of a line, as if it had been done and changed nothing.

    Args:
        visitor: The session.
        line: A ``concurrency_id``.
        only: Names of functions; all of them if None.
        of: Path of the file that it was asked for with; of any if None.

    Returns:
        Whether there was anything.
    """
    blocks = LocalContext.blocks.get(None)
    queue = None if blocks is None else blocks._queue
    events = None if queue is None else queue.event_queue_per_concurrency_id.get(line)
    if queue is None or events is None:
        return False
    async with queue.delete_lock:
        mine = [
            event
            for event in events.queue
            if event.session_hash == visitor
            and (only is None or event.fn.name in only)
            and (of is None or _given(event, of))
        ]
        for event in mine:
            events.queue.remove(event)
            queue.event_ids_to_events.pop(event._id, None)
    for event in mine:
        # Gradio's own way to cancel says that the event failed, and what follows failures follows.
        nothing = {"data": [skip() for _ in event.fn.outputs], "is_generating": False}
        queue.send_message(event, ProcessCompletedMessage(output=nothing, success=True))
    return bool(mine)


def _given(event: Any, path: str) -> bool:
    data = () if event.data is None else event.data.data
    return any(isinstance(one, dict) and one.get("path") == path for one in data)
