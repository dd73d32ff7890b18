"""Ends sessions whose page was closed: cancels their work, deletes their files and state.

A page holds a connection open. When it is lost, the session's work is cancelled at once. Its files
and state are deleted some minutes later, because a phone that was put away for a moment loses its
connection, too. Gradio itself would keep both for an hour or more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import gettempprefix
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from ui.cancellation import Cancellations
from ui.file_store import FileStore, PathSet


class Sessions:
    """Ends sessions some time after their page was closed.

    Args:
        blocks: The page.
        file_store: Holds the files of visitors.
        cancellations: Cancels the work of visitors.
        after: Seconds without activity after which the session of a closed page ends.
    """

    def __init__(
        self, blocks: gr.Blocks, file_store: FileStore, cancellations: Cancellations, after: float
    ) -> None:
        self._blocks, self._file_store, self._cancellations, self._after = (
            blocks,
            file_store,
            cancellations,
            after,
        )
        # asyncio holds tasks by weak references only.
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        """Listen for closed pages; call it while the page is built."""
        self._blocks.unload(self._on_close)

    async def _on_close(self, request: gr.Request) -> None:
        self._schedule(str(request.session_hash), self._after)

    def _schedule(self, session: str, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._start_check, session)

    def _start_check(self, session: str) -> None:
        task = asyncio.create_task(self._end_if_idle(session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_if_idle(self, session: str) -> None:
        """End a session, unless it was active since its page was closed."""
        last: datetime | None = self._states.time_last_used.get(session)
        idle = self._after if last is None else (datetime.now() - last).total_seconds()
        if idle < self._after:
            self._schedule(session, self._after - idle)
            return
        self._cancellations.forget(session)
        # On the event loop, like Gradio's own deletion, which fails if a state is missing.
        self._states.delete_state(session)
        self._states.session_data.pop(session, None)
        self._states.time_last_used.pop(session, None)
        self._blocks._queue.pending_event_ids_session.pop(session, None)
        await asyncio.to_thread(self._file_store.end_session, session)

    @property
    def _states(self) -> Any:
        return self._blocks.app.state_holder


def enable_cleanup(blocks: gr.Blocks, file_store: FileStore) -> None:
    """Let Gradio's cleanup delete old files of the store and broken uploads, without errors.

    Gradio iterates over its sets of files in one thread while another adds uploads. One upload at
    the wrong moment raises an error, after which nothing is ever cleaned up again.
    """
    blocks.upload_file_set = PathSet(blocks.upload_file_set)
    for block in blocks.blocks.values():
        block.temp_files = PathSet(block.temp_files)
    of_blocks = [block.temp_files for block in blocks.blocks.values()]
    blocks.temp_file_sets[:] = [
        blocks.upload_file_set,
        *of_blocks,
        file_store.paths,
        _BrokenUploads(),
    ]


class _BrokenUploads(set[str]):
    """Partial files of uploads that broke off, which Gradio lists nowhere."""

    def __iter__(self) -> Iterator[str]:
        folder = Path(get_upload_folder())
        return iter([str(file) for file in folder.glob(f"{gettempprefix()}*") if file.is_file()])
