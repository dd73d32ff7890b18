"""Maximum lengths of the queues, and the message when one is full.

Comparisons and grids have maximums of their own, so a full queue keeps nobody from opening the page
or a tab.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.gradio_compat import LimitedQueue
from ui.text.catalogue import translate
from ui.text.language import COOKIE, preferred_language

RETRY_AFTER_S = 10
"""Retry-After for programs when the queue is full."""
GRIDS_SHARE = 4
"""A grid takes as long as this many comparisons, so accordingly fewer may wait."""


def limit_queue(blocks: gr.Blocks, waiting: int) -> LimitedQueue:
    """Give the page a queue in which so many comparisons may wait."""
    lengths = {"work": waiting, "grid": max(1, waiting // GRIDS_SHARE)}
    return LimitedQueue(blocks, lengths, concurrency=2, full_message=_full_message)


def _full_message(request: Any) -> str:
    headers, cookies = request.headers, request.cookies
    language = preferred_language(None, cookies.get(COOKIE), headers.get("accept-language"))
    return translate(language, "queue.busy")
