"""Sentences that carry their template and values, so that the page can translate them.

A `Message` is a str, its English text: it prints, joins and serialises to JSON like any other.
A sentence without values can stay a plain str, because its text is its template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Message(str):
    """A sentence formatted from a template.

    Attributes:
        template: The English sentence with `str.format` placeholders.
        values: Values of the placeholders; a value may itself be a `Message`.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Message:
        """Format the English sentence.

        Raises:
            KeyError: A value that the template needs is missing.
        """
        message = super().__new__(cls, template.format(**values))
        message.template, message.values = template, values
        return message

    def __getnewargs_ex__(self) -> tuple[Any, ...]:
        """Arguments of `__new__` for copy and pickle."""
        return (self.template,), dict(self.values)
