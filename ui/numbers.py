"""The tables: every measurement of every picture, and what is measured on the photo by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from pipelines.gaze import Gaze
from pipelines.measure import artificial, quality
from ui import words
from ui.language import DEFAULT, say
from ui.meanings import term
from ui.phrases import direction, held_back, share
from ui.result_pictures import Figure, Report, ResultPicture

if TYPE_CHECKING:
    from pipelines.studio.headshot import Headshot

_DASH = "–"
# From this share of a natural photo's detail, something adds to the skin's own.
_MORE = 1.5
# How the native measure of each component of quality is said; the texts hold the words.
_NATIVE: dict[str, Callable[[float], str]] = {
    "sharpness": lambda value: f"{value:.1f}",
    "exposure": words.percent,
    "dynamic_range": lambda value: f"{value:.1f}",
    "illumination_uniformity": lambda value: f"{value:.2f}",
    "natural_colour": lambda value: f"{value:.1f}",
    "inter_eye_distance": lambda value: f"{value:.0f}",
    "head_size": words.percent,
    "head_pose": lambda value: words.degrees(value, 0),
    "eyes_open": words.percent,
    "mouth_closed": words.percent,
    "single_face": lambda value: f"{value:.0f}",
    "background_uniformity": lambda value: f"{value:.1f}",
    "gaze": words.degrees,
}
# Values that have a text of their own.
_SAID_APART = {("single_face", "1"): "_one", ("natural_colour", "0.0"): "_none"}
_WITH_UNIT = ("eye_spacing", "eye_detail")
_SIGN: dict[str, Callable[[float], str]] = {
    "eye_spacing": lambda value: f"{value:.0f}",
    "eye_tilt": lambda value: words.degrees(value, 0),
    "iris_difference": words.percent,
    "pupil_roundness": words.percent,
    "catchlight_agreement": words.percent,
    "eye_detail": lambda value: f"{value:.1f}",
}


def numbers(figures: Sequence[Figure], language: str = DEFAULT) -> str:
    """All measurements in one table: a row each, a column for every picture.

    On a narrow screen the style sheet lays each row out as a line of its own with the values
    below, so every cell carries its picture's letter, and the roles are written out.
    """
    head = "".join(
        f'<th scope="col" role="columnheader">{_letter(one)}{escape(one.title)}</th>'
        for one in figures
    )
    body = "".join(
        f'<tbody role="rowgroup"><tr role="row" class="p-group"><th colspan="{len(figures) + 1}" '
        f'role="rowheader">{escape(say(language, f"numbers.{group}_group"))}</th></tr>'
        + "".join(_line(row, figures, language) for row in rows)
        + "</tbody>"
        for group, rows in _GROUPS
    )
    label = escape(say(language, "numbers.table"), quote=True)
    return (
        f'<div class="p-scroll"><table class="p-numbers" role="table" aria-label="{label}" '
        f'style="--pictures: {len(figures)}"><thead role="rowgroup">'
        f'<tr role="row"><td role="cell"></td>{head}</tr></thead>{body}</table></div>'
    )


def photo(judged: Headshot, language: str = DEFAULT) -> str:
    """Quality, finish and signs of an artificial face, with what they cannot tell."""
    return (
        f"<h3>{escape(say(language, 'numbers.photo'))}</h3>"
        f'<p class="p-aside">{escape(say(language, "numbers.photo_aside"))}</p>'
        f'<div class="p-judged"><section><h4>{escape(say(language, "numbers.quality"))}</h4>'
        f'<table class="p-numbers p-quality">{_quality(judged, language)}</table></section>'
        f"<section><h4>{escape(say(language, 'numbers.finish'))}</h4>"
        f'<table class="p-numbers">{_finish(judged, language)}</table>'
        f"<h4>{escape(say(language, 'numbers.signs'))}</h4>"
        f'<p class="p-aside">{escape(say(language, "numbers.signs_aside"))}</p>'
        f'<table class="p-numbers">{_signs(judged, language)}</table></section></div>'
    )


def _line(row: _Row, figures: Sequence[Figure], language: str) -> str:
    cells = "".join(
        f'<td role="cell" data-of="{escape(_short(one), quote=True)}">'
        f"{escape(_cell(row, one, language))}</td>"
        for one in figures
    )
    return (
        f'<tr role="row"><th scope="row" role="rowheader">{term(language, row.of)}</th>{cells}</tr>'
    )


def _cell(row: _Row, one: Figure, language: str) -> str:
    if not isinstance(one, ResultPicture):
        return _DASH
    read = row.variant if one.letter else row.original
    return read(one.report, language) if read else _DASH


def _letter(one: Figure) -> str:
    return f'<span class="p-letter">{one.letter}</span>' if one.letter else ""


def _short(one: Figure) -> str:
    return one.letter or one.title


def _quality(judged: Headshot, language: str) -> str:
    rows = []
    for name in quality.NAMES:
        component = getattr(judged.quality, name)
        title = term(language, "gaze_quality" if name == "gaze" else name)
        if component.score is None:
            score, native = _DASH, say(language, "numbers.cannot_see")
        else:
            score = f"{component.score:.0f}"
            value = _NATIVE[name](component.native)
            key = f"numbers.unit.{name}{_SAID_APART.get((name, value), '')}"
            native = say(language, key, value=value)
        bar = component.score or 0
        rows.append(
            f'<tr><th scope="row">{title}</th><td class="p-score" style="--score: {bar:.0f}">'
            f"<b>{score}</b></td><td>{escape(native)}</td></tr>"
        )
    return f"<tbody>{''.join(rows)}</tbody>"


def _finish(judged: Headshot, language: str) -> str:
    detail = judged.finish.share
    if detail is None:
        said = say(language, "numbers.finish_unknown")
    else:
        kind = "polished" if judged.finish.over_polished else "natural"
        if detail >= _MORE:
            kind = "more"
        said = say(language, f"numbers.finish_{kind}", share=words.percent(detail))
    kind = ' class="p-warning"' if judged.finish.over_polished else ""
    return (
        f'<tbody><tr><th scope="row">{term(language, "finish")}</th>'
        f"<td{kind}>{escape(said)}</td></tr></tbody>"
    )


def _signs(judged: Headshot, language: str) -> str:
    rows = []
    for name in artificial.NAMES:
        sign = getattr(judged.signs, name)
        usual = say(language, f"numbers.range.{name}")
        if sign.value is None:
            value, verdict = say(language, "numbers.cannot_see"), ""
        else:
            value = _SIGN[name](sign.value)
            if name in _WITH_UNIT:
                value = say(language, f"numbers.sign.{name}", value=value)
            verdict = say(language, "numbers.unusual" if sign.unusual else "numbers.usual")
        kind = ' class="p-warning"' if sign.unusual else ""
        range_said = say(language, "numbers.usual_is", range=usual)
        rows.append(
            f'<tr><th scope="row">{term(language, name)}<small>{escape(range_said)}</small></th>'
            f"<td>{escape(value)}</td><td{kind}>{escape(verdict)}</td></tr>"
        )
    return f"<tbody>{''.join(rows)}</tbody>"


def _or_dash(value: float | None, said: Callable[[float], str]) -> str:
    return _DASH if value is None else said(value)


def _direction(angles: Sequence[float], language: str) -> str:
    return direction(Gaze(*angles), language)


def _off_lens(angles: Sequence[float], language: str) -> str:
    off = words.degrees(Gaze(*angles).off_lens)
    return say(language, "numbers.off_lens", degrees=off, direction=_direction(angles, language))


def _target(report: Report, language: str) -> str:
    target = report["gaze"]["target"]
    return say(language, "numbers.as_it_was") if target is None else _direction(target, language)


def _head(report: Report, language: str) -> str:
    head = report["head"]
    return _direction((head["yaw"], head["pitch"]), language)


def _tone_shift(report: Report, language: str) -> str:
    del language
    tone = report["skin_tone"]
    if tone["ita_before"] is None or tone["ita_after"] is None:
        return _DASH
    return words.degrees(tone["ita_after"] - tone["ita_before"])


def _given(report: Report, language: str) -> str:
    held = report["held_back"]
    return say(language, "numbers.all") if held is None else held_back(language, **held)


def _outside(report: Report, language: str) -> str:
    changed = report["changed_outside_face"]
    width, height = report["size"]
    if not changed:
        return say(language, "numbers.none")
    part = share(changed / (width * height))
    pixels = f"{changed:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return say(language, "numbers.outside", share=part, pixels=pixels)


def _drawn_by(report: Report, language: str) -> str:
    made = report.get("generation")
    if made is None or not made["passes"]:
        return say(language, "numbers.by_geometry")
    one = "_one" if made["passes"] == 1 else ""
    if made["delivered"] == "proposal":
        return say(language, f"numbers.by_geometry_tried{one}", count=made["passes"])
    return say(language, f"numbers.by_network{one}", count=made["passes"], device=made["device"])


Read = Callable[[Report, str], str]


@dataclass(frozen=True)
class _Row:
    """One line of the table; `original` is None where there is nothing to compare with."""

    of: str
    variant: Read
    original: Read | None = None


def _spacing(report: Report, language: str) -> str:
    del language
    return words.percent(report["eyes"]["spacing_ratio"])


def _tilt(report: Report, language: str) -> str:
    del language
    return words.degrees(report["eyes"]["tilt_deg"])


def _highlights(report: Report, language: str) -> str:
    del language
    return _or_dash(report["eyes"]["catchlight_agreement"], lambda value: f"{value:.2f}")


def _texture(report: Report, language: str) -> str:
    kept = words.percent(report["texture_retention"])
    return say(
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
            _Row("gaze_error", lambda report, _: _or_dash(report["gaze"]["error"], words.degrees)),
            _Row("head", lambda _, language: say(language, "numbers.same_head"), _head),
        ),
    ),
    (
        "skin",
        (
            _Row("likeness", lambda report, _: f"{report['identity']['distance']:.3f}"),
            _Row("texture", _texture),
            _Row(
                "ita",
                lambda report, _: _or_dash(report["skin_tone"]["ita_after"], words.degrees),
                lambda report, _: _or_dash(report["skin_tone"]["ita"], words.degrees),
            ),
            _Row("ita_shift", _tone_shift),
            _Row("delta_e", lambda report, _: f"{report['skin_tone']['delta_e00_mean']:.2f}"),
        ),
    ),
    (
        "limits",
        (
            _Row("held_back", _given),
            _Row("fine_contrast", lambda report, _: words.percent(report["guards"]["sharpening"])),
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
                lambda report, language: say(
                    language, "numbers.seconds", seconds=f"{report['seconds']['total']:.1f}"
                ),
            ),
        ),
    ),
)
