"""Technical quality of a portrait: components in the manner of ISO/IEC 29794-5, and the gaze."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face
from pipelines.gaze import SOFT_DEG, GazeEstimate
from pipelines.image import colour, crops, polygons
from pipelines.image.arrays import Image, Map

# Interocular distance, width and height in pixels of the upright crop in which the face is judged:
# about the size of a headshot on a page. Detail that a smaller face lacks counts as missing; grain
# and blur that only a larger one shows are ignored.
_INTEROCULAR = 100.0
_CROP = (300, 360)
# Mean distance of the pupils of adults (Dodgson 2004, Proc. SPIE 5291).
_PUPILS_MM = 63.4
# Standard deviations of the two blurs that `edge_spread` compares, in pixels of the crop.
_PROBE_BLURS = (1.0, 2.2)
# Long side in pixels of the copy in which the background is judged, and the smallest share of the
# picture that must be background.
_BACKGROUND_SIDE = 256.0
_LEAST_BACKGROUND = 0.04
# Luma (of 255) up to which a pixel counts as black, and from which as white.
_BLACK, _WHITE = 10.0, 250.0


@dataclass(frozen=True)
class Component:
    """One component of quality.

    Attributes:
        score: 0 (worst) to 100 (best); None if it cannot be measured.
        native: Measured value in the unit of `UNITS`; None if it cannot be measured.
    """

    score: float | None
    native: float | None


@dataclass(frozen=True)
class Quality:
    """The components of quality; their names are columns of the audit and keys of the reports.

    They follow ISO/IEC 29794-5 and the public description of its reference software (BSI, OFIQ
    1.0), but do not conform: no trained models are used, and the mappings allow for portraits, not
    only for passport photos. The standard has no component for the gaze.

    Attributes:
        sharpness: Spread of the face's edges in millimetres on the face (Zhuo & Sim 2011).
        exposure: Share of the face that is nearly black or white, 0..1.
        dynamic_range: Entropy of the face's luma in bits, up to 8.
        illumination_uniformity: Overlap of the luma histograms of the two cheeks, 0..1.
        natural_colour: Distance of the cheeks' mean a*, b* from the range of skin in white light.
        inter_eye_distance: Interocular distance in pixels of the file, corrected for the yaw.
        head_size: Height of the head divided by the height of the picture.
        head_pose: Angle between the head and the camera in degrees, including the roll.
        eyes_open: Opening of the lids divided by the width of the eye, of the less open eye.
        mouth_closed: Gap between the lips divided by the distance from the eyes to the mouth.
        single_face: Number of faces.
        background_uniformity: Mean gradient of the background, in L* per pixel.
        gaze: Angle between the gaze and the direction of the lens in degrees.
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
        """Score of each component by name."""
        return {name: getattr(self, name).score for name in NAMES}

    def report(self) -> dict[str, Any]:
        """Plain data for JSON: score, native value and unit of each component."""
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
    """Judge the quality of a portrait.

    Args:
        pixels: Working copy, float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
        gaze: Its gaze.
        scale: Size of the working copy divided by the size of the file, in (0, 1].
    """
    crop = _FaceCrop(pixels, face)
    return Quality(
        sharpness=_sharpness(crop),
        exposure=_exposure(crop),
        dynamic_range=_dynamic_range(crop),
        illumination_uniformity=_illumination_uniformity(crop),
        natural_colour=_natural_colour(crop),
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
    """Spread of the strongest edges of a face, in millimetres on the face.

    A step edge blurred by a standard deviation b, blurred again by s, has a gradient proportional
    to 1 / sqrt(b² + s²). So b follows from the ratio of the gradients after two known blurs (Zhuo
    & Sim 2011, Pattern Recognition 44(9)). Skin has no such edges, so smooth skin does not count
    as blur.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
    """
    return _edge_spread(_FaceCrop(pixels, face))


class _FaceCrop:
    """An upright crop of the face with an interocular distance of 100 px.

    Attributes:
        to_crop: Affine map from the picture to the crop, shape (2, 3).
        face: The face, in pixels of the picture.
        pixels: float32 sRGB in [0, 1], shape (360, 300, 3).
        oval: Whether a pixel lies in the face oval, shape (360, 300).
        luma: Rec. 601 luma, 0..255, shape (360, 300).
    """

    def __init__(self, pixels: Image, face: Face) -> None:
        scale = _INTEROCULAR / max(face.interocular, 1e-6)
        middle = (face.oval.min(axis=0) + face.oval.max(axis=0)) / 2
        self.to_crop = crops.upright(middle, face.head.roll, scale, _CROP)
        self.face = face
        self.pixels: Image = np.asarray(crops.cut(pixels, self.to_crop, _CROP), np.float32)
        self.oval = self.inside("oval")
        self.luma = cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY) * np.float32(255)

    def inside(self, name: str) -> NDArray[np.bool_]:
        """Whether a pixel lies in a region of the face; see `Face.region`."""
        polygon = crops.through(self.to_crop, self.face.region(name))
        return polygons.filled(_CROP[::-1], polygon) > 0


def _sharpness(crop: _FaceCrop) -> Component:
    millimetres = _edge_spread(crop)
    return _component(millimetres, _falling(millimetres, half=1.5, width=0.2))


def _edge_spread(crop: _FaceCrop) -> float:
    fine, coarse = (_gradient(crop.luma, blur) for blur in _PROBE_BLURS)
    edges = crop.oval & (coarse >= np.percentile(coarse[crop.oval], 90))
    # The relation holds only at the maximum of the gradient across an edge.
    edges &= coarse >= cv2.dilate(coarse, np.ones((3, 3), np.uint8)) * 0.97
    ratio = float(np.median(fine[edges] / np.maximum(coarse[edges], 1e-6)))
    ratio = float(np.clip(ratio, 1.02, _PROBE_BLURS[1] / _PROBE_BLURS[0]))
    small, large = _PROBE_BLURS[0] ** 2, _PROBE_BLURS[1] ** 2
    spread = float(np.sqrt(max((large - ratio**2 * small) / (ratio**2 - 1), 0.0)))
    return max(spread * _PUPILS_MM / _INTEROCULAR, 0.1)


def _gradient(luma: Map, blur: float) -> Map:
    """Magnitude of the gradient after a blur."""
    smooth = cv2.GaussianBlur(luma, (0, 0), blur)
    x, y = (cv2.Sobel(smooth, cv2.CV_32F, *axis, ksize=3) for axis in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(x, y), np.float32)


def _exposure(crop: _FaceCrop) -> Component:
    values = crop.luma[crop.oval]
    lost = float(np.mean((values <= _BLACK) | (values >= _WHITE)))
    return _component(lost, _falling(lost, half=0.12, width=0.03))


def _dynamic_range(crop: _FaceCrop) -> Component:
    """Entropy of the luma histogram in bits; 8 bits score 100, as in the standard's description."""
    counts = np.bincount(crop.luma[crop.oval].astype(np.int64).clip(0, 255), minlength=256)
    shares = counts[counts > 0] / counts.sum()
    bits = float(-(shares * np.log2(shares)).sum())
    return _component(bits, 12.5 * bits)


def _illumination_uniformity(crop: _FaceCrop) -> Component:
    """Overlap of the luma histograms of the two cheeks; the power of 0.3 raises middle values."""
    sides = []
    for side in ("left", "right"):
        values = crop.luma[crop.inside(f"{side}_cheek")]
        if values.size < 20:
            return Component(None, None)
        # Coarse, smoothed bins, so that texture and grain do not count as a difference of light.
        counts = np.histogram(values, bins=16, range=(0, 256))[0].astype(np.float64)
        counts = np.convolve(counts, [0.25, 0.5, 0.25], mode="same")
        sides.append(counts / max(counts.sum(), 1e-9))
    overlap = float(np.minimum(*sides).sum())
    return _component(overlap, 100 * overlap**0.3)


def _natural_colour(crop: _FaceCrop) -> Component:
    """Distance of the cheeks' mean a*, b* from the range of skin of every tone.

    The range is 5 to 25 in a* and 5 to 35 in b*. Source: the standard's description; Xiao et al.
    2017, Skin Res. Technol. 23(1), measured a* of 4 to 17 and b* of 8 to 25 on skin from very light
    to very dark.
    """
    lab = colour.to_lab(crop.pixels)[crop.inside("left_cheek") | crop.inside("right_cheek")]
    if lab.size < 60:
        return Component(None, None)
    red, yellow = (float(value) for value in lab[:, 1:].mean(axis=0))
    off = np.hypot(max(5 - red, 0, red - 25), max(5 - yellow, 0, yellow - 35))
    return _component(float(off), _falling(float(off), half=6.0, width=1.5))


def _inter_eye_distance(face: Face, scale: float) -> Component:
    frontal = max(float(np.cos(np.radians(face.head.yaw))), 0.3)
    pixels = face.interocular / scale / frontal
    return _component(pixels, _rising(pixels, half=70.0, width=20.0))


def _head_size(face: Face) -> Component:
    """Height from crown to chin.

    The face oval ends at the hairline, a fifth of the head below the crown.
    """
    height = 1.25 * float(np.linalg.norm(face.oval[0] - face.oval[18])) / face.size[0]
    # In portraits the head takes a third to four fifths of the picture's height.
    off = max(0.33 - height, height - 0.80, 0.0)
    return _component(height, _falling(off, half=0.15, width=0.035))


def _head_pose(face: Face) -> Component:
    """Product of the squared cosines of the three angles, as in the standard's description."""
    cosines = np.cos(np.radians([face.head.yaw, face.head.pitch, face.head.roll]))
    turn = float(np.degrees(np.arccos(np.clip(np.prod(cosines), -1, 1))))
    return _component(turn, 100 * float(np.prod(cosines**2)))


def _eyes_open(face: Face) -> Component:
    opening = min(eye.opening for eye in face.eyes)
    # Naturally narrow eyes that are fully open measure about 0.18.
    return _component(opening, _rising(opening, half=0.12, width=0.015))


def _mouth_closed(face: Face) -> Component:
    mouth = face.region("mouth")
    gap = float(np.linalg.norm(mouth[15] - mouth[5]))
    eyes = (face.left.contour.mean(axis=0) + face.right.contour.mean(axis=0)) / 2
    share = gap / max(float(np.linalg.norm(mouth.mean(axis=0) - eyes)), 1e-6)
    return _component(share, _falling(share, half=0.2, width=0.06))


def _background_uniformity(pixels: Image, face: Face) -> Component:
    scale = min(1.0, _BACKGROUND_SIDE / max(face.size))
    height, width = (max(8, round(side * scale)) for side in face.size)
    small = np.asarray(
        cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.float32
    )
    lightness = cv2.GaussianBlur(colour.to_lab(small)[..., 0], (0, 0), 1.0)
    gradient = np.hypot(*(np.asarray(axis) for axis in np.gradient(lightness)))
    background = _background(face.scaled(scale, (height, width)))
    if background.mean() < _LEAST_BACKGROUND:
        return Component(None, None)
    mean = float(gradient[background].mean())
    return _component(mean, _falling(mean, half=2.2, width=0.5))


def _background(face: Face) -> NDArray[np.bool_]:
    """Pixels above the chin that are further from the face than most hair reaches."""
    y, x = np.mgrid[: face.size[0], : face.size[1]].astype(np.float64)
    middle = face.oval.mean(axis=0)
    up = face.oval[0] - face.oval[18]
    up = up / max(float(np.linalg.norm(up)), 1e-6)
    along = (x - middle[0]) * up[0] + (y - middle[1]) * up[1]
    across = (x - middle[0]) * -up[1] + (y - middle[1]) * up[0]
    reach = np.linalg.norm(face.oval[0] - face.oval[18]) / 2
    # An ellipse around head and hair; its centre is above the face's, because hair is.
    head = (across / (0.95 * face.width)) ** 2 + ((along - 0.35 * reach) / (1.75 * reach)) ** 2
    return np.asarray((head > 1) & (along > -0.5 * reach))


def _gaze(gaze: GazeEstimate) -> Component:
    """Score of 50 at the limit of a soft gaze, 90 and more within eye contact."""
    if gaze.measured is None:
        return Component(None, None)
    off = gaze.measured.off_lens
    return _component(off, _falling(off, half=SOFT_DEG, width=1.1))


def _rising(value: float, half: float, width: float) -> float:
    """Sigmoid from 0 to 100 that is 50 at `half`."""
    return float(100 / (1 + np.exp(-np.clip((value - half) / width, -60, 60))))


def _falling(value: float, half: float, width: float) -> float:
    """Sigmoid from 100 at a value of 0 down to 0 that is about 50 at `half`."""
    return min(100.0, (100 - _rising(value, half, width)) * (1 + float(np.exp(-half / width))))


def _component(native: float, score: float) -> Component:
    return Component(float(np.clip(score, 0, 100)), float(native))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
