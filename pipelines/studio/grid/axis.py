"""The axes of an explore grid: which setting varies, and over which values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio.look import LARGEST_SEED, WIDEST_PITCH, WIDEST_YAW, quoted
from presets.schema import Presets, load

Along = Literal["nothing", "region", "context", "yaw", "pitch", "polish", "engine", "seed"]
Value = str | float

ALONG: tuple[Along, ...] = get_args(Along)
NAMED: tuple[Along, ...] = ("region", "context", "engine")
"""Settings whose values are ids of presets; the others have numbers."""
MOST_VALUES = 48

# Settings with numbers: minimum, maximum, default step of a range, default values.
_NUMBERS: dict[Along, tuple[float, float, float, str]] = {
    "yaw": (-WIDEST_YAW, WIDEST_YAW, 5, "-15..15 step 5"),
    "pitch": (-WIDEST_PITCH, WIDEST_PITCH, 5, "-10..10 step 5"),
    "polish": (0, 1, 0.25, "0, 0.5, 1"),
    "seed": (0, LARGEST_SEED, 1, "0..3"),
}
# Default number of regions and of contexts.
_DEFAULT_COUNT = 4
# Names of the settings in sentences.
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
    """One axis of a grid.

    Attributes:
        along: The setting that varies; "nothing" for a single row or column.
        values: Ids of presets, or numbers: degrees, 0..1, or whole seeds.
    """

    along: Along
    values: tuple[Value, ...]


NOTHING = Axis("nothing", ("",))


def parse(text: str, presets: Presets | None = None) -> Axis:
    """Parse an axis of the command line: ``regions``, ``polish=0,0.5,1``, ``yaw=-9..9``.

    Raises:
        LookError: ``unknown-side``, or as `read`.
    """
    name, equals, values = text.strip().partition("=")
    along = _parse_along(name.strip())
    presets = presets or load()
    return read(along, values if equals else default_values(along, presets), presets)


def read(along: Along, text: str, presets: Presets | None = None) -> Axis:
    """Parse the values of an axis: a list with commas, or a range ``-10..10 step 5``.

    Raises:
        LookError: ``bad-values`` or ``unknown-value``; the sentence names the wrong value.
    """
    if along == "nothing":
        return NOTHING
    if along in NAMED:
        return choose(along, (part.strip() for part in text.split(",")), presets)
    parts = [part.strip().replace("−", "-") for part in text.split(",") if part.strip()]
    numbers = [number for part in parts for number in _parse_numbers(along, part)]
    return _axis(along, numbers)


def choose(along: Along, names: Iterable[str], presets: Presets | None = None) -> Axis:
    """Build an axis of preset ids, such as regions.

    Raises:
        LookError: ``unknown-value`` or ``bad-values``.
    """
    presets = presets or load()
    known = {"region": presets.regions, "context": presets.contexts, "engine": presets.engines}[
        along
    ]
    chosen = [name for name in names if name]
    for name in chosen:
        if name not in known:
            raise LookError(
                "unknown-value",
                Message(
                    "There is no {kind} {name}. Choose one of {names}.",
                    kind=along,
                    name=quoted(name),
                    names=", ".join(known),
                ),
            )
    return _axis(along, chosen)


def default_values(along: Along, presets: Presets | None = None) -> str:
    """Default values of an axis, as `read` takes them; of regions and contexts four that differ."""
    if along == "nothing":
        return ""
    if along in _NUMBERS:
        return _NUMBERS[along][3]
    presets = presets or load()
    if along == "region":
        gazes = {
            region.id: region.gaze for region in presets.regions.values() if region.gaze is not None
        }
        return ",".join(_farthest_points(gazes, _DEFAULT_COUNT))
    if along == "context":
        doses = {
            context.id: tuple(context.doses.model_dump().values())
            for context in presets.contexts.values()
            if not context.untouched
        }
        return ",".join(_farthest_points(doses, _DEFAULT_COUNT))
    return ",".join(presets.engines)


def heading(axis: Axis, value: Value, presets: Presets | None = None) -> str:
    """Heading of a column or row: ``Japan``, ``Yaw −10°``, ``Polish 0.5``."""
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
    """Format a value with a minus sign (U+2212) and without trailing zeros."""
    return f"{value:g}".replace("-", "−") if isinstance(value, float) else str(value)


def _parse_along(name: str) -> Along:
    folded = name.casefold()
    for along in ALONG:
        if folded in (along, f"{along}s"):
            return along
    raise LookError(
        "unknown-side",
        Message(
            "A side of the grid can't vary {name}. Choose one of {names}.",
            name=quoted(name),
            names=", ".join(ALONG),
        ),
    )


def _farthest_points(points: Mapping[str, Sequence[float]], count: int) -> list[str]:
    """Choose ids of points by farthest-point sampling, from the first; duplicates are left out."""
    names = list(points)
    chosen = names[:1]

    def distance(name: str) -> float:
        return min(math.dist(points[name], points[other]) for other in chosen)

    while len(chosen) < count:
        farthest = max(names, key=distance)
        if distance(farthest) == 0:
            break
        chosen.append(farthest)
    return sorted(chosen, key=names.index)


def _axis(along: Along, values: Sequence[Value]) -> Axis:
    if not values:
        raise LookError(
            "bad-values", Message("Name at least one value for {side}.", side=_WORDS[along])
        )
    unique = tuple(dict.fromkeys(values))
    if len(unique) > MOST_VALUES:
        raise _too_many(along)
    return Axis(along, unique)


def _parse_numbers(along: Along, text: str) -> list[float]:
    """The numbers of a single number or of a range."""
    if ".." not in text:
        return [_parse_number(along, text)]
    start, _, rest = text.partition("..")
    end, has_step, step = re.sub(r"\s+", " ", rest).partition(" step ")
    first, last = _parse_number(along, start), _parse_number(along, end)
    return _range(along, first, last, _parse_step(along, step) if has_step else _NUMBERS[along][2])


def _range(along: Along, first: float, last: float, step: float) -> list[float]:
    count = math.floor(abs(last - first) / step + 1e-9) + 1
    if count > MOST_VALUES:
        raise _too_many(along)
    step = math.copysign(step, last - first)
    return [round(first + index * step, 3) + 0.0 for index in range(count)]


def _parse_number(along: Along, text: str) -> float:
    value = _parse_float(along, text)
    least, most, *_ = _NUMBERS[along]
    if not least <= value <= most:
        raise LookError(
            "bad-values",
            Message(
                "{text} is out of range for {side}; it goes from {least} to {most}.",
                text=quoted(text.strip()),
                side=_WORDS[along],
                least=number(float(least)),
                most=f"{most:.10g}",
            ),
        )
    if along == "seed" and value != int(value):
        raise LookError(
            "bad-values",
            Message("A seed is a whole number, not {text}.", text=quoted(text.strip())),
        )
    return round(value, 3) + 0.0


def _parse_step(along: Along, text: str) -> float:
    value = _parse_float(along, text)
    least = 1 if along == "seed" else 0.001
    if value < least or (along == "seed" and value != int(value)):
        raise LookError(
            "bad-values",
            Message(
                "The step for {side} is {text}; {least:g} at the least.",
                side=_WORDS[along],
                text=quoted(text),
                least=least,
            ),
        )
    return value


def _parse_float(along: Along, text: str) -> float:
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
            text=quoted(text.strip()),
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
