"""The current Gradio event: its session, when it was requested, whether somebody waits for it.

Gradio keeps this in context variables around each call of an event's function. Only this module
reads them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from typing import Any

from gradio import skip
from gradio.context import LocalContext
from gradio.server_messages import ProcessCompletedMessage


def current_session() -> str | None:
    """The session of the current event; None outside of events."""
    request = LocalContext.request.get(None)
    return None if request is None else request.session_hash


def requested_at() -> float:
    """When the current event was requested, as `time.monotonic`; now, if it did not queue.

    Minus infinity for an event that was cancelled before its work began.
    """
    queue, id_ = _queue_and_event_id()
    if queue is None:
        return time.monotonic()
    event = queue.event_ids_to_events.get(id_)
    return -math.inf if event is None else float(event.enqueue_time)


def waiting_check() -> Callable[[], bool]:
    """A function that tells whether somebody still waits for the current event.

    Nobody does after the event was cancelled, or after the connection for its result was lost.
    """
    queue, id_ = _queue_and_event_id()
    if queue is None:
        return lambda: True

    def someone_waits() -> bool:
        event = queue.event_ids_to_events.get(id_)
        return event is not None and bool(event.alive)

    return someone_waits


async def leave_queue(
    session: str,
    concurrency_id: str,
    functions: Collection[str] | None = None,
    path: str | None = None,
) -> bool:
    """Remove a session's waiting events from a queue, as if they had run and changed nothing.

    Args:
        session: The session.
        concurrency_id: The queue.
        functions: Names of the event functions to remove; all if None.
        path: Remove only events with this file among their inputs; all if None.

    Returns:
        Whether there were any.
    """
    blocks = LocalContext.blocks.get(None)
    queue = None if blocks is None else blocks._queue
    events = None if queue is None else queue.event_queue_per_concurrency_id.get(concurrency_id)
    if queue is None or events is None:
        return False
    async with queue.delete_lock:
        removed = [
            event
            for event in events.queue
            if event.session_hash == session
            and (functions is None or event.fn.name in functions)
            and (path is None or _has_file(event, path))
        ]
        for event in removed:
            events.queue.remove(event)
            queue.event_ids_to_events.pop(event._id, None)
    for event in removed:
        # Gradio's own cancelling would report a failure, and run what follows failures.
        output = {"data": [skip() for _ in event.fn.outputs], "is_generating": False}
        queue.send_message(event, ProcessCompletedMessage(output=output, success=True))
    return bool(removed)


def _queue_and_event_id() -> tuple[Any, str | None]:
    """Gradio's queue and the current event's id; None and None if the event did not queue."""
    blocks, id_ = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    return (None, None) if blocks is None or id_ is None else (blocks._queue, id_)


def _has_file(event: Any, path: str) -> bool:
    data = () if event.data is None else event.data.data
    return any(isinstance(value, dict) and value.get("path") == path for value in data)
