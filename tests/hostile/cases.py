"""What a case of the corpus is: a name, how its input is made, and what has to come of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
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


@dataclass(frozen=True)
class Trial:
    """A case that can be tried by itself.

    Attributes:
        name: What it is, in a few words.
        expected: What may come of it: `RESULT`, codes of refusals, statuses, whatever is usual in
            its family.
        run: Tries it; what came of it, in the same words, or a sentence that says what is wrong.
    """

    name: str
    expected: tuple[str, ...]
    run: Callable[[], str]


@dataclass(frozen=True)
class Trials:
    """A family, ready to be tried.

    Attributes:
        each: Its trials, in order.
        process: The process whose memory counts; this one, unless there is a server.
    """

    each: Iterable[Trial]
    process: int = field(default_factory=os.getpid)


@contextmanager
def tried(cases: Iterable[Case], use: Callable[[bytes], str]) -> Iterator[Trials]:
    """Trials of cases that are bytes; `use` says what came of them."""
    yield Trials([Trial(one.name, one.expected, partial(_used, one, use)) for one in cases])


def _used(one: Case, use: Callable[[bytes], str]) -> str:
    return use(one.make())
