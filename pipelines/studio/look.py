"""A Look: what a person chose for a portrait, and its canonical text form, a query string."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl, quote

from pipelines.gaze import NO_TRIM, Gaze, Trim
from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from presets.schema import Backdrop, Engine, Frame, Presets, load

DOSES = {
    "B": "blemishes",
    "E": "evenness",
    "U": "under_eye",
    "S": "shadows",
    "G": "contrast",
    "X": "sharpness",
    "L": "light",
}
KEYS = (
    *("region", "context", "gaze", "polish", "engine", "seed", "doses", "generative", "trim"),
    *("frame", "backdrop", "face", "generate", "expression"),
)
FRAMES = (*get_args(Frame), "context")
BACKDROPS = (*get_args(Backdrop), "context")
GENERATED = ("none", "headshot")
EXPRESSIONS = ("keep", "slight-smile", "relaxed-brows", "context")
MOST_GENERATIVE = 0.4
"""Strength above which a network changes the skin so much that the person is not recognisable."""
WIDEST_YAW = 40.0
WIDEST_PITCH = 30.0
WIDEST_TRIM = 8.0
"""Degrees; about the largest difference between the two eyes of a portrait."""
LARGEST_SEED = 2**32 - 1
MOST_FACES = 99
Which = int | Literal["all"]
_LONGEST_TEXT = 400
_TRIM_PARTS = ("left eye sideways", "left eye up", "right eye sideways", "right eye up")


@dataclass(frozen=True)
class Look:
    """What a person chose for one portrait.

    Attributes:
        region: Id of the audience's gaze norm.
        context: Id of what the portrait is for.
        gaze: None leaves the eyes as they are; a float in [0, 1] is the share of the way to the
            region's gaze; a Gaze is an explicit target in degrees.
        polish: Factor for the context's doses, 0..1. At 0 only the eyes change.
        engine: Id of the engine that moves the eyes.
        seed: Seed for everything random, 0..2**32 - 1.
        doses: Overrides of single doses, letter -> 0..1, in the order B, E, U, S, G, X, L. `polish`
            does not scale overrides, only the context's doses.
        generative: Generative polish: strength with which a hub engine redraws the skin, 0 (off)
            to 0.4. Above 0 it is refused for other engines, which cannot draw skin.
        trim: Angles by which each eye turns further than the common target, -8..8 degrees.
        frame: Shape to crop to, one of `FRAMES`; "context" is what the context suggests. The look's
            picture itself is not cropped, so that faces line up; see `rendering.framed`.
        backdrop: What becomes of the ground behind the person, one of `BACKDROPS`; "context" is
            what the context suggests.
        face: Number of the face, 1 to 99, counted from the left; 0 for the one that was analysed
            (the largest, unless another was asked for), "all" for every face.
        generate: What a hub engine draws anew, one of `GENERATED`: nothing, or for a headshot all
            but the head: clothes, ground and light, as the context suggests them.
        expression: Expression that a hub engine is asked for, one of `EXPRESSIONS`; "context" is
            the one in the context's words.
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
    frame: str = "keep"
    backdrop: str = "keep"
    face: Which = 0
    generate: str = "none"
    expression: str = "keep"

    @classmethod
    def parse(cls, text: str, presets: Presets | None = None) -> Look:
        """Parse a query string such as ``region=japan&context=linkedin&gaze=1&polish=0.8``.

        Missing keys take their defaults.

        Raises:
            LookError: ``unknown-key``, ``unknown-region``, ``unknown-context``,
                ``unknown-engine`` or ``bad-value``; the sentence names the wrong key or value.
        """
        pairs = _split_query(text)
        presets = presets or load()
        values: dict[str, Any] = {key: _PARSERS[key](value) for key, value in pairs.items()}
        return cls(**{"engine": presets.default_engine, **values}).checked(presets)

    def checked(self, presets: Presets) -> Look:
        """Validate the look and round its numbers to the three decimals of its text form.

        Raises:
            LookError: A name is not among the presets, or a value is out of range.
        """
        _require_known("region", self.region, list(presets.regions))
        _require_known("context", self.context, list(presets.contexts))
        _require_known("engine", self.engine, list(presets.engines))
        _require_choice("frame", self.frame, FRAMES)
        _require_choice("backdrop", self.backdrop, BACKDROPS)
        _require_choice("generate", self.generate, GENERATED)
        if self.face != "all":
            _in_range("face", self.face, 0, MOST_FACES)
        generative = _in_range("generative polish", self.generative, 0, MOST_GENERATIVE)
        engine = presets.engines[self.engine]
        _require_choice("expression", self.expression, EXPRESSIONS)
        if generative and not engine.draws_skin:
            raise _unable(
                "{engine} draws no skin. Take generative out, or choose one of {able}.",
                engine,
                [one for one in presets.engines.values() if one.draws_skin],
            )
        if self.expression != "keep" and not engine.draws_expressions:
            raise _unable(
                "{engine} can't change an expression. Choose {able} as the engine; where its files "
                "are not here, {command} fetches them. Or take expression out.",
                engine,
                [one for one in presets.engines.values() if one.draws_expressions],
            )
        if self.generate != "none" and not engine.draws_headshots:
            raise _unable(
                "{engine} can't draw a headshot. Choose {able} as the engine; where its files are "
                "not here, {command} fetches them. Or take generate out.",
                engine,
                [one for one in presets.engines.values() if one.draws_headshots],
            )
        if self.generate != "none" and self.face == "all":
            raise LookError(
                "bad-value",
                "A generated headshot shows one person. Name the number of one face, not all.",
            )
        gaze = self.gaze
        if isinstance(gaze, Gaze):
            gaze = Gaze(
                _in_range("gaze yaw", gaze.yaw, -WIDEST_YAW, WIDEST_YAW),
                _in_range("gaze pitch", gaze.pitch, -WIDEST_PITCH, WIDEST_PITCH),
            )
        elif gaze is not None:
            gaze = _in_range("gaze", gaze, 0, 1)
        return replace(
            self,
            gaze=gaze,
            polish=_in_range("polish", self.polish, 0, 1),
            seed=int(_in_range("seed", self.seed, 0, LARGEST_SEED)),
            doses=_checked_doses(self.doses),
            generative=generative,
            trim=Trim(
                *(
                    _in_range(
                        Message("trim of the {part}", part=part), angle, -WIDEST_TRIM, WIDEST_TRIM
                    )
                    for part, angle in zip(_TRIM_PARTS, self.trim.angles, strict=True)
                )
            ),
        )

    def __str__(self) -> str:
        """The canonical query string; `Look.parse` turns it back into an equal look."""
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
        parts |= {
            key: value
            for key, value in (("frame", self.frame), ("backdrop", self.backdrop))
            if value != "keep"
        }
        if self.face:
            parts["face"] = str(self.face)
        if self.generate != "none":
            parts["generate"] = self.generate
        if self.expression != "keep":
            parts["expression"] = self.expression
        return "&".join(f"{key}={quote(value, safe=',:')}" for key, value in parts.items())


def quoted(text: str) -> str:
    """Untrusted text in quotes, at most 40 characters, unprintable ones replaced."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"'{clean[:40]}…'" if len(clean) > 40 else f"'{clean}'"


def _split_query(text: str) -> dict[str, str]:
    if len(text) > _LONGEST_TEXT:
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
                look=quoted(text),
            ),
        ) from error
    values: dict[str, str] = {}
    for key, value in pairs:
        if key not in KEYS:
            raise LookError(
                "unknown-key",
                Message(
                    "A look has no setting {key}. It has {known}.",
                    key=quoted(key),
                    known=", ".join(KEYS),
                ),
            )
        if key in values:
            raise LookError(
                "bad-value", Message("The look names {key} twice. Keep one of them.", key=key)
            )
        values[key] = value
    return values


def _require_known(kind: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise LookError(
            f"unknown-{kind}",
            Message(
                "There is no {kind} {name}. Choose one of {known}.",
                kind=kind,
                name=quoted(name),
                known=", ".join(names),
            ),
        )


def _require_choice(key: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise LookError(
            "bad-value",
            Message(
                "The look's {key} is {value}; it is one of {known}.",
                key=key,
                value=quoted(value),
                known=", ".join(choices),
            ),
        )


def _unable(template: str, engine: Engine, able: list[Engine]) -> LookError:
    """An error that names the engines which can do what one cannot."""
    command = f"python -m pipelines fetch {able[0].id}" if able else ""
    labels = " or ".join(one.label for one in able)
    return LookError(
        "bad-value", Message(template, engine=engine.label, able=labels, command=command)
    )


def _in_range(name: str, value: float, low: float, high: float) -> float:
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
    # Adding 0.0 turns -0.0 into 0.0.
    return round(float(value), 3) + 0.0


def _parse_float(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise LookError(
            "bad-value",
            Message("The look's {name} is {text}, not a number.", name=name, text=quoted(text)),
        ) from error


def _parse_gaze(text: str) -> float | Gaze | None:
    if text == "none":
        return None
    parts = text.split(",")
    if len(parts) == 1:
        return _parse_float("gaze", text)
    if len(parts) != 2:
        raise LookError(
            "bad-value",
            Message(
                "The look's gaze is {text}; it is none, a strength from 0 to 1, or yaw,pitch.",
                text=quoted(text),
            ),
        )
    return Gaze(_parse_float("gaze yaw", parts[0]), _parse_float("gaze pitch", parts[1]))


def _parse_seed(text: str) -> int:
    # str.isdigit alone accepts digits of other scripts, and numbers of any length.
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise LookError(
            "bad-value",
            Message("The look's seed is {text}, not a whole number.", text=quoted(text)),
        )
    return int(text)


def _parse_face(text: str) -> Which:
    if text == "all":
        return "all"
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 2):
        raise LookError(
            "bad-value",
            Message(
                "The look's face is {text}; it is a number, counted from the left, or all.",
                text=quoted(text),
            ),
        )
    return int(text)


def _parse_doses(text: str) -> tuple[tuple[str, float], ...]:
    pairs = []
    for part in text.split(","):
        letter, colon, value = part.partition(":")
        if not colon:
            raise LookError(
                "bad-value",
                Message(
                    "The look's doses hold {part}; write them as B:0.3,E:0.", part=quoted(part)
                ),
            )
        name = Message("dose {letter}", letter=quoted(letter))
        pairs.append((letter, _parse_float(name, value)))
    return tuple(pairs)


def _parse_trim(text: str) -> Trim:
    parts = text.split(",")
    if len(parts) != len(_TRIM_PARTS):
        raise LookError(
            "bad-value",
            Message(
                "The look's trim is {text}; it is four numbers, left_yaw,left_pitch,"
                "right_yaw,right_pitch, in degrees.",
                text=quoted(text),
            ),
        )
    return Trim(
        *(
            _parse_float(Message("trim of the {part}", part=part), angle)
            for part, angle in zip(_TRIM_PARTS, parts, strict=True)
        )
    )


def _checked_doses(doses: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    """The doses in the order of `DOSES`, validated and rounded."""
    for letter, _ in doses:
        if letter not in DOSES:
            known = ", ".join(f"{key} ({name})" for key, name in DOSES.items())
            raise LookError(
                "bad-value",
                Message(
                    "There is no dose {letter}. Choose from {known}.",
                    letter=quoted(letter),
                    known=known,
                ),
            )
    if len({letter for letter, _ in doses}) != len(doses):
        raise LookError("bad-value", "The look names one dose twice. Keep one of them.")
    values = dict(doses)
    return tuple(
        (letter, _in_range(Message("dose {letter}", letter=letter), values[letter], 0, 1))
        for letter in DOSES
        if letter in values
    )


_PARSERS: dict[str, Callable[[str], Any]] = {
    "region": str,
    "context": str,
    "gaze": _parse_gaze,
    "polish": lambda text: _parse_float("polish", text),
    "engine": str,
    "seed": _parse_seed,
    "doses": _parse_doses,
    "generative": lambda text: _parse_float("generative polish", text),
    "trim": _parse_trim,
    "frame": str,
    "backdrop": str,
    "face": _parse_face,
    "generate": str,
    "expression": str,
}


def _gaze_text(gaze: float | Gaze | None) -> str:
    if gaze is None:
        return "none"
    if isinstance(gaze, Gaze):
        return f"{_number(gaze.yaw)},{_number(gaze.pitch)}"
    return _number(gaze)


def _number(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}".rstrip("0").rstrip(".")
