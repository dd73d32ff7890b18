"""HTML tables of all measurements of the results, and of the photo by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.gaze import Gaze
from pipelines.measure import artificial, quality
from sharing.report_table import measured_gaze
from ui.result_pictures import Figure, Report, ResultPicture
from ui.text import numbers
from ui.text.catalogue import translate
from ui.text.judgement import faces_of
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.messages import translate_message
from ui.text.numbers import decimal, direction, held_back, small_percent
from ui.text.templating import render

if TYPE_CHECKING:
    from pipelines.studio.headshot import Headshot

_DASH = "–"
# From this share of a natural photo's detail up, grain or sharpening adds to that of the skin.
_MORE = 1.5
# Formats of single measurements: decimals of an angle, patterns of `numbers.decimal`; the others
# are shares. The units are in the catalogue.
_DEGREES = {"head_pose": 0, "gaze": 1, "eye_tilt": 0}
_PATTERNS = {
    "sharpness": "0.0",
    "dynamic_range": "0.0",
    "illumination_uniformity": "0.00",
    "natural_colour": "0.0",
    "inter_eye_distance": "0",
    "single_face": "0",
    "background_uniformity": "0.0",
    "eye_spacing": "0",
    "eye_detail": "0.0",
}
# Suffixes of the keys of values that have a text of their own.
_SPECIAL_VALUES = {("single_face", 1): "_one", ("natural_colour", 0): "_none"}
_WITH_UNIT = ("eye_spacing", "eye_detail")


def results_table(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """One table of all measurements: a row each, and a column for each picture."""
    groups = [
        (group, [(row.id, [_cell(row, one, language) for one in figures]) for row in rows])
        for group, rows in _GROUPS
    ]
    return render("tables", "results", language, figures, groups)


def photo_table(headshot: Headshot, language: str = DEFAULT_LANGUAGE) -> str:
    """Quality, finish and signs of an artificial face, with the limits of these measurements."""
    return render(
        "tables",
        "photo",
        language,
        [_quality(name, headshot, language) for name in quality.NAMES],
        _finish(headshot, language),
        headshot.finish.over_polished,
        [_sign(name, headshot, language) for name in artificial.NAMES],
    )


def _cell(row: _Row, one: Figure, language: str) -> str:
    if not isinstance(one, ResultPicture):
        return _DASH
    read = row.variant if one.letter else row.original
    if read is None:
        return _DASH
    faces = faces_of(one.report)
    cells = [read(face, language) for face in faces]
    if len(set(cells)) == 1:
        return cells[0]
    return "; ".join(
        f"{translate(language, 'faces.face', number=face['face'])}: {cell}"
        for face, cell in zip(faces, cells, strict=True)
    )


def _quality(name: str, headshot: Headshot, language: str) -> tuple[str, float | None, str]:
    """Explanation, score, and native measure in words."""
    component = getattr(headshot.quality, name)
    id_ = "gaze_quality" if name == "gaze" else name
    if component.score is None:
        return id_, None, translate(language, "numbers.cannot_see")
    special = _SPECIAL_VALUES.get((name, round(component.native, 1)), "")
    value = _value(name, component.native, language)
    return (
        id_,
        component.score,
        translate(language, f"numbers.unit.{name}{special}", value=value),
    )


def _finish(headshot: Headshot, language: str) -> str:
    detail = headshot.finish.share
    if detail is None:
        return translate(language, "numbers.finish_unknown")
    kind = "polished" if headshot.finish.over_polished else "natural"
    if detail >= _MORE:
        kind = "more"
    return translate(language, f"numbers.finish_{kind}", share=numbers.percent(detail))


def _sign(name: str, headshot: Headshot, language: str) -> tuple[str, str, str, bool]:
    """Explanation, value, verdict, and whether it is unusual."""
    sign = getattr(headshot.signs, name)
    if sign.value is None:
        return name, translate(language, "numbers.cannot_see"), "", False
    value = _value(name, sign.value, language)
    if name in _WITH_UNIT:
        value = translate(language, f"numbers.sign.{name}", value=value)
    verdict = translate(language, "numbers.unusual" if sign.unusual else "numbers.usual")
    return name, value, verdict, sign.unusual


def _value(name: str, value: float, language: str) -> str:
    if name in _DEGREES:
        return numbers.degrees(value, language, _DEGREES[name])
    if name in _PATTERNS:
        return numbers.decimal(value, language, _PATTERNS[name])
    return numbers.percent(value)


def _degrees(value: float | None, language: str) -> str:
    return _DASH if value is None else numbers.degrees(value, language)


def _direction(angles: Sequence[float], language: str) -> str:
    return direction(Gaze(*angles), language)


def _off_lens(report: Report, language: str) -> str:
    angles = measured_gaze(report)
    if angles is None:
        return translate(language, "numbers.cannot_see")
    off = numbers.off_lens(Gaze(*angles), language)
    return translate(
        language, "numbers.off_lens", degrees=off, direction=_direction(angles, language)
    )


def _target(report: Report, language: str) -> str:
    target = report["gaze"]["target"]
    return (
        translate(language, "numbers.as_it_was") if target is None else _direction(target, language)
    )


def _head(report: Report, language: str) -> str:
    head = report["head"]
    return _direction((head["yaw"], head["pitch"]), language)


def _tone_shift(report: Report, language: str) -> str:
    tone = report["skin_tone"]
    # Reports of before the shadows were relit have no lit part.
    part = "ita" if tone.get("ita_lit_before") is None else "ita_lit"
    before, after = tone[f"{part}_before"], tone[f"{part}_after"]
    return _degrees(None if before is None or after is None else after - before, language)


def _retouch_given(report: Report, language: str) -> str:
    limit = report["held_back"]
    return translate(language, "numbers.all") if limit is None else held_back(language, **limit)


def _outside(report: Report, language: str) -> str:
    changed = report["changed_outside_face"]
    width, height = report["size"]
    if not changed:
        return translate(language, "numbers.none")
    part = small_percent(changed / (width * height), language)
    pixels = numbers.decimal(changed, language, "#,##0")
    return translate(language, "numbers.outside", share=part, pixels=pixels)


def _drawn_by(report: Report, language: str) -> str:
    generation = report.get("generation")
    if generation is None or not generation["passes"]:
        return translate(language, "numbers.by_geometry")
    device, _, precision = generation["device"].rpartition(", ")
    suffix = "_one" if generation["passes"] == 1 else ""
    if generation["delivered"] == "proposal":
        return translate(language, f"numbers.by_geometry_tried{suffix}", count=generation["passes"])
    return translate(
        language,
        f"numbers.by_network{suffix}",
        count=generation["passes"],
        device=f"{translate_message(language, device)}, {precision}",
    )


Read = Callable[[Report, str], str]


@dataclass(frozen=True)
class _Row:
    """One row of the table.

    Attributes:
        id: The measurement's explanation.
        variant: The text for a variant's report.
        original: The text for the original's report; None for a dash.
    """

    id: str
    variant: Read
    original: Read | None = None


_GROUPS: tuple[tuple[str, tuple[_Row, ...]], ...] = (
    (
        "gaze",
        (
            _Row(
                "gaze",
                _off_lens,
                _off_lens,
            ),
            _Row("asked", _target),
            _Row(
                "gaze_error", lambda report, language: _degrees(report["gaze"]["error"], language)
            ),
            _Row("head", lambda _, language: translate(language, "numbers.same_head"), _head),
        ),
    ),
    (
        "skin",
        (
            _Row(
                "likeness",
                lambda report, language: decimal(report["identity"]["distance"], language, "0.000"),
            ),
            _Row("texture", numbers.texture),
            _Row(
                "ita",
                lambda report, language: _degrees(report["skin_tone"]["ita_after"], language),
                lambda report, language: _degrees(report["skin_tone"]["ita"], language),
            ),
            _Row("ita_shift", _tone_shift),
            _Row(
                "delta_e",
                lambda report, language: decimal(
                    report["skin_tone"]["delta_e00_mean"], language, "0.00"
                ),
            ),
        ),
    ),
    (
        "limits",
        (
            _Row("held_back", _retouch_given),
            _Row(
                "fine_contrast", lambda report, _: numbers.percent(report["guards"]["sharpening"])
            ),
            _Row("halo", lambda report, language: decimal(report["guards"]["halo"], language)),
        ),
    ),
    (
        "making",
        (
            _Row("outside", _outside),
            _Row("drawn", _drawn_by),
            _Row(
                "time",
                lambda report, language: translate(
                    language,
                    "numbers.seconds",
                    seconds=decimal(report["seconds"]["total"], language),
                ),
            ),
        ),
    ),
)
