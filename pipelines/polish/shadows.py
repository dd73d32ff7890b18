"""Dose ``shadows``: relight a face whose light is hard, as a larger and nearer light would.

The light on the skin is estimated in stops (EV, log2 of linear luminance) without the skin's
detail, compared with what soft light from the front and above would give on the form of the face
mesh, and lifted towards that where it is darker. The lit part does not change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face, closeup, skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image import blocks, colour
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass, noise, smoothstep
from pipelines.polish.gloss import Gloss

# Share of the missing light that is added at a dose of 1, and the largest rise in EV.
_SHARE, _MOST_RISE = 0.95, 2.2
# Largest mean rise of the face at a dose of 1 in EV: where only a sliver is lit, the face is not
# brought to the light of that.
_MOST_MEAN = 1.1
# Depth in EV of the darkest tenth of the face: from here shadows are lifted less, and not at all.
# Light that falls off this far is meant, and lifted blacks are blotchy.
_TOO_DEEP = (2.4, 4.6)
# Shading of this many EV shows the shape of a face, in hard and in soft light; what is deeper is
# shadow.
_FORM_HARD, _FORM_SOFT = 0.16, 0.6
# Added to linear luminance before its logarithm. Steps of such stops are about equally visible on
# dark and light skin; without it the form of dark skin would pass for shadow.
_BLACK = 0.02
# EV from which gloss is seen.
_GLOSSY = 0.15
_LEAST = 0.002
# Scales in interocular distances: of the skin's detail that does not count as light; of the guided
# filter that follows the edge of a shadow; of the face's form; over which the light is continued
# to eyes, brows, lips and beard.
_DETAIL, _GUIDE, _RELIEF, _CONTINUED = 0.03, 0.16, 0.06, 0.12
# Percentile of the light on a face that is lit where only small parts of it are, in soft and in
# hard light.
_LEAST_LIT = (75.0, 84.0)
# Distance over which the lift ends where its border follows no edge of the picture, in interocular
# distances, and the contrast of sRGB from which there is one (guided filter: He, Sun & Tang 2013).
_FEATHER, _FEATHER_EDGE = 0.12, 0.05
# Contrast in EV above which the guided filter keeps an edge.
_EDGE = 0.22
# How sharply edges of shadows are placed, and how far from them the light is placed anew, in
# interocular distances; the contrast in EV above which that is done.
_SHARP, _NEAR, _NEAR_EDGE = 0.008, 0.035, 0.15
# Share of the variance of the light between its two clusters (0.64 for a normal distribution, 0.75
# for an even one), or between the two sides of the face: from here it counts as lit and shaded, at
# first not at all, then fully.
_TWO_PARTS, _SIDED = (0.73, 0.81), (0.35, 0.50)
# Width of the edge of a hard shadow in interocular distances. Mean slope of the light along the
# border of its clusters, as a share of one that crosses in that width: from soft to hard light.
_PENUMBRA, _HARD_EDGE = 0.15, (0.60, 0.85)
# The soft light: its direction (x right, y down, z towards the camera) and the share that comes
# from all around.
_SOFT_LIGHT, _AMBIENT = np.array([0.0, -0.35, 0.94]), 0.55
# Share of the variance of light that the form of the face must explain for dark areas to count as
# shadow rather than pigment: from none to all of the dose.
_EXPLAINED = (0.3, 0.6)
# Linear luminance below which a shadow holds too little to be lifted: nothing, and all of the rise.
_NOTHING, _SOMETHING = 0.002, 0.007
# What a lifted place may be lighter than the soft light, in EV.
_SLACK = 0.15
# Share of the colour cast of the shadow that is removed where light is added.
_CAST = 0.85
# Share of the hue other than that of lit skin that is removed from lifted stubble.
_FOREIGN = 0.8
# Share of the chroma that lifting adds to lips and hair that is taken off.
_MUTED = 0.8
# Chroma that a shadow may have compared with the lit skin: dark pixels are often too saturated.
_RICHER = 1.3
# Largest value of a channel of what is lifted.
_BRIGHTEST = np.float32(0.97)
# Standard deviation of grain after lifting, of full scale, that is left.
_MOST_GRAIN = 0.012
# Standard deviation that bounds grain, in interocular distances.
_GRAIN = 0.012
# Share of skin around a beard up to which it is not lifted at all, and from which it is fully.
_NEAR_SKIN = (0.1, 0.4)
# Distance below the eyes from which what is not skin counts as beard, in interocular distances.
_NOT_HAIR = 0.3
# Standard deviation of the surroundings of a place, in interocular distances, and how much more
# than these it may be lifted.
_RIM, _RIM_ABOVE = 0.09, 1.2
# Share by which eyes are lifted less than the skin: whites and wet rims are lighter than skin, and
# would shine out of the shade.
_IN_EYES = 0.45
# Distance over which the lift fades out on ears and neck, in interocular distances.
_NECK_FADE = 0.9


@dataclass(frozen=True)
class Relight:
    """How the light on a face is to change at a dose of 1.

    Attributes:
        rise: Rise of the light in EV, shape (h, w) of the crop of the face.
        cast: Change of a* and b* that the lit part of the face suggests, shape (h, w, 2).
        depth: Difference between the lit and the shaded skin, in EV; 0 without a shadow.
        softening: Share of that difference that the rise makes up for.
        empty: Share of the facial skin that is too dark to be lifted.
        grain: Standard deviation of grain in the shadow, of full scale.
    """

    rise: Map = field(repr=False)
    cast: Image = field(repr=False)
    depth: float
    softening: float
    empty: float
    grain: float


def measure(crop: Closeup, masks: Skin, shine: Gloss) -> Relight:
    """Estimate the light on the face, and what is missing of it in its shadows.

    Args:
        crop: Crop of the face.
        masks: Skin masks of the crop.
        shine: The gloss on the face.
    """
    face, unit, luminance = crop.face, crop.face.interocular, crop.luminance
    nothing = Relight(
        np.zeros_like(luminance), np.zeros((*luminance.shape, 2), np.float32), 0.0, 0.0, 0.0, 0.0
    )
    on_face = masks.facial > 0.5
    if np.count_nonzero(on_face) < 200:
        return nothing
    light, exact = _light(np.log2(luminance * np.exp2(-shine.stops) + _BLACK), masks, unit)
    lit, hardness = _lit_level(light, on_face, face)
    form_normals = normals(face)
    form_depth = _FORM_SOFT + (_FORM_HARD - _FORM_SOFT) * hardness
    form = np.log2(_AMBIENT + (1 - _AMBIENT) * np.clip(form_normals @ _SOFT_LIGHT, 0, 1))
    bright = on_face & (light > lit - 0.3) & (shine.stops < _GLOSSY)
    form -= float(np.median(form[bright])) if bright.any() else 0.0
    missing = np.maximum(lit + np.minimum(form, 0) - exact, 0)
    # The slope stays below 1, so that what was darker than its surroundings stays so.
    rise = missing - form_depth * (1 - np.exp(-missing / form_depth))
    certain = smoothstep(_explained(light, form_normals, on_face), *_EXPLAINED)
    something = smoothstep(np.exp2(light) - _BLACK, _NOTHING, _SOMETHING)
    empty = float(np.mean((missing > 1)[on_face] & (something < 0.5)[on_face]))
    # Shading in soft light is a part of the photograph.
    certain = certain * hardness
    if not certain.any():
        return replace(nothing, empty=empty)
    certain = certain * (1 - smoothstep(float(np.percentile(missing[on_face], 90)), *_TOO_DEEP))
    rise = _SHARE * certain * rise * lowpass(something, _GUIDE * unit)
    dark = np.maximum(np.exp2(exact) - _BLACK, _NOTHING)
    rise = np.minimum(np.log2(((dark + _BLACK) * np.exp2(rise) - _BLACK) / dark), _MOST_RISE)
    rise = _continued(rise.astype(np.float32), face, masks, unit)
    feathered = _feather(crop)
    gradual = feathered(rise)
    # Beyond the face the lift may only become less.
    limited = np.minimum(rise, gradual)
    rise = limited + skin.edge(face) * (gradual - limited)
    # The filter carries the darkness of hair and brows some way on to the skin beside them.
    own = np.log2(lowpass(luminance, _DETAIL / 2 * unit) + _LEAST)
    most = np.log2(np.exp2(lit + np.minimum(form, 0)) - _BLACK + _LEAST)
    rise = np.minimum(rise, np.maximum(most - own, 0) + _SLACK)
    rise = lowpass(np.asarray(rise, np.float32), _SHARP * unit) * (rise > 0)
    view = slice(0, face.size[0]), slice(0, face.size[1])
    rise *= 1 - _IN_EYES * lowpass(skin.both(face, "eye", view, _DETAIL), _DETAIL * unit)
    rise *= min(1.0, _MOST_MEAN / max(float(rise[on_face].mean()), 1e-6))
    shaded = on_face & (rise > 0.25)
    depth = float(lit - np.median(light[shaded])) if np.mean(shaded[on_face]) > 0.02 else 0.0
    # What is too little to be told as a shadow is the form of the face.
    if not depth:
        return replace(nothing, empty=empty)
    lifted = light[shaded] + rise[shaded]
    softening = float(np.median(np.clip(1 - (lit - lifted) / depth, 0, 1)))
    grain = noise(crop.luma[closeup.box(shaded)])
    if shine.toned:
        cast = nothing.cast
    else:
        on_skin = np.clip(1.5 * feathered(masks.visible), 0, 1)
        cast = _cast(crop, on_skin, rise, bright, unit)
    return Relight(rise, cast, depth, softening, empty, grain)


def apply(pixels: Image, crop: Closeup, relight: Relight, dose: float) -> Image:
    """Add the missing light to a picture; pixels that get none stay the same, bit for bit.

    The light multiplies linear values, so that hues and contrast stay. Grain is multiplied less
    where it would show.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        crop: The crop that was measured.
        relight: From `measure`.
        dose: 0..1.
    """
    if not dose or relight.rise.max(initial=0) <= 1e-3:
        return pixels
    result = pixels.copy()
    # sRGB is close to a power of 1 / 2.2.
    gain = np.exp2(np.float32(dose / 2.2) * relight.rise)
    tint, reached = np.clip(crop.pixels * gain[..., None], 0, 1), relight.rise > 1e-3
    lab = colour.to_lab(tint)
    lab[..., 1:] += np.float32(dose) * relight.cast
    tint = (colour.to_rgb(lab) - tint) * relight.cast.any(axis=2, keepdims=True)
    view, (lit, gain, tint) = crop.part(reached, reached.astype(np.float32), gain, tint)
    part = result[view]
    allowed = max(1.0, _MOST_GRAIN / relight.grain) if relight.grain else np.inf
    grainy = bool(gain.max() > allowed)
    unit = crop.face.interocular * crop.shape[1] / crop.pixels.shape[1]
    smooth = lowpass(part, max(0.8, _GRAIN * unit)) if grainy else part
    for rows in blocks.rows(part.shape):
        before, factor = np.ascontiguousarray(part[rows]), gain[rows]
        brightest = colour.brightest(before)
        # Nothing is brightened to white.
        factor = np.minimum(factor, np.maximum(_BRIGHTEST / np.maximum(brightest, 1e-3), 1))
        lifted = before * factor[..., None]
        if grainy:
            lifted -= (before - smooth[rows]) * np.maximum(factor - allowed, 0)[..., None]
        lifted += tint[rows]
        lifted = np.clip(lifted, 0, np.maximum(before, _BRIGHTEST))
        np.copyto(part[rows], lifted, where=(lit[rows] > 0)[..., None])
    return result


def _light(stops: Map, masks: Skin, unit: float) -> tuple[Map, Map]:
    """Light on the skin in EV without its detail, continued beyond the skin.

    Returns:
        The light with soft edges, by which its hardness is judged, and with the picture's own.
    """
    weight = masks.visible
    filled = np.where(weight > 0.3, stops, lowpass(stops, 0.1 * unit, weight))
    filled = np.asarray(filled, np.float32)
    smooth = lowpass(filled, _DETAIL * unit, weight)
    light = cv2.ximgproc.guidedFilter(smooth, smooth, max(2, round(_GUIDE * unit)), _EDGE**2)
    # The edge of a shadow that is lifted beside its place would stay as a line.
    sharp, near = lowpass(filled, _SHARP * unit, weight), max(2, round(_NEAR * unit))
    exact = light
    for _ in range(3):
        exact = cv2.ximgproc.guidedFilter(sharp, exact, near, _NEAR_EDGE**2)
    return np.asarray(light, np.float32), np.asarray(exact, np.float32)


def _lit_level(light: Map, on_face: NDArray[np.bool_], face: Face) -> tuple[float, float]:
    """Light of the lit part of a face in EV, and how hard the light is, 0..1.

    The median of the lighter of two clusters (Otsu 1979), or what a quarter of the face has, where
    only small parts are lit. Hard light falls into two clusters with an edge between them; the
    softer it is, the closer is the level to the median of the face, so that a face in soft light
    is left alone.
    """
    on_skin = light[on_face]
    low, high = np.percentile(on_skin, [2, 98])
    if high - low < 1e-3:
        return float(high), 0.0
    scaled = np.clip((light - low) / (high - low), 0, 1)
    values = scaled[on_face]
    threshold, _ = cv2.threshold(
        (values * 255).astype(np.uint8).reshape(1, -1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU
    )
    lighter = values * 255 > threshold
    share = float(lighter.mean())
    apart = float(values[lighter].mean() - values[~lighter].mean())
    separation = share * (1 - share) * apart**2 / max(float(values.var()), 1e-6)
    down, across = np.gradient(scaled)
    part = (scaled * 255 > threshold).astype(np.uint8)
    border = cv2.morphologyEx(part, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    border &= cv2.erode(on_face.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    slope = float(np.hypot(down, across)[border].mean()) if border.any() else 0.0
    sharpness = slope * _PENUMBRA * face.interocular / max(apart, 1e-3)
    parted = max(
        float(smoothstep(separation, *_TWO_PARTS)),
        float(smoothstep(_sided(light, on_face, face), *_SIDED)),
    )
    hardness = parted * float(smoothstep(sharpness, *_HARD_EDGE))
    least_lit = _LEAST_LIT[0] + hardness * (_LEAST_LIT[1] - _LEAST_LIT[0])
    lit = float(min(np.median(on_skin[lighter]), np.percentile(on_skin, least_lit)))
    middle = float(np.median(on_skin))
    return middle + (lit - middle) * hardness, hardness


def _sided(light: Map, on_face: NDArray[np.bool_], face: Face) -> float:
    """Share of the variance of the light that one step along the middle of the face explains."""
    beyond = (np.arange(on_face.shape[1]) > face.region("nose").mean(axis=0)[0]) & on_face
    one, other = light[beyond], light[on_face & ~beyond]
    if not one.size or not other.size:
        return 0.0
    share = one.size / (one.size + other.size)
    step = float(one.mean() - other.mean())
    return share * (1 - share) * step**2 / max(float(light[on_face].var()), 1e-6)


def normals(face: Face) -> Image:
    """Unit normals of the face mesh, x right, y down, z towards the camera, shape (h, w, 3)."""
    from scipy.interpolate import LinearNDInterpolator

    (height, width), unit = face.size, face.interocular
    step = max(1, round(0.04 * unit))
    rows, columns = np.mgrid[0:height:step, 0:width:step]
    mesh = LinearNDInterpolator(face.landmarks[:468, :2], -face.landmarks[:468, 2])
    depth = mesh(columns, rows).astype(np.float32)
    known = np.isfinite(depth).astype(np.float32)
    depth = np.nan_to_num(depth, nan=0.0)
    relief = lowpass(depth, _RELIEF * unit / step, known)
    down, across = np.gradient(relief, step)
    upright = np.dstack([-across, -down, np.ones_like(relief)])
    upright[known == 0] = (0, 0, 1)
    upright /= np.linalg.norm(upright, axis=2, keepdims=True)
    return np.asarray(cv2.resize(upright.astype(np.float32), (width, height)), np.float32)


def _explained(light: Map, form_normals: Image, on_face: NDArray[np.bool_]) -> float:
    """Share of the variance of the light on the face that one distant light explains, 0..1."""
    values = light[on_face].astype(np.float64)
    known = np.column_stack([np.ones(len(values)), form_normals[on_face]])
    fit, *_ = np.linalg.lstsq(known, values, rcond=None)
    return 1 - float(np.var(values - known @ fit) / max(np.var(values), 1e-6))


def _continued(rise: Map, face: Face, masks: Skin, unit: float) -> Map:
    """The rise on the skin, continued over features and faded out beyond the face."""
    weight = np.clip(masks.visible, 0, 1)
    smooth = lowpass(rise, _CONTINUED * unit, weight)
    rise = weight * rise + (1 - weight) * smooth
    outline = skin.inside(face, skin.outline(face))
    away = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 3) / unit
    on_skin = masks.visible * np.clip(1 - away / _NECK_FADE, 0, 1)
    # The rim of a face is darkest; lifted most, it would glow.
    around = lowpass(rise, _RIM * unit, masks.visible)
    limited, inside = np.minimum(rise, _RIM_ABOVE * around), skin.edge(face)
    rise = limited + inside * (rise - limited)
    # A shadow on a beard is seen near the skin; further in, it is dark by itself, as hair is.
    near = smoothstep(lowpass(masks.visible, _CONTINUED * unit), *_NEAR_SKIN)
    reach = np.maximum(inside * _not_hair(face, near), on_skin)
    return np.asarray(rise * lowpass(reach, _DETAIL / 3 * unit) * (reach > 0), np.float32)


def _feather(crop: Closeup) -> Callable[[Map], Map]:
    """A filter that lets borders follow the picture's edges, and makes them gradual elsewhere.

    Where light changes its colour the skin is not found, and a lift that ended there would show.
    """
    unit = crop.face.interocular
    guide, reach = lowpass(crop.pixels, _SHARP * unit), max(2, round(_FEATHER * unit))
    guided = cv2.ximgproc.createGuidedFilter(guide, reach, _FEATHER_EDGE**2)
    return lambda values: np.maximum(np.asarray(guided.filter(values), np.float32), 0)


def _not_hair(face: Face, near: Map) -> Map:
    """1 on eyes, brows, lips and nostrils, and near skin below the eyes, where a beard may be."""
    view = slice(0, face.size[0]), slice(0, face.size[1])
    features = np.maximum(skin.both(face, "eye", view, 0.1), skin.both(face, "brow", view, 0.03))
    features = np.maximum(features, skin.region(face, "lips", view, 0.03))
    eyes = (face.left.outer + face.right.outer) / 2
    up = eyes - face.region("lips").mean(axis=0)
    up /= max(float(np.linalg.norm(up)), 1e-6)
    rows, columns = np.indices(face.size)
    below = (columns - eyes[0]) * up[0] + (rows - eyes[1]) * up[1]
    lower = np.clip(-below / (_NOT_HAIR * face.interocular), 0, 1) * near
    return np.asarray(np.maximum(features, lower), np.float32)


def _cast(crop: Closeup, on_skin: Map, rise: Map, bright: NDArray[np.bool_], unit: float) -> Image:
    """Change of a* and b* that gives lifted skin the colour of the lit skin, at its lightness."""
    lab = crop.lab
    result = np.zeros((*rise.shape, 2), np.float32)
    if not bright.any() or not rise.any() or np.hypot(*np.median(lab[bright], axis=0)[1:]) < 3:
        return result
    local = lowpass(lab, _DETAIL * unit)
    lit = np.median(lab[bright], axis=0)
    # Light by a factor scales L* + 16, a* and b* by one factor.
    factor = np.exp2(rise / 3)
    scale = np.minimum(factor * (local[..., 0] + 16) / (lit[0] + 16), 1.1)
    wanted = lit[1:] * scale[..., None]
    lifted = local[..., 1:] * factor[..., None]
    richness = np.linalg.norm(lifted, axis=2) / np.maximum(np.linalg.norm(wanted, axis=2), 1)
    wanted *= np.clip(richness, 1, _RICHER)[..., None]
    change = wanted - lifted
    share = np.where(richness > _RICHER, 1.0, _CAST) * np.clip(rise / 0.8, 0, 1)
    change *= (share * on_skin)[..., None]
    # Stubble in the shade is often purple, which shows once it is lifted.
    hue = lit[1:] / np.linalg.norm(lit[1:])
    foreign = lifted - (lifted @ hue)[..., None] * hue
    view = slice(0, crop.face.size[0]), slice(0, crop.face.size[1])
    features = np.maximum(
        skin.both(crop.face, "eye_socket", view, 0.03), skin.region(crop.face, "lips", view, 0.03)
    )
    stubble = np.clip(rise / 0.8, 0, 1) * (1 - on_skin) * (1 - features)
    change -= _FOREIGN * foreign * stubble[..., None]
    # Eyes, lips and hair keep the colour they have: what is faint red in the shade would glow.
    vivid = (1 - 1 / factor[..., None]) * lifted
    kept = _MUTED * np.maximum(skin.region(crop.face, "lips", view, 0.04), 1 - on_skin)
    change -= vivid * np.maximum(skin.both(crop.face, "eye", view, 0.09), kept)[..., None]
    return lowpass(np.asarray(change, np.float32), _DETAIL / 2 * unit)
