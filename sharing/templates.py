"""Render HTML templates; all values are escaped."""

from __future__ import annotations

import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parent / "web"
STATIC = _FOLDER / "static"


def render(name: str, **values: Any) -> str:
    """Render a template with values."""
    return _environment().get_template(name).render(**values)


def stylesheet() -> Markup:
    """The style sheet as text, for pages that embed it."""
    return Markup((STATIC / "share.css").read_text(encoding="utf-8"))


def day(seconds: int) -> str:
    """Format a date, such as ``21 November 2026``, in UTC."""
    date = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{date.day} {date:%B %Y}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = day
    return environment
