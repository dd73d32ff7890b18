"""What a visit leaves behind when it ends: nothing, soon after.

A page keeps a connection open for as long as it is there. Once that is lost, its work ends at
once; its files, and what is kept of it in memory, go a little later, since a phone that was put
away for a moment loses its connection too. (Gradio by itself would keep both for an hour or more.)
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
from ui.pictures import FileStore, Paths


class Sessions:
    """Forgets visits that are over.

    Args:
        blocks: The page.
        file_store: Where files of visitors lie.
        cancellations: What ends their work.
        after: Seconds without a sign of life after which a closed page is forgotten.
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
        # A loop alone does not keep its tasks.
        self._looking: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        """From now on, while the page is being built."""
        self._blocks.unload(self._closed)

    async def _closed(self, request: gr.Request) -> None:
        self._wait(str(request.session_hash), self._after)

    def _wait(self, session: str, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._begin, session)

    def _begin(self, session: str) -> None:
        task = asyncio.create_task(self._look(session))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _look(self, session: str) -> None:
        """Forget a visit, unless there was a sign of life since its page was closed."""
        last: datetime | None = self._holder.time_last_used.get(session)
        quiet = self._after if last is None else (datetime.now() - last).total_seconds()
        if quiet < self._after:
            self._wait(session, self._after - quiet)
            return
        self._cancellations.forget(session)
        # On the loop, as Gradio's own deletion is, which would trip over a state that is gone.
        self._holder.delete_state(session)
        self._holder.session_data.pop(session, None)
        self._holder.time_last_used.pop(session, None)
        self._blocks._queue.pending_event_ids_session.pop(session, None)
        await asyncio.to_thread(self._file_store.leave, session)

    @property
    def _holder(self) -> Any:
        return self._blocks.app.state_holder


def let_be_cleaned(blocks: gr.Blocks, file_store: FileStore) -> None:
    """Let Gradio delete old files, also of the shelf, while others come and go.

    Gradio goes through its sets of files in one thread while uploads are added in another: one
    upload at the wrong moment, and nothing is ever cleaned again. Nor does it know of uploads that
    broke off.
    """
    blocks.upload_file_set = Paths(blocks.upload_file_set)
    for block in blocks.blocks.values():
        block.temp_files = Paths(block.temp_files)
    kept = [block.temp_files for block in blocks.blocks.values()]
    blocks.temp_file_sets[:] = [blocks.upload_file_set, *kept, file_store.paths, _Broken()]


class _Broken(set[str]):
    """Uploads that broke off half-way: nobody was told their names."""

    def __iter__(self) -> Iterator[str]:
        folder = Path(get_upload_folder())
        return iter([str(file) for file in folder.glob(f"{gettempprefix()}*") if file.is_file()])
