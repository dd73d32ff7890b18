"""A Look is what a person chose; its query string is the one text form everybody uses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote

from pipelines.gaze import NO_TRIM, Gaze, Trim
from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from presets.schema import Presets, load

DOSES = {
    "B": "blemishes",
    "E": "evenness",
    "U": "under_eye",
    "S": "shadows",
    "G": "contrast",
    "X": "sharpness",
}
KEYS = ("region", "context", "gaze", "polish", "engine", "seed", "doses", "generative", "trim")
MOST_GENERATIVE = 0.4
"""Beyond, a network redraws the skin so freely that it is somebody else's."""
WIDEST_YAW = 40.0
WIDEST_PITCH = 30.0
WIDEST_TRIM = 8.0
"""Degrees; about as far as eyes stand apart that a portrait would show."""
LARGEST_SEED = 2**32 - 1
_LONGEST = 400
_TRIM_PARTS = ("left eye sideways", "left eye up", "right eye sideways", "right eye up")


@dataclass(frozen=True)
class Look:
    """What a person chose for one portrait.

    Attributes:
        region: Id of the audience's gaze norm.
        context: Id of what the portrait is for.
        gaze: None leaves the eyes alone; a float in [0, 1] goes that share of the way to the
            region's gaze; a Gaze is an explicit target in degrees.
        polish: Strength of the context's doses, 0..1. At 0 nothing but the eyes changes.
        engine: Id of the engine that moves the eyes.
        seed: For everything random, 0..2**32 - 1.
        doses: Overrides of single doses, letter -> 0..1, in the order B, E, U, S, G, X. An
            override is taken as it is; `polish` scales only what comes from the context.
        generative: Generative polish: strength with which a hub engine redraws the skin, 0 (off)
            to 0.4. Other engines draw no skin and refuse it.
        trim: What each eye turns beyond what both do, -8..8 degrees.
    """

    region: str = "international"
    context: str = "linkedin"
    gaze: float | Gaze | None = 1.0
    polish: float = 1.0
    engine: str = field(default_factory=lambda: load().default_engine)
    seed: int = 0
    doses: tuple[tuple[str, float], ...] = ()
    generative: float = 0.0
    trim: Trim = NO_TRIM

    @classmethod
    def parse(cls, text: str, presets: Presets | None = None) -> Look:
        """Read a query string such as ``region=japan&context=linkedin&gaze=1&polish=0.8``.

        Missing keys take their defaults.

        Raises:
            LookError: ``unknown-key``, ``unknown-region``, ``unknown-context``,
                ``unknown-engine`` or ``bad-value``; the sentence names the culprit.
        """
        given = _pairs(text)
        presets = presets or load()
        read: dict[str, Any] = {key: _READ[key](value) for key, value in given.items()}
        return cls(**{"engine": presets.default_engine, **read}).checked(presets)

    def checked(self, presets: Presets) -> Look:
        """This look with numbers rounded to what its text form holds.

        Raises:
            LookError: A name is not among the presets, or a value is out of range.
        """
        _known("region", self.region, list(presets.regions))
        _known("context", self.context, list(presets.contexts))
        _known("engine", self.engine, list(presets.engines))
        generative = _within("generative polish", self.generative, 0, MOST_GENERATIVE)
        if generative and presets.engines[self.engine].weights != "hub":
            raise LookError(
                "bad-value",
                Message(
                    "{engine} draws no skin. Take generative out, or choose an engine from the "
                    "hub.",
                    engine=presets.engines[self.engine].label,
                ),
            )
        gaze = self.gaze
        if isinstance(gaze, Gaze):
            gaze = Gaze(
                _within("gaze yaw", gaze.yaw, -WIDEST_YAW, WIDEST_YAW),
                _within("gaze pitch", gaze.pitch, -WIDEST_PITCH, WIDEST_PITCH),
            )
        elif gaze is not None:
            gaze = _within("gaze", gaze, 0, 1)
        return replace(
            self,
            gaze=gaze,
            polish=_within("polish", self.polish, 0, 1),
            seed=int(_within("seed", self.seed, 0, LARGEST_SEED)),
            doses=_ordered(self.doses),
            generative=generative,
            trim=Trim(
                *(
                    _within(
                        Message("trim of the {part}", part=part), angle, -WIDEST_TRIM, WIDEST_TRIM
                    )
                    for part, angle in zip(_TRIM_PARTS, self.trim.angles, strict=True)
                )
            ),
        )

    def __str__(self) -> str:
        """The canonical query string; `Look.parse` gives this look back."""
        parts = {
            "region": self.region,
            "context": self.context,
            "gaze": _gaze_text(self.gaze),
            "polish": _number(self.polish),
            "engine": self.engine,
            "seed": str(self.seed),
        }
        if self.doses:
            parts["doses"] = ",".join(f"{letter}:{_number(dose)}" for letter, dose in self.doses)
        if self.generative:
            parts["generative"] = _number(self.generative)
        if self.trim:
            parts["trim"] = ",".join(_number(angle) for angle in self.trim.angles)
        return "&".join(f"{key}={quote(value, safe=',:')}" for key, value in parts.items())


def _pairs(text: str) -> dict[str, str]:
    if len(text) > _LONGEST:
        raise LookError("bad-value", "This look is far too long to be one; copy the link again.")
    try:
        pairs = parse_qsl(text.strip().lstrip("?"), keep_blank_values=True, strict_parsing=True)
    except ValueError as error:
        if not text.strip():
            return {}
        raise LookError(
            "bad-value",
            Message(
                "We can't read the look {look}. It should read like region=japan&context=linkedin.",
                look=_shown(text),
            ),
        ) from error
    given: dict[str, str] = {}
    for key, value in pairs:
        if key not in KEYS:
            raise LookError(
                "unknown-key",
                Message(
                    "A look has no setting {key}. It has {known}.",
                    key=_shown(key),
                    known=", ".join(KEYS),
                ),
            )
        if key in given:
            raise LookError(
                "bad-value", Message("The look names {key} twice. Keep one of them.", key=key)
            )
        given[key] = value
    return given


def _known(kind: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise LookError(
            f"unknown-{kind}",
            Message(
                "There is no {kind} {name}. Choose one of {known}.",
                kind=kind,
                name=_shown(name),
                known=", ".join(names),
            ),
        )


def _within(name: str, value: float, low: float, high: float) -> float:
    if not math.isfinite(value) or not low <= value <= high:
        raise LookError(
            "bad-value",
            Message(
                "The look's {name} is {value:g}; it goes from {low:g} to {high:g}.",
                name=name,
                value=value,
                low=low,
                high=high,
            ),
        )
    return round(float(value), 3) + 0.0


def _float(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise LookError(
            "bad-value",
            Message("The look's {name} is {text}, not a number.", name=name, text=_shown(text)),
        ) from error


def _read_gaze(text: str) -> float | Gaze | None:
    if text == "none":
        return None
    parts = text.split(",")
    if len(parts) == 1:
        return _float("gaze", text)
    if len(parts) != 2:
        raise LookError(
            "bad-value",
            Message(
                "The look's gaze is {text}; it is none, a strength from 0 to 1, or yaw,pitch.",
                text=_shown(text),
            ),
        )
    return Gaze(_float("gaze yaw", parts[0]), _float("gaze pitch", parts[1]))


def _read_seed(text: str) -> int:
    # str.isdigit alone would let other scripts' digits and endless ones through.
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise LookError(
            "bad-value",
            Message("The look's seed is {text}, not a whole number.", text=_shown(text)),
        )
    return int(text)


def _read_doses(text: str) -> tuple[tuple[str, float], ...]:
    pairs = []
    for part in text.split(","):
        letter, colon, value = part.partition(":")
        if not colon:
            raise LookError(
                "bad-value",
                Message(
                    "The look's doses hold {part}; write them as B:0.3,E:0.", part=_shown(part)
                ),
            )
        pairs.append((letter, _float(Message("dose {letter}", letter=_shown(letter)), value)))
    return tuple(pairs)


def _read_trim(text: str) -> Trim:
    parts = text.split(",")
    if len(parts) != len(_TRIM_PARTS):
        raise LookError(
            "bad-value",
            Message(
                "The look's trim is {text}; it is four numbers, left_yaw,left_pitch,"
                "right_yaw,right_pitch, in degrees.",
                text=_shown(text),
            ),
        )
    return Trim(
        *(
            _float(Message("trim of the {part}", part=part), angle)
            for part, angle in zip(_TRIM_PARTS, parts, strict=True)
        )
    )


def _ordered(doses: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    for letter, _ in doses:
        if letter not in DOSES:
            known = ", ".join(f"{key} ({name})" for key, name in DOSES.items())
            raise LookError(
                "bad-value",
                Message(
                    "There is no dose {letter}. Choose from {known}.",
                    letter=_shown(letter),
                    known=known,
                ),
            )
    if len({letter for letter, _ in doses}) != len(doses):
        raise LookError("bad-value", "The look names one dose twice. Keep one of them.")
    given = dict(doses)
    return tuple(
        (letter, _within(Message("dose {letter}", letter=letter), given[letter], 0, 1))
        for letter in DOSES
        if letter in given
    )


_READ: dict[str, Callable[[str], Any]] = {
    "region": str,
    "context": str,
    "gaze": _read_gaze,
    "polish": lambda text: _float("polish", text),
    "engine": str,
    "seed": _read_seed,
    "doses": _read_doses,
    "generative": lambda text: _float("generative polish", text),
    "trim": _read_trim,
}


def _gaze_text(gaze: float | Gaze | None) -> str:
    if gaze is None:
        return "none"
    if isinstance(gaze, Gaze):
        return f"{_number(gaze.yaw)},{_number(gaze.pitch)}"
    return _number(gaze)


def _number(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}".rstrip("0").rstrip(".")


def _shown(text: str) -> str:
    """A stranger's text, short and printable, in quotes."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"'{clean[:40]}…'" if len(clean) > 40 else f"'{clean}'"
