"""Frame a picture: straighten it by its horizon or the head, and crop it to a usual shape."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from pipelines.face import Face
from pipelines.image import crops
from pipelines.image.arrays import Image, Image8, Points
from pipelines.runtime.messages import Message

# Largest angle by which a picture is turned, in degrees: a head that is tilted further is meant to
# be; below the second the picture is left as it is.
_MOST_TURN, _LEAST_TURN = 15.0, 0.3
# Share of the height that a frame should have below which it is said to be tight.
_TIGHT = 0.7
# How many degrees too few are said.
_NOTICED = 5.0
# For the horizon: long side of the copy in pixels; least length of a line and least total length
# of the lines of one direction, as shares of it; share that these have among the lines near the
# head's roll; how near, and the width of one direction, in degrees.
_SIDE, _LINE, _SUPPORT, _DOMINANT, _NEAR, _SAME = 800, 0.06, 2.0, 0.6, 12.0, 0.8
# The person: half widths of the head and of the body in face widths.
_HEAD_WIDE, _BODY_WIDE = 0.9, 1.6
# Height of the hair above the face's outline, and the smallest height of a frame, in heights of
# the outline.
_HAIR, _LEAST_HEIGHT = 0.32, 1.35
# Room below the chin in a frame that cannot hold the head, in heights of the outline.
_CHIN = 0.08
# How much of the crown may be cut before it is said, in heights of the outline.
_SLACK = 0.05
# Shift of the face to the side where room is left, as a share of the frame's width.
_ASIDE = 0.17
# Head yaw in degrees below which it faces the lens and says no side.
_FACING = 3.0

CROPPED_TIGHT = "The photo is too tight for this frame: there is less room around the head."
CUTS_FACE = (
    "The photo is too narrow for this frame, which would cut the face; it stays as it is. Choose a "
    "taller frame."
)
CUT_CROWN = (
    "The photo is too narrow for this frame, which cuts the top of the head. Choose a taller frame."
)


@dataclass(frozen=True)
class Frame:
    """A shape that a portrait is cropped to.

    Attributes:
        size: (width, height) in pixels that is delivered, if the photo has as many.
        face: Height of the face's outline as a share of the frame's.
        eyes: Height of the eyes above which so much of the frame lies, as a share.
        aside: Whether the face stands at the side, with room where the head turns to.
    """

    size: tuple[int, int]
    face: float
    eyes: float
    aside: bool = False


FRAMES = {
    "1x1": Frame((800, 800), face=0.48, eyes=0.44),
    "4x5": Frame((1080, 1350), face=0.38, eyes=0.38),
    "3x4": Frame((600, 800), face=0.48, eyes=0.44),
    "3x2": Frame((1500, 1000), face=0.40, eyes=0.41),
    "16x9": Frame((1920, 1080), face=0.40, eyes=0.42, aside=True),
}
"""Profile picture, CV, badge, team page, and banner, by name.

The sizes hold what sites show (LinkedIn 400 x 400, feeds 1080 wide, full HD). The shares are design
choices of ours, after what `presets/contexts.yaml` says about each context.
"""


@dataclass(frozen=True)
class Framed:
    """A framed picture.

    Attributes:
        image_u8: uint8 sRGB, shape (h, w, 3).
        name: Name of the frame; "keep" for the picture as it is.
        turned: Degrees by which the picture was turned, counter-clockwise > 0.
        corners: Corners of the frame in the picture, from the upper left clockwise, shape (4, 2).
        notes: Sentences on what could not be done.
    """

    image_u8: Image8 = field(repr=False)
    name: str
    turned: float
    corners: Points
    notes: tuple[str, ...]

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        height, width = self.image_u8.shape[:2]
        return {
            "name": self.name,
            "size": [width, height],
            "turned": round(self.turned, 2),
            "corners": self.corners.round(1).tolist(),
            "notes": list(self.notes),
        }


def frame(image_u8: Image8, face: Face, name: str, tilt: float) -> Framed:
    """Straighten and crop a picture; it is never enlarged, and nothing is added at its borders.

    Where the frame does not fit into the picture, it moves, and then gets smaller; the picture is
    turned less if the head would be cut otherwise. A frame that cannot hold the face is not cut.

    Args:
        image_u8: The picture at full size, uint8 sRGB, shape (H, W, 3).
        face: The face in it, at any size.
        name: A name of `FRAMES`, or "keep".
        tilt: Clockwise tilt of the picture in degrees, from `tilt_of`.
    """
    height, width = image_u8.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    whole = Framed(image_u8, "keep", 0.0, corners, ())
    if name == "keep":
        return whole
    shape, tall = FRAMES[name], _height(face) * width / face.size[1]
    least = min(_LEAST_HEIGHT * tall, height)
    tilt = tilt if abs(tilt) <= _MOST_TURN else 0.0
    placed = [
        _placed(face, shape, share * tilt, (width, height)) for share in (1.0, 0.75, 0.5, 0.25, 0.0)
    ]
    large = [one for one in placed if one.size[1] >= least] or placed[-1:]
    chosen = next((one for one in large if not one.cuts_crown), large[0])
    center, size, turn = chosen.center, chosen.size, chosen.turn
    if size[1] < tall:
        return replace(whole, notes=(CUTS_FACE,))
    notes: list[str] = []
    if chosen.cuts_crown:
        notes.append(CUT_CROWN)
    elif size[1] < _TIGHT * tall / shape.face:
        notes.append(CROPPED_TIGHT)
    if abs(turn - tilt) > _NOTICED:
        notes.append(
            Message(
                "The picture is turned by {degrees:.0f}° less than would straighten it, so that "
                "more of the head stays in it.",
                degrees=abs(tilt - turn),
            )
        )
    image, small = _cut(image_u8, center, size, turn, shape.size), size[0] < shape.size[0] - 1
    if small:
        notes.append(
            Message(
                "Framed, the photo has {width} × {height} pixels instead of {most_width} × "
                "{most_height}; it is not enlarged.",
                width=image.shape[1],
                height=image.shape[0],
                most_width=shape.size[0],
                most_height=shape.size[1],
            )
        )
    half = size / 2
    corners = center + _turned(np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half, -turn)
    return Framed(image, name, turn, corners, tuple(notes))


@dataclass(frozen=True)
class _Place:
    """Where a frame lies in a picture, in pixels; turned by degrees, counter-clockwise > 0."""

    center: Points
    size: Points
    turn: float
    cuts_crown: bool


def _placed(face: Face, shape: Frame, turn: float, picture: tuple[int, int]) -> _Place:
    """The frame at a turn, moved and shrunk to lie in a picture of (width, height)."""
    scale = picture[0] / face.size[1]
    tall = _height(face) * scale
    turn = turn if abs(turn) >= _LEAST_TURN else 0.0
    size = tall / shape.face * np.array([shape.size[0] / shape.size[1], 1.0])
    size = np.maximum(np.floor(size * _shrink(size, turn, picture) + 1e-6), 1)
    center = (_wanted(face, shape, turn, size / scale) + 0.5) * scale
    reach = _reach(size, turn)
    center = np.clip(center, reach, np.array(picture) - reach)
    if turn == 0:
        center = np.floor(center - reach) + reach
    crown = (_crown(face, turn) + 0.5) * scale
    above = (_turned(center[None], turn) - _turned(crown[None], turn))[0, 1] - size[1] / 2
    # Where the photo itself cuts it, no frame does.
    return _Place(center, size, turn, bool(above > _SLACK * tall and crown[1] > 0))


def _height(face: Face) -> float:
    """Height of the upright face's outline, in pixels of its picture."""
    return float(np.ptp(_turned(face.oval, face.head.roll)[:, 1]))


def _crown(face: Face, turn: float) -> Points:
    """Top of the hair, about, in pixels of the face's picture, shape (2,)."""
    oval = _turned(face.oval, turn)
    top = oval[:, 1].min() - _HAIR * np.ptp(oval[:, 1])
    return _turned(np.array([[oval[:, 0].mean(), top]]), -turn)[0]


def tilt_of(pixels: Image, face: Face) -> float:
    """Clockwise tilt of a picture in degrees: of its horizon if there is one, else of the head.

    Lines beside the person that agree with each other and lie near the head's roll, level or
    plumb, are taken for the horizon.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
    """
    roll, side = face.head.roll, max(pixels.shape[:2])
    scale = min(1.0, _SIDE / side)
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = np.rint(255 * cv2.cvtColor(np.asarray(small), cv2.COLOR_RGB2GRAY)).astype(np.uint8)
    found = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:
        return roll
    ends = found.reshape(-1, 2, 2)
    along = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(along, axis=1) / max(grey.shape)
    angle = (np.degrees(np.arctan2(along[:, 1], along[:, 0])) + 45) % 90 - 45
    beside = ~_on_person(ends.mean(axis=1) / scale, face)
    used = beside & (length >= _LINE) & (np.abs(angle - roll) <= _NEAR)
    angle, length = angle[used], length[used]
    if not length.size:
        return roll
    support = ((np.abs(angle[:, None] - angle) <= _SAME) * length).sum(axis=1)
    best = int(np.argmax(support))
    if support[best] < _SUPPORT or support[best] < _DOMINANT * length.sum():
        return roll
    same = np.abs(angle - angle[best]) <= _SAME
    return float(np.average(angle[same], weights=length[same]))


def _on_person(points: Points, face: Face) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which points, shape (n, 2), lie on the head or below it, roughly."""
    center, wide = face.oval.mean(axis=0), face.width
    across, down = np.abs(points[:, 0] - center[0]) / wide, (points[:, 1] - center[1]) / wide
    inside: np.ndarray[Any, np.dtype[np.bool_]] = (across < _HEAD_WIDE) & (down > -1.3)
    return inside | ((across < _BODY_WIDE) & (down > 0.5))


def _wanted(face: Face, shape: Frame, turn: float, size: Points) -> Points:
    """Centre of a frame of (width, height) in pixels of the face's picture, if there is room."""
    eyes = np.mean([(eye.inner + eye.outer) / 2 for eye in face.eyes], axis=0)
    middle = np.asarray(face.oval.mean(axis=0))
    upright_eyes, upright_middle = _turned(np.array([eyes, middle]), turn)
    across = upright_middle[0]
    if shape.aside:
        across += _ASIDE * size[0] * (1 if face.head.yaw > -_FACING else -1)
    down = upright_eyes[1] + (0.5 - shape.eyes) * size[1]
    # In a tight frame the hair matters more than the height of the eyes, and the chin most.
    oval = _turned(face.oval, turn)[:, 1]
    top, chin = _turned(_crown(face, turn)[None], turn)[0, 1], oval.max() + _CHIN * np.ptp(oval)
    down = max(min(down, top + size[1] / 2), chin - size[1] / 2)
    return _turned(np.array([[across, down]]), -turn)[0]


def _reach(size: Points, turn: float) -> Points:
    """Half of the width and height that a turned frame takes up."""
    cosine, sine = np.abs([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
    return np.array([size[0] * cosine + size[1] * sine, size[0] * sine + size[1] * cosine]) / 2


def _shrink(size: Points, turn: float, picture: tuple[int, int]) -> float:
    """Factor at which a turned frame fits into a picture, at most 1."""
    return float(min(1.0, (np.array(picture) / (2 * _reach(size, turn))).min()))


def _cut(
    image_u8: Image8, center: Points, size: Points, turn: float, most: tuple[int, int]
) -> Image8:
    """The turned frame of a picture, reduced to at most (width, height)."""
    wanted = int(size[0]), int(size[1])
    if turn == 0:
        left, top = (center - size / 2).astype(int)
        part = image_u8[top : top + wanted[1], left : left + wanted[0]]
    else:
        # Pixel centres are at whole numbers, the picture's corner at half of one.
        to_frame = crops.upright(center - 0.5, turn, 1.0, wanted)
        part = np.asarray(
            cv2.warpAffine(
                image_u8, to_frame, wanted, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
        )
    if wanted[0] > most[0]:
        part = np.asarray(cv2.resize(part, most, interpolation=cv2.INTER_AREA))
    return np.ascontiguousarray(part)


def _turned(points: Points, degrees: float) -> Points:
    """Points after turning the plane counter-clockwise (y down), shape (n, 2)."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray(points @ np.array([[cosine, -sine], [sine, cosine]]), np.float64)
