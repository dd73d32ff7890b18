"""The page's queue: how many may wait in which line, what a request weighs, and refusals in words.

Each kind of work has a line of its own, so a full one keeps nobody from opening the page or a tab.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.comparison import MOST_LOOKS
from ui.fair_turns import Work
from ui.gradio_compat import FairQueue, state_value, visitor_of
from ui.text.catalogue import translate
from ui.text.language import COOKIE, preferred_language

RETRY_AFTER_S = 10
"""Retry-After for programs that are refused."""
GRIDS_SHARE = 4
"""A grid or a persona takes as long as so many comparisons, so accordingly fewer may wait."""


def limit_queue(blocks: gr.Blocks, waiting: int, shown: gr.State | None = None) -> FairQueue:
    """Give the page a queue with fair turns.

    Args:
        blocks: The page.
        waiting: How many looks may wait; of other work, how many events.
        shown: Holds the letters of the looks on the page; one look if None.
    """
    fewer = dict.fromkeys(("grid", "device"), max(1, waiting // GRIDS_SHARE))

    def work_of(function: Any, body: Any, request: Any) -> Work:
        return Work(visitor_of(request), _looks(function, body, blocks, shown))

    return FairQueue(
        blocks,
        lambda concurrency_id: fewer.get(concurrency_id, waiting),
        concurrency=2,
        work_of=work_of,
        refusal=_refusal,
    )


def _looks(function: Any, body: Any, blocks: gr.Blocks, shown: gr.State | None) -> int:
    """How many looks an event is for; 1 for everything that is not a comparison."""
    if function.concurrency_id != "work" or function.api_name == "measure":
        return 1
    if function.api_name == "compare":
        text = body.data[1] if len(body.data) > 1 else ""
        lines = text.splitlines() if isinstance(text, str) else []
        return min(max(1, sum(bool(line.strip()) for line in lines)), MOST_LOOKS)
    return 1 if shown is None else len(state_value(blocks, body.session_hash, shown))


def _refusal(request: Any, own: int) -> str:
    headers, cookies = request.headers, request.cookies
    language = preferred_language(None, cookies.get(COOKIE), headers.get("accept-language"))
    return translate(language, "queue.share" if own else "queue.busy", count=own)
