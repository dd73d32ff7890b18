"""All that relies on Gradio's internals; every other module uses Gradio's public interface.

Each part says why the public interface does not do. ``tests/ui/test_gradio_compat.py`` checks what
is relied on, and says in words what a new version of Gradio has changed.
"""

from __future__ import annotations

import math
import re
import time
from abc import ABCMeta
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import gettempprefix
from typing import Any, Literal

import gradio as gr
from gradio.context import LocalContext
from gradio.data_classes import ImageData
from gradio.processing_utils import hash_bytes
from gradio.queueing import Queue
from gradio.route_utils import FnIndexInferError
from gradio.server_messages import ProcessCompletedMessage
from gradio.utils import get_upload_folder

__all__ = ["FnIndexInferError", "get_upload_folder", "hash_bytes"]

# All waiting events together may be this many times the sum of the queues' maximums.
_TOTAL_FACTOR = 4

Answer = tuple[
    bool,
    str | list[dict[str, Any]],
    Literal["success", "error", "queue_full", "validator_error"],
]

MARKER = re.compile(
    r"__i18n__\{\\\"__type__\\\": \\\"translation_metadata\\\", \\\"key\\\": \\\"([\w.-]+)\\\"\}"
)
"""A marker of `gradio.i18n` in the page's script, with its key. Gradio replaces markers in the
browser only, after the page was shown, and not in choices."""

META = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')
"""Gradio's own metadata, which chat tools would read before ours."""


def _path_of(_image: gr.Image, payload: ImageData | None) -> str | None:
    return None if payload is None else payload.path


# Gradio itself opens the file first, raises errors with server paths for broken files, and
# re-encodes others. The class is made without Gradio's metaclass, which writes a stub file beside
# each subclass. It must be a class: Gradio makes the component anew for a session that updates it.
UnopenedImage: type[gr.Image] = ABCMeta.__new__(
    type(gr.Image),
    "Image",
    (gr.Image,),
    {"preprocess": _path_of, "__module__": gr.Image.__module__},
)
"""An image component that passes on the path of the uploaded file without opening it."""


def event_fields(event: gr.EventData) -> Mapping[str, Any]:
    """What a script sent with an event.

    `gradio.EventData` has a public attribute for each, which raises if the browser left it out.
    """
    data = vars(event).get("_data")
    return data if isinstance(data, dict) else {}


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
        output = {"data": [gr.skip() for _ in event.fn.outputs], "is_generating": False}
        queue.send_message(event, ProcessCompletedMessage(output=output, success=True))
    return bool(removed)


def _queue_and_event_id() -> tuple[Any, str | None]:
    """Gradio's queue and the current event's id; None and None if the event did not queue."""
    blocks, id_ = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    return (None, None) if blocks is None or id_ is None else (blocks._queue, id_)


def _has_file(event: Any, path: str) -> bool:
    data = () if event.data is None else event.data.data
    return any(isinstance(value, dict) and value.get("path") == path for value in data)


class LimitedQueue(Queue):
    """Gradio's queue with a maximum length for each kind of work, and a message when it is full.

    Gradio's own queue has one maximum for everything that waits, and an English message.

    Args:
        blocks: The page, whose queue this becomes.
        lengths: How many may wait, by ``concurrency_id``.
        concurrency: Concurrency limit of events without their own.
        full_message: Gives the message from the request that is refused.
    """

    def __init__(
        self,
        blocks: gr.Blocks,
        lengths: Mapping[str, int],
        concurrency: int,
        full_message: Callable[[Any], str],
    ) -> None:
        super().__init__(
            live_updates=True,
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=None,
            blocks=blocks,
            default_concurrency_limit=concurrency,
        )
        self._lengths, self._full_message = dict(lengths), full_message
        blocks._queue = self

    async def push(self, body: Any, request: Any, username: str | None) -> Answer:
        """Add an event, or refuse it with a message if the queue is full; see `Queue.push`."""
        function = self.blocks.fns.get(body.fn_index)
        if function is not None and self.is_full(function.concurrency_id):
            return False, self._full_message(request), "queue_full"
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


def is_awaited(blocks: gr.Blocks, event_id: str) -> bool:
    """Whether the result of an event was not fetched yet.

    An id stays in its session's set until its result is fetched; the queue's own list of events may
    hold it a little longer.
    """
    sessions: Any = blocks._queue.pending_event_ids_session
    return any(event_id in ids for ids in sessions.values())


def last_used(blocks: gr.Blocks, session: str) -> datetime | None:
    """When a session was last active; None if it has no state."""
    states: Any = blocks.app.state_holder
    last: datetime | None = states.time_last_used.get(session)
    return last


def forget_state(blocks: gr.Blocks, session: str) -> None:
    """Delete the state of a session, which Gradio itself keeps for an hour or more.

    Call it on the event loop, like Gradio's own deletion, which fails if a state is missing.
    """
    states: Any = blocks.app.state_holder
    states.delete_state(session)
    states.session_data.pop(session, None)
    states.time_last_used.pop(session, None)
    blocks._queue.pending_event_ids_session.pop(session, None)


class PathSet(set[str]):
    """A set of paths that can be iterated over while other threads change it."""

    def __iter__(self) -> Iterator[str]:
        # Copying a set is atomic; changing it during a loop would raise, and end Gradio's cleanup.
        return iter(list(self.copy()))


class _BrokenUploads(set[str]):
    """Partial files of uploads that broke off, which Gradio lists nowhere."""

    def __iter__(self) -> Iterator[str]:
        folder = Path(get_upload_folder())
        return iter([str(file) for file in folder.glob(f"{gettempprefix()}*") if file.is_file()])


def clean_up(blocks: gr.Blocks, paths: set[str]) -> None:
    """Let Gradio's cleanup delete old files of ours and broken uploads, without errors.

    Gradio iterates over its sets of files in one thread while another adds uploads. One upload at
    the wrong moment raises an error, after which nothing is ever cleaned up again.

    Args:
        blocks: The page.
        paths: The files that were written for visitors.
    """
    blocks.upload_file_set = PathSet(blocks.upload_file_set)
    for block in blocks.blocks.values():
        block.temp_files = PathSet(block.temp_files)
    of_blocks: Iterable[set[str]] = [block.temp_files for block in blocks.blocks.values()]
    blocks.temp_file_sets[:] = [blocks.upload_file_set, *of_blocks, paths, _BrokenUploads()]


def replace_tool_methods(
    blocks: gr.Blocks,
    read: Callable[[dict[str, Any], list[list[str | int]]], dict[str, Any]],
    write: Callable[[object, str], list[Any]],
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]],
    paths: set[str],
) -> None:
    """Replace how the MCP server of a launched page converts inputs and outputs.

    Gradio creates the server itself, so its methods are replaced instead of overridden.

    Args:
        blocks: The page.
        read: Gives the arguments of a call, from them and the key paths of files in them.
        write: Gives the contents of an answer, from the outputs and the page's address.
        wrap: Wraps the method that runs a call.
        paths: The files that `read` writes, for `clean_up`.
    """
    server = blocks.mcp_server_obj
    if server is None:
        return
    blocks.temp_file_sets.append(paths)
    methods = vars(server)
    methods["convert_strings_to_filedata"] = read
    methods["postprocess_output_data"] = write
    for name in ("_execute_tool_without_progress", "_execute_tool_with_progress"):
        methods[name] = wrap(getattr(server, name))
