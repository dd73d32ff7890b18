"""What stands under and beside the pictures: reports become short HTML, always in one order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from pipelines.captions import MISSED_DEG, differs, held_back
from pipelines.gaze import Gaze
from presets import Context, Region, Source
from ui import words

if TYPE_CHECKING:
    from pipelines.persona import Candidate, Persona

Report = dict[str, Any]

# More pictures than this leave little room for their titles.
_ROOMY = 3


@dataclass(frozen=True)
class Files:
    """The PNGs that show one picture: all of it, head and shoulders, the eyes.

    Attributes:
        whole: Address of the whole picture.
        close: Address of head and shoulders.
        eyes: Address of the enlarged eyes.
        paths: Path of the whole picture and of head and shoulders.
    """

    whole: str
    close: str
    eyes: str
    paths: tuple[str, str]


@dataclass(frozen=True)
class Shot:
    """One picture of the results.

    Attributes:
        letter: "A" to "D", or "" for the original.
        title: What the look is, such as "Japan · LinkedIn".
        files: What shows it.
        full: Address of the full-size PNG, or "" where there is nothing to download.
        control: Address of the annotation, or "".
        gaze: Where the person looks in this picture.
        report: The variant's report, or the original's own.
        best: Whether this is the most recognisable look, or tied for it.
        path: Path of the full-size PNG, or "".
        skin: Address of the picture that shows what counts as skin, or "".
    """

    letter: str
    title: str
    files: Files
    full: str
    control: str
    gaze: Gaze
    report: Report
    best: bool = False
    path: str = ""
    skin: str = ""

    @property
    def name(self) -> str:
        """Letter and title together."""
        return f"{self.letter} · {self.title}" if self.letter else self.title


def strip(shots: Sequence[Shot]) -> str:
    """All pictures side by side at one scale, the original first."""
    best = sum(shot.best for shot in shots)
    figures = "".join(_figure(shot, best) for shot in shots)
    many = " p-many" if len(shots) > _ROOMY else ""
    return f'<div class="p-strip{many}" tabindex="0" aria-label="Results">{figures}</div>'


def blank_strip() -> str:
    """The place of the pictures before there are any."""
    figures = "".join(
        f'<figure class="p-shot"><header>{_letter(letter)}<b>{title}</b></header>'
        '<div class="p-blank"></div></figure>'
        for letter, title in (("", "Original"), ("A", ""), ("B", ""))
    )
    return f'<div class="p-strip p-waiting">{figures}</div>'


def caption(shot: Shot) -> str:
    """Gaze and word, what was asked if it differs, likeness, texture and floor, warnings last."""
    gaze = (
        f'<p class="p-gaze" title="{escape(words.direction(shot.gaze), quote=True)}">'
        f"<b>{words.degrees(shot.gaze.off_lens)}</b> {words.gaze_word(shot.gaze)}{_asked(shot)}</p>"
    )
    if not shot.letter:
        return gaze
    report = shot.report
    rows = [
        gaze,
        f'<p title="{words.LIKENESS_HELP}">likeness {report["identity"]["distance"]:.2f}</p>',
        f'<p title="{words.TEXTURE_HELP}">texture {_texture(report)}</p>',
    ]
    if report["held_back"]:
        rows.append(f'<p class="p-warning">{escape(held_back(**report["held_back"]))}</p>')
    rows += [f'<p class="p-warning">{escape(warning)}</p>' for warning in report["warnings"]]
    return "".join(rows)


def eyes(shots: Sequence[Shot]) -> str:
    """The eyes of every picture, enlarged, one above the other so that they can be compared."""
    rows = "".join(
        f'<figure class="p-eyes"><figcaption>{_letter(shot.letter)}<b>{escape(shot.title)}</b>'
        f"<span>{words.degrees(shot.gaze.off_lens)} {words.gaze_word(shot.gaze)}</span>"
        f'</figcaption><img src="{_address(shot.files.eyes)}" '
        f'alt="Eyes, {escape(shot.name, quote=True)}"></figure>'
        for shot in shots
    )
    return f'<div class="p-eyes-list">{rows}</div>'


def control(shots: Sequence[Shot]) -> str:
    """The annotations, as a ControlNet would see them."""
    figures = "".join(
        f'<figure class="p-shot"><header>{_letter(shot.letter)}<b>{escape(shot.title)}</b></header>'
        f'<img src="{_address(shot.control)}" alt="Control image, {escape(shot.name, quote=True)}">'
        "</figure>"
        for shot in shots
        if shot.control
    )
    return (
        '<p class="p-aside">The face as lines and two pupils. It is what guides a ControlNet '
        f'to a look.</p><div class="p-strip">{figures}</div>'
    )


def skin(shots: Sequence[Shot]) -> str:
    """What the retouch takes for skin: the rest of the portrait lies under a grey veil."""
    figures = "".join(
        f'<figure class="p-shot"><header><b>{escape(shot.title)}</b></header>'
        f'<img src="{_address(shot.skin)}" alt="What counts as skin"></figure>'
        for shot in shots
        if shot.skin
    )
    return (
        '<p class="p-aside">What shows its colour here counts as skin: it is evened, and on the '
        "face its texture and tone are measured. What lies under the grey is not.</p>"
        f'<div class="p-strip">{figures}</div>'
    )


def numbers(shots: Sequence[Shot]) -> str:
    """All measurements in one table: a row each, a column for every picture."""
    head = "".join(
        f'<th scope="col">{_letter(shot.letter)}{escape(shot.title)}</th>' for shot in shots
    )
    body = "".join(
        f'<tr><th scope="row">{escape(row.title)}<small>{escape(row.meaning)}</small></th>'
        + "".join(f"<td>{escape(_cell(row, shot))}</td>" for shot in shots)
        + "</tr>"
        for row in _ROWS
    )
    return (
        '<div class="p-scroll"><table class="p-numbers">'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def persona(made: Persona, addresses: Sequence[str]) -> str:
    """Candidates side by side, each measured, with what has to be said about them."""
    kept_back = f" {made.kept_back} kept back by the safety filter." if made.kept_back else ""
    figures = "".join(
        f'<figure><a href="{_address(address)}" download><img src="{_address(address)}" '
        f'alt="Invented face, seed {one.seed}"></a>'
        f"<figcaption>{_invented(one)}</figcaption></figure>"
        for one, address in zip(made.candidates, addresses, strict=True)
    )
    notice = escape(made.report()["notice"]) + kept_back
    return f'<p class="p-aside">{notice}</p><div class="p-invented">{figures}</div>'


def _invented(one: Candidate) -> str:
    rows = [f"<p>seed {one.seed}</p>"]
    if one.analysis is not None and one.error is not None:
        gaze = one.analysis.gaze.gaze
        rows.append(
            f'<p class="p-gaze"><b>{words.degrees(gaze.off_lens)}</b> {words.gaze_word(gaze)}, '
            f"missed by {words.degrees(one.error)}</p>"
        )
    rows += [f'<p class="p-warning">{escape(warning)}</p>' for warning in one.warnings]
    return "".join(rows)


def seen(gaze: Gaze, warnings: Sequence[str]) -> str:
    """One line under the portrait: where the person looks now."""
    text = (
        "In this photo the gaze is "
        f"<b>{words.degrees(gaze.off_lens)}</b> off the lens: {words.gaze_word(gaze)}."
    )
    more = "".join(f' <span class="p-warning">{escape(warning)}</span>' for warning in warnings)
    return f'<p class="p-aside">{text}{more}</p>'


def notice(sentence: str, *, quiet: bool = False) -> str:
    """One sentence where a picture would be; empty for no notice."""
    if not sentence:
        return ""
    kind, role = ("p-quiet", "status") if quiet else ("p-refusal", "alert")
    return f'<p class="{kind}" role="{role}">{escape(sentence)}</p>'


def region_note(region: Region) -> str:
    """A region's reasons, its confidence as a small word, and the sources behind "why"."""
    level = region.confidence.gaze
    word = (
        ""
        if level == "none"
        else '<span class="p-level" title="How well studies support this gaze">'
        f"confidence {level}</span>"
    )
    against = f"<p>Against it: {escape(region.against)}</p>" if region.against else ""
    who = f"<p>For: {escape(region.audience)}.</p>"
    return _note(region.rationale, word, who + against + _sources(region.sources))


def context_note(context: Context) -> str:
    """A context's reasons, what to wear, what to stand before, and the sources behind "why"."""
    disclosure = (
        f'<p class="p-disclosure">{escape(context.disclosure)}</p>' if context.disclosure else ""
    )
    hints = (
        f'<p class="p-hint">Wear {escape(context.wardrobe)}. '
        f"Behind: {escape(context.background)}.</p>"
    )
    more = (
        f"<p>Expression: {escape(context.expression)}.</p><p>Crop: {escape(context.crop)}.</p>"
        f"{_sources(context.sources)}"
    )
    return _note(context.rationale, "", more, hints + disclosure)


def _figure(shot: Shot, best: int) -> str:
    download = ""
    if shot.full:
        download = f'<p class="p-save"><a href="{_address(shot.full)}" download>Save as PNG</a></p>'
    name = escape(shot.name, quote=True)
    return (
        f'<figure class="p-shot{"" if shot.letter else " p-original"}">'
        f'<header title="{name}">{_letter(shot.letter)}<b>{escape(shot.title)}</b></header>'
        f'<a href="{_address(shot.full or shot.files.whole)}" target="_blank" rel="noopener">'
        f'<img class="p-close" src="{_address(shot.files.close)}" alt="{name}">'
        f'<img class="p-whole" loading="lazy" src="{_address(shot.files.whole)}" alt="{name}"></a>'
        f"<figcaption>{_badge(shot, best)}{caption(shot)}{download}</figcaption></figure>"
    )


def _badge(shot: Shot, best: int) -> str:
    if not best:
        return ""
    if not shot.best:
        # Keeps the captions on one line with those that have a badge.
        return '<p class="p-badge" aria-hidden="true">&nbsp;</p>'
    return f'<p class="p-badge">★ {words.BEST}{", tied" if best > 1 else ""}</p>'


def _letter(letter: str) -> str:
    return f'<span class="p-letter">{letter}</span>' if letter else ""


def _address(url: str) -> str:
    return escape(url, quote=True)


def _asked(shot: Shot) -> str:
    if not shot.letter or shot.report["gaze"]["target"] is None:
        return ""
    target = Gaze(*shot.report["gaze"]["target"])
    if not differs(shot.gaze, target):
        return ""
    asked = escape(words.direction(target), quote=True)
    missed = target.angle_to(shot.gaze)
    by = f", missed by {words.degrees(missed)}" if missed >= MISSED_DEG else ""
    return f' <span title="{asked}">(asked {round(target.off_lens, 1):g}°{by})</span>'


def _texture(report: Report) -> str:
    floor = f"floor {report['texture_floor'] * 100:.0f}"
    return f"{words.percent(report['texture_retention'])}, {floor}"


def _note(rationale: str, word: str, why: str, hints: str = "") -> str:
    return (
        f'<div class="p-note"><p>{escape(rationale)}</p>{hints}'
        f"<details><summary>{word}<span>why</span></summary>{why}</details></div>"
    )


def _sources(sources: Sequence[Source]) -> str:
    if not sources:
        return "<p>No study was found.</p>"
    return f"<ul>{''.join(_source(source) for source in sources)}</ul>"


def _source(source: Source) -> str:
    how = {"seen": "", "secondary": " (second-hand)", "memory": " (not looked up yet)"}
    text = escape(source.text)
    if source.link:
        link = escape(source.link, quote=True)
        text = f'<a href="{link}" target="_blank" rel="noopener noreferrer">{text}</a>'
    return f"<li>{text}{how[source.status]}</li>"


def _cell(row: _Row, shot: Shot) -> str:
    read = row.variant if shot.letter else row.original
    return read(shot.report) if read else "–"


def _or_dash(value: float | None, say: Callable[[float], str]) -> str:
    return "–" if value is None else say(value)


def _direction(angles: Sequence[float]) -> str:
    return words.direction(Gaze(*angles))


def _target(report: Report) -> str:
    target = report["gaze"]["target"]
    return "left as it was" if target is None else _direction(target)


def _head(report: Report) -> str:
    head = report["head"]
    return _direction((head["yaw"], head["pitch"]))


def _tone_shift(report: Report) -> str:
    tone = report["skin_tone"]
    if tone["ita_before"] is None or tone["ita_after"] is None:
        return "–"
    return words.degrees(tone["ita_after"] - tone["ita_before"])


def _given(report: Report) -> str:
    held = report["held_back"]
    return "all" if held is None else held_back(**held)


def _spacing(report: Report) -> str:
    return words.percent(report["eyes"]["spacing_ratio"])


def _tilt(report: Report) -> str:
    return words.degrees(report["eyes"]["tilt_deg"])


def _highlights(report: Report) -> str:
    return _or_dash(report["eyes"]["catchlight_agreement"], lambda value: f"{value:.2f}")


def _drawn_by(report: Report) -> str:
    made = report.get("generation")
    if made is None or made["delivered"] == "proposal" or not made["passes"]:
        tried = f", {made['passes']} tries of the network" if made and made["passes"] else ""
        return f"geometry{tried}"
    tries = "1 pass" if made["passes"] == 1 else f"{made['passes']} passes"
    return f"network, {tries} on {made['device']}"


@dataclass(frozen=True)
class _Row:
    """One line of the table; `original` is None where there is nothing to compare with."""

    title: str
    meaning: str
    variant: Callable[[Report], str]
    original: Callable[[Report], str] | None = None


_ROWS = (
    _Row(
        "Gaze",
        "where the eyes look, off the lens",
        lambda report: _direction(report["gaze"]["after"]),
        lambda report: _direction(report["gaze"]),
    ),
    _Row("Gaze asked for", "after what eyes can reach", _target),
    _Row(
        "Gaze error",
        "angle between the two",
        lambda report: _or_dash(report["gaze"]["error"], words.degrees),
    ),
    _Row("Head", "where it points; no look turns it", lambda _: "the same", _head),
    _Row(
        "Likeness",
        "0 = same, 0.6 = someone else",
        lambda report: f"{report['identity']['distance']:.3f}",
    ),
    _Row("Skin texture left", "fine detail, and the least allowed", _texture),
    _Row(
        "Skin tone",
        "angle of lightness and warmth (ITA)",
        lambda report: _or_dash(report["skin_tone"]["ita_after"], words.degrees),
        lambda report: _or_dash(report["skin_tone"]["ita"], words.degrees),
    ),
    _Row("Skin tone shift", "at most 2° is fine", _tone_shift),
    _Row(
        "Skin colour change",
        "CIEDE2000; 1 is just visible",
        lambda report: f"{report['skin_tone']['delta_e00_mean']:.2f}",
    ),
    _Row("Retouch given", "of what the look asks for", _given),
    _Row(
        "Fine contrast",
        "of hair, lashes or mouth; at most 130 %",
        lambda report: words.percent(report["guards"]["sharpening"]),
    ),
    _Row(
        "Rim where the skin ends",
        "lightness; at most 1.5",
        lambda report: f"{report['guards']['halo']:.1f}",
    ),
    _Row("Distance of the eyes", "share of the face’s width", _spacing, _spacing),
    _Row("Tilt of the eye line", "against the head", _tilt, _tilt),
    _Row("Highlights agree", "1 = alike in both eyes", _highlights, _highlights),
    _Row(
        "Changed outside the face",
        "pixels",
        lambda report: f"{report['changed_outside_face']:,}".replace(",", " "),
    ),
    _Row("Eyes by", "and where it ran", _drawn_by),
    _Row("Time", "to make it", lambda report: f"{report['seconds']['total']:.1f} s"),
)
