"""How the page's events are asked for, in two kinds."""

from __future__ import annotations

from typing import Any

QUICK: dict[str, Any] = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
"""At once and unseen: nothing is worked out."""

WORK: dict[str, Any] = {
    "api_visibility": "private",
    "concurrency_id": "work",
    "concurrency_limit": 2,
}
"""In turn with everybody's comparisons."""
