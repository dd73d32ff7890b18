"""Ends sessions whose page was closed: cancels their work, deletes their files and state.

A page holds a connection open. When it is lost, the session's work is cancelled at once. Its files
and state are deleted some minutes later, because a phone that was put away for a moment loses its
connection, too. Gradio itself would keep both for an hour or more.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import gradio as gr

from ui import gradio_compat
from ui.cancellation import Cancellations
from ui.file_store import FileStore


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
        last = gradio_compat.last_used(self._blocks, session)
        idle = self._after if last is None else (datetime.now() - last).total_seconds()
        if idle < self._after:
            self._schedule(session, self._after - idle)
            return
        self._cancellations.forget(session)
        gradio_compat.forget_state(self._blocks, session)
        await asyncio.to_thread(self._file_store.end_session, session)
