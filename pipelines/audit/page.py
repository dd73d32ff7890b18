"""The report as one HTML file that asks the network for nothing."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.audit import charts, summary
from pipelines.audit.columns import ITA_CLASSES
from pipelines.audit.summary import SCORES, Audit
from pipelines.gaze import CONTACT_DEG, SOFT_DEG
from pipelines.measure import artificial
from pipelines.measure.naturalness import OVER_POLISHED_BELOW
from pipelines.measure.quality import LABELS, UNITS

# A list on the page shows so many files; the rest is in the table.
_MOST = 200
_THUMBNAIL = 96

_WORDS = (("contact", "Eye contact"), ("soft", "Soft"), ("averted", "Averted"))


def html(audit: Audit, folder: Path | None = None) -> str:
    """The report of an audit.

    Args:
        audit: A finished audit.
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
    return template.render(**_content(audit, folder)) + "\n"


def _content(audit: Audit, folder: Path | None) -> dict[str, Any]:
    data = summary.report(audit)
    rows = audit.measured
    keep, drop = summary.kept(audit)
    groups = data["duplicates"]
    over_polished = [str(row["file"]) for row in rows if row["over_polished"] == 1]
    unusual = {str(row["file"]): _signs_in(row["unusual"]) for row in rows if row["unusual"]}
    listed = [*over_polished, *unusual, *keep[:_MOST], *drop[:_MOST]]
    listed += [file for group in groups[:_MOST] for file in group]
    return {
        "folder": audit.folder,
        "most": _MOST,
        "percent": _percent,
        "words": _WORDS,
        "counts": data["counts"],
        "figures": _figures(audit, data, unusual, keep),
        "gaze": data["gaze"],
        **_gaze_drawings(audit, data),
        "heads": _heads(audit),
        "quality": _quality(data["quality"]),
        **_skin_drawings(audit, data),
        "over_polished": over_polished,
        "detail_notes": {str(row["file"]): f"{row['skin_detail']} of usual" for row in rows},
        "without_colour": data["skin_tone"]["without_colour"],
        "signs": _signs(data["signs"]),
        "unusual": list(unusual),
        "sign_notes": unusual,
        "groups": groups,
        "grouped": sum(len(group) for group in groups),
        "rule": audit.rule.text if audit.rule else None,
        "keep": keep,
        "drop": drop,
        "drop_notes": _why_dropped(audit),
        "refused": [str(row["file"]) for row in audit.refused],
        "refused_notes": {str(row["file"]): row["sentence"] for row in audit.refused},
        "reasons": Counter(_kind(row) for row in audit.refused).most_common(),
        "pictures": _thumbnails(folder, listed) if folder else {},
    }


def _figures(
    audit: Audit, data: dict[str, Any], unusual: dict[str, str], keep: list[str]
) -> list[dict[str, str]]:
    measured = max(data["counts"]["measured"], 1)
    contact, over = data["gaze"]["contact"], data["finish"]["over_polished"]
    copies = int(sum(summary.values(audit.measured, "duplicate")))
    figures = [
        ("Eye contact", _percent(contact["share"]), f"{contact['n']} within {CONTACT_DEG}°"),
        ("Over-polished", _percent(over / measured), f"{over} by an estimate"),
        ("Near-duplicates", str(copies), f"in {len(data['duplicates'])} groups"),
        ("With an unusual sign", str(len(unusual)), "of an artificial face"),
    ]
    if audit.rule:
        figures.insert(0, ("Kept", str(len(keep)), f"{_percent(len(keep) / measured)} of them"))
    return [{"label": label, "value": value, "note": note} for label, value, note in figures]


def _gaze_drawings(audit: Audit, data: dict[str, Any]) -> dict[str, Any]:
    rows = audit.measured
    points = [
        (yaw, pitch, str(row["gaze_word"]), str(row["file"]))
        for row, yaw, pitch in zip(
            rows,
            summary.values(rows, "gaze_yaw"),
            summary.values(rows, "gaze_pitch"),
            strict=True,
        )
    ]
    # The first bars end where the words change.
    edges = [0.0, 1.3, CONTACT_DEG, 3.8, *np.arange(SOFT_DEG, 20.1, 1.25).tolist()]
    parts = [(word, data["gaze"][word]["n"]) for word, _ in _WORDS]
    shade = [(CONTACT_DEG, "contact"), (SOFT_DEG, "soft"), (99.0, "averted")]
    degrees = (0.0, CONTACT_DEG, SOFT_DEG, 10.0)
    ticks = [*((degree, f"{degree:g}°") for degree in degrees), (20.0, "20°+")]
    return {
        "gaze_scatter": charts.gaze_scatter(points),
        "gaze_shares": charts.shares(parts, "Shares of eye contact, soft and averted"),
        "gaze_histogram": charts.histogram(
            summary.values(rows, "gaze"), edges, ticks, "Angles off the lens", shade
        ),
    }


def _heads(audit: Audit) -> list[tuple[str, str, Any]]:
    edges = [float(edge) for edge in range(-40, 41, 4)]
    ticks = [(-40, "−40°"), (-20, "−20°"), (0, "0"), (20, "20°"), (40, "40°")]
    axes = (
        ("yaw", "Yaw", "Above 0: to the picture's right."),
        ("pitch", "Pitch", "Above 0: up."),
        ("roll", "Roll", "Above 0: clockwise."),
    )
    return [
        (
            label,
            note,
            charts.histogram(summary.values(audit.measured, f"head_{axis}"), edges, ticks, label),
        )
        for axis, label, note in axes
    ]


def _quality(quality: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": LABELS[name],
            "native": UNITS[name],
            "strip": charts.strip(quality[name]),
            "median": "–" if not quality[name]["n"] else f"{quality[name]['median']:.0f}",
            "below": quality[name]["below_50"] or "–",
        }
        for name in SCORES
    ]


def _skin_drawings(audit: Audit, data: dict[str, Any]) -> dict[str, Any]:
    names = [name for name, _ in ITA_CLASSES]
    classes = [
        float(index)
        for index, name in enumerate(names)
        for _ in range(data["skin_tone"]["classes"][name])
    ]
    detail = [max(value, 1e-3) for value in summary.values(audit.measured, "skin_detail")]
    log = np.log10(detail).tolist() if detail else []
    flat = float(np.log10(OVER_POLISHED_BELOW))
    # Bars begin at the verdict's border, so that none holds both verdicts.
    edges = [flat + 0.125 * step for step in range(-9, 14)]
    ticks = [
        (-1.0, "0.1"),
        (float(np.log10(0.3)), "0.3"),
        (0.0, "1"),
        (float(np.log10(3)), "3"),
        (1.0, "10"),
    ]
    return {
        "tone_histogram": charts.histogram(
            classes,
            [index - 0.5 for index in range(len(names) + 1)],
            [(index, name) for index, name in enumerate(names)],
            "Pictures in six classes of skin tone",
        ),
        "detail_histogram": charts.histogram(
            log, edges, ticks, "Fine detail of the skin", [(flat, "flat")]
        ),
    }


def _signs(signs: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": artificial.LABELS[name],
            "usual": artificial.USUAL[name],
            "n": signs[name]["n"],
            "unusual": signs[name]["unusual"] or "–",
        }
        for name in artificial.NAMES
    ]


def _signs_in(names: object) -> str:
    return ", ".join(artificial.LABELS[name].lower() for name in str(names).split())


def _why_dropped(audit: Audit) -> dict[str, str]:
    """The values that the rule read, for every picture that it drops."""
    if audit.rule is None:
        return {}
    names = audit.rule.names
    return {
        str(row["file"]): ", ".join(
            f"{name} {'–' if row[name] is None else row[name]}" for name in names
        )
        for row in audit.measured
        if row["keep"] == 0
    }


def _kind(row: dict[str, Any]) -> str:
    """The reason without the numbers of the single picture."""
    return {
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
    }.get(str(row["code"]), str(row["sentence"]))


def _thumbnails(folder: Path, names: Iterable[str]) -> dict[str, str]:
    return {name: _thumbnail(folder / name) for name in dict.fromkeys(names)}


def _thumbnail(path: Path) -> str:
    from PIL import Image as Pillow

    from pipelines.image import loading

    small = Pillow.fromarray(loading.load(path).original_u8)
    small.thumbnail((2 * _THUMBNAIL, _THUMBNAIL))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
