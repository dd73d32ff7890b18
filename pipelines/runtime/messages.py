"""Sentences that remember what they were made of, so that a page can say them in another language.

A `Message` is its English text: it prints, joins and goes into JSON like any other string. A
sentence without values needs no `Message`; its text is its own template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Message(str):
    """A sentence made from a template.

    Attributes:
        template: The English sentence with placeholders of `str.format`.
        values: What the placeholders hold; a value may itself be a `Message`.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Message:
        """The English sentence.

        Raises:
            KeyError: A value that the template needs is missing.
        """
        made = super().__new__(cls, template.format(**values))
        made.template, made.values = template, values
        return made

    def __getnewargs_ex__(self) -> tuple[Any, ...]:
        """Copies and pickles are made from the template again."""
        return (self.template,), dict(self.values)
