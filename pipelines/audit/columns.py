"""The columns of an audit: what each is called, means, and how it is read off a headshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pipelines.studio.headshot import Headshot

Value = float | int | str | None

ITA_CLASSES = (
    ("very light", 55.0),
    ("light", 41.0),
    ("intermediate", 28.0),
    ("tan", 10.0),
    ("brown", -30.0),
    ("dark", float("-inf")),
)
"""The six standard classes with the angle that each lies above.

After Del Bino & Bernerd 2013, Br. J. Dermatol. 169(s3). A property of the picture, light and
exposure included, not of a person's group.
"""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: As in the files and in rules.
        meaning: One line for people.
        kind: Rules may use numbers; text is for reading.
        read: Its value for a measured headshot; None for columns that the audit itself fills in.
        digits: Digits after the point that are kept.
    """

    name: str
    meaning: str
    kind: Literal["number", "text"]
    read: Callable[[Headshot], Value] | None = None
    digits: int = 2


def ita_class(ita: float | None) -> str | None:
    """Name of the standard class of an Individual Typology Angle in degrees."""
    if ita is None:
        return None
    return next(name for name, above in ITA_CLASSES if ita > above)


def read(headshot: Headshot) -> dict[str, Value]:
    """Every measured column of a headshot by name, rounded."""
    values = {}
    for column in COLUMNS:
        if column.read is not None:
            value = column.read(headshot)
            values[column.name] = round(value, column.digits) if isinstance(value, float) else value
    return values


def numbers() -> tuple[str, ...]:
    """Names that a rule may use: all numbers but its own verdict."""
    return tuple(c.name for c in COLUMNS if c.kind == "number" and c.name != "keep")


def _quality(name: str, meaning: str, column: str | None = None) -> tuple[Column, Column]:
    scored = column or name
    return (
        Column(
            scored,
            f"{meaning}, 0 to 100",
            "number",
            lambda shot: getattr(shot.quality, name).score,
            1,
        ),
        Column(
            f"{scored}_native",
            f"{meaning}: the native measure",
            "number",
            lambda shot: getattr(shot.quality, name).native,
            4,
        ),
    )


def _sign(name: str, meaning: str) -> Column:
    return Column(name, meaning, "number", lambda shot: getattr(shot.signs, name).value, 3)


COLUMNS: tuple[Column, ...] = (
    Column("file", "path inside the folder", "text"),
    Column("status", "measured or refused", "text"),
    Column("code", "why it was refused, for programs", "text"),
    Column("sentence", "why it was refused, for people", "text"),
    Column("keep", "1 if the rule keeps it, 0 if not", "number"),
    Column("width", "width of the file in pixels", "number", lambda shot: shot.size[0]),
    Column("height", "height of the file in pixels", "number", lambda shot: shot.size[1]),
    Column("faces", "faces in the picture", "number", lambda shot: shot.faces),
    Column("gaze", "angle off the lens, degrees", "number", lambda s: s.gaze.gaze.off_lens),
    Column("gaze_yaw", "gaze, > 0 to the picture's right", "number", lambda s: s.gaze.gaze.yaw),
    Column("gaze_pitch", "gaze, > 0 up, degrees", "number", lambda s: s.gaze.gaze.pitch),
    Column("gaze_word", "contact, soft or averted", "text", lambda s: s.gaze.gaze.word),
    Column("gaze_confidence", "how clearly irises are seen", "number", lambda s: s.gaze.confidence),
    Column("head_yaw", "head, > 0 to the picture's right", "number", lambda s: s.head.yaw),
    Column("head_pitch", "head, > 0 up, degrees", "number", lambda s: s.head.pitch),
    Column("head_roll", "head, > 0 clockwise, degrees", "number", lambda s: s.head.roll),
    *_quality("sharpness", "sharp edges of the face"),
    *_quality("exposure", "nothing lost in black or white"),
    *_quality("dynamic_range", "range of brightness of the face"),
    *_quality("illumination_uniformity", "both sides of the face lit alike"),
    *_quality("natural_colour", "colour of skin under white light"),
    *_quality("inter_eye_distance", "pixels between the eyes"),
    *_quality("head_size", "size of the head in the picture"),
    *_quality("head_pose", "head towards the camera and upright"),
    *_quality("eyes_open", "eyes open"),
    *_quality("mouth_closed", "mouth closed"),
    *_quality("single_face", "one face only"),
    *_quality("background_uniformity", "calm background"),
    *_quality("gaze", "gaze into the lens", "gaze_quality"),
    Column("weakest", "component with the lowest score", "text", lambda s: s.quality.weakest),
    Column("ita", "Individual Typology Angle, degrees", "number", lambda shot: shot.ita),
    Column("ita_class", "its standard class", "text", lambda shot: ita_class(shot.ita)),
    Column(
        "skin_detail",
        "skin's fine detail / a natural photo's, estimate",
        "number",
        lambda s: s.finish.share,
        3,
    ),
    Column(
        "over_polished",
        "1 if the skin looks over-polished",
        "number",
        lambda s: None if s.finish.share is None else int(s.finish.over_polished),
    ),
    _sign("eye_spacing", "between the irises, mm by their size"),
    _sign("eye_tilt", "slant of the eyes, degrees"),
    _sign("iris_difference", "difference of the irises' sizes, share"),
    _sign("pupil_roundness", "overlap of a pupil with an ellipse"),
    _sign("catchlight_agreement", "how alike both eyes mirror the light"),
    _sign("eye_detail", "detail of the eyes against the skin's"),
    Column(
        "artificial_signs",
        "signs of an artificial face",
        "number",
        lambda s: len(s.signs.unusual),
    ),
    Column("unusual", "which signs", "text", lambda s: " ".join(s.signs.unusual) or None),
    Column("face_hash", "perceptual hash of the upright face", "text"),
    Column("group", "number of its group of near-duplicates", "number"),
    Column("duplicate", "1 for all but the best of a group", "number"),
)
