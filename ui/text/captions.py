"""HTML of the results: the strip of pictures, their captions, the verdict, enlarged eyes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from pipelines.gaze import Gaze
from pipelines.measure.guards import MOST_DISTANCE
from pipelines.measure.identity import SAME_PERSON
from pipelines.studio import Look
from pipelines.studio.captions import MISSED_DEG, differs, out_of_reach, same_angle
from ui.result_pictures import Figure, Missing, Report, ResultPicture
from ui.text import numbers
from ui.text.catalogue import translate, translate_html
from ui.text.explanations import term
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.messages import translate_message
from ui.text.numbers import done, gaze_word, held_back

if TYPE_CHECKING:
    from pipelines.studio.persona import Candidate, Persona

# Most pictures in a row that leave room for their titles.
_ROOMY = 3
# Likeness distances below this round to 0.00.
_SAME = 0.005


def strip(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """All pictures side by side at one scale, the original first, and the verdict below."""
    looks = [one for one in figures if isinstance(one, ResultPicture) and one.letter]
    # A single look has no star, because the star compares looks.
    best = [one.letter for one in looks if one.best] if len(looks) > 1 else []
    content = "".join(_figure(one, best, language) for one in figures)
    many = " p-many" if len(figures) > _ROOMY else ""
    label = translate_html(language, "caption.strip")
    return (
        f'<div class="p-strip{many}" role="group" tabindex="0" aria-label="{label}">{content}</div>'
        f"{_dots(figures, language)}{verdict(figures, language)}"
    )


def blank_strip(language: str = DEFAULT_LANGUAGE, original: str = "") -> str:
    """Empty frames where the pictures will be.

    Args:
        language: The visitor's language.
        original: Title of the first frame, as HTML; in that language if empty.
    """
    original = original or translate_html(language, "caption.original")
    content = "".join(
        f'<figure class="p-shot" data-letter="{letter}"><header>{_letter(letter)}<b>{title}</b>'
        '</header><div class="p-blank"></div></figure>'
        for letter, title in (("", original), ("A", ""), ("B", ""))
    )
    return f'<div class="p-strip p-waiting">{content}</div>'


def caption(picture: ResultPicture, language: str = DEFAULT_LANGUAGE) -> str:
    """Gaze, target if it differs, likeness, texture and floor, then warnings."""
    word = f" {escape(gaze_word(picture.gaze, language))}"
    degrees = numbers.off_lens(picture.gaze)
    gaze = term(language, "gaze", degrees, word)
    rows = [f'<p class="p-gaze">{gaze}{_target_note(picture, language)}</p>']
    if not picture.letter:
        return rows[0]
    report = picture.report
    distance = report["identity"]["distance"]
    likeness = f" {distance:.2f} {escape(_nearness(distance, language))}"
    texture = f" {escape(_texture(report, language))}"
    rows += [
        f"<p>{term(language, 'likeness', translate(language, 'caption.likeness'), likeness)}</p>",
        f"<p>{term(language, 'texture', translate(language, 'caption.texture'), texture)}</p>",
    ]
    if "done" in report and report["texture_floor"] < 1:
        rows.append(f"<p>{escape(done(language, report['done']))}</p>")
    if report["held_back"]:
        text = held_back(language, **report["held_back"])
        rows.append(f'<p class="p-warning">{term(language, "held_back", text)}</p>')
    rows += [_warning(warning, language) for warning in report["warnings"]]
    return "".join(rows)


def verdict(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """Which look has the star and why, and what the star does not say; empty for a single look."""
    looks = [one for one in figures if isinstance(one, ResultPicture) and one.letter]
    if len(looks) < 2:
        return ""
    best = [one for one in looks if one.best]
    others = [one for one in looks if not one.best]
    sentences = [_star_sentence(best, others, language)]
    sentences += [
        translate(language, "verdict.untouched", letter=one.letter)
        for one in best
        if not _distance(one)
    ]
    if best:
        nearest = min(map(_distance, best))
        sentences += [
            translate(language, "verdict.passed_over", letter=one.letter, likeness=_likeness(one))
            for one in others
            if _distance(one) < nearest
        ]
        if len({Look.parse(one.report["look"]).context for one in looks}) > 1:
            sentences.append(translate(language, "verdict.purposes"))
    return f'<p class="p-aside p-verdict">{escape(" ".join(sentences))}</p>'


def eyes(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """The enlarged eyes of every picture, a column each, all cropped at the same place."""
    pictures = [one for one in figures if isinstance(one, ResultPicture)]
    columns = "".join(
        f'<figure class="p-eyes" data-letter="{picture.letter}">'
        f"<figcaption>{_letter(picture.letter)}<b>{escape(picture.title)}</b> "
        f"<span>{numbers.off_lens(picture.gaze)} "
        f"{escape(gaze_word(picture.gaze, language))}</span></figcaption>"
        f"{_half(picture, 'right', language)}{_half(picture, 'left', language)}"
        "</figure>"
        for picture in pictures
    )
    return (
        f'<p class="p-aside">{translate_html(language, "closer.eyes_aside")}</p>'
        f'<div class="p-eyes-row">{columns}</div>'
    )


def control(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """The control images, as a ControlNet would get them."""
    content = "".join(
        _plain_figure(
            picture, picture.control, translate(language, "closer.control_alt", name=picture.name)
        )
        for picture in figures
        if isinstance(picture, ResultPicture) and picture.control
    )
    return (
        f'<p class="p-aside">{translate_html(language, "closer.control_aside")}</p>'
        f'<div class="p-strip" role="group" tabindex="0" '
        f'aria-label="{translate_html(language, "closer.control")}">{content}</div>'
    )


def skin(figures: Sequence[Figure], language: str = DEFAULT_LANGUAGE) -> str:
    """What counts as skin for the retouch; the rest of the portrait is under a grey veil."""
    content = "".join(
        _plain_figure(picture, picture.skin, translate(language, "closer.skin_alt"))
        for picture in figures
        if isinstance(picture, ResultPicture) and picture.skin
    )
    return (
        f'<p class="p-aside">{translate_html(language, "closer.skin_aside")}</p>'
        f'<div class="p-strip">{content}</div>'
    )


def candidates(persona: Persona, addresses: Sequence[str], language: str = DEFAULT_LANGUAGE) -> str:
    """The candidates of a persona side by side, with measurements and the notice."""
    figures = "".join(
        f'<figure><a href="{escape(address)}" download><img src="{escape(address)}" '
        f'alt="{translate_html(language, "caption.invented", seed=one.seed)}"></a>'
        f"<figcaption>{_candidate_caption(one, language)}</figcaption></figure>"
        for one, address in zip(persona.candidates, addresses, strict=True)
    )
    notice = escape(translate_message(language, persona.report()["notice"]))
    if persona.kept_back:
        key = "caption.kept_back_one" if persona.kept_back == 1 else "caption.kept_back"
        notice += f" {translate_html(language, key, count=persona.kept_back)}"
    return f'<p class="p-aside">{notice}</p><div class="p-invented">{figures}</div>'


def gaze_line(
    gaze: Gaze,
    warnings: Sequence[str],
    language: str = DEFAULT_LANGUAGE,
    *,
    true: Gaze | None = None,
) -> str:
    """The line under the portrait: its gaze, how certain that is, and warnings.

    Args:
        gaze: The measured gaze.
        warnings: Warnings about the photo.
        language: The visitor's language.
        true: The true gaze, known for rendered heads.
    """
    degrees, word = numbers.off_lens(gaze), gaze_word(gaze, language)
    text = translate_html(language, "caption.seen", degrees=degrees, word=word)
    parts = [text.replace(degrees, f"<b>{degrees}</b>", 1)]
    if true is None:
        parts.append(translate_html(language, "caption.seen_doubt"))
    else:
        true_degrees = numbers.off_lens(true)
        parts.append(translate_html(language, "portrait.true_gaze", degrees=true_degrees))
    parts += [
        f'<span class="p-warning">{escape(translate_message(language, warning))}</span>'
        for warning in warnings
    ]
    return f'<p class="p-aside">{" ".join(parts)}</p>'


def notice(message: str, *, quiet: bool = False) -> str:
    """A message as HTML, as an alert unless it is quiet; empty for an empty message."""
    if not message:
        return ""
    kind, role = ("p-quiet", "status") if quiet else ("p-refusal", "alert")
    return f'<p class="{kind}" role="{role}">{escape(message)}</p>'


def _figure(one: Figure, best: Sequence[str], language: str) -> str:
    kind = "p-shot" if one.letter else "p-shot p-original"
    title = escape(one.name)
    head = (
        f'<figure class="{kind}" data-letter="{one.letter}">'
        f'<header title="{title}">{_letter(one.letter)}<b>{escape(one.title)}</b></header>'
    )
    if isinstance(one, Missing):
        missing = translate_html(language, "closer.missing")
        return (
            f'{head}<div class="p-blank p-missing" role="group" aria-label="{title}"><b>{missing}'
            f"</b><p>{escape(translate_message(language, one.message))}</p></div></figure>"
        )
    alt = escape(_alt(one, language))
    return (
        f'{head}<a href="{escape(one.full or one.files.whole)}" target="_blank" rel="noopener">'
        f'<img class="p-close" src="{escape(one.files.close)}" alt="{alt}">'
        f'<img class="p-whole" loading="lazy" src="{escape(one.files.whole)}" alt="{alt}"></a>'
        f"<figcaption>{_badge(one, best, language)}{caption(one, language)}"
        f"{_save(one, language)}</figcaption></figure>"
    )


def _plain_figure(picture: ResultPicture, address: str, alt: str) -> str:
    return (
        f'<figure class="p-shot"><header>{_letter(picture.letter)}'
        f"<b>{escape(picture.title)}</b></header>"
        f'<img src="{escape(address)}" alt="{escape(alt)}"></figure>'
    )


def _half(picture: ResultPicture, side: str, language: str) -> str:
    alt = translate_html(language, f"closer.eye_{side}", name=picture.name)
    label = translate_html(language, f"closer.{side}")
    return (
        f'<div class="p-half p-half-{side}"><img src="{escape(picture.files.eyes)}" alt="{alt}">'
        f'<span aria-hidden="true">{label}</span></div>'
    )


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
        close=_nearness(_distance(picture), language),
        texture=numbers.percent(picture.report["texture_retention"]),
    )


def _save(picture: ResultPicture, language: str) -> str:
    if not picture.full:
        return ""
    text = translate_html(language, "caption.save")
    return f'<p class="p-save"><a href="{escape(picture.full)}" download>{text}</a></p>'


def _badge(picture: ResultPicture, best: Sequence[str], language: str) -> str:
    if not best:
        return ""
    if picture.letter not in best:
        # An empty line, so that the captions align with those that have a badge.
        return '<p class="p-badge" aria-hidden="true">&nbsp;</p>'
    text = translate(language, "caption.star" if len(best) == 1 else "caption.star_tied")
    return f'<p class="p-badge">★ {term(language, "star", text)}</p>'


def _dot(figure: Figure) -> str:
    return "★" if isinstance(figure, ResultPicture) and figure.best else figure.letter or "·"


def _dots(figures: Sequence[Figure], language: str) -> str:
    """A button for each picture, for screens narrower than the row; the best one is a star."""
    buttons = "".join(
        f'<button type="button" data-letter="{one.letter}" aria-label="{escape(one.name)}">'
        f"<span>{_dot(one)}</span></button>"
        for one in figures
    )
    label = translate_html(language, "caption.pictures")
    return f'<div class="p-dots" role="group" aria-label="{label}">{buttons}</div>'


def _star_sentence(
    best: Sequence[ResultPicture], others: Sequence[ResultPicture], language: str
) -> str:
    if not best:
        return translate(language, "verdict.none")
    letters = _listed([one.letter for one in best], language)
    if len(best) > 1:
        values = ", ".join(map(_likeness, best))
        return translate(language, "verdict.tied", best=letters, values=values)
    against = _listed(
        [
            translate(language, "verdict.of_look", letter=one.letter, likeness=_likeness(one))
            for one in others
        ],
        language,
    )
    return translate(
        language, "verdict.best", best=letters, likeness=_likeness(best[0]), others=against
    )


def _listed(parts: Sequence[str], language: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {translate(language, 'verdict.and')} {parts[-1]}"


def _distance(picture: ResultPicture) -> float:
    return float(picture.report["identity"]["distance"])


def _likeness(picture: ResultPicture) -> str:
    return f"{_distance(picture):.2f}"


def _nearness(distance: float, language: str) -> str:
    """A word for a likeness distance, such as "close", because smaller numbers are better."""
    for bound, key in ((_SAME, "same"), (MOST_DISTANCE, "close"), (SAME_PERSON, "less")):
        if distance < bound:
            return translate(language, f"caption.{key}")
    return translate(language, "caption.other")


def _texture(report: Report, language: str) -> str:
    floor = f"{report['texture_floor'] * 100:.0f}"
    kept = numbers.percent(report["texture_retention"])
    return translate(language, "caption.texture_of", kept=kept, floor=floor)


def _target_note(picture: ResultPicture, language: str) -> str:
    """The target gaze if eyes cannot reach it or the result differs from it; else empty."""
    if not picture.letter or picture.report["gaze"]["target"] is None:
        return ""
    asked, target = (Gaze(*picture.report["gaze"][one]) for one in ("asked", "target"))
    if out_of_reach(asked, target):
        text = translate(
            language,
            "caption.asked_reach",
            degrees=numbers.off_lens(asked),
            reach=numbers.off_lens(target),
        )
        return f" {term(language, 'asked', text)}"
    if not differs(picture.gaze, target):
        return ""
    degrees = f"{round(target.off_lens, 1):g}°"
    missed, same = target.angle_to(picture.gaze), same_angle(picture.gaze, target)
    by = numbers.degrees(missed)
    if same and missed < MISSED_DEG:
        return ""
    if same:
        text = f"({translate(language, 'caption.missed', degrees=by)})"
    elif missed >= MISSED_DEG:
        text = translate(language, "caption.asked_missed", degrees=degrees, missed=by)
    else:
        text = translate(language, "caption.asked", degrees=degrees)
    return f" {term(language, 'asked', text)}"


def _candidate_caption(candidate: Candidate, language: str) -> str:
    rows = [f"<p>{translate_html(language, 'caption.seed', seed=candidate.seed)}</p>"]
    if candidate.analysis is not None and candidate.error is not None:
        gaze = candidate.analysis.gaze.gaze
        missed = translate(language, "caption.missed", degrees=numbers.degrees(candidate.error))
        rows.append(
            f'<p class="p-gaze"><b>{numbers.off_lens(gaze)}</b> '
            f"{escape(gaze_word(gaze, language))}, {escape(missed)}</p>"
        )
    rows += [_warning(warning, language) for warning in candidate.warnings]
    return "".join(rows)


def _letter(letter: str) -> str:
    return f'<span class="p-letter">{letter}</span>' if letter else ""


def _warning(message: str, language: str) -> str:
    return f'<p class="p-warning">{escape(translate_message(language, message))}</p>'
