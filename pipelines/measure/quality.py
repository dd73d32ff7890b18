"""Is it a good portrait, technically? Components in the manner of ISO/IEC 29794-5, and the gaze."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face
from pipelines.gaze import SOFT_DEG, GazeEstimate
from pipelines.image import colour, crops
from pipelines.image.arrays import Image, Map, Points

# The face is looked at in an upright crop in which the eyes are this many pixels apart: about what
# a headshot shows on a page. Detail that a smaller face lacks counts as missing, grain and blur
# that only a larger one shows do not count.
_INTEROCULAR = 100.0
_CROP = (300, 360)
# Pupils are this far apart in the mean adult (Dodgson 2004, Proc. SPIE 5291).
_PUPILS_MM = 63.4
# The two known blurs, in pixels of the crop.
_PROBES = (1.0, 2.2)
# The background is looked at in a copy of the picture this many pixels long.
_SMALL = 256.0
_LEAST_BACKGROUND = 0.04
# Values (of 255) that are as good as black or white.
_BLACK, _WHITE = 10.0, 250.0


@dataclass(frozen=True)
class Component:
    """One component of quality.

    Attributes:
        score: 0 (useless) to 100 (as good as it gets); None where it cannot be seen.
        native: What was measured, in the unit that `UNITS` names; None where it cannot be seen.
    """

    score: float | None
    native: float | None


@dataclass(frozen=True)
class Quality:
    """The components; the names are columns of the audit and keys of the reports.

    In the manner of ISO/IEC 29794-5 and of the public description of its reference software
    (BSI, OFIQ 1.0), but not conformant: where they use trained models, these use none, and the
    mappings allow for portraits, not only for passports. The gaze is ours; the standard has none.

    Attributes:
        sharpness: Spread of the face's edges in millimetres on the face (Zhuo & Sim 2011).
        exposure: Share of the face that is as good as black or white, 0..1.
        dynamic_range: Entropy of the face's brightness in bits, up to 8.
        illumination_uniformity: Overlap of the brightness of both sides of the face, 0..1.
        natural_colour: Distance of the face's mean a*, b* from what skin shows under white light.
        inter_eye_distance: Between the middles of the eyes in pixels of the file, as if frontal.
        head_size: Height of the head / height of the picture.
        head_pose: Angle between the head and the camera in degrees, roll included.
        eyes_open: Opening of the lids / width of the eye, of the eye that is less open.
        mouth_closed: Gap between the lips / distance from eyes to mouth.
        single_face: Number of faces.
        background_uniformity: Mean step of brightness beside the head, in L* a pixel.
        gaze: Angle between the gaze and the lens in degrees.
    """

    sharpness: Component
    exposure: Component
    dynamic_range: Component
    illumination_uniformity: Component
    natural_colour: Component
    inter_eye_distance: Component
    head_size: Component
    head_pose: Component
    eyes_open: Component
    mouth_closed: Component
    single_face: Component
    background_uniformity: Component
    gaze: Component

    @property
    def weakest(self) -> str:
        """Name of the component with the lowest score."""
        scores = {name: score for name, score in self.scores().items() if score is not None}
        return min(scores, key=lambda name: scores[name])

    def scores(self) -> dict[str, float | None]:
        """Score of each component by its name."""
        return {name: getattr(self, name).score for name in NAMES}

    def report(self) -> dict[str, Any]:
        """Plain data for JSON: score, native measure and unit by component."""
        return {
            name: {
                "score": _rounded(getattr(self, name).score, 1),
                "native": _rounded(getattr(self, name).native, 4),
                "unit": UNITS[name],
            }
            for name in NAMES
        }


NAMES = tuple(field.name for field in fields(Quality))

LABELS = {
    "sharpness": "Sharpness",
    "exposure": "Exposure",
    "dynamic_range": "Dynamic range",
    "illumination_uniformity": "Even light",
    "natural_colour": "Natural colour",
    "inter_eye_distance": "Distance between the eyes",
    "head_size": "Head size",
    "head_pose": "Head pose",
    "eyes_open": "Eyes open",
    "mouth_closed": "Mouth closed",
    "single_face": "Single face",
    "background_uniformity": "Calm background",
    "gaze": "Gaze into the lens",
}
UNITS = {
    "sharpness": "mm of blur",
    "exposure": "share black or white",
    "dynamic_range": "bits",
    "illumination_uniformity": "overlap, 0 to 1",
    "natural_colour": "a*b* off skin",
    "inter_eye_distance": "px",
    "head_size": "of the picture's height",
    "head_pose": "degrees",
    "eyes_open": "of the eye's width",
    "mouth_closed": "of eyes to mouth",
    "single_face": "faces",
    "background_uniformity": "L* per pixel",
    "gaze": "degrees",
}


def of(pixels: Image, face: Face, gaze: GazeEstimate, scale: float = 1.0) -> Quality:
    """Judge a portrait.

    Args:
        pixels: Working copy, float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
        gaze: Where it looks.
        scale: Working size / size of the file, in (0, 1].
    """
    view = _FaceView(pixels, face)
    return Quality(
        sharpness=_sharpness(view),
        exposure=_exposure(view),
        dynamic_range=_dynamic_range(view),
        illumination_uniformity=_illumination_uniformity(view),
        natural_colour=_natural_colour(view),
        inter_eye_distance=_inter_eye_distance(face, scale),
        head_size=_head_size(face),
        head_pose=_head_pose(face),
        eyes_open=_eyes_open(face),
        mouth_closed=_mouth_closed(face),
        single_face=_component(face.count, 100 / face.count),
        background_uniformity=_background_uniformity(pixels, face),
        gaze=_gaze(gaze),
    )


def edge_spread(pixels: Image, face: Face) -> float:
    """How far the strongest edges of a face are spread, in millimetres on the face.

    A step blurred by sigma b, blurred again by s, has a gradient that goes with
    1 / sqrt(b² + s²); so two known blurs tell b (Zhuo & Sim 2011, Pattern Recognition 44(9)). Skin
    has no such edges, so a smooth skin does not count as blur.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
    """
    return _edge_spread(_FaceView(pixels, face))


class _FaceView:
    """The face upright, its eyes 100 px apart."""

    def __init__(self, pixels: Image, face: Face) -> None:
        scale = _INTEROCULAR / max(face.interocular, 1e-6)
        middle = (face.oval.min(axis=0) + face.oval.max(axis=0)) / 2
        self.to_crop = crops.upright(middle, face.head.roll, scale, _CROP)
        self.face = face
        self.pixels: Image = np.asarray(crops.cut(pixels, self.to_crop, _CROP), np.float32)
        self.oval = self.inside("oval")
        self.luma = cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY) * np.float32(255)

    def inside(self, name: str) -> NDArray[np.bool_]:
        canvas = np.zeros(_CROP[::-1], np.uint8)
        polygon = crops.through(self.to_crop, self.face.region(name))
        cv2.fillPoly(canvas, [np.rint(polygon * 16).astype(np.int32)], (1,), shift=4)
        return canvas > 0


def _sharpness(view: _FaceView) -> Component:
    millimetres = _edge_spread(view)
    return _component(millimetres, _falls(millimetres, half=1.5, width=0.2))


def _edge_spread(view: _FaceView) -> float:
    fine, coarse = (_gradient(view.luma, blur) for blur in _PROBES)
    where = view.oval & (coarse >= np.percentile(coarse[view.oval], 90))
    # Only the crest of an edge follows the rule.
    where &= coarse >= cv2.dilate(coarse, np.ones((3, 3), np.uint8)) * 0.97
    ratio = float(np.median(fine[where] / np.maximum(coarse[where], 1e-6)))
    near, far = _PROBES[0] ** 2, _PROBES[1] ** 2
    ratio = float(np.clip(ratio, 1.02, _PROBES[1] / _PROBES[0]))
    spread = float(np.sqrt(max((far - ratio**2 * near) / (ratio**2 - 1), 0.0)))
    return max(spread * _PUPILS_MM / _INTEROCULAR, 0.1)


def _gradient(luma: Map, blur: float) -> Map:
    smooth = cv2.GaussianBlur(luma, (0, 0), blur)
    x, y = (cv2.Sobel(smooth, cv2.CV_32F, *axis, ksize=3) for axis in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(x, y), np.float32)


def _exposure(view: _FaceView) -> Component:
    values = view.luma[view.oval]
    lost = float(np.mean((values <= _BLACK) | (values >= _WHITE)))
    return _component(lost, _falls(lost, half=0.12, width=0.03))


def _dynamic_range(view: _FaceView) -> Component:
    """Entropy of the histogram in bits; 8 bits are 100, as in the standard's description."""
    counts = np.bincount(view.luma[view.oval].astype(np.int64).clip(0, 255), minlength=256)
    shares = counts[counts > 0] / counts.sum()
    bits = float(-(shares * np.log2(shares)).sum())
    return _component(bits, 12.5 * bits)


def _illumination_uniformity(view: _FaceView) -> Component:
    """Overlap of the brightness histograms of the two cheeks; a third power lifts the middle."""
    sides = []
    for side in ("left", "right"):
        values = view.luma[view.inside(f"{side}_cheek")]
        if values.size < 20:
            return Component(None, None)
        # Bins of 16 blurred by one: texture and grain must not pass for a difference of light.
        counts = np.histogram(values, bins=16, range=(0, 256))[0].astype(np.float64)
        counts = np.convolve(counts, [0.25, 0.5, 0.25], mode="same")
        sides.append(counts / max(counts.sum(), 1e-9))
    overlap = float(np.minimum(*sides).sum())
    return _component(overlap, 100 * overlap**0.3)


def _natural_colour(view: _FaceView) -> Component:
    """Distance of the mean a*, b* from 5 to 25 and 5 to 35, where skin of every tone lies.

    Source: the standard's description; Xiao et al. 2017, Skin Res. Technol. 23(1), measured a* of 4
    to 17 and b* of 8 to 25 on skin from very light to very dark.
    """
    lab = colour.to_lab(view.pixels)[view.inside("left_cheek") | view.inside("right_cheek")]
    if lab.size < 60:
        return Component(None, None)
    red, yellow = (float(value) for value in lab[:, 1:].mean(axis=0))
    off = np.hypot(max(5 - red, 0, red - 25), max(5 - yellow, 0, yellow - 35))
    return _component(float(off), _falls(float(off), half=6.0, width=1.5))


def _inter_eye_distance(face: Face, scale: float) -> Component:
    frontal = max(float(np.cos(np.radians(face.head.yaw))), 0.3)
    pixels = face.interocular / scale / frontal
    return _component(pixels, _rises(pixels, half=70.0, width=20.0))


def _head_size(face: Face) -> Component:
    """From crown to chin: the mesh ends at the hairline, a fifth of the head below the crown."""
    height = 1.25 * float(np.linalg.norm(face.oval[0] - face.oval[18])) / face.size[0]
    # Portraits live between a third and four fifths of the picture's height.
    off = max(0.33 - height, height - 0.80, 0.0)
    return _component(height, _falls(off, half=0.15, width=0.035))


def _head_pose(face: Face) -> Component:
    """The squared cosines of the three angles multiply, as in the standard's description."""
    cosines = np.cos(np.radians([face.head.yaw, face.head.pitch, face.head.roll]))
    turn = float(np.degrees(np.arccos(np.clip(np.prod(cosines), -1, 1))))
    return _component(turn, 100 * float(np.prod(cosines**2)))


def _eyes_open(face: Face) -> Component:
    opening = min(eye.opening for eye in face.eyes)
    # Eyes that are narrow by nature open to 0.18 or so and are fully open.
    return _component(opening, _rises(opening, half=0.12, width=0.015))


def _mouth_closed(face: Face) -> Component:
    mouth = face.region("mouth")
    gap = float(np.linalg.norm(mouth[15] - mouth[5]))
    eyes = (face.left.contour.mean(axis=0) + face.right.contour.mean(axis=0)) / 2
    share = gap / max(float(np.linalg.norm(mouth.mean(axis=0) - eyes)), 1e-6)
    return _component(share, _falls(share, half=0.2, width=0.06))


def _background_uniformity(pixels: Image, face: Face) -> Component:
    scale = min(1.0, _SMALL / max(face.size))
    height, width = (max(8, round(side * scale)) for side in face.size)
    small = np.asarray(
        cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.float32
    )
    light = cv2.GaussianBlur(colour.to_lab(small)[..., 0], (0, 0), 1.0)
    step = np.hypot(*(np.asarray(axis) for axis in np.gradient(light)))
    beside = _beside_the_head(face.scaled(scale, (height, width)))
    if beside.mean() < _LEAST_BACKGROUND:
        return Component(None, None)
    mean = float(step[beside].mean())
    return _component(mean, _falls(mean, half=2.2, width=0.5))


def _beside_the_head(face: Face) -> NDArray[np.bool_]:
    """Above the chin, and further from the face than most hair reaches."""
    y, x = np.mgrid[: face.size[0], : face.size[1]].astype(np.float64)
    middle = face.oval.mean(axis=0)
    up = _up(face)
    along = (x - middle[0]) * up[0] + (y - middle[1]) * up[1]
    across = (x - middle[0]) * -up[1] + (y - middle[1]) * up[0]
    reach = np.linalg.norm(face.oval[0] - face.oval[18]) / 2
    # An ellipse around head and hair, raised because hair stands above the face, not below it.
    head = (across / (0.95 * face.width)) ** 2 + ((along - 0.35 * reach) / (1.75 * reach)) ** 2
    return np.asarray((head > 1) & (along > -0.5 * reach))


def _up(face: Face) -> Points:
    up = face.oval[0] - face.oval[18]
    return np.asarray(up / max(float(np.linalg.norm(up)), 1e-6))


def _gaze(gaze: GazeEstimate) -> Component:
    """50 where a gaze stops to read as soft; within eye contact 90 and more."""
    off = gaze.gaze.off_lens
    return _component(off, _falls(off, half=SOFT_DEG, width=1.1))


def _rises(value: float, half: float, width: float) -> float:
    """A sigmoid from 0 to 100 that is 50 at `half`."""
    return float(100 / (1 + np.exp(-np.clip((value - half) / width, -60, 60))))


def _falls(value: float, half: float, width: float) -> float:
    """A sigmoid from 100 at a value of 0 down to 0 that is nearly 50 at `half`."""
    return min(100.0, (100 - _rises(value, half, width)) * (1 + float(np.exp(-half / width))))


def _component(native: float, score: float) -> Component:
    return Component(float(np.clip(score, 0, 100)), float(native))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
