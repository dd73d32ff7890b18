"""What the environment says about how the page is served."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_SWITCH = {"": False, "0": False, "1": True}


@dataclass(frozen=True)
class Options:
    """How the page is served.

    Attributes:
        auth: Names and passwords of those who may see the page; None for everybody. Links to
            published comparisons stay open to whoever has one.
        metrics: Whether ``/metrics`` answers.
        log_level: The least level that is logged; requests are logged at `logging.INFO`.
        queue: How many comparisons may wait for their turn.
        forget: Seconds after which the files and the memory of a closed page go.
    """

    auth: tuple[tuple[str, str], ...] | None = None
    metrics: bool = False
    log_level: int = logging.WARNING
    queue: int = 32
    forget: int = 300

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Options:
        """Read ``PRESENCE_AUTH``, ``_METRICS``, ``_LOG``, ``_QUEUE`` and ``_FORGET_AFTER``.

        Raises:
            ValueError: One of them cannot be understood; the text says which, and never repeats a
                password.
        """
        metrics, level = (
            environment.get("PRESENCE_METRICS", ""),
            environment.get("PRESENCE_LOG", ""),
        )
        if metrics not in _SWITCH:
            raise ValueError("PRESENCE_METRICS is neither 0 nor 1.")
        if level and level not in _LEVELS:
            raise ValueError(f"PRESENCE_LOG is none of {', '.join(_LEVELS)}.")
        return cls(
            auth=_auth(environment.get("PRESENCE_AUTH", "")),
            metrics=_SWITCH[metrics],
            log_level=_LEVELS.get(level, logging.WARNING),
            queue=_number(environment, "PRESENCE_QUEUE", cls.queue, 1, 1000),
            forget=_number(environment, "PRESENCE_FORGET_AFTER", cls.forget, 1, 86_400),
        )


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ValueError(f"{name} is no number from {least} to {most}.")
    return int(text)


def _auth(text: str) -> tuple[tuple[str, str], ...] | None:
    if not text:
        return None
    pairs = []
    for entry in text.split(","):
        name, colon, password = entry.partition(":")
        if not (name.strip() and colon and password):
            raise ValueError("PRESENCE_AUTH is not name:password, or several with commas between.")
        pairs.append((name.strip(), password))
    return tuple(pairs)
