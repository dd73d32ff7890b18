"""Render the page's HTML from the Jinja2 templates in ``ui/templates``; all values are escaped."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ui.text import numbers
from ui.text.catalogue import t, translate
from ui.text.messages import translate_message

FOLDER = Path(__file__).parent.parent / "templates"


def render(template: str, macro: str, language: str, *args: Any, **values: Any) -> str:
    """The HTML of one macro of a template.

    Args:
        template: Name of the file without its ending.
        macro: Name of the macro.
        language: The visitor's language; templates call ``tr(key, **values)`` for a text in it,
            ``message(text)`` for a message of a pipeline, `decimal`, `degrees` and so on of
            `numbers` for a number, or ``t(key)`` for a marker that is replaced when the page is
            sent.
        args: Arguments of the macro.
        values: Keyword arguments of the macro.
    """
    values_of_template = {
        "tr": partial(translate, language),
        "decimal": partial(numbers.decimal, language=language),
        "degrees": partial(numbers.degrees, language=language),
        "gaze_text": partial(numbers.gaze_text, language=language),
        "small_percent": partial(numbers.small_percent, language=language),
        "message": partial(translate_message, language),
        "t": lambda key: Markup(str(t(key))),
    }
    module = _environment().get_template(f"{template}.html").make_module(values_of_template)
    # No line breaks between a number and its sign.
    return str(getattr(module, macro)(*args, **values)).strip().replace(" %", "\u00a0%")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = numbers.percent
    return environment
