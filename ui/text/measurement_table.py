"""HTML tables of all measurements of the results, and of the photo by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.gaze import Gaze
from pipelines.measure import artificial, quality
from ui.result_pictures import Figure, Report, ResultPicture
from ui.text import numbers
from ui.text.catalogue import translate
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.numbers import direction, held_back, small_percent
from ui.text.templating import render

if TYPE_CHECKING:
    from pipelines.studio.headshot import Headshot

_DASH = "–"
# From this share of a natural photo's detail up, grain or sharpening adds to that of the skin.
_MORE = 1.5
# Format of the native measure of each quality component; the units are in the catalogue.
_NATIVE_FORMAT: dict[str, Callable[[float], str]] = {
    "sharpness": lambda value: f"{value:.1f}",
    "exposure": numbers.percent,
    "dynamic_range": lambda value: f"{value:.1f}",
    "illumination_uniformity": lambda value: f"{value:.2f}",
    "natural_colour": lambda value: f"{value:.1f}",
    "inter_eye_distance": lambda value: f"{value:.0f}",
    "head_size": numbers.percent,
    "head_pose": lambda value: numbers.degrees(value, 0),
    "eyes_open": numbers.percent,
    "mouth_closed": numbers.percent,
    "single_face": lambda value: f"{value:.0f}",
    "background_uniformity": lambda value: f"{value:.1f}",
    "gaze": numbers.degrees,
}
# Suffixes of the keys of values that have a text of their own.
_SPECIAL_VALUES = {("single_face", "1"): "_one", ("natural_colour", "0.0"): "_none"}
_WITH_UNIT = ("eye_spacing", "eye_detail")
_SIGN_FORMAT: dict[str, Callable[[float], str]] = {
    "eye_spacing": lambda value: f"{value:.0f}",
    "eye_tilt": lambda value: numbers.degrees(value, 0),
    "iris_difference": numbers.percent,
    "pupil_roundness": numbers.percent,
    "catchlight_agreement": numbers.percent,
    "eye_detail": lambda value: f"{value:.1f}",
}


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
    return read(one.report, language) if read else _DASH


def _quality(name: str, headshot: Headshot, language: str) -> tuple[str, float | None, str]:
    """Explanation, score, and native measure in words."""
    component = getattr(headshot.quality, name)
    id_ = "gaze_quality" if name == "gaze" else name
    if component.score is None:
        return id_, None, translate(language, "numbers.cannot_see")
    value = _NATIVE_FORMAT[name](component.native)
    key = f"numbers.unit.{name}{_SPECIAL_VALUES.get((name, value), '')}"
    return id_, component.score, translate(language, key, value=value)


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
    value = _SIGN_FORMAT[name](sign.value)
    if name in _WITH_UNIT:
        value = translate(language, f"numbers.sign.{name}", value=value)
    verdict = translate(language, "numbers.unusual" if sign.unusual else "numbers.usual")
    return name, value, verdict, sign.unusual


def _or_dash(value: float | None, text: Callable[[float], str]) -> str:
    return _DASH if value is None else text(value)


def _direction(angles: Sequence[float], language: str) -> str:
    return direction(Gaze(*angles), language)


def _off_lens(angles: Sequence[float], language: str) -> str:
    off = numbers.off_lens(Gaze(*angles))
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
    del language
    tone = report["skin_tone"]
    if tone["ita_before"] is None or tone["ita_after"] is None:
        return _DASH
    return numbers.degrees(tone["ita_after"] - tone["ita_before"])


def _retouch_given(report: Report, language: str) -> str:
    limit = report["held_back"]
    return translate(language, "numbers.all") if limit is None else held_back(language, **limit)


def _outside(report: Report, language: str) -> str:
    changed = report["changed_outside_face"]
    width, height = report["size"]
    if not changed:
        return translate(language, "numbers.none")
    part = small_percent(changed / (width * height))
    pixels = f"{changed:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return translate(language, "numbers.outside", share=part, pixels=pixels)


def _drawn_by(report: Report, language: str) -> str:
    generation = report.get("generation")
    if generation is None or not generation["passes"]:
        return translate(language, "numbers.by_geometry")
    suffix = "_one" if generation["passes"] == 1 else ""
    if generation["delivered"] == "proposal":
        return translate(language, f"numbers.by_geometry_tried{suffix}", count=generation["passes"])
    return translate(
        language,
        f"numbers.by_network{suffix}",
        count=generation["passes"],
        device=generation["device"],
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


def _spacing(report: Report, language: str) -> str:
    del language
    return numbers.percent(report["eyes"]["spacing_ratio"])


def _tilt(report: Report, language: str) -> str:
    del language
    return numbers.degrees(report["eyes"]["tilt_deg"])


def _highlights(report: Report, language: str) -> str:
    del language
    return _or_dash(report["eyes"]["catchlight_agreement"], lambda value: f"{value:.2f}")


def _texture(report: Report, language: str) -> str:
    kept = numbers.percent(report["texture_retention"])
    return translate(
        language, "caption.texture_of", kept=kept, floor=f"{report['texture_floor'] * 100:.0f}"
    )


_GROUPS: tuple[tuple[str, tuple[_Row, ...]], ...] = (
    (
        "gaze",
        (
            _Row(
                "gaze",
                lambda report, language: _off_lens(report["gaze"]["after"], language),
                lambda report, language: _off_lens(report["gaze"], language),
            ),
            _Row("asked", _target),
            _Row(
                "gaze_error", lambda report, _: _or_dash(report["gaze"]["error"], numbers.degrees)
            ),
            _Row("head", lambda _, language: translate(language, "numbers.same_head"), _head),
        ),
    ),
    (
        "skin",
        (
            _Row("likeness", lambda report, _: f"{report['identity']['distance']:.3f}"),
            _Row("texture", _texture),
            _Row(
                "ita",
                lambda report, _: _or_dash(report["skin_tone"]["ita_after"], numbers.degrees),
                lambda report, _: _or_dash(report["skin_tone"]["ita"], numbers.degrees),
            ),
            _Row("ita_shift", _tone_shift),
            _Row("delta_e", lambda report, _: f"{report['skin_tone']['delta_e00_mean']:.2f}"),
        ),
    ),
    (
        "limits",
        (
            _Row("held_back", _retouch_given),
            _Row(
                "fine_contrast", lambda report, _: numbers.percent(report["guards"]["sharpening"])
            ),
            _Row("halo", lambda report, _: f"{report['guards']['halo']:.1f}"),
        ),
    ),
    (
        "eyes",
        (
            _Row("spacing", _spacing, _spacing),
            _Row("tilt", _tilt, _tilt),
            _Row("highlights", _highlights, _highlights),
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
                    language, "numbers.seconds", seconds=f"{report['seconds']['total']:.1f}"
                ),
            ),
        ),
    ),
)
