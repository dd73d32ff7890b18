"""The report as one HTML file that asks the network for nothing."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.audit import summary
from pipelines.audit.summary import WORDS, Audit
from pipelines.gaze import CONTACT_DEG, SOFT_DEG
from pipelines.measure import artificial
from pipelines.measure.naturalness import OVER_POLISHED_BELOW
from pipelines.measure.quality import LABELS, UNITS

# Files that a list on the page shows at most; the rest is in the table.
_MAX_LISTED = 200
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


def html(audit: Audit, report: dict[str, Any], folder: Path | None = None) -> str:
    """The page of an audit.

    Args:
        audit: A finished audit.
        report: Its `summary.report`.
        folder: Where the pictures lie, if small ones are to be shown beside their names.
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
    return template.render(**report, **_content(audit, report, folder)) + "\n"


def _content(audit: Audit, report: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """What the template needs besides the report; lists of files map each file to a note."""
    rows = audit.measured
    over_polished = rows[rows["over_polished"] == 1].set_index("file")["skin_detail"]
    unusual = rows.set_index("file")["unusual"].dropna()
    lists = {
        "over_polished": {file: f"{detail} of usual" for file, detail in over_polished.items()},
        "unusual": {file: _sign_labels(names) for file, names in unusual.items()},
        "kept": dict.fromkeys(report["keep"]["keep"] if audit.rule else (), ""),
        "dropped": _dropped(audit),
    }
    pictures = {}
    if folder is not None:
        shown = [list(files)[:_MAX_LISTED] for files in lists.values()]
        shown += report["duplicates"][:_MAX_LISTED]
        pictures = {file: _thumbnail(folder / file) for file in set(chain(*shown))}
    reasons = (_REASONS.get(row["code"], row["sentence"]) for row in report["refused"])
    return {
        **lists,
        "unusable": {row["file"]: row["sentence"] for row in report["refused"]},
        "reasons": Counter(reasons).most_common(),
        "most": _MAX_LISTED,
        "contact_deg": CONTACT_DEG,
        "words": dict(zip(WORDS, ("Eye contact", "Soft", "Averted"), strict=True)),
        "quality_labels": LABELS,
        "units": UNITS,
        "sign_labels": artificial.LABELS,
        "usual": artificial.USUAL,
        "points": _gaze_points(rows),
        **_histograms(rows, report),
        "pictures": pictures,
    }


def _sign_labels(names: str) -> str:
    return ", ".join(artificial.LABELS[name].lower() for name in names.split())


def _dropped(audit: Audit) -> dict[str, str]:
    """The files that the rule drops, with the values that it read."""
    if audit.rule is None:
        return {}
    rows = audit.measured[audit.measured["keep"] == 0].set_index("file")[list(audit.rule.names)]
    return {
        file: ", ".join(f"{name} {'–' if value is None else value}" for name, value in row.items())
        for file, row in rows.to_dict("index").items()
    }


def _gaze_points(rows: pd.DataFrame) -> list[tuple[float, float, float, str, str]]:
    """Points of the scatter plot: yaw and pitch at most 20° off the lens, angle, word, file.

    Of more than 4000 pictures an even choice is drawn.
    """
    rows = rows[:: max(1, -(-len(rows) // _MAX_POINTS))]
    yaw, pitch = (rows[name].to_numpy(float) for name in ("gaze_yaw", "gaze_pitch"))
    angle = np.hypot(yaw, pitch)
    shrink = np.minimum(1.0, _RIM_DEG / np.maximum(angle, 1e-9))
    columns = (yaw * shrink, pitch * shrink, angle, rows["gaze_word"], rows["file"])
    return list(zip(*columns, strict=True))


def _histograms(rows: pd.DataFrame, report: dict[str, Any]) -> dict[str, Any]:
    values = summary.numbers(rows)
    degrees = (0.0, CONTACT_DEG, SOFT_DEG, 10.0)
    head_edges = np.arange(-40, 41, 4)
    head_ticks = [(-40, "−40°"), (-20, "−20°"), (0, "0"), (20, "20°"), (40, "40°")]
    heads = {
        "Yaw": "Above 0: to the picture's right.",
        "Pitch": "Above 0: up.",
        "Roll": "Above 0: clockwise.",
    }
    classes = report["skin_tone"]["classes"]
    flat = np.log10(OVER_POLISHED_BELOW)
    return {
        "gaze_histogram": _histogram(
            values["gaze"],
            # The first bars end where the words change.
            [0.0, 1.3, CONTACT_DEG, 3.8, *np.arange(SOFT_DEG, 20.1, 1.25)],
            [*((degree, f"{degree:g}°") for degree in degrees), (20.0, "20°+")],
            [(CONTACT_DEG, "contact"), (SOFT_DEG, "soft"), (99.0, "averted")],
        ),
        "heads": [
            (axis, note, _histogram(values[f"head_{axis.lower()}"], head_edges, head_ticks))
            for axis, note in heads.items()
        ],
        "tone_histogram": _histogram(
            np.repeat(np.arange(len(classes)), list(classes.values())),
            np.arange(len(classes) + 1) - 0.5,
            list(enumerate(classes)),
        ),
        "detail_histogram": _histogram(
            np.log10(values["skin_detail"].dropna().clip(lower=1e-3)),
            # Bars begin at the verdict's border, so that none holds both verdicts.
            [flat + 0.125 * step for step in range(-9, 14)],
            [(np.log10(value), f"{value:g}") for value in (0.1, 0.3, 1, 3, 10)],
            [(flat, "flat")],
        ),
    }


def _histogram(
    values: Any,
    edges: Any,
    ticks: Sequence[tuple[float, str]],
    shades: Sequence[tuple[float, str]] = (),
) -> dict[str, Any]:
    """Bars and ticks of a histogram; values beyond the edges count in the outermost bars.

    Args:
        values: The numbers that are counted.
        edges: Ascending edges of the bars, which are drawn equally wide.
        ticks: (value, text) below the axis.
        shades: (value, class): bars that begin below the value get the class, first match wins.

    Returns:
        ``bars``: (from, to, count, class); ``ticks``: (position in bars, text).
    """
    numbers = np.asarray(pd.Series(values).dropna(), float)
    inside = np.clip(numbers, edges[0], np.nextafter(edges[-1], edges[0]))
    counts, _ = np.histogram(inside, edges)
    kinds = [next((kind for end, kind in shades if low < end - 1e-9), "") for low in edges[:-1]]
    return {
        "bars": list(zip(edges[:-1], edges[1:], counts, kinds, strict=True)),
        "ticks": [(np.interp(value, edges, np.arange(len(edges))), text) for value, text in ticks],
    }


def _thumbnail(path: Path) -> str:
    from PIL import Image as Pillow

    from pipelines.image import loading

    small = Pillow.fromarray(loading.load(path).original_u8)
    small.thumbnail((2 * _THUMBNAIL_PX, _THUMBNAIL_PX))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
