"""The ground behind a person: softened as by a longer lens, or plain as in a studio."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from pipelines.face import Face, skin
from pipelines.image import colour
from pipelines.image.arrays import Image, Image8, Map
from pipelines.image.filters import local_mean, lowpass, noise

# Radius of the blur of a softened ground, in interocular distances, and the largest in pixels of
# the copy on which it is computed.
_BLUR, _DIRECT = 0.30, 12
# Radii over which the colours of person and ground are estimated, in interocular distances.
_FAR, _NEAR = 0.6, 0.05
# Plain ground: how much lighter in L* it is behind the head than at the far corners.
_FALL = 9.0
# Share of the way from the tone of the context to that of the old ground, so that the new one fits
# the light on the person; darkest tone in L*; largest chroma that comes from the old ground.
_AGREE, _DARKEST, _TINT = 0.5, 32.0, 1.5
# Least standard deviation of the grain of a plain ground.
_DITHER = 0.5 / 255
# Least weight of a colour that is estimated from what is around.
_EMPTY = 1e-4

# Share of the face that the matte may lose, and of the picture that must be ground; mean width of
# the border between the two, in interocular distances, from which it is unsure (to .049 where it is
# clean, .05 to .09 around a table, or a face that fills the picture).
_MOST_LOST, _LEAST_GROUND, _UNSURE = 0.1, 0.05, 0.0495

# Side of a corner as a share of the picture's, and the difference up to which colours are one; the
# corners of photographs are further apart (0.13 and more on 13).
_CORNER, _FLAT = 0.03, 0.03
# Largest standard deviation of a ground's colours, and least mean, in sRGB, of one that is plain
# already (27 of 300 portraits); a dark one may be wanted lighter.
_EVEN, _LIGHT = 0.035, 0.6

FRAMED = (
    "The four corners of this picture have one flat colour, as around a round picture or before a "
    "plain ground; the ground is left as it is."
)
ALREADY_PLAIN = "The ground is light and plain already, so it is left as it is."
NO_GROUND = "Hardly any ground can be seen behind the person; it is left as it is."
DOUBT = (
    "Where the person ends is unsure in places here, so some of the old ground may remain, or some "
    "of the person be lost; look at the border at full size."
)
TOO_UNSURE = (
    "Where the person ends is too unsure in this photo for a plain ground; it is left as it is. "
    "Softened may do."
)
NO_PERSON = "Person and ground cannot be told apart in this photo; the ground is left as it is."


@dataclass(frozen=True)
class Layers:
    """A picture as a person before a ground.

    Attributes:
        matte: Share of the person, [0, 1], shape (H, W).
        person: Colours of the person alone, continued beyond, shape (H, W, 3).
        ground: Colours of the ground alone, continued behind the person, shape (H, W, 3).
    """

    matte: Map = field(repr=False)
    person: Image = field(repr=False)
    ground: Image = field(repr=False)


def trouble(pixels: Image, matte: Map, face: Face, kind: str) -> str:
    """Why a ground cannot be changed, or "".

    Args:
        pixels: The photo, float32 sRGB in [0, 1], shape (H, W, 3).
        matte: Share of the person, shape (H, W).
        face: The face in the picture.
        kind: "soften" or "plain", which shows every fault of the border.
    """
    if _is_framed(pixels):
        return FRAMED
    on_face = skin.inside(face, face.oval)
    if on_face.any() and float(1 - matte[on_face].mean()) > _MOST_LOST:
        return NO_PERSON
    if float((1 - matte).mean()) < _LEAST_GROUND:
        return NO_GROUND
    if kind != "plain":
        return ""
    # In double precision: NumPy's sums of a million float32 values are too coarse for this.
    mean, spread = cv2.meanStdDev(pixels, mask=(matte < 0.02).astype(np.uint8))
    if spread.max() < _EVEN and mean.mean() > _LIGHT:
        return ALREADY_PLAIN
    return TOO_UNSURE if doubt(matte, face) else ""


def _is_framed(pixels: Image) -> bool:
    """Whether all four corners have one flat colour, as around a round picture."""
    side = max(2, round(_CORNER * min(pixels.shape[:2])))
    ends = slice(None, side), slice(-side, None)
    corners = np.stack([pixels[rows, columns] for rows in ends for columns in ends])
    return bool(np.ptp(corners, axis=(0, 1, 2)).max() < _FLAT)


def doubt(matte: Map, face: Face) -> str:
    """What to look at in a picture whose ground was changed, or "".

    Args:
        matte: Share of the person, shape (H, W).
        face: The face in the picture.
    """
    around = np.ones((3, 3), np.uint8)
    # The gradient is two pixels wide.
    border = cv2.morphologyEx((matte > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, around).sum() / 2
    mixed = ((matte > 0.05) & (matte < 0.95)).sum()
    return DOUBT if mixed > _UNSURE * face.interocular * border else ""


def change(full_u8: Image8, pixels: Image, matte: Map, face: Face, kind: str, tone: str) -> Image8:
    """A picture with another ground.

    Args:
        full_u8: The picture, uint8, shape (H, W, 3).
        pixels: Its working copy, float32, shape (h, w, 3).
        matte: Share of the person, shape (h, w).
        face: The face in the working copy.
        kind: "soften" or "plain".
        tone: Colour of a plain ground.
    """
    layers = separate(pixels, matte, face)
    ground = soften(layers, face) if kind == "soften" else plain(layers, face, tone)
    return compose(full_u8, pixels, layers, ground)


def separate(pixels: Image, matte: Map, face: Face) -> Layers:
    """Estimate the colours of person and ground where both are mixed.

    Source: Forte 2021, "Approximate Fast Foreground Colour Estimation" (ICIP), two passes.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        matte: Share of the person, shape (H, W).
        face: The face in the picture.
    """
    person, ground = pixels, pixels
    share = matte[..., None]
    for radius in (_FAR, _NEAR):
        sigma = radius * face.interocular / 2
        near_person = local_mean(person, matte, sigma)
        near_ground = local_mean(ground, 1 - matte, sigma)
        rest = pixels - share * near_person - (1 - share) * near_ground
        person = np.clip(near_person + share * rest, 0, 1)
        ground = np.clip(near_ground + (1 - share) * rest, 0, 1)
    return Layers(matte, person, ground)


def soften(layers: Layers, face: Face) -> Image:
    """The ground as a longer, wider lens would show it, out of focus, without the person.

    The blur is a disc in linear light, so that small lights become discs, as in a lens.

    Args:
        layers: The picture.
        face: The face in it.

    Returns:
        float32 sRGB in [0, 1], shape (H, W, 3).
    """
    height, width = layers.matte.shape
    radius = _BLUR * face.interocular
    scale = min(1.0, _DIRECT / radius)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    weight = (1 - layers.matte)[..., None]
    linear = np.dstack([colour.to_linear(layers.ground) * weight, weight])
    small = cv2.resize(linear, size, interpolation=cv2.INTER_AREA)
    side = 2 * max(1, round(radius * scale)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.float32)
    spread = cv2.filter2D(small, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
    # Behind the person, where the disc finds no ground, it comes from further away.
    far = lowpass(np.asarray(spread, np.float32), 2 * side)
    mixed = spread + np.float32(0.02) * far
    blurred = mixed[..., :3] / np.maximum(mixed[..., 3:], _EMPTY)
    soft = colour.from_linear(np.asarray(blurred, np.float32))
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def plain(layers: Layers, face: Face, ground: str) -> Image:
    """A studio ground, a little lighter behind the head, with the light and grain of the picture.

    Its tone lies between the one asked and that of the old ground: a bright ground behind a person
    in low light looks pasted.

    Args:
        layers: The picture.
        face: The face in it.
        ground: The colour of an evenly lit picture, such as "#d4d6d8".

    Returns:
        float32 sRGB in [0, 1], shape (H, W, 3).
    """
    height, width = layers.matte.shape
    center = face.oval.mean(axis=0)
    rows, columns = np.indices((height, width), np.float32)
    away = np.hypot(columns - center[0], rows - center[1]) / np.hypot(height, width)
    lab = np.tile(_tone(layers, ground), (height, width, 1))
    lab[..., 0] += _FALL * (0.3 - np.minimum(away, 1.0))
    # The fall of so few levels would show as rings.
    grain = max(noise(colour.luma_of(layers.person)), _DITHER)
    drawn = np.random.default_rng(0).normal(0, grain, (height, width, 1))
    return np.clip(colour.to_rgb(lab) + drawn.astype(np.float32), 0, 1)


def _tone(layers: Layers, ground: str) -> Image:
    """Colour of a plain ground in CIELAB, shape (1, 1, 3)."""
    asked = colour.to_lab(colour.named(ground)[None, None])
    weight = 1 - layers.matte
    old = np.average(colour.to_lab(layers.ground).reshape(-1, 3), axis=0, weights=weight.ravel())
    tone = asked + _AGREE * (old - asked)
    tone[..., 0] = max(float(tone[..., 0].item()), _DARKEST)
    most = max(_TINT, float(np.hypot(*asked[0, 0, 1:])))
    tone[..., 1:] *= min(1.0, most / max(float(np.hypot(*tone[0, 0, 1:])), 1e-6))
    return np.asarray(tone, np.float32)


def compose(full_u8: Image8, pixels: Image, layers: Layers, ground: Image) -> Image8:
    """The person before another ground, at full size; where all is person, pixels stay the same.

    Args:
        full_u8: The picture, uint8, shape (H, W, 3).
        pixels: Its working copy, float32, shape (h, w, 3).
        layers: The working copy as person and ground.
        ground: The new ground, shape (h, w, 3).
    """
    height, width = full_u8.shape[:2]

    def large(values: Image) -> Image:
        if values.shape[:2] == (height, width):
            return values
        return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR))

    matte, result = large(layers.matte), np.empty_like(full_u8)
    for channel in range(3):
        mixed = layers.matte * (layers.person[..., channel] - pixels[..., channel])
        mixed += (1 - layers.matte) * ground[..., channel]
        # Detail that only the full size has is the person's as far as the pixel is.
        value = matte * full_u8[..., channel] + 255 * large(np.ascontiguousarray(mixed))
        value = np.clip(np.rint(value), 0, 255).astype(np.uint8)
        result[..., channel] = np.where(matte >= 1, full_u8[..., channel], value)
    return result
