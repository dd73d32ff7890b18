"""One side of an explore grid: which setting varies, and over which values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio.look import LARGEST_SEED, WIDEST_PITCH, WIDEST_YAW
from presets.schema import Presets, load

Along = Literal["nothing", "region", "context", "yaw", "pitch", "polish", "engine", "seed"]
Value = str | float

ALONG: tuple[Along, ...] = get_args(Along)
NAMED: tuple[Along, ...] = ("region", "context", "engine")
"""Settings whose values are names of presets; those of the others are numbers."""
MOST_VALUES = 48

# Of numbers: least, most, the step of a range that names none, and what is tried unasked.
_NUMBERS: dict[Along, tuple[float, float, float, str]] = {
    "yaw": (-WIDEST_YAW, WIDEST_YAW, 5, "-15..15 step 5"),
    "pitch": (-WIDEST_PITCH, WIDEST_PITCH, 5, "-10..10 step 5"),
    "polish": (0, 1, 0.25, "0, 0.5, 1"),
    "seed": (0, LARGEST_SEED, 1, "0..3"),
}
# Names that are tried unasked: a handful.
_HANDFUL = 4
_WORDS = {
    "region": "regions",
    "context": "contexts",
    "yaw": "gaze yaw",
    "pitch": "gaze pitch",
    "polish": "polish",
    "engine": "engine",
    "seed": "seed",
}


@dataclass(frozen=True)
class Axis:
    """One side.

    Attributes:
        along: The setting that varies; "nothing" is a single row or column.
        values: Ids of presets, or numbers: degrees, 0..1, or whole seeds.
    """

    along: Along
    values: tuple[Value, ...]


NOTHING = Axis("nothing", ("",))


def parse(text: str, presets: Presets | None = None) -> Axis:
    """Read a side as the command line writes it: ``regions``, ``polish=0,0.5,1``, ``yaw=-9..9``.

    Raises:
        LookError: ``unknown-side``, or as `read`.
    """
    name, equals, values = text.strip().partition("=")
    along = _along(name.strip())
    presets = presets or load()
    return read(along, values if equals else usual(along, presets), presets)


def read(along: Along, text: str, presets: Presets | None = None) -> Axis:
    """Read the values of a side: a list with commas, or a range ``-10..10 step 5``.

    Raises:
        LookError: ``bad-values`` or ``unknown-value``; the sentence names the culprit.
    """
    if along == "nothing":
        return NOTHING
    if along in NAMED:
        return choose(along, (part.strip() for part in text.split(",")), presets)
    parts = [part.strip().replace("−", "-") for part in text.split(",") if part.strip()]
    numbers = [number for part in parts for number in _numbers(along, part)]
    return _axis(along, numbers)


def choose(along: Along, names: Iterable[str], presets: Presets | None = None) -> Axis:
    """A side of named values, such as regions.

    Raises:
        LookError: ``unknown-value`` or ``bad-values``.
    """
    known = _known(along, presets or load())
    chosen = [name for name in names if name]
    for name in chosen:
        if name not in known:
            raise LookError(
                "unknown-value",
                Message(
                    "There is no {kind} {name}. Choose one of {names}.",
                    kind=along,
                    name=_shown(name),
                    names=", ".join(known),
                ),
            )
    return _axis(along, chosen)


def usual(along: Along, presets: Presets | None = None) -> str:
    """Values worth trying, in the form that `read` takes; of presets a handful that differ."""
    if along == "nothing":
        return ""
    if along in _NUMBERS:
        return _NUMBERS[along][3]
    presets = presets or load()
    if along == "region":
        gazes = {one.id: one.gaze for one in presets.regions.values() if one.gaze is not None}
        return ",".join(_spread(gazes, _HANDFUL))
    if along == "context":
        contexts = [one for one in presets.contexts.values() if not one.untouched]
        doses = {one.id: tuple(one.doses.model_dump().values()) for one in contexts}
        return ",".join(_spread(doses, _HANDFUL))
    return ",".join(presets.engines)


def heading(axis: Axis, value: Value, presets: Presets | None = None) -> str:
    """What stands over a column or before a row: ``Japan``, ``Yaw −10°``, ``Polish 0.5``."""
    presets = presets or load()
    if axis.along == "region":
        return presets.regions[str(value)].label
    if axis.along == "context":
        return presets.contexts[str(value)].label
    if axis.along == "engine":
        return presets.engines[str(value)].label
    if axis.along == "nothing":
        return ""
    degrees = "°" if axis.along in ("yaw", "pitch") else ""
    return f"{axis.along.capitalize()} {number(value)}{degrees}"


def number(value: Value) -> str:
    """A value with a true minus, without needless zeros."""
    return f"{value:g}".replace("-", "−") if isinstance(value, float) else str(value)


def _along(name: str) -> Along:
    wanted = name.casefold()
    for along in ALONG:
        if wanted in (along, f"{along}s"):
            return along
    raise LookError(
        "unknown-side",
        Message(
            "A side of the grid can't vary {name}. Choose one of {names}.",
            name=_shown(name),
            names=", ".join(ALONG),
        ),
    )


def _spread(asks: Mapping[str, Sequence[float]], count: int) -> list[str]:
    """The first preset, then again and again the one that differs most from those taken."""
    names = list(asks)
    taken = names[:1]

    def apart(name: str) -> float:
        return min(math.dist(asks[name], asks[other]) for other in taken)

    while len(taken) < count and (most := max(names, key=apart)) and apart(most) > 0:
        taken.append(most)
    return sorted(taken, key=names.index)


def _known(along: Along, presets: Presets) -> list[str]:
    named = {"region": presets.regions, "context": presets.contexts, "engine": presets.engines}
    return list(named[along])


def _axis(along: Along, values: Sequence[Value]) -> Axis:
    if not values:
        raise LookError(
            "bad-values", Message("Name at least one value for {side}.", side=_WORDS[along])
        )
    unique = tuple(dict.fromkeys(values))
    if len(unique) > MOST_VALUES:
        raise _too_many(along)
    return Axis(along, unique)


def _numbers(along: Along, text: str) -> list[float]:
    least, most, usual_step, _ = _NUMBERS[along]

    def one(part: str) -> float:
        return _number(along, part, least, most)

    if ".." not in text:
        return [one(text)]
    first, _, rest = text.partition("..")
    last, named, step = re.sub(r"\s+", " ", rest).partition(" step ")
    return _range(along, one(first), one(last), _step(along, step) if named else usual_step)


def _range(along: Along, first: float, last: float, step: float) -> list[float]:
    count = math.floor(abs(last - first) / step + 1e-9) + 1
    if count > MOST_VALUES:
        raise _too_many(along)
    step = math.copysign(step, last - first)
    return [round(first + index * step, 3) + 0.0 for index in range(count)]


def _number(along: Along, text: str, least: float, most: float) -> float:
    value = _float(along, text)
    if not least <= value <= most:
        raise LookError(
            "bad-values",
            Message(
                "{text} is out of range for {side}; it goes from {least} to {most}.",
                text=_shown(text.strip()),
                side=_WORDS[along],
                least=number(float(least)),
                most=f"{most:.10g}",
            ),
        )
    if along == "seed" and value != int(value):
        raise LookError(
            "bad-values",
            Message("A seed is a whole number, not {text}.", text=_shown(text.strip())),
        )
    return round(value, 3) + 0.0


def _step(along: Along, text: str) -> float:
    value = _float(along, text)
    least = 1 if along == "seed" else 0.001
    if value < least or (along == "seed" and value != int(value)):
        raise LookError(
            "bad-values",
            Message(
                "The step for {side} is {text}; {least:g} at the least.",
                side=_WORDS[along],
                text=_shown(text),
                least=least,
            ),
        )
    return value


def _float(along: Along, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    raise LookError(
        "bad-values",
        Message(
            "We can't read {text} for {side}. Write a list such as 0, 0.5, 1 or a range such as "
            "-10..10 step 5.",
            text=_shown(text.strip()),
            side=_WORDS[along],
        ),
    )


def _too_many(along: Along) -> LookError:
    return LookError(
        "bad-values",
        Message(
            "That is more values for {side} than fit in a grid; {most} at most.",
            side=_WORDS[along],
            most=MOST_VALUES,
        ),
    )


def _shown(text: str) -> str:
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"'{clean[:40]}…'" if len(clean) > 40 else f"'{clean}'"
