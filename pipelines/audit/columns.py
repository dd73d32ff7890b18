"""The columns of an audit: name, meaning, and how each is read from a judged headshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pipelines.studio.headshot import Headshot

Value = float | int | str | None
Row = dict[str, Value]

ITA_CLASSES = (
    ("very light", 55.0),
    ("light", 41.0),
    ("intermediate", 28.0),
    ("tan", 10.0),
    ("brown", -30.0),
    ("dark", float("-inf")),
)
"""The six standard classes with the angle in degrees that each lies above.

After Del Bino & Bernerd 2013, Br. J. Dermatol. 169(s3). A property of the picture, light and
exposure included, not of a person's group.
"""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: As in the files and in rules.
        meaning: One line for people.
        read: Its value for a judged headshot; None for columns that the audit itself fills in.
        digits: Digits after the point that are kept.
        kind: Rules may use numbers, whole or not; text is for reading.
    """

    name: str
    meaning: str
    read: Callable[[Headshot], Value] | None = None
    digits: int = 2
    kind: Literal["number", "whole", "text"] = "number"


def ita_class(ita: float | None) -> str | None:
    """Name of the standard class of an Individual Typology Angle in degrees."""
    if ita is None:
        return None
    return next(name for name, above in ITA_CLASSES if ita > above)


def read(headshot: Headshot) -> Row:
    """Every measured column of a headshot by name, rounded."""
    row: Row = {}
    for column in COLUMNS:
        if column.read is not None:
            value = column.read(headshot)
            row[column.name] = round(value, column.digits) if isinstance(value, float) else value
    return row


def numbers() -> tuple[str, ...]:
    """Names that a rule may use: all numbers but the rule's own verdict."""
    return tuple(c.name for c in COLUMNS if c.kind != "text" and c.name != "keep")


def _quality(name: str, meaning: str, column: str | None = None) -> tuple[Column, Column]:
    column = column or name
    native = f"{meaning}: the native measure"
    return (
        Column(column, f"{meaning}, 0 to 100", lambda s: getattr(s.quality, name).score, 1),
        Column(f"{column}_native", native, lambda s: getattr(s.quality, name).native, 4),
    )


def _sign(name: str, meaning: str) -> Column:
    return Column(name, meaning, lambda s: getattr(s.signs, name).value, 3)


def _over_polished(headshot: Headshot) -> int | None:
    return None if headshot.finish.share is None else int(headshot.finish.over_polished)


def _source_type(headshot: Headshot) -> str | None:
    return headshot.origin.source_type or None


def _credentials(headshot: Headshot) -> str | None:
    found = headshot.origin.credentials
    return None if found is None else found.state.lower()


COLUMNS: tuple[Column, ...] = (
    Column("file", "path inside the folder, or address", kind="text"),
    Column("status", "measured or refused", kind="text"),
    Column("code", "why it was refused, for programs", kind="text"),
    Column("sentence", "why it was refused, for people", kind="text"),
    Column("keep", "1 if the rule keeps it, 0 if not", kind="whole"),
    Column("width", "width of the file in pixels", lambda s: s.size[0], kind="whole"),
    Column("height", "height of the file in pixels", lambda s: s.size[1], kind="whole"),
    Column("faces", "faces in the picture", lambda s: s.faces, kind="whole"),
    Column("gaze", "angle off the lens, degrees", lambda s: s.gaze.gaze.off_lens),
    Column("gaze_yaw", "gaze, > 0 to the picture's right", lambda s: s.gaze.gaze.yaw),
    Column("gaze_pitch", "gaze, > 0 up, degrees", lambda s: s.gaze.gaze.pitch),
    Column("gaze_word", "contact, soft or averted", lambda s: s.gaze.gaze.word, kind="text"),
    Column("gaze_confidence", "how clearly irises are seen", lambda s: s.gaze.confidence),
    Column("head_yaw", "head, > 0 to the picture's right", lambda s: s.head.yaw),
    Column("head_pitch", "head, > 0 up, degrees", lambda s: s.head.pitch),
    Column("head_roll", "head, > 0 clockwise, degrees", lambda s: s.head.roll),
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
    Column("weakest", "component with the lowest score", lambda s: s.quality.weakest, kind="text"),
    Column("ita", "Individual Typology Angle, degrees", lambda s: s.ita),
    Column("ita_class", "its standard class", lambda s: ita_class(s.ita), kind="text"),
    Column(
        "skin_detail",
        "skin's fine detail / a natural photo's, estimate",
        lambda s: s.finish.share,
        3,
    ),
    Column("over_polished", "1 if the skin looks over-polished", _over_polished, kind="whole"),
    _sign("eye_spacing", "between the irises, mm by their size"),
    _sign("eye_tilt", "slant of the eyes, degrees"),
    _sign("iris_difference", "difference of the irises' sizes, share"),
    _sign("pupil_roundness", "overlap of a pupil with an ellipse"),
    _sign("catchlight_agreement", "how alike both eyes mirror the light"),
    _sign("eye_detail", "detail of the eyes against the skin's"),
    Column(
        "artificial_signs",
        "signs of an artificial face",
        lambda s: len(s.signs.unusual),
        kind="whole",
    ),
    Column("unusual", "which signs", lambda s: " ".join(s.signs.unusual) or None, kind="text"),
    Column("source_type", "what it says made it (IPTC)", _source_type, kind="text"),
    Column("credentials", "state of its Content Credentials", _credentials, kind="text"),
    Column("face_hash", "perceptual hash of the upright face", kind="text"),
    Column("group", "number of its group of near-duplicates", kind="whole"),
    Column("duplicate", "1 for all but the best of a group", kind="whole"),
)
