"""A model of one photographed eyeball, which can be drawn with its iris anywhere.

`learn` separates a photographed eye into sclera, iris texture, highlight, shading and lid shadow;
`draw` puts these together again for another position of the iris.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.gaze.lids import Lids
from pipelines.image.arrays import Image, Map, Points
from pipelines.image.filters import lowpass, smoothstep

# Movement of a highlight as a share of the movement of the iris. A highlight lies on the cornea, a
# sphere of 7.8 mm whose centre is 5.6 mm in front of the eye's; the plane of the iris is 10.48 mm
# in front of it (12 mm eyeball, Gullstrand's schematic eye).
_HIGHLIGHT_TRAVEL = 5.6 / 10.48
# Share of light (RGB) that remains on the sclera in the corners, where the lids meet.
_CORNER = np.array([0.8, 0.68, 0.66])
# Rec. 601 luma.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Half of the side of the iris texture, in iris radii.
_TEXTURE_REACH = 1.35
# Largest radius of a pupil, in iris radii.
_PUPIL = 0.45
# Bounds of the rise of luma by which a highlight is detected.
_HIGHLIGHT_RISE = (0.16, 0.28)
# Largest area of a highlight as a share of the iris; a larger one is the bright half of an iris.
_LARGEST_HIGHLIGHT = 0.25
# Mean distance from the centre from which a bright spot is a part of the sclera or of its rim, and
# mean height above the lower lid up to which it is the lid's wet edge, both in iris radii.
_AT_LIMBUS, _WET_EDGE = 0.8, 0.12
# Distances from the lids between which the iris becomes free of their edges, in iris radii.
_OFF_LIDS = (0.14, 0.28)
# Half of the width of a limbus that is in focus, in iris radii, and of the widest that is drawn.
_LIMBUS, _WIDEST_LIMBUS = 0.09, 0.4
# Largest radius of an iris in pixels at which blur is measured and highlights are filled in.
_MEASURED_RADIUS = 40.0
# Radius in pixels from which an iris is large; none is that was enlarged to be drawn.
_LARGE_RADIUS = 56.0
# Half of the width up to which edges count as in focus, in iris radii.
_EDGE = 0.14
# Least contrast of luma, within half an iris radius, at which the width of an edge is measured.
_CLEAR_EDGE = 0.15
# Penalty of each term of `_basis` in the fit of the sclera, per pixel. Often only one side of the
# iris shows sclera, and its gradient (a reflection of the sky, a shade) does not go on below the
# iris: fitted on one side of 510, the other is missed by 13.6 in CIELAB, by 15.9 at a sixteenth.
_PENALTY = np.diag([0, 96, 96, 24, 96, 96]) * 2e-3
# Distances outside the lids between which skin shows how the light falls off across the eye, and
# the standard deviation of that light, in iris radii; exponent of its luma with which the sclera
# follows. Fitted on one side of the irises of 260 eyes, the other is missed by 14.0 in CIELAB, by
# 15.8 without it, by 15.0 with an exponent of 1, because lids are shaped otherwise than an eyeball.
_LIT_SKIN, _SKIN_LIGHT, _FOLLOWS_SKIN = (0.2, 1.8), 1.0, 0.5
# Depths below the edge of the upper lid at which its shadow is measured, in iris radii.
_SHADOW_DEPTHS = np.linspace(0.0, 0.6, 13)


@dataclass(frozen=True)
class Iris:
    """Position of an iris in a picture.

    Attributes:
        center: Centre in pixels, shape (2,).
        radius: Radius along the longer axis, in pixels.
        toward: Gaze as a unit vector in the picture's frame (x right, y down, z towards the lens),
            shape (3,); it foreshortens the disc.
    """

    center: Points
    radius: float
    toward: Points

    def polar(self, shape: tuple[int, int]) -> tuple[Map, Map, Map]:
        """Coordinates on the disc of the iris for each pixel of a picture.

        Returns:
            Distance from the centre and the x and y coordinates, in iris radii and without the
            foreshortening, each (H, W).
        """
        ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        dx, dy = (xs - self.center[0]) / self.radius, (ys - self.center[1]) / self.radius
        along = self.toward[:2]
        tilt = float(np.linalg.norm(along))
        if tilt > 1e-6:
            nx, ny = along / tilt
            stretch = (dx * nx + dy * ny) * (1 / max(float(self.toward[2]), 0.3) - 1)
            dx, dy = dx + stretch * nx, dy + stretch * ny
        dx, dy = np.asarray(dx, np.float32), np.asarray(dy, np.float32)
        return np.hypot(dx, dy), dx, dy


@dataclass(frozen=True)
class Eyeball:
    """The components of one photographed eye.

    Attributes:
        iris: Position of the iris in the photo.
        sclera: Smooth colour of the sclera everywhere, also under iris and lids, (H, W, 3).
        shading: Light on the eyeball relative to its mean over the lid opening, (H, W).
        texture: Iris texture without shading and highlights, with hidden parts filled in; square,
            1.35 iris radii to each side.
        highlight: Corneal highlight to be added, (H, W, 3).
        lid_shadow: Share of light, per channel, that the upper lid and its lashes leave at depths
            of 0, 0.05, 0.1 ... iris radii below its edge, shape (13, 3); 1 further down.
        softness: Half of the width of the limbus, in iris radii.
        blur: The part of it by which the photo is more blurred than its pixels are large.
        grain: Standard deviation of the photo's noise per channel, shape (3,).
    """

    iris: Iris
    sclera: Image
    shading: Map
    texture: Image
    highlight: Image
    lid_shadow: Points
    softness: float
    blur: float
    grain: Points


def learn(image: Image, lids: Lids, iris: Iris, enlargement: float) -> Eyeball:
    """Separate a photographed eye into its components.

    Args:
        image: The eye, float32 (H, W, 3).
        lids: Its lid opening.
        iris: Its iris.
        enlargement: Pixels of `image` per pixel of the photo, at least 1.
    """
    shape = (image.shape[0], image.shape[1])
    rho, _, _ = iris.polar(shape)
    sharp = float(np.hypot(_LIMBUS, 0.8 * enlargement / iris.radius))
    blur = max(0.0, min(_blur(image, lids), _WIDEST_LIMBUS) - sharp)
    matte, highlight, glare = _split_highlight(image, lids, rho, blur)
    margin = 2 * sharp + blur
    light = _skin_light(matte, lids)
    sclera, _ = _fit_sclera(matte, lids, rho, margin, light)
    lid_shadow = _measure_lid_shadow(matte, sclera, lids, rho > 1 + margin)
    lit = matte / _shadow(lid_shadow, lids)
    sclera, grain = _fit_sclera(lit, lids, rho, margin, light)
    sclera += _smooth_residual(lit - sclera, _clear_sclera(lids, rho, margin), iris.radius)
    shading = _shading(sclera, lids)
    softness = sharp + blur
    texture = _iris_texture(lit / shading[..., None], lids, iris, softness, glare)
    return Eyeball(iris, sclera, shading, texture, highlight, lid_shadow, softness, blur, grain)


def draw(eyeball: Eyeball, iris: Iris, lids: Lids) -> tuple[Image, Map]:
    """Draw the whole eyeball, as if it were not covered by the lids.

    Args:
        eyeball: The components.
        iris: Position of the iris.
        lids: Position of the lids, which cast shadows.

    Returns:
        The picture, float32 (H, W, 3), and the distance from the iris centre in radii, (H, W).
    """
    shape = (eyeball.sclera.shape[0], eyeball.sclera.shape[1])
    rho, dx, dy = iris.polar(shape)
    half = (eyeball.texture.shape[0] - 1) / 2
    # Near the limbus the photo mixes iris and sclera, so the last ring before it is repeated.
    last_ring = 1 - 0.9 * eyeball.softness
    pull = np.minimum(1, last_ring / np.maximum(rho, 1e-6))
    to_texture = np.float32(half / _TEXTURE_REACH)
    texture = cv2.remap(
        eyeball.texture,
        (dx * pull * to_texture + half).astype(np.float32),
        (dy * pull * to_texture + half).astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    texture = texture * eyeball.shading[..., None]
    coverage = 1 - smoothstep(rho, 1 - eyeball.softness, 1 + eyeball.softness)
    picture = eyeball.sclera + coverage[..., None] * (texture - eyeball.sclera)
    picture *= _shadow(eyeball.lid_shadow, lids)
    picture += _move_highlight(eyeball, iris, rho)
    return picture.astype(np.float32), rho.astype(np.float32)


def grain(eyeball: Eyeball, enlargement: float, seed: int) -> Image:
    """Noise with the standard deviation and scale of the photo's grain, float32 (H, W, 3)."""
    height, width = eyeball.sclera.shape[:2]
    size = (max(1, round(height / enlargement)), max(1, round(width / enlargement)), 3)
    noise = np.random.default_rng(seed).standard_normal(size) * eyeball.grain
    scaled = cv2.resize(noise.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return scaled.astype(np.float32)


def _blur(image: Image, lids: Lids) -> float:
    """Blur of an eye by optics, motion or compression, in iris radii; 0 if it is in focus.

    Nothing in the eye can be sharper than the sharpest edges in and around it. An edge counts as a
    smoothstep, whose contrast divided by its steepest gradient is 4/3 of half of its width.
    """
    # On a large eye the same is measured on a smaller copy.
    grey, depth = (_reduced(values, lids.radius) for values in (image @ _LUMA, lids.depth))
    radius = min(lids.radius, _MEASURED_RADIUS)
    reach = 2 * round(radius / 2) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    contrast = cv2.dilate(grey, disc) - cv2.erode(grey, disc)
    # The kernel's weights sum to 32.
    across, down = (cv2.Scharr(grey, cv2.CV_32F, *axis) / 32 for axis in ((1, 0), (0, 1)))
    clear = (contrast > _CLEAR_EDGE) & (depth > -0.3 * lids.radius)
    if not clear.any():
        return 0.0
    widths = 0.75 * contrast[clear] / np.maximum(np.hypot(across, down)[clear], 1e-6)
    # The least of all would be one of noise.
    width = float(np.percentile(widths, 4)) / radius
    return float(np.sqrt(max(0.0, width**2 - _EDGE**2)))


def _reduced(values: Image | Map, radius: float) -> Image:
    """Values of an eye, smaller where its iris has a larger radius than `_MEASURED_RADIUS`."""
    if radius <= _MEASURED_RADIUS:
        return values
    scale = _MEASURED_RADIUS / radius
    size = (round(values.shape[1] * scale), round(values.shape[0] * scale))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def blurred(values: Image | Map, sigma: float, radius: float) -> Image:
    """Gaussian low-pass of an eye; where its iris is large, computed on a smaller copy.

    Args:
        values: Shape (H, W) or (H, W, C).
        sigma: Standard deviation in pixels.
        radius: Radius of the iris in pixels.
    """
    if radius > _LARGE_RADIUS:
        return lowpass(values, sigma)
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)


def _shadow(lid_shadow: Points, lids: Lids) -> Image:
    """Share of light that the upper lid and the corners leave, (H, W, 3)."""
    depth = (lids.height - lids.top) / lids.radius
    upper = np.stack([np.interp(depth, _SHADOW_DEPTHS, lid_shadow[:, k]) for k in range(3)], -1)
    corner = 1 - smoothstep((lids.bottom - lids.top) / lids.radius, 0.1, 1.1)[..., None]
    return (upper * (1 - corner * (1 - _CORNER))).astype(np.float32)


def _measure_lid_shadow(
    image: Image, sclera: Image, lids: Lids, off_iris: NDArray[np.bool_]
) -> Points:
    """Darkening of the sclera towards the upper lid, relative to its fit; see `Eyeball`."""
    depth = (lids.height - lids.top) / lids.radius
    used = off_iris & (lids.u > 0.1) & (lids.u < 0.92) & (lids.depth > -0.02 * lids.radius)
    used &= (lids.bottom - lids.height > 0.25 * lids.radius) & (depth < _SHADOW_DEPTHS[-1])
    ratio = (image / np.maximum(sclera, 0.02))[used]
    nearest = np.rint(depth[used] / _SHADOW_DEPTHS[1]).astype(int)
    measured = np.ones((len(_SHADOW_DEPTHS), 3))
    for index in range(len(_SHADOW_DEPTHS)):
        ratios = ratio[nearest == index]
        # Towards no shadow if there are few pixels at this depth.
        weight = len(ratios) / (len(ratios) + 0.3 * lids.radius)
        if len(ratios):
            measured[index] += weight * (np.median(ratios, axis=0) - 1)
    # A shadow only gets darker towards the lid.
    measured = np.minimum.accumulate(measured[::-1], axis=0)[::-1]
    fade = np.linspace(1, 0, len(_SHADOW_DEPTHS))[:, None] ** 0.5
    shadow: Points = np.clip(1 + fade * (measured - 1), 0.35, 1.0)
    return shadow


def _split_highlight(image: Image, lids: Lids, rho: Map, blur: float) -> tuple[Image, Image, Map]:
    """Separate corneal highlights: the picture without them, their light, and their mask, 0..1."""
    radius = lids.radius
    spots = _find_highlights(image, lids, rho, radius)
    if not spots.any():
        return image, np.zeros_like(image), np.zeros(rho.shape, np.float32)
    reach = max(3, round((0.16 + 1.5 * blur) * radius)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    grown, core = (cv2.dilate((spots >= least).astype(np.uint8), disc) for least in (1, 2))
    small, hole = _reduced(image, radius), _reduced(grown.astype(np.float32), radius) > 0
    filled_u8 = cv2.inpaint(
        np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8),
        hole.astype(np.uint8),
        0.3 * min(radius, _MEASURED_RADIUS),
        cv2.INPAINT_TELEA,
    )
    smooth = cv2.resize(filled_u8, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(grown.astype(np.float32), (0, 0), 0.03 * radius + 0.5)[..., None]
    filled = image + soft * (smooth.astype(np.float32) / 255 - image)
    light = np.clip(image - filled, 0, None).astype(np.float32)
    return image - light, light * core[..., None], np.asarray(soft[..., 0], np.float32)


def _find_highlights(image: Image, lids: Lids, rho: Map, radius: float) -> NDArray[np.uint8]:
    """Where corneal highlights are: small spots brighter than the ring around the pupil.

    They are compared with the ring without the pupil: with a black pupil, half of a light iris
    would be far from the common median, and the threshold would be too high for any highlight. A
    spot includes its darker surroundings down to a second, lower threshold. One at the limbus,
    where sclera shows through, is hidden and not shown again if there is another highlight; the
    wet edge of the lower lid is none.

    Returns:
        2 on highlights, 1 on what is only hidden, 0 elsewhere.
    """
    grey = image @ _LUMA
    ring = (rho > _PUPIL) & (rho < 0.92) & (lids.depth > 0.04 * radius)
    if not ring.any():
        return np.zeros(rho.shape, np.uint8)
    level = float(np.median(grey[ring]))
    spread = float(np.median(np.abs(grey[ring] - level))) * 1.4826
    rise = float(np.clip(4 * spread, *_HIGHLIGHT_RISE))
    visible = (rho < 0.95) & (lids.depth > 0)
    bright = visible & (grey > level + max(0.12, 0.7 * rise))
    _, spots = cv2.connectedComponents(bright.astype(np.uint8))
    sizes = np.bincount(spots.ravel())
    peaks = np.bincount(spots[visible & (grey > level + rise)].ravel(), minlength=len(sizes))
    is_highlight = (peaks >= 2) & (sizes <= _LARGEST_HIGHLIGHT * np.pi * radius**2)
    above = (lids.bottom - lids.height) / radius
    out, up = (np.bincount(spots.ravel(), each.ravel()) / sizes for each in (rho, above))
    kind = np.where(is_highlight & (up > _WET_EDGE), np.where(out < _AT_LIMBUS, 2, 1), 0)
    kind[0] = 0
    if not (kind == 2).any():
        kind *= 2
    return np.asarray(kind[spots], np.uint8)


def _move_highlight(eyeball: Eyeball, iris: Iris, rho: Map) -> Image:
    """The highlight, moved with the iris but less far, and only on the cornea."""
    shift = _HIGHLIGHT_TRAVEL * (iris.center - eyeball.iris.center)
    moved = cv2.warpAffine(
        eyeball.highlight,
        np.array([[1, 0, shift[0]], [0, 1, shift[1]]]),
        (rho.shape[1], rho.shape[0]),
        flags=cv2.INTER_LINEAR,
    )
    on_cornea = 1 - smoothstep(rho, 0.9, 1.1)
    result: Image = (moved * on_cornea[..., None]).astype(np.float32)
    return result


def _skin_light(image: Image, lids: Lids) -> Map:
    """Light that the sclera shares with the skin around it, up to a factor, (H, W)."""
    away = -lids.depth / lids.radius
    skin = ((away > _LIT_SKIN[0]) & (away < _LIT_SKIN[1])).astype(np.float32)
    stops = np.log(np.maximum(image @ _LUMA, 0.02))
    light = lowpass(stops.astype(np.float32), _SKIN_LIGHT * lids.radius, skin)
    return np.exp(np.float32(_FOLLOWS_SKIN) * light)


def _fit_sclera(
    image: Image, lids: Lids, rho: Map, margin: float, light: Map
) -> tuple[Image, Points]:
    """Fit the colour of the sclera robustly by a quadratic function along and across the eye.

    Where no sclera is seen, its colour follows `light`, which is that of the skin.

    Returns:
        The colour everywhere, (H, W, 3), and the standard deviation of the grain, shape (3,).
    """
    radius = lids.radius
    used = _clear_sclera(lids, rho, margin)
    basis = _basis(lids)
    if used.sum() < 60:
        used = (rho > 1 + margin / 2) & (lids.depth > 0.05 * radius)
    if used.sum() < 30:
        return _assumed_sclera(image, lids), np.full(3, 0.004)
    rows, target = basis[used], (image[used] / light[used][:, None]).astype(np.float64)
    weights = np.ones(len(rows))
    penalty = _PENALTY * len(rows)
    for _ in range(4):
        weighted = rows * weights[:, None]
        solution = np.linalg.solve(weighted.T @ rows + penalty, weighted.T @ target)
        error = (target - rows @ solution).mean(axis=1)
        scale = 1.4826 * np.median(np.abs(error)) + 1e-4
        # Less weight on the dark side, because lashes, veins and shadow are darker than the sclera.
        weights = 1 / (1 + (error / (np.where(error < 0, 1.5, 2.5) * scale)) ** 2)
    fitted = basis.reshape(-1, 6) @ solution
    low, high = np.percentile(target, [3, 97], axis=0)
    fitted = np.clip(fitted, low - 0.04, high + 0.03).reshape(image.shape).astype(np.float32)
    fitted *= light[..., None]
    smooth = cv2.GaussianBlur(image, (0, 0), 1.2)
    residual = (image - smooth)[used]
    noise = 1.4826 * np.median(np.abs(residual - np.median(residual, axis=0)), axis=0)
    return fitted, noise.astype(np.float64)


def _clear_sclera(lids: Lids, rho: Map, margin: float) -> NDArray[np.bool_]:
    """Pixels of the sclera at a distance from lids, corners and the limbus."""
    inside = (lids.depth > 0.14 * lids.radius) & (lids.u > 0.1) & (lids.u < 0.92)
    return np.asarray(inside & (rho > 1 + margin))


def _smooth_residual(residual: Image, used: NDArray[np.bool_], radius: float) -> Image:
    """Blurred difference between the sclera and its fit, continued a little under the iris.

    Without it an arc would be visible at the border between the photo's sclera and the fitted one.
    """
    weight = used.astype(np.float32)
    sigma = 0.4 * radius
    mass = blurred(weight, sigma, radius)[..., None]
    limited = np.clip(residual, -0.12, 0.12).astype(np.float32)
    total = blurred(limited * weight[..., None], sigma, radius)
    return np.asarray(total / (mass + 0.02), np.float32)


def _assumed_sclera(image: Image, lids: Lids) -> Image:
    """The sclera where too little of it is visible for a fit: the brighter part of the opening."""
    inside = image[lids.depth > 0]
    level = np.percentile(inside, 85, axis=0) if len(inside) else np.full(3, 0.6)
    shading = 0.75 + 0.25 * np.clip(lids.v, 0, 1)
    sclera: Image = (shading[..., None] * level).astype(np.float32)
    return sclera


def _basis(lids: Lids) -> Points:
    """Quadratic functions of the position along and across the eye, (H, W, 6)."""
    u = 2 * np.clip(lids.u, 0, 1) - 1
    v = 2 * np.clip(lids.v, 0, 1) - 1
    return np.stack([np.ones_like(u), u, u * u, v, v * v, u * v], axis=-1).astype(np.float64)


def _shading(sclera: Image, lids: Lids) -> Map:
    grey = sclera.mean(axis=2)
    inside = lids.depth > 0
    mean = float(grey[inside].mean()) if inside.any() else 1.0
    return np.clip(grey / max(mean, 1e-3), 0.55, 1.35).astype(np.float32)


def _iris_texture(image: Image, lids: Lids, iris: Iris, softness: float, glare: Map) -> Image:
    """Extract the iris, and fill in what lids or highlights hide from its mirror images."""
    size = 2 * int(np.ceil(iris.radius * _TEXTURE_REACH)) + 1
    half = (size - 1) / 2
    axis = (np.arange(size) - half) / half * _TEXTURE_REACH
    dx, dy = np.meshgrid(axis, axis)
    along = iris.toward[:2]
    tilt = float(np.linalg.norm(along))
    px, py = dx, dy
    if tilt > 1e-6:
        nx, ny = along / tilt
        squeeze = (dx * nx + dy * ny) * (max(float(iris.toward[2]), 0.3) - 1)
        px, py = dx + squeeze * nx, dy + squeeze * ny
    map_x = np.asarray(iris.center[0] + px * iris.radius, np.float32)
    map_y = np.asarray(iris.center[1] + py * iris.radius, np.float32)
    texture, depth, hidden = (
        np.asarray(
            cv2.remap(layer, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            np.float32,
        )
        for layer in (image, lids.depth, glare)
    )
    # The wet edge of the lower lid would be left as a line in an iris that rises.
    visible = smoothstep(depth / iris.radius, *_OFF_LIDS) * (1 - hidden)
    rho = np.hypot(dx, dy)
    ring = _ring_mean(texture, visible, rho)
    # Near a lid, what differs from the rest of its ring is a lash or the lid itself.
    deviation = np.abs(texture - ring).max(axis=2)
    near_lid = 1 - smoothstep(depth / iris.radius, 0.2, 0.5)
    visible = visible * (1 - near_lid * smoothstep(deviation, 0.06, 0.14))
    ring = _ring_mean(texture, visible, rho)
    for mirrored in (np.s_[::-1, :], np.s_[::-1, ::-1], np.s_[:, ::-1]):
        share = visible[mirrored] * (1 - visible)
        texture = texture + share[..., None] * (texture[mirrored] - texture)
        visible = visible + share
    texture = ring + visible[..., None] * (texture - ring)
    # Continue the last ring beyond the iris, so that resampling finds no edge there.
    outside = smoothstep(rho, 1 - 0.6 * softness, 1 + softness)[..., None]
    filled: Image = (texture + outside * (ring - texture)).astype(np.float32)
    return filled


def _ring_mean(texture: Image, visible: Map, rho: Points) -> Image:
    """Mean colour of the visible pixels at the same distance from the centre, (h, w, 3)."""
    bins = np.clip((rho * 24).astype(int), 0, 40)
    weight = np.bincount(bins.ravel(), visible.ravel() + 1e-6, minlength=41)
    means = np.stack(
        [
            np.bincount(bins.ravel(), (texture[..., k] * (visible + 1e-6)).ravel(), minlength=41)
            for k in range(3)
        ],
        axis=-1,
    )
    means = means / np.maximum(weight, 1e-9)[:, None]
    kernel = np.array([0.25, 0.5, 0.25])
    padded = np.pad(means, ((1, 1), (0, 0)), mode="edge")
    smooth = sum(kernel[k] * padded[k : k + 41] for k in range(3))
    at = np.clip(rho * 24 - 0.5, 0, 40)
    low = np.floor(at).astype(int)
    part = (at - low)[..., None]
    mixed: Image = (smooth[low] * (1 - part) + smooth[np.minimum(low + 1, 40)] * part).astype(
        np.float32
    )
    return mixed
