"""HTML of the results: the pictures with their captions, the notices, the line about the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from pipelines.gaze import Gaze
from pipelines.measure.guards import MOST_DISTANCE
from pipelines.measure.identity import SAME_PERSON
from pipelines.runtime.errors import Cancelled
from pipelines.studio import Look
from pipelines.studio.captions import MISSED_DEG, differs, out_of_reach, same_angle
from pipelines.studio.look import Which
from pipelines.studio.rendering import ALREADY_THERE
from presets import load
from sharing.report_table import measured_gaze
from ui.result_pictures import Figure, Report, ResultPicture
from ui.text import numbers
from ui.text.catalogue import translate
from ui.text.explanations import term
from ui.text.judgement import Judgement, faces_of, judge, verdict
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.messages import error_message, translate_message
from ui.text.numbers import done, gaze_word, held_back
from ui.text.templating import render

if TYPE_CHECKING:
    from pipelines.studio.persona import Persona

# Likeness distances below this round to 0.00.
_SAME = 0.005
# Least turn of a frame that is said.
_LEVELLED_DEG = 0.5


@dataclass(frozen=True)
class Caption:
    """What stands under a picture.

    Attributes:
        alt: The picture in words.
        gaze: Its gaze, and the target if it differs; a line for each face.
        done: What the retouch did, a line for each face; empty without one.
        likeness: Likeness in words, or "" for the original.
        facts: The numbers that fold behind the likeness.
        warnings: What went wrong or was held back, the most important first.
        notes: What needs no action.
        badges: What sets it apart from the other looks.
        aims: Whether its eyes can be aimed.
        left: Whether its eyes were not turned; the first of the warnings says why.
    """

    alt: str
    gaze: tuple[Markup, ...]
    done: tuple[str, ...] = ()
    likeness: str = ""
    facts: tuple[Markup, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    badges: tuple[Markup, ...] = ()
    aims: bool = False
    left: bool = False

    @property
    def plain_lines(self) -> tuple[str, ...]:
        """The caption without warnings, badges and HTML."""
        gaze = (line.striptags() for line in self.gaze)
        lines = (*gaze, *self.done, self.likeness, *self.notes)
        return tuple(line for line in lines if line)


def of_figures(figures: Sequence[Figure], language: str) -> list[Caption | None]:
    """The captions of figures; None for a look that could not be rendered."""
    judgement = judge(figures)
    return [
        _of_faces(one, language, judgement) if isinstance(one, ResultPicture) else None
        for one in figures
    ]


def strip(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """All pictures at one scale, the original first; a single look lies over it, with a slider."""
    captions = of_figures(figures, language)
    first = figures[0] if figures else None
    layout = first.eye_lines if isinstance(first, ResultPicture) else ()
    solo = len(captions) == 2 and all(captions) and bool(layout)
    text = verdict(figures, language)
    pairs = list(zip(figures, captions, strict=True))
    return render("results", "strip", language, pairs, solo, text, layout)


def waiting_strip(language: str = DEFAULT_LANGUAGE, address: str = "") -> str:
    """The photo alone, or empty frames where the pictures will be.

    Args:
        language: The visitor's language.
        address: Address of the photo, or "".
    """
    return render("results", "waiting", language, address)


def asking_strip(language: str) -> str:
    """A button for an own photo where the pictures will be."""
    return render("results", "asking", language)


def uses(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """Every look as it will be seen: profile picture, list, curriculum vitae, call."""
    looks = [one for one in figures if isinstance(one, ResultPicture) and one.letter]
    return render("results", "uses", language, looks) if looks else ""


def drawn(figures: Sequence[Figure], part: str, language: str = DEFAULT_LANGUAGE) -> str:
    """What was drawn of the pictures.

    Args:
        figures: The pictures.
        part: "control", lines and two pupils of every look; or "skin", the portrait with everything
            that does not count as skin under a grey veil.
        language: The visitor's language.
    """
    rows = [(one, getattr(one, part)) for one in figures if isinstance(one, ResultPicture)]
    return render("results", "drawn", language, part, [row for row in rows if row[1]])


def candidates(persona: Persona, addresses: Sequence[str], language: str = DEFAULT_LANGUAGE) -> str:
    """The candidates of a persona side by side, with measurements and the notice."""
    rows = list(zip(persona.candidates, addresses, strict=True))
    notice = persona.report()["notice"]
    return render("results", "candidates", language, rows, notice, persona.kept_back)


def gaze_line(
    gaze: Gaze | None,
    warnings: Sequence[str],
    language: str = DEFAULT_LANGUAGE,
    *,
    true: Gaze | None = None,
    turned_away: bool = False,
    face: Which | None = None,
) -> str:
    """The line under the portrait: its gaze, how certain that is, and warnings.

    Args:
        gaze: The measured gaze; None where it cannot be.
        warnings: Warnings about the photo.
        language: The visitor's language.
        true: The true gaze, known for rendered heads.
        turned_away: Whether it is the sample whose eyes we turned away.
        face: Which face it is, where the photo has several; for "all", only the warnings are said.
    """
    if turned_away:
        doubt = translate(language, "portrait.turned_away")
    elif true is None and gaze is None:
        doubt = ""
    elif true is None:
        doubt = translate(language, "caption.seen_doubt", **numbers.margin(language))
    else:
        doubt = translate(language, "portrait.true_gaze", degrees=numbers.off_lens(true, language))
    return render("results", "gaze_line", language, gaze, doubt, warnings, face)


def aside(text: str, *, status: bool = False) -> str:
    """A line of small text as HTML; `status` if it is an answer that screen readers should say."""
    return render("page", "aside", DEFAULT_LANGUAGE, text, status)


def error_notice(error: Exception, language: str) -> str:
    """The notice of an error; quiet if it is a stop."""
    return notice(error_message(error, language), quiet=isinstance(error, Cancelled))


def notice(message: str, *, quiet: bool = False) -> str:
    """A message as HTML, as an alert unless it is quiet; empty for an empty message."""
    return render("results", "notice", DEFAULT_LANGUAGE, message, quiet) if message else ""


def _of_faces(picture: ResultPicture, language: str, judgement: Judgement) -> Caption:
    """The caption of a picture; of a look of all faces, the gaze and the retouch of each."""
    caption = _caption(picture, language, judgement)
    faces = faces_of(picture.report)
    if len(faces) < 2:
        return caption
    parts = [
        (
            f"{translate(language, 'faces.face', number=one['face'])}: ",
            one["identity"]["distance"],
            _caption(replace(picture, gaze=_gaze_of(one), report=one), language, judgement),
        )
        for one in faces
    ]
    # The likeness and the texture of the face that changed most.
    _, _, most = max(parts, key=lambda part: part[1])
    gaze = tuple(Markup(name) + line for name, _, one in parts for line in one.gaze)
    return replace(
        caption,
        alt=f"{picture.name}. {Markup(' · ').join(gaze).striptags()}",
        gaze=gaze,
        done=tuple(name + line for name, _, one in parts for line in one.done),
        likeness=most.likeness,
        facts=most.facts,
        aims=any(one.aims for _, _, one in parts),
    )


def _gaze_of(report: Report) -> Gaze | None:
    """The gaze in a report of a photo or of a look; None where it cannot be measured."""
    angles = measured_gaze(report)
    return Gaze(*angles) if angles else None


def _caption(picture: ResultPicture, language: str, judgement: Judgement) -> Caption:
    said = numbers.gaze_text(picture.gaze, language)
    if picture.gaze is None:
        gaze = term(language, "gaze", more=f" {said}")
    else:
        number, word = numbers.off_lens(picture.gaze, language), gaze_word(picture.gaze, language)
        gaze = term(language, "gaze", number, f" {word}")
    described = {"name": picture.name, "gaze": said}
    if not picture.letter:
        return Caption(translate(language, "caption.alt", **described), (gaze,))
    report = picture.report
    distance = float(report["identity"]["distance"])
    moved, close = numbers.decimal(distance, language, "0.00"), _same_person(distance, language)
    texture = numbers.percent(report["texture_retention"])
    facts = (
        ("likeness", translate(language, "caption.likeness_of", distance=moved)),
        ("texture", numbers.texture(report, language)),
    )
    look = Look.parse(report["look"])
    aims = not load().contexts[look.context].untouched
    polishes = look.polish > 0 or any(dose for _, dose in look.doses)
    polished = polishes and aims and "done" in report
    warnings = _warnings(picture, language)
    was_left = aims and not picture.reached and report["gaze"]["target"] is None
    return Caption(
        alt=translate(
            language,
            "caption.alt_look",
            **described,
            close=close,
            texture=texture,
        ),
        gaze=(gaze + _target_note(picture, language) if aims else gaze,),
        done=(done(language, report["done"]),) if polished else (),
        likeness=close,
        facts=tuple(
            term(language, name, translate(language, f"caption.{name}"), f" {value}")
            for name, value in facts
        ),
        warnings=warnings,
        notes=_notes(picture, language),
        badges=_badges(picture.letter, judgement, language),
        aims=aims and picture.gaze is not None,
        left=was_left and bool(warnings),
    )


def _notes(picture: ResultPicture, language: str) -> tuple[str, ...]:
    notes = []
    if ALREADY_THERE in picture.report["warnings"]:
        notes.append(translate_message(language, ALREADY_THERE))
    if abs(picture.turned) >= _LEVELLED_DEG:
        degrees = numbers.degrees(abs(picture.turned), language)
        notes.append(translate(language, "caption.levelled", degrees=degrees))
    return tuple(notes)


def _warnings(picture: ResultPicture, language: str) -> tuple[str, ...]:
    warnings = [
        translate_message(language, one)
        for one in picture.report["warnings"]
        if one != ALREADY_THERE
    ]
    if picture.failed:
        warnings.append(translate(language, "caption.retry"))
    held = picture.report["held_back"]
    if held:
        warnings.append(term(language, "held_back", held_back(language, **held)))
    return tuple(warnings)


def _badges(letter: str, judgement: Judgement, language: str) -> tuple[Markup, ...]:
    badges = []
    if letter in judgement.closest:
        badges.append(term(language, "gaze_error", translate(language, "caption.closest")))
    if letter in judgement.least_changed:
        badges.append(term(language, "likeness", translate(language, "caption.least_changed")))
    return tuple(badges)


def _same_person(distance: float, language: str) -> str:
    """A likeness distance in words, such as "the same person"."""
    for bound, key in ((_SAME, "same"), (MOST_DISTANCE, "close"), (SAME_PERSON, "less")):
        if distance < bound:
            return translate(language, f"caption.{key}")
    return translate(language, "caption.other")


def _target_note(picture: ResultPicture, language: str) -> Markup:
    """The target gaze if eyes cannot reach it or the result differs from it; else empty."""
    if picture.gaze is None or picture.report["gaze"]["target"] is None:
        return Markup()
    asked, target = (Gaze(*picture.report["gaze"][one]) for one in ("asked", "target"))
    if out_of_reach(asked, target):
        if target.angle_to(picture.gaze) < MISSED_DEG:
            text = translate(
                language,
                "caption.asked_reach",
                degrees=numbers.off_lens(asked, language),
                reach=numbers.off_lens(target, language),
            )
            return " " + term(language, "asked", text)
        # How far these eyes could turn is of no use where they were not turned there.
        target = asked
    if not differs(picture.gaze, target):
        return Markup()
    degrees = f"{numbers.decimal(target.off_lens, language, '0.#')}°"
    missed, same = target.angle_to(picture.gaze), same_angle(picture.gaze, target)
    by = numbers.degrees(missed, language)
    if same and missed < MISSED_DEG:
        return Markup()
    if same:
        text = f"({translate(language, 'caption.missed', degrees=by)})"
    elif missed >= MISSED_DEG:
        text = translate(language, "caption.asked_missed", degrees=degrees, missed=by)
    else:
        text = translate(language, "caption.asked", degrees=degrees)
    return " " + term(language, "asked", text)
