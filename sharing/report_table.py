"""Measurements and votes as tables: for the pages, the printed report and CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sharing.publication import ComparisonDocument
from sharing.translations import _, decimal, translate
from sharing.votes import QUESTIONS, UNSURE, Ballot

Report = Mapping[str, Any]
Format = Callable[[Report, str], str]


def table(document: ComparisonDocument) -> list[tuple[str, list[str]]]:
    """The rows of a table of measurements: title, and a cell per picture, the original first."""
    original: Report = document.report.get("original", {})
    variants: Sequence[Report] = document.report.get("variants", [])
    return [
        (
            translate(document.language, title),
            [
                _cell(of_original, original, document.language),
                *(_cell(of_variant, one, document.language) for one in variants),
            ],
        )
        for title, of_original, of_variant in _ROWS
    ]


def comparison_csv(document: ComparisonDocument, names: Sequence[str]) -> str:
    """Measurements as CSV, one line per picture.

    Args:
        document: The comparison.
        names: File names of the full-size pictures.
    """
    original: Report = document.report.get("original", {})
    variants: Sequence[Report] = document.report.get("variants", [])
    best = set(document.report.get("best", []))
    rows: list[dict[str, Any]] = []
    for index, (picture, name) in enumerate(zip(document.pictures, names, strict=True)):
        row: dict[str, Any] = dict.fromkeys(_COLUMNS, "")
        row |= {"letter": picture.letter, "title": picture.title, "file": name}
        row |= {"look": picture.look, "warnings": " ".join(picture.warnings)}
        if index == 0 and original:
            row["gaze_yaw"], row["gaze_pitch"] = measured_gaze(original) or ("", "")
            row["skin_tone_ita"] = original["skin_tone"]["ita"]
        elif index <= len(variants) and index > 0:
            row |= _variant_columns(variants[index - 1])
            row["most_like_them"] = (index - 1) in best
        rows.append(row)
    return _csv(_COLUMNS, ([row[name] for name in _COLUMNS] for row in rows))


def measured_gaze(report: Report) -> Sequence[float] | None:
    """Yaw and pitch of a picture's gaze, in degrees; None where it cannot be measured.

    Args:
        report: Of the photo, or of a look; those of earlier versions do not say what is measurable.
    """
    gaze = report["gaze"]
    if isinstance(gaze, Mapping):
        angles, measurable = gaze["after"], gaze.get("measurable", True)
    else:
        angles, measurable = gaze, report.get("gaze_measurable", True)
    return angles if measurable else None


def votes_csv(document: ComparisonDocument, ballots: Iterable[Ballot]) -> str:
    """Votes as CSV, one line per vote: time, names of the three chosen pictures, comment."""
    names = {picture.key: picture.name for picture in document.pictures} | {UNSURE: UNSURE}
    return _csv(
        ("seconds_since_1970", "most_like", "most_trustworthy", "best_for_purpose", "comment"),
        (
            [one.at, *(names.get(one.answer(name), "") for name in QUESTIONS), one.comment]
            for one in ballots
        ),
    )


_COLUMNS = (
    "letter",
    "title",
    "file",
    "look",
    "gaze_yaw",
    "gaze_pitch",
    "asked_yaw",
    "asked_pitch",
    "gaze_error",
    "likeness",
    "texture_retention",
    "texture_floor",
    "skin_tone_ita",
    "skin_delta_e00",
    "most_like_them",
    "warnings",
)


def _variant_columns(report: Report) -> dict[str, Any]:
    target = report["gaze"]["target"] or ("", "")
    after = measured_gaze(report) or ("", "")
    return {
        "gaze_yaw": after[0],
        "gaze_pitch": after[1],
        "asked_yaw": target[0],
        "asked_pitch": target[1],
        "gaze_error": report["gaze"]["error"],
        "likeness": report["identity"]["distance"],
        "texture_retention": report["texture_retention"],
        "texture_floor": report["texture_floor"],
        "skin_tone_ita": report["skin_tone"]["ita_after"],
        "skin_delta_e00": report["skin_tone"]["delta_e00_mean"],
    }


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(head)
    writer.writerows([_escape_formula(value) for value in row] for row in rows)
    return buffer.getvalue()


def _escape_formula(value: Any) -> Any:
    """Prefix a quote to text that a spreadsheet would run as a formula (OWASP, CSV injection)."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return "" if value is None else value


def _cell(format_value: Format, report: Report, language: str) -> str:
    try:
        return format_value(report, language)
    except (KeyError, TypeError, IndexError, ValueError):
        # There is no such measurement, or the report was written by another version.
        return "–"


def _degrees(value: float, language: str) -> str:
    return f"{decimal(value, language)}°"


def _direction(angles: Sequence[float], language: str) -> str:
    """Arrows, which need no translation, with the angles; 0° is into the lens."""
    yaw, pitch = angles
    parts = [
        f"{arrows[0] if angle > 0 else arrows[1]} {_degrees(abs(angle), language)}"
        for angle, arrows in ((yaw, "→←"), (pitch, "↑↓"))
        if abs(angle) >= 0.05
    ]
    return ", ".join(parts) or _degrees(0, language)


def _gaze(report: Report, language: str) -> str:
    angles = measured_gaze(report)
    return "–" if angles is None else _direction(angles, language)


def _not_measured(report: Report, language: str) -> str:
    raise KeyError(len(report), language)


_ROWS: tuple[tuple[str, Format, Format], ...] = (
    (
        _("Gaze off the lens"),
        _gaze,
        _gaze,
    ),
    (
        _("Gaze asked for"),
        _not_measured,
        lambda report, language: _direction(report["gaze"]["target"], language),
    ),
    (
        _("Missed by"),
        _not_measured,
        lambda report, language: _degrees(report["gaze"]["error"], language),
    ),
    (
        _("Change of the face (0 = same, 0.6 = someone else)"),
        _not_measured,
        lambda report, language: decimal(report["identity"]["distance"], language, "0.000"),
    ),
    (
        _("Skin texture left, and least allowed"),
        _not_measured,
        lambda report, _language: (
            f"{report['texture_retention']:.0%}, {report['texture_floor']:.0%}"
        ),
    ),
    (
        _("Skin tone (ITA)"),
        lambda report, language: _degrees(report["skin_tone"]["ita"], language),
        lambda report, language: _degrees(report["skin_tone"]["ita_after"], language),
    ),
    (
        _("Skin colour change (CIEDE2000)"),
        _not_measured,
        lambda report, language: decimal(report["skin_tone"]["delta_e00_mean"], language, "0.00"),
    ),
)
