"""All that relies on Gradio's internals; every other module uses Gradio's public interface.

Each part says why the public interface does not do. ``tests/ui/test_gradio_compat.py`` checks what
is relied on, and says in words what a new version of Gradio has changed.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from abc import ABCMeta
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import gettempprefix
from typing import Any, Literal
from weakref import WeakKeyDictionary

import gradio as gr
from gradio.context import LocalContext
from gradio.data_classes import ImageData
from gradio.processing_utils import hash_bytes
from gradio.queueing import Event, Queue
from gradio.route_utils import CustomCORSMiddleware as AnyOrigin
from gradio.route_utils import FnIndexInferError
from gradio.server_messages import EventMessage, ProcessCompletedMessage
from gradio.utils import get_upload_folder

from sharing.visitors import address_group
from ui.fair_turns import FairTurns, Work

__all__ = ["FnIndexInferError", "get_upload_folder", "hash_bytes"]

WRONG_PHOTO = (
    "The photo can't be used. Give a file that was uploaded here, or an http(s) address that opens "
    "without signing in."
)
FETCH_WITHIN_S = 60.0
"""Seconds within which somebody has to come for a result; then its work ends."""

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

LOGIN_PAGE = '"auth_required":true'
ENDPOINTS = re.compile(r"(window\.gradio_api_info = ).*?(;</script>)", re.DOTALL)
"""The list of endpoints, which Gradio puts into the page, also where it only asks for a login."""


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

    Nobody does after the event was cancelled, after the connection for its result was lost, or if
    there was none for too long.
    """
    queue, id_ = _queue_and_event_id()
    if queue is None:
        return lambda: True

    def someone_waits() -> bool:
        event = queue.event_ids_to_events.get(id_)
        return event is not None and bool(event.alive) and not queue.is_unfetched(id_)

    return someone_waits


async def leave_queue(session: str, concurrency_id: str) -> bool:
    """Remove a session's waiting events from a queue, as if they had run and changed nothing.

    Args:
        session: The session.
        concurrency_id: The queue.

    Returns:
        Whether there were any.
    """
    blocks = LocalContext.blocks.get(None)
    queue = None if blocks is None else blocks._queue
    events = None if queue is None else queue.event_queue_per_concurrency_id.get(concurrency_id)
    if queue is None or events is None:
        return False
    async with queue.delete_lock:
        removed = [event for event in events.queue if event.session_hash == session]
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


class FairQueue(Queue):
    """Gradio's queue with fair turns, and without work that nobody waits for.

    Gradio's own queue is first come, first served, has one maximum for everything that waits with
    an English message, and works for results that nobody fetches.

    Args:
        blocks: The page, whose queue this becomes.
        places: How many looks may wait in the queue of a ``concurrency_id``.
        concurrency: Concurrency limit of events without their own.
        work_of: The work of an event, from its function, body and request.
        refusal: The message for a request that is refused, from the request and how many looks its
            address has waiting; 0 if the queue itself is full.
    """

    def __init__(
        self,
        blocks: gr.Blocks,
        places: Callable[[str], int],
        concurrency: int,
        work_of: Callable[[Any, Any, Any], Work],
        refusal: Callable[[Any, int], str],
    ) -> None:
        super().__init__(
            live_updates=True,
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=None,
            blocks=blocks,
            default_concurrency_limit=concurrency,
        )
        self._places, self._work_of, self._refusal = places, work_of, refusal
        self._turns: dict[str, FairTurns] = {}
        self._work: WeakKeyDictionary[Event, Work] = WeakKeyDictionary()
        # Requests by id, in their order, with their session and time.
        self._unfetched: dict[str, tuple[str, float]] = {}
        # How many connections of a session wait for results.
        self._listeners: Counter[str] = Counter()
        # How many pages of a session are open.
        self._pages: Counter[str] = Counter()
        self._next_sweep = 0.0
        blocks._queue = self

    def send_message(self, event: Event, event_message: EventMessage) -> None:
        """Send a message; an error without words says that Gradio did not accept the photo.

        All other errors of the public endpoints have words. See `Queue.send_message`.
        """
        output = getattr(event_message, "output", None)
        if isinstance(output, dict) and event.fn.api_visibility == "public":
            output.update({"error": WRONG_PHOTO} if output.get("error", "") is None else {})
        super().send_message(event, event_message)

    async def push(self, body: Any, request: Any, username: str | None) -> Answer:
        """Add an event, or refuse it with a message; see `Queue.push`."""
        function = self.blocks.fns.get(body.fn_index)
        if function is None:
            return await super().push(body, request, username)
        id_, work = function.concurrency_id, self._work_of(function, body, request)
        self._drop_unfetched()
        waiting = [self._work[one] for one in self._waiting(id_)]
        if not self._turns_of(id_).may_wait(work, waiting):
            full = not self._turns_of(id_).has_room(waiting)
            own = sum(one.looks for one in waiting if one.address == work.address)
            return False, self._refusal(request, 0 if full else own), "queue_full"
        answer = await super().push(body, request, username)
        event = self.event_ids_to_events.get(str(answer[1])) if answer[0] else None
        if event is not None:
            self._work[event] = work
            self._unfetched[event._id] = event.session_hash, time.monotonic()
            self._sort(id_)
            self.broadcast_estimations(id_)
        return answer

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """The next event to run, of any queue with a free place; see `Queue.get_events`.

        An address takes all places of a queue but one, so that nobody waits for it alone.
        """
        self._drop_unfetched()
        for id_, events in self.event_queue_per_concurrency_id.items():
            limit = events.concurrency_limit
            if limit is not None and events.current_concurrency >= limit:
                continue
            for event in events.queue:
                work = self._work[event]
                most = math.inf if limit is None else max(1, limit - 1)
                if self._running(id_, work.address) < most and not self.is_unfetched(event._id):
                    events.queue.remove(event)
                    self._turns_of(id_).start(work)
                    self._sort(id_)
                    return [event], False, id_
        return None

    def process_events(
        self, events: list[Event], batch: bool, begin_time: float, fn: Any
    ) -> Coroutine[Any, Any, None]:
        """Run events and give their place back; see `Queue.process_events`.

        Gradio cancels the task of what this returns. Cancelled before its first step, Gradio's own
        coroutine would run nothing, not even the part that gives the place back.
        """
        running = asyncio.ensure_future(super().process_events(events, batch, begin_time, fn))
        self._asyncio_tasks.add(running)
        running.add_done_callback(self._asyncio_tasks.discard)

        async def follow() -> None:
            await running

        return follow()

    def listening(self, session: str) -> AbstractContextManager[None]:
        """Somebody waits for the results of a session during the block."""
        return _counted(self._listeners, session)

    def has_listener(self, session: str) -> bool:
        """Whether somebody waits for the results of a session."""
        return session in self._listeners

    def with_page(self, session: str) -> AbstractContextManager[None]:
        """A page of a session is open during the block."""
        return _counted(self._pages, session)

    def has_page(self, session: str) -> bool:
        """Whether a page of a session is open."""
        return session in self._pages

    def is_unfetched(self, event_id: str) -> bool:
        """Whether nobody has come for a result for `FETCH_WITHIN_S` seconds."""
        session, asked_at = self._unfetched.get(event_id, ("", math.inf))
        return not self.has_listener(session) and time.monotonic() - asked_at > FETCH_WITHIN_S

    def ahead(self, concurrency_id: str, address: str) -> int:
        """How many events are ahead of one of an address that joins now, with those that run."""
        events = self.event_queue_per_concurrency_id.get(concurrency_id)
        if events is None or events.current_concurrency < (
            events.concurrency_limit or len(self) + 1
        ):
            return 0
        works = [*(self._work[one] for one in self._by_arrival(concurrency_id)), Work(address)]
        place = self._turns_of(concurrency_id).order(works).index(len(works) - 1)
        return place + int(events.current_concurrency)

    def _turns_of(self, concurrency_id: str) -> FairTurns:
        return self._turns.setdefault(concurrency_id, FairTurns(self._places(concurrency_id)))

    def _waiting(self, concurrency_id: str) -> list[Event]:
        events = self.event_queue_per_concurrency_id.get(concurrency_id)
        return [] if events is None else events.queue

    def _by_arrival(self, concurrency_id: str) -> list[Event]:
        return sorted(self._waiting(concurrency_id), key=lambda event: event.enqueue_time)

    def _running(self, concurrency_id: str, address: str) -> int:
        running = (event for job in self.active_jobs for event in job or ())
        return sum(
            event.concurrency_id == concurrency_id and self._work[event].address == address
            for event in running
        )

    def _sort(self, concurrency_id: str) -> None:
        """Bring what waits in the order of its turns, which is the place that visitors are told."""
        events = self._by_arrival(concurrency_id)
        order = self._turns_of(concurrency_id).order([self._work[one] for one in events])
        self._waiting(concurrency_id)[:] = [events[index] for index in order]

    def _drop_unfetched(self) -> None:
        """Once a second, forget requests whose results nobody fetches; running ones end soon."""
        now = time.monotonic()
        if now < self._next_sweep:
            return
        self._next_sweep = now + 1.0
        for id_, (session, asked_at) in list(self._unfetched.items()):
            if now - asked_at <= FETCH_WITHIN_S:
                break
            pending = self.pending_event_ids_session.get(session, set())
            if id_ in pending and self.has_listener(session):
                continue
            event = self.event_ids_to_events.get(id_)
            if event is not None and event in self._waiting(event.concurrency_id):
                self._waiting(event.concurrency_id).remove(event)
                self.event_ids_to_events.pop(id_)
            elif event is not None:
                continue
            pending.discard(id_)
            # A page may be connected without waiting for anything; without these its connection
            # would break off.
            if not pending and not self.has_listener(session):
                self.pending_event_ids_session.pop(session, None)
                self.pending_messages_per_session.pop(session, None)
            del self._unfetched[id_]


@contextmanager
def _counted(counts: Counter[str], key: str) -> Iterator[None]:
    counts[key] += 1
    try:
        yield
    finally:
        counts[key] -= 1
        if not counts[key]:
            del counts[key]


def fair_queue(blocks: gr.Blocks) -> FairQueue:
    """The queue of a page."""
    queue = blocks._queue
    assert isinstance(queue, FairQueue)
    return queue


def visitor_of(request: Any) -> str:
    """Who counts as the visitor of a request: the `address_group` of where it came from."""
    client = getattr(request, "client", None)
    return address_group("" if client is None else client.host)


def ahead(concurrency_id: str) -> int:
    """How many events are ahead of one that joins this queue now; 0 outside of events."""
    blocks, request = LocalContext.blocks.get(None), LocalContext.request.get(None)
    queue = None if blocks is None else blocks._queue
    if not isinstance(queue, FairQueue):
        return 0
    return queue.ahead(concurrency_id, visitor_of(request))


def session_of_event(blocks: gr.Blocks, event_id: str) -> str | None:
    """The session whose result of an event was not fetched yet; None if there is none.

    An id stays in its session's set until its result is fetched; the queue's own list of events may
    hold it a little longer.
    """
    sessions: Any = blocks._queue.pending_event_ids_session
    return next((session for session, ids in sessions.items() if event_id in ids), None)


def state_value(blocks: gr.Blocks, session: str | None, state: gr.State) -> Any:
    """The value of a state in a session; that at the start if the session has none."""
    sessions: Any = blocks.app.state_holder.session_data
    found = sessions.get(session)
    return state.value if found is None else found.state_data.get(state._id, state.value)


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


def keep_open_pages(blocks: gr.Blocks) -> None:
    """Where a launched page has more sessions than fit, forget those without an open page first.

    Gradio forgets the one that was used least recently, so that requests with made-up sessions
    would take everybody's photo and results away.
    """
    states: Any = blocks.app.state_holder

    def update(session: str) -> None:
        with states.lock:
            sessions = states.session_data
            if session in sessions:
                sessions.move_to_end(session)
            if len(sessions) > states.capacity:
                has_page = fair_queue(blocks).has_page
                closed = (one for one in sessions if one != session and not has_page(one))
                forgotten = next(closed, next(iter(sessions)))
                del sessions[forgotten]
                states.time_last_used.pop(forgotten, None)

    states.update = update


def allow_own_origin_only(blocks: gr.Blocks) -> None:
    """Take away the middleware of a launched page that lets pages of any site read its answers.

    Gradio adds it itself, outside of all others, and allows every origin with the visitor's cookies
    unless the server is asked for by a loopback address.
    """
    app = blocks.app
    layers: list[Any] = app.user_middleware
    app.user_middleware = [one for one in layers if one.cls is not AnyOrigin]
    app.middleware_stack = app.build_middleware_stack()


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
    paths: set[str],
) -> None:
    """Replace how the MCP server of a launched page converts inputs and outputs.

    Gradio creates the server itself, so its methods are replaced instead of overridden.

    Args:
        blocks: The page.
        read: Gives the arguments of a call, from them and the key paths of files in them.
        write: Gives the contents of an answer, from the outputs and the page's address.
        paths: The files that `read` writes, for `clean_up`.
    """
    server = blocks.mcp_server_obj
    if server is None:
        return
    blocks.temp_file_sets.append(paths)
    methods = vars(server)
    methods["convert_strings_to_filedata"] = read
    methods["postprocess_output_data"] = write
