"""Render HTML templates; all values are escaped."""

from __future__ import annotations

import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sharing.translations import translate

_FOLDER = Path(__file__).parent / "web"
STATIC = _FOLDER / "static"


def render(name: str, language: str = "en", **values: Any) -> str:
    """Render a template with values.

    Args:
        name: File name of the template.
        language: Of the texts, which stand in the template as ``_("English")``.
        values: Values of the template.
    """
    texts = {"_": partial(translate, language), "day": partial(day, language=language)}
    return _environment().get_template(name).render(language=language, **texts, **values)


def stylesheet() -> Markup:
    """The style sheet as text, for pages that embed it."""
    return Markup((STATIC / "share.css").read_text(encoding="utf-8"))


def day(seconds: int, language: str) -> str:
    """Format a date, such as ``21 November 2026``, in UTC."""
    date = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return format_date(date, "long", locale="en_GB" if language == "en" else language)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
