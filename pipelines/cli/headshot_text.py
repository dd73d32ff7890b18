"""A judged headshot in lines of plain text."""

from __future__ import annotations

from pipelines.cli.output import printable
from pipelines.image import metadata
from pipelines.measure import artificial, quality
from pipelines.measure.measurements import Measurements
from pipelines.measure.naturalness import OVER_POLISHED_BELOW
from pipelines.studio import captions
from pipelines.studio.headshot import Headshot

_WIDE = 30


def gaze_and_head(photo: Headshot) -> list[str]:
    """Where the eyes look and the head points."""
    gaze, head = photo.gaze.measured, photo.head
    angles = f" (yaw {gaze.yaw:+.1f}°, pitch {gaze.pitch:+.1f}°)" if gaze else ""
    described = f"{captions.describe(photo.gaze)}{angles}, confidence {photo.gaze.confidence:.2f}"
    return [
        _line("Gaze", described),
        _line(
            "Head",
            f"yaw {head.yaw:+.1f}°, pitch {head.pitch:+.1f}°, roll {head.roll:+.1f}°",
        ),
        _line("Skin tone as pictured", _ita(photo.ita)),
    ]


def origin(photo: Headshot) -> list[str]:
    """What the picture says about what made it; nothing if it says nothing."""
    found, lines = photo.origin, []
    if found.source_type:
        meaning = metadata.SOURCE_TYPES.get(found.source_type, "")
        lines.append(_line("Source", f"{found.source_type} ({meaning})".removesuffix(" ()")))
    if found.credentials is not None:
        signed = found.credentials
        lines.append(
            _line("Content Credentials", f"{signed.state.lower()}, signed by {signed.signer}")
        )
    return [printable(line) for line in lines]


def change(measured: Measurements, resampled: bool) -> list[str]:
    """What was done to the original, and which bounds it breaks."""
    moved = measured.gaze.after.gaze.angle_to(measured.gaze.before.gaze)
    tone = measured.skin_tone
    outside = "not counted, the sizes differ" if resampled else f"{measured.changed_outside_face}"
    lines = [
        _line(
            "Gaze",
            f"{captions.describe(measured.gaze.before)} before, "
            f"{captions.describe(measured.gaze.after)} now, moved by {moved:.1f}°",
        ),
        _line(
            "Change of the face",
            f"{measured.identity.distance:.2f} (0 = same, 0.6 = someone else)",
        ),
        _line(
            "Texture",
            f"{measured.texture_retention:.0%} kept, floor {measured.texture_floor:.0%}"
            + (", lower because resizing costs texture" if resampled else ""),
        ),
        _line("Skin tone", f"{_ita(tone.ita_before)} before, {_ita(tone.ita_after)} now"),
        _line("Colour difference on skin", f"{tone.delta_e00_mean:.2f} CIEDE2000 on average"),
        _line("Pixels changed elsewhere", outside),
    ]
    return [*lines, *(f"  {reason}" for reason in measured.reasons)]


def finish(photo: Headshot) -> list[str]:
    """How natural the skin is."""
    share = photo.finish.share
    if share is None:
        return [_line("Skin detail", "the face is too small, or shows too little skin, to tell")]
    verdict = "over-polished" if photo.finish.over_polished else "natural"
    return [
        _line(
            "Skin detail",
            f"{share:.2f} of a natural photo's, {verdict} (under {OVER_POLISHED_BELOW} is "
            "over-polished)",
        )
    ]


def quality_lines(photo: Headshot, original: Headshot | None) -> list[str]:
    """A line a component: its score, the native measure, and the original's score."""
    lines = []
    for name in quality.NAMES:
        component = getattr(photo.quality, name)
        if component.score is None:
            lines.append(_line(quality.LABELS[name], "can't be seen"))
            continue
        value = f"{component.score:3.0f}   {component.native:.3g} {quality.UNITS[name]}"
        before = getattr(original.quality, name).score if original is not None else None
        lines.append(
            _line(quality.LABELS[name], value + ("" if before is None else f", was {before:.0f}"))
        )
    return lines


def signs(photo: Headshot) -> list[str]:
    """A line a sign: its value, the usual range, and whether it lies outside."""
    lines = []
    for name in artificial.NAMES:
        sign = getattr(photo.signs, name)
        value = (
            "can't be seen" if sign.value is None else artificial.VALUES[name].format(sign.value)
        )
        usual = "" if sign.value is None else f" (usual: {artificial.USUAL[name]})"
        lines.append(_line(artificial.LABELS[name], value + usual + _mark(sign.unusual)))
    return lines


def _mark(unusual: bool) -> str:
    return "  unusual" if unusual else ""


def _ita(angle: float | None) -> str:
    return "no colour" if angle is None else f"ITA {angle:.1f}°"


def _line(label: str, value: str) -> str:
    return f"  {label:<{_WIDE}}{value}"
