"""Exceptions with a stable code and a sentence that can be shown to people."""

from __future__ import annotations

from typing import Any


class PresenceError(Exception):
    """Base class of all errors that Presence raises on purpose.

    Attributes:
        code: Stable kebab-case identifier, e.g. ``no-face``.
        sentence: One sentence for a person: what is wrong and what to do.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.sentence)


class Refusal(PresenceError):
    """The photo cannot be used."""


class LookError(PresenceError):
    """The look names something that does not exist, or a value out of range."""


class EngineUnavailable(PresenceError):
    """The engine's weights are missing; the sentence says which and how to get them."""


class EngineFailed(PresenceError):
    """The engine started and could not finish; the sentence says why and what to do."""


class ProvenanceError(PresenceError):
    """The configured certificate or key cannot sign."""


class BadInput(PresenceError, ValueError):
    """A pipeline was called with arguments that do not fit together."""


def needs_package(what: str, requirements: str) -> PresenceError:
    """What is said where something is missing that a file of requirements names."""
    return PresenceError("needs-package", f"{what} need packages: pip install -r {requirements}")


class Cancelled(PresenceError):
    """The person stopped the work; raised by a progress or step callback to end it."""

    def __init__(self) -> None:
        super().__init__("cancelled", "Stopped. Nothing was changed.")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()
