"""What stands under and beside the pictures: reports become short HTML, always in one order."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from pipelines.gaze import Gaze
from pipelines.measure.guards import MOST_DISTANCE
from pipelines.measure.identity import SAME_PERSON
from pipelines.studio import Look
from pipelines.studio.captions import MISSED_DEG, differs, out_of_reach, same_angle
from ui import words
from ui.evidence import context_note, region_note
from ui.language import DEFAULT, say
from ui.meanings import term
from ui.numbers import numbers
from ui.phrases import gaze_word, held_back
from ui.result_pictures import Figure, Files, Missing, Report, ResultPicture
from ui.sentences import told

if TYPE_CHECKING:
    from pipelines.studio.persona import Candidate, Persona

__all__ = [
    "Figure",
    "Files",
    "Missing",
    "Report",
    "ResultPicture",
    "blank_strip",
    "caption",
    "context_note",
    "control",
    "eyes",
    "notice",
    "numbers",
    "persona",
    "region_note",
    "seen",
    "skin",
    "strip",
    "verdict",
]

# More pictures than this leave little room for their titles.
_ROOMY = 3
# Rounds to 0.00.
_SAME = 0.005


def strip(figures: Sequence[Figure], language: str = DEFAULT) -> str:
    """All pictures side by side at one scale, the original first; then what the star says."""
    best = [one.letter for one in figures if isinstance(one, ResultPicture) and one.best]
    # Of one look alone nothing can be said: the star compares.
    rivals = sum(bool(one.letter) for one in figures if isinstance(one, ResultPicture)) > 1
    drawn = "".join(_figure(one, best if rivals else [], language) for one in figures)
    many = " p-many" if len(figures) > _ROOMY else ""
    label = _attribute(say(language, "caption.strip"))
    return (
        f'<div class="p-strip{many}" role="group" tabindex="0" aria-label="{label}">{drawn}</div>'
        f"{_dots(figures, language)}{verdict(figures, language)}"
    )


def blank_strip(language: str = DEFAULT, original: str = "") -> str:
    """The place of the pictures before there are any.

    Args:
        language: What is spoken.
        original: What stands over the first place, as HTML; in that language if empty.
    """
    original = original or escape(say(language, "caption.original"))
    drawn = "".join(
        f'<figure class="p-shot" data-letter="{letter}"><header>{_letter(letter)}<b>{title}</b>'
        '</header><div class="p-blank"></div></figure>'
        for letter, title in (("", original), ("A", ""), ("B", ""))
    )
    return f'<div class="p-strip p-waiting">{drawn}</div>'


def caption(shot: ResultPicture, language: str = DEFAULT) -> str:
    """Gaze and word, what was asked if it differs, likeness, texture and floor, warnings last."""
    word = f" {escape(gaze_word(shot.gaze, language))}"
    degrees = words.degrees(shot.gaze.off_lens)
    gaze = term(language, "gaze", degrees, word)
    rows = [f'<p class="p-gaze">{gaze}{_asked(shot, language)}</p>']
    if not shot.letter:
        return rows[0]
    report = shot.report
    distance = report["identity"]["distance"]
    near = f" {distance:.2f} {escape(_nearness(distance, language))}"
    kept = f" {escape(_texture(report, language))}"
    rows += [
        f"<p>{term(language, 'likeness', say(language, 'caption.likeness'), near)}</p>",
        f"<p>{term(language, 'texture', say(language, 'caption.texture'), kept)}</p>",
    ]
    if report["held_back"]:
        held = held_back(language, **report["held_back"])
        rows.append(f'<p class="p-warning">{term(language, "held_back", held)}</p>')
    rows += [_warning(warning, language) for warning in report["warnings"]]
    return "".join(rows)


def verdict(figures: Sequence[Figure], language: str = DEFAULT) -> str:
    """One sentence: whom the star went to, on what ground, and what it does not say."""
    looks = [one for one in figures if isinstance(one, ResultPicture) and one.letter]
    if len(looks) < 2:
        return ""
    best = [one for one in looks if one.best]
    others = [one for one in looks if not one.best]
    said = [_verdict(best, others, language)]
    said += [
        say(language, "verdict.untouched", letter=one.letter) for one in best if not _distance(one)
    ]
    if best:
        nearest = min(map(_distance, best))
        said += [
            say(language, "verdict.passed_over", letter=one.letter, likeness=_likeness(one))
            for one in others
            if _distance(one) < nearest
        ]
        if len({Look.parse(one.report["look"]).context for one in looks}) > 1:
            said.append(say(language, "verdict.purposes"))
    return f'<p class="p-aside p-verdict">{escape(" ".join(said))}</p>'


def eyes(figures: Sequence[Figure], language: str = DEFAULT) -> str:
    """The eyes of every picture, enlarged, a column each, cut at one place and so aligned."""
    shots = [one for one in figures if isinstance(one, ResultPicture)]
    columns = "".join(
        f'<figure class="p-eyes" data-letter="{shot.letter}">'
        f"<figcaption>{_letter(shot.letter)}<b>{escape(shot.title)}</b> "
        f"<span>{words.degrees(shot.gaze.off_lens)} {escape(gaze_word(shot.gaze, language))}"
        f"</span></figcaption>{_half(shot, 'right', language)}{_half(shot, 'left', language)}"
        "</figure>"
        for shot in shots
    )
    return (
        f'<p class="p-aside">{escape(say(language, "closer.eyes_aside"))}</p>'
        f'<div class="p-eyes-row">{columns}</div>'
    )


def control(figures: Sequence[Figure], language: str = DEFAULT) -> str:
    """The annotations, as a ControlNet would see them."""
    drawn = "".join(
        _plain_figure(shot, shot.control, say(language, "closer.control_alt", name=shot.name))
        for shot in figures
        if isinstance(shot, ResultPicture) and shot.control
    )
    return (
        f'<p class="p-aside">{escape(say(language, "closer.control_aside"))}</p>'
        f'<div class="p-strip" role="group" tabindex="0" '
        f'aria-label="{_attribute(say(language, "closer.control"))}">{drawn}</div>'
    )


def skin(figures: Sequence[Figure], language: str = DEFAULT) -> str:
    """What the retouch takes for skin: the rest of the portrait lies under a grey veil."""
    drawn = "".join(
        _plain_figure(shot, shot.skin, say(language, "closer.skin_alt"))
        for shot in figures
        if isinstance(shot, ResultPicture) and shot.skin
    )
    return (
        f'<p class="p-aside">{escape(say(language, "closer.skin_aside"))}</p>'
        f'<div class="p-strip">{drawn}</div>'
    )


def persona(made: Persona, addresses: Sequence[str], language: str = DEFAULT) -> str:
    """Candidates side by side, each measured, with what has to be said about them."""
    figures = "".join(
        f'<figure><a href="{_attribute(address)}" download><img src="{_attribute(address)}" '
        f'alt="{_attribute(say(language, "caption.invented", seed=one.seed))}"></a>'
        f"<figcaption>{_invented(one, language)}</figcaption></figure>"
        for one, address in zip(made.candidates, addresses, strict=True)
    )
    notice = escape(told(language, made.report()["notice"]))
    if made.kept_back:
        key = "caption.kept_back_one" if made.kept_back == 1 else "caption.kept_back"
        notice += f" {escape(say(language, key, count=made.kept_back))}"
    return f'<p class="p-aside">{notice}</p><div class="p-invented">{figures}</div>'


def seen(
    gaze: Gaze, warnings: Sequence[str], language: str = DEFAULT, *, true: Gaze | None = None
) -> str:
    """One line under the portrait: where the person looks now.

    Args:
        gaze: As it was read.
        warnings: What else a person should know about the photo.
        language: What is spoken.
        true: Where a rendered head truly looks, where that is known.
    """
    degrees, word = words.degrees(gaze.off_lens), gaze_word(gaze, language)
    text = escape(say(language, "caption.seen", degrees=degrees, word=word))
    said = [text.replace(degrees, f"<b>{degrees}</b>", 1)]
    if true is None:
        said.append(escape(say(language, "caption.seen_doubt")))
    else:
        truly = words.degrees(true.off_lens)
        said.append(escape(say(language, "portrait.true_gaze", degrees=truly)))
    said += [
        f'<span class="p-warning">{escape(told(language, warning))}</span>' for warning in warnings
    ]
    return f'<p class="p-aside">{" ".join(said)}</p>'


def notice(sentence: str, *, quiet: bool = False) -> str:
    """One sentence where a picture would be; empty for no notice."""
    if not sentence:
        return ""
    kind, role = ("p-quiet", "status") if quiet else ("p-refusal", "alert")
    return f'<p class="{kind}" role="{role}">{escape(sentence)}</p>'


def _figure(one: Figure, best: Sequence[str], language: str) -> str:
    kind = "p-shot" if one.letter else "p-shot p-original"
    title = _attribute(one.name)
    head = (
        f'<figure class="{kind}" data-letter="{one.letter}">'
        f'<header title="{title}">{_letter(one.letter)}<b>{escape(one.title)}</b></header>'
    )
    if isinstance(one, Missing):
        missing = escape(say(language, "closer.missing"))
        return (
            f'{head}<div class="p-blank p-missing" role="group" aria-label="{title}"><b>{missing}'
            f"</b><p>{escape(told(language, one.sentence))}</p></div></figure>"
        )
    alt = _attribute(_alt(one, language))
    return (
        f'{head}<a href="{_attribute(one.full or one.files.whole)}" target="_blank" rel="noopener">'
        f'<img class="p-close" src="{_attribute(one.files.close)}" alt="{alt}">'
        f'<img class="p-whole" loading="lazy" src="{_attribute(one.files.whole)}" alt="{alt}"></a>'
        f"<figcaption>{_badge(one, best, language)}{caption(one, language)}"
        f"{_save(one, language)}</figcaption></figure>"
    )


def _plain_figure(shot: ResultPicture, address: str, alt: str) -> str:
    return (
        f'<figure class="p-shot"><header>{_letter(shot.letter)}<b>{escape(shot.title)}</b></header>'
        f'<img src="{_attribute(address)}" alt="{_attribute(alt)}"></figure>'
    )


def _half(shot: ResultPicture, side: str, language: str) -> str:
    alt = _attribute(say(language, f"closer.eye_{side}", name=shot.name))
    said = escape(say(language, f"closer.{side}"))
    return (
        f'<div class="p-half p-half-{side}"><img src="{_attribute(shot.files.eyes)}" alt="{alt}">'
        f'<span aria-hidden="true">{said}</span></div>'
    )


def _alt(shot: ResultPicture, language: str) -> str:
    name, degrees = shot.name, words.degrees(shot.gaze.off_lens)
    word = gaze_word(shot.gaze, language)
    if not shot.letter:
        return say(language, "caption.alt", name=name, degrees=degrees, word=word)
    return say(
        language,
        "caption.alt_look",
        name=name,
        degrees=degrees,
        word=word,
        likeness=_likeness(shot),
        close=_nearness(_distance(shot), language),
        texture=words.percent(shot.report["texture_retention"]),
    )


def _save(shot: ResultPicture, language: str) -> str:
    if not shot.full:
        return ""
    said = escape(say(language, "caption.save"))
    return f'<p class="p-save"><a href="{_attribute(shot.full)}" download>{said}</a></p>'


def _badge(shot: ResultPicture, best: Sequence[str], language: str) -> str:
    if not best:
        return ""
    if shot.letter not in best:
        # Keeps the captions on one line with those that have a badge.
        return '<p class="p-badge" aria-hidden="true">&nbsp;</p>'
    said = say(language, "caption.star" if len(best) == 1 else "caption.star_tied")
    return f'<p class="p-badge">★ {term(language, "star", said)}</p>'


def _dot(figure: Figure) -> str:
    return "★" if isinstance(figure, ResultPicture) and figure.best else figure.letter or "·"


def _dots(figures: Sequence[Figure], language: str) -> str:
    """A dot for each picture, where the row is wider than the screen; the star is one of them."""
    buttons = "".join(
        f'<button type="button" data-letter="{one.letter}" aria-label="{_attribute(one.name)}">'
        f"<span>{_dot(one)}</span></button>"
        for one in figures
    )
    label = _attribute(say(language, "caption.pictures"))
    return f'<div class="p-dots" role="group" aria-label="{label}">{buttons}</div>'


def _verdict(best: Sequence[ResultPicture], others: Sequence[ResultPicture], language: str) -> str:
    if not best:
        return say(language, "verdict.none")
    letters = _listed([one.letter for one in best], language)
    if len(best) > 1:
        values = ", ".join(map(_likeness, best))
        return say(language, "verdict.tied", best=letters, values=values)
    against = _listed(
        [
            say(language, "verdict.of_look", letter=one.letter, likeness=_likeness(one))
            for one in others
        ],
        language,
    )
    return say(language, "verdict.best", best=letters, likeness=_likeness(best[0]), others=against)


def _listed(parts: Sequence[str], language: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {say(language, 'verdict.and')} {parts[-1]}"


def _distance(shot: ResultPicture) -> float:
    return float(shot.report["identity"]["distance"])


def _likeness(shot: ResultPicture) -> str:
    return f"{_distance(shot):.2f}"


def _nearness(distance: float, language: str) -> str:
    """A word beside the number, so that a small one reads as what it is: near."""
    for bound, key in ((_SAME, "same"), (MOST_DISTANCE, "close"), (SAME_PERSON, "less")):
        if distance < bound:
            return say(language, f"caption.{key}")
    return say(language, "caption.other")


def _texture(report: Report, language: str) -> str:
    floor = f"{report['texture_floor'] * 100:.0f}"
    kept = words.percent(report["texture_retention"])
    return say(language, "caption.texture_of", kept=kept, floor=floor)


def _asked(shot: ResultPicture, language: str) -> str:
    if not shot.letter or shot.report["gaze"]["target"] is None:
        return ""
    asked, target = (Gaze(*shot.report["gaze"][one]) for one in ("asked", "target"))
    if out_of_reach(asked, target):
        said = say(
            language,
            "caption.asked_reach",
            degrees=words.degrees(asked.off_lens),
            reach=words.degrees(target.off_lens),
        )
        return f" {term(language, 'asked', said)}"
    if not differs(shot.gaze, target):
        return ""
    goal = f"{round(target.off_lens, 1):g}°"
    missed, same = target.angle_to(shot.gaze), same_angle(shot.gaze, target)
    by = words.degrees(missed)
    if same and missed < MISSED_DEG:
        return ""
    if same:
        said = f"({say(language, 'caption.missed', degrees=by)})"
    elif missed >= MISSED_DEG:
        said = say(language, "caption.asked_missed", degrees=goal, missed=by)
    else:
        said = say(language, "caption.asked", degrees=goal)
    return f" {term(language, 'asked', said)}"


def _invented(one: Candidate, language: str) -> str:
    rows = [f"<p>{escape(say(language, 'caption.seed', seed=one.seed))}</p>"]
    if one.analysis is not None and one.error is not None:
        gaze = one.analysis.gaze.gaze
        missed = say(language, "caption.missed", degrees=words.degrees(one.error))
        rows.append(
            f'<p class="p-gaze"><b>{words.degrees(gaze.off_lens)}</b> '
            f"{escape(gaze_word(gaze, language))}, {escape(missed)}</p>"
        )
    rows += [_warning(warning, language) for warning in one.warnings]
    return "".join(rows)


def _letter(letter: str) -> str:
    return f'<span class="p-letter">{letter}</span>' if letter else ""


def _attribute(text: str) -> str:
    return escape(text, quote=True)


def _warning(sentence: str, language: str) -> str:
    return f'<p class="p-warning">{escape(told(language, sentence))}</p>'
