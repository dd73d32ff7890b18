"""The report as one HTML file that asks the network for nothing."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.audit.rules import Rule
from pipelines.audit.sources import Source
from pipelines.audit.summary import WORDS, Statistics, Values
from pipelines.gaze import CONTACT_DEG, SOFT_DEG
from pipelines.measure import artificial
from pipelines.measure.naturalness import OVER_POLISHED_BELOW
from pipelines.measure.quality import LABELS, UNITS
from pipelines.runtime.errors import PresenceError

Point = tuple[float, float, float, str, str]

MAX_LISTED = 200
"""Files that a list on the page shows at most; the rest is in the table."""
_THUMBNAIL_PX = 96
_MAX_POINTS = 4000
_RIM_DEG = 20.0
# The reasons for a refusal without the numbers of the single picture.
_REASONS = {
    "no-face": "No face was found",
    "face-too-small": "The face is too small",
    "head-turned": "The head is turned too far",
    "eyes-shut": "The eyes are shut",
    "eyes-hidden": "The eyes are hidden",
    "empty": "The file is empty",
    "not-an-image": "The file is no picture",
    "truncated": "The picture is damaged or cut off",
    "too-large": "The picture is too large",
    "too-small": "The picture is too small",
}


@dataclass
class FileList:
    """Files with a note each: how many there are, and those that are shown."""

    total: int = 0
    notes: dict[str, str] = field(default_factory=dict)

    def add(self, files: Iterable[tuple[str, str]]) -> None:
        """Count files, and keep the first of them."""
        for file, note in files:
            self.total += 1
            if len(self.notes) < MAX_LISTED:
                self.notes[file] = note


@dataclass
class Shown:
    """What the page shows of single pictures, gathered table by table.

    Attributes:
        rule: What to keep.
        lists: Over-polished, unusual, kept, dropped and unusable pictures.
        reasons: How often which refusal occurs.
        groups: The files of each group of near-duplicates, the best first.
    """

    rule: Rule | None
    lists: dict[str, FileList] = field(
        default_factory=lambda: {
            name: FileList() for name in ("over_polished", "unusual", "kept", "dropped", "unusable")
        }
    )
    reasons: Counter[str] = field(default_factory=Counter)
    groups: list[list[str]] = field(default_factory=list)
    _points: list[Point] = field(default_factory=list)
    _step: int = 1
    _seen: int = 0

    def add(self, table: pd.DataFrame) -> None:
        """Take the pictures of a table."""
        measured = table["status"] == "measured"
        rows, refused = table[measured], table[~measured]
        flat = rows[rows["over_polished"] == 1]
        kept, dropped = rows[rows["keep"] == 1], rows[rows["keep"] == 0]
        self.lists["over_polished"].add(
            (file, f"{detail} of usual") for file, detail in _pairs(flat, "skin_detail")
        )
        signs = rows[rows["unusual"].notna()]
        self.lists["unusual"].add((f, _sign_labels(names)) for f, names in _pairs(signs, "unusual"))
        self.lists["kept"].add((file, "") for file in kept["file"])
        if self.rule is not None:
            self.lists["dropped"].add(_dropped(dropped, self.rule))
        self.lists["unusable"].add(_pairs(refused, "sentence"))
        self.reasons.update(
            _REASONS.get(code, sentence)
            for code, sentence in refused[["code", "sentence"]].itertuples(index=False)
        )
        for point in _gaze_points(rows):
            if self._seen % self._step == 0:
                self._points.append(point)
            self._seen += 1
        while len(self._points) > _MAX_POINTS:
            self._points, self._step = self._points[::2], 2 * self._step

    @property
    def points(self) -> list[Point]:
        """Points of the scatter plot; of more than 4000 pictures an even choice."""
        return self._points


def html(
    report: dict[str, Any], counted: Statistics, shown: Shown, source: Source | None = None
) -> str:
    """The page of an audit.

    Args:
        report: From `summary.report`.
        counted: What the report was made of.
        shown: What is shown of single pictures.
        source: Where the pictures are, if small ones are to be shown beside their names.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = templates.get_template("report.html")
    return template.render(**report, **_content(report, counted, shown, source)) + "\n"


def _content(
    report: dict[str, Any], counted: Statistics, shown: Shown, source: Source | None
) -> dict[str, Any]:
    """What the template needs besides the report."""
    pictures = {}
    if source is not None:
        listed = [shown.lists[name].notes for name in ("over_polished", "unusual")]
        listed += [shown.lists[name].notes for name in ("kept", "dropped")]
        groups = [group[:MAX_LISTED] for group in shown.groups[:MAX_LISTED]]
        pictures = {file: _thumbnail(source, file) for file in {*chain(*listed, *groups)}}
    return {
        **shown.lists,
        "rule": None if shown.rule is None else shown.rule.text,
        "duplicates": shown.groups,
        "reasons": shown.reasons.most_common(),
        "most": MAX_LISTED,
        "contact_deg": CONTACT_DEG,
        "words": dict(zip(WORDS, ("Eye contact", "Soft", "Averted"), strict=True)),
        "quality_labels": LABELS,
        "units": UNITS,
        "sign_labels": artificial.LABELS,
        "usual": artificial.USUAL,
        "points": shown.points,
        **_histograms(counted.values, report),
        "pictures": pictures,
    }


def _pairs(rows: pd.DataFrame, column: str) -> Iterator[tuple[str, Any]]:
    return zip(rows["file"], rows[column], strict=True)


def _sign_labels(names: str) -> str:
    return ", ".join(artificial.LABELS[name].lower() for name in names.split())


def _dropped(rows: pd.DataFrame, rule: Rule) -> Iterator[tuple[str, str]]:
    """The files that the rule drops, with the values that it read."""
    for file, row in zip(rows["file"], rows[list(rule.names)].to_dict("records"), strict=True):
        values = (f"{name} {'–' if value is None else value}" for name, value in row.items())
        yield file, ", ".join(values)


def _gaze_points(rows: pd.DataFrame) -> Iterator[Point]:
    """Yaw and pitch at most 20° off the lens, angle, word, file."""
    yaw, pitch = (rows[name].to_numpy(float) for name in ("gaze_yaw", "gaze_pitch"))
    angle = np.hypot(yaw, pitch)
    shrink = np.minimum(1.0, _RIM_DEG / np.maximum(angle, 1e-9))
    return zip(yaw * shrink, pitch * shrink, angle, rows["gaze_word"], rows["file"], strict=True)


def _histograms(values: dict[str, Values], report: dict[str, Any]) -> dict[str, Any]:
    degrees = (0.0, CONTACT_DEG, SOFT_DEG, 10.0)
    head_edges = np.arange(-40, 41, 4)
    head_ticks = [(-40, "−40°"), (-20, "−20°"), (0, "0"), (20, "20°"), (40, "40°")]
    heads = {
        "Yaw": "Above 0: to the picture's right.",
        "Pitch": "Above 0: up.",
        "Roll": "Above 0: clockwise.",
    }
    classes = report["skin_tone"]["classes"]
    flat, detail = np.log10(OVER_POLISHED_BELOW), values["skin_detail"]
    return {
        "gaze_histogram": _histogram(
            _weighted(values["gaze"]),
            # The first bars end where the words change.
            [0.0, 1.3, CONTACT_DEG, 3.8, *np.arange(SOFT_DEG, 20.1, 1.25)],
            [*((degree, f"{degree:g}°") for degree in degrees), (20.0, "20°+")],
            [(CONTACT_DEG, "contact"), (SOFT_DEG, "soft"), (99.0, "averted")],
        ),
        "heads": [
            (
                axis,
                note,
                _histogram(_weighted(values[f"head_{axis.lower()}"]), head_edges, head_ticks),
            )
            for axis, note in heads.items()
        ],
        "tone_histogram": _histogram(
            (np.arange(len(classes)), list(classes.values())),
            np.arange(len(classes) + 1) - 0.5,
            list(enumerate(classes)),
        ),
        "detail_histogram": _histogram(
            (np.log10(np.maximum(detail.values, 1e-3)), detail.counts),
            # Bars begin at the verdict's border, so that none holds both verdicts.
            [flat + 0.125 * step for step in range(-9, 14)],
            [(np.log10(value), f"{value:g}") for value in (0.1, 0.3, 1, 3, 10)],
            [(flat, "flat")],
        ),
    }


def _weighted(values: Values) -> tuple[Any, Any]:
    return values.values, values.counts


def _histogram(
    weighted: tuple[Any, Any],
    edges: Any,
    ticks: Sequence[tuple[float, str]],
    shades: Sequence[tuple[float, str]] = (),
) -> dict[str, Any]:
    """Bars and ticks of a histogram; values beyond the edges count in the outermost bars.

    Args:
        weighted: The different numbers that are counted, and how often each occurs.
        edges: Ascending edges of the bars, which are drawn equally wide.
        ticks: (value, text) below the axis.
        shades: (value, class): bars that begin below the value get the class, first match wins.

    Returns:
        ``bars``: (from, to, count, class); ``ticks``: (position in bars, text).
    """
    values, weights = (np.asarray(part) for part in weighted)
    inside = np.clip(values.astype(float), edges[0], np.nextafter(edges[-1], edges[0]))
    counts, _ = np.histogram(inside, edges, weights=weights.astype(np.int64))
    kinds = [next((kind for end, kind in shades if low < end - 1e-9), "") for low in edges[:-1]]
    return {
        "bars": list(zip(edges[:-1], edges[1:], counts, kinds, strict=True)),
        "ticks": [(np.interp(value, edges, np.arange(len(edges))), text) for value, text in ticks],
    }


def _thumbnail(source: Source, file: str) -> str:
    from PIL import Image as Pillow

    from pipelines.image import loading

    try:
        small = Pillow.fromarray(loading.load(source.read(file)).original_u8)
    except PresenceError:  # gone since it was measured
        return ""
    small.thumbnail((2 * _THUMBNAIL_PX, _THUMBNAIL_PX))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
