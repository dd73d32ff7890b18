"""HTML of the results: the pictures with their captions, the notices, the line about the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from pipelines.gaze import Gaze
from pipelines.measure.guards import MOST_DISTANCE
from pipelines.measure.identity import SAME_PERSON
from pipelines.studio.captions import MISSED_DEG, differs, out_of_reach, same_angle
from ui.result_pictures import Figure, Files, Missing, Report, ResultPicture
from ui.text import numbers
from ui.text.catalogue import translate
from ui.text.explanations import term
from ui.text.judgement import Judgement, judge, verdict
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.messages import translate_message
from ui.text.numbers import done, gaze_word, held_back
from ui.text.templating import render

if TYPE_CHECKING:
    from pipelines.studio.persona import Candidate, Persona

# Likeness distances below this round to 0.00.
_SAME = 0.005


@dataclass(frozen=True)
class Row:
    """A line of a caption.

    Attributes:
        html: The line.
        kind: Its class, "p-warning" for those that come last, or "".
    """

    html: Markup
    kind: str = ""


@dataclass(frozen=True)
class FigureView:
    """What the template needs of a picture, or of the look that is missing.

    Attributes:
        letter: "A" to "D", or "" for the original.
        title: Region and context.
        name: Letter and title.
        message: Why it could not be made, or "".
        files: Its files; None if it could not be made.
        alt: The picture in words.
        rows: The lines of its caption.
        measured: Likeness in words, then the numbers that fold behind it; empty for the original.
        badges: What sets it apart from the other looks.
        choices: Names of `saving.CHOICES`, the sensible one first.
    """

    letter: str
    title: str
    name: str
    message: str = ""
    files: Files | None = None
    alt: str = ""
    rows: tuple[Row, ...] = ()
    measured: tuple[Row, ...] = ()
    badges: tuple[Markup, ...] = ()
    choices: tuple[str, ...] = ()


def strip(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """All pictures at one scale, the original first; a single look lies over it, with a slider."""
    judgement = judge(figures)
    views = [_figure(one, judgement, language) for one in figures]
    first = figures[0] if figures else None
    layout = first.eye_lines if isinstance(first, ResultPicture) else ()
    solo = len(views) == 2 and all(view.files for view in views) and bool(layout)
    text = verdict(figures, language)
    return render("results", "strip", language, views, solo, text, layout)


def waiting_strip(language: str = DEFAULT_LANGUAGE, address: str = "") -> str:
    """The photo alone, or empty frames where the pictures will be.

    Args:
        language: The visitor's language.
        address: Address of the photo, or "".
    """
    return render("results", "waiting", language, address)


def caption(picture: ResultPicture, language: str = DEFAULT_LANGUAGE) -> str:
    """Gaze, target if it differs, what the retouch did, likeness with its numbers, warnings."""
    return render(
        "results", "caption", language, _rows(picture, language), _measured(picture, language)
    )


def plain_lines(picture: ResultPicture, language: str) -> tuple[str, ...]:
    """The caption without warnings and without HTML: gaze, retouch, likeness in words."""
    rows = [row for row in _rows(picture, language) if row.kind != "p-warning"]
    return tuple(row.html.striptags() for row in (*rows, *_measured(picture, language)[:1]))


def uses(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """Every look as it will be seen: profile picture, list, curriculum vitae, call."""
    looks = [one for one in figures if isinstance(one, ResultPicture) and one.letter]
    return render("results", "uses", language, looks) if looks else ""


def control(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """The control image of every look: lines and two pupils."""
    shown = [one for one in figures if isinstance(one, ResultPicture) and one.control]
    return render("results", "control", language, shown)


def skin(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """What counts as skin for the retouch; the rest of the portrait is under a grey veil."""
    shown = [one for one in figures if isinstance(one, ResultPicture) and one.skin]
    return render("results", "skin", language, shown[0]) if shown else ""


def candidates(persona: Persona, addresses: Sequence[str], language: str = DEFAULT_LANGUAGE) -> str:
    """The candidates of a persona side by side, with measurements and the notice."""
    rows = [
        _candidate(one, address, language)
        for one, address in zip(persona.candidates, addresses, strict=True)
    ]
    notice = translate_message(language, persona.report()["notice"])
    return render("results", "candidates", language, rows, notice, persona.kept_back)


def gaze_line(
    gaze: Gaze,
    warnings: Sequence[str],
    language: str = DEFAULT_LANGUAGE,
    *,
    true: Gaze | None = None,
    turned_away: bool = False,
) -> str:
    """The line under the portrait: its gaze, how certain that is, and warnings.

    Args:
        gaze: The measured gaze.
        warnings: Warnings about the photo.
        language: The visitor's language.
        true: The true gaze, known for rendered heads.
        turned_away: Whether it is the sample whose eyes we turned away.
    """
    if turned_away:
        doubt = translate(language, "portrait.turned_away")
    elif true is None:
        doubt = translate(language, "caption.seen_doubt")
    else:
        doubt = translate(language, "portrait.true_gaze", degrees=numbers.off_lens(true))
    return render(
        "results",
        "gaze_line",
        language,
        numbers.off_lens(gaze),
        gaze_word(gaze, language),
        doubt,
        [translate_message(language, warning) for warning in warnings],
    )


def aside(text: str, *, status: bool = False) -> str:
    """A line of small text as HTML; `status` if it is an answer that screen readers should say."""
    return render("page", "aside", DEFAULT_LANGUAGE, text, status)


def notice(message: str, *, quiet: bool = False) -> str:
    """A message as HTML, as an alert unless it is quiet; empty for an empty message."""
    return render("results", "notice", DEFAULT_LANGUAGE, message, quiet) if message else ""


def _figure(one: Figure, judgement: Judgement, language: str) -> FigureView:
    if isinstance(one, Missing):
        return FigureView(one.letter, one.title, one.name, translate_message(language, one.message))
    return FigureView(
        letter=one.letter,
        title=one.title,
        name=one.name,
        files=one.files,
        alt=_alt(one, language),
        rows=_rows(one, language),
        measured=_measured(one, language),
        badges=_badges(one.letter, judgement, language),
        choices=one.choices,
    )


def _rows(picture: ResultPicture, language: str) -> tuple[Row, ...]:
    word = f" {gaze_word(picture.gaze, language)}"
    gaze = term(language, "gaze", numbers.off_lens(picture.gaze), word)
    rows = [Row(gaze + _target_note(picture, language), "p-gaze")]
    if not picture.letter:
        return tuple(rows)
    report = picture.report
    if "done" in report and report["texture_floor"] < 1:
        rows.append(Row(escape(done(language, report["done"])), "p-done"))
    if report["held_back"]:
        text = held_back(language, **report["held_back"])
        rows.append(Row(term(language, "held_back", text), "p-warning"))
    rows += [
        Row(escape(translate_message(language, warning)), "p-warning")
        for warning in report["warnings"]
    ]
    if picture.failed:
        rows.append(Row(escape(translate(language, "caption.retry")), "p-warning"))
    return tuple(rows)


def _measured(picture: ResultPicture, language: str) -> tuple[Row, ...]:
    if not picture.letter:
        return ()
    report = picture.report
    facts = (
        ("likeness", _likeness(picture)),
        ("texture", _texture(report, language)),
    )
    return (
        Row(escape(_same_person(_distance(picture), language))),
        *(
            Row(term(language, name, translate(language, f"caption.{name}"), f" {value}"))
            for name, value in facts
        ),
    )


def _badges(letter: str, judgement: Judgement, language: str) -> tuple[Markup, ...]:
    badges = []
    if letter in judgement.closest:
        badges.append(term(language, "gaze_error", translate(language, "caption.closest")))
    if letter in judgement.least_changed:
        badges.append(term(language, "likeness", translate(language, "caption.least_changed")))
    return tuple(badges)


def _alt(picture: ResultPicture, language: str) -> str:
    name, degrees = picture.name, numbers.off_lens(picture.gaze)
    word = gaze_word(picture.gaze, language)
    if not picture.letter:
        return translate(language, "caption.alt", name=name, degrees=degrees, word=word)
    return translate(
        language,
        "caption.alt_look",
        name=name,
        degrees=degrees,
        word=word,
        likeness=_likeness(picture),
        close=_same_person(_distance(picture), language),
        texture=numbers.percent(picture.report["texture_retention"]),
    )


def _distance(picture: ResultPicture) -> float:
    return float(picture.report["identity"]["distance"])


def _likeness(picture: ResultPicture) -> str:
    return f"{_distance(picture):.2f}"


def _same_person(distance: float, language: str) -> str:
    """A likeness distance in words, such as "the same person"."""
    for bound, key in ((_SAME, "same"), (MOST_DISTANCE, "close"), (SAME_PERSON, "less")):
        if distance < bound:
            return translate(language, f"caption.{key}")
    return translate(language, "caption.other")


def _texture(report: Report, language: str) -> str:
    floor = f"{report['texture_floor'] * 100:.0f}"
    kept = numbers.percent(report["texture_retention"])
    return translate(language, "caption.texture_of", kept=kept, floor=floor)


def _target_note(picture: ResultPicture, language: str) -> Markup:
    """The target gaze if eyes cannot reach it or the result differs from it; else empty."""
    if not picture.letter or picture.report["gaze"]["target"] is None:
        return Markup()
    asked, target = (Gaze(*picture.report["gaze"][one]) for one in ("asked", "target"))
    if out_of_reach(asked, target):
        text = translate(
            language,
            "caption.asked_reach",
            degrees=numbers.off_lens(asked),
            reach=numbers.off_lens(target),
        )
        return " " + term(language, "asked", text)
    if not differs(picture.gaze, target):
        return Markup()
    degrees = f"{round(target.off_lens, 1):g}°"
    missed, same = target.angle_to(picture.gaze), same_angle(picture.gaze, target)
    by = numbers.degrees(missed)
    if same and missed < MISSED_DEG:
        return Markup()
    if same:
        text = f"({translate(language, 'caption.missed', degrees=by)})"
    elif missed >= MISSED_DEG:
        text = translate(language, "caption.asked_missed", degrees=degrees, missed=by)
    else:
        text = translate(language, "caption.asked", degrees=degrees)
    return " " + term(language, "asked", text)


@dataclass(frozen=True)
class _CandidateView:
    """What the template needs of an invented face; `gaze` is its angle and words, or None."""

    address: str
    seed: int
    gaze: tuple[str, str] | None
    warnings: tuple[str, ...]


def _candidate(candidate: Candidate, address: str, language: str) -> _CandidateView:
    gaze = None
    if candidate.analysis is not None and candidate.error is not None:
        found = candidate.analysis.gaze.gaze
        missed = translate(language, "caption.missed", degrees=numbers.degrees(candidate.error))
        gaze = numbers.off_lens(found), f"{gaze_word(found, language)}, {missed}"
    warnings = tuple(translate_message(language, warning) for warning in candidate.warnings)
    return _CandidateView(address, candidate.seed, gaze, warnings)
