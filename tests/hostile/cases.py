"""What a case of the corpus is: a name, how its input is made, and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Family = Literal["files", "pictures", "requests", "sequences"]

RESULT = "result"
"""The input is used; anything else that a case expects is the code of a refusal."""


@dataclass(frozen=True)
class Case:
    """One input that somebody may send.

    Attributes:
        name: What it is, in a few words.
        make: Makes the bytes.
        expected: `RESULT`, or the codes of the refusals that are right.
    """

    name: str
    make: Callable[[], bytes]
    expected: tuple[str, ...]


def case(name: str, make: Callable[[], bytes], *expected: str) -> Case:
    """Shorthand; no expectation means `RESULT`."""
    return Case(name, make, expected or (RESULT,))
