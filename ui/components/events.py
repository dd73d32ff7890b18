"""Options for the page's Gradio events, in two kinds, and their progress tracker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.components import Component

Updates = dict[Any, Any]
"""New values by component."""
Values = Mapping[Component, Any]
"""Values of an event's inputs by component."""

PROGRESS = gr.Progress()
"""Default of a handler's `progress`; Gradio replaces it by a tracker for each call."""

QUICK: dict[str, Any] = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
    "trigger_mode": "multiple",
}
"""Not queued and without a progress display, for handlers that compute nothing."""

LATEST: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}
"""As `QUICK`, but only the last of several events while the handler runs.

Each event of a component may have only one such handler: when Gradio starts the last one, it starts
all handlers of the event, and two that wait start each other for ever.
"""

WORK: dict[str, Any] = {
    "api_visibility": "private",
    "concurrency_id": "work",
    # All visitors together; one address has one place fewer.
    "concurrency_limit": 3,
}
"""Queued with all visitors' comparisons."""
