"""A picture of one eyeball that can be drawn with its iris anywhere: sclera, iris, highlight."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.gaze.lids import Lids
from pipelines.image.arrays import Image, Map, Points, Reals

# The cornea is a sphere of 7.8 mm whose centre lies 5.6 mm before the eye's; the iris plane lies
# 10.48 mm before it (a 12 mm eyeball, Gullstrand's schematic eye). A highlight sits on the cornea,
# so when the eye turns it travels this share of the iris's way.
HIGHLIGHT_TRAVEL = 5.6 / 10.48
# What the corners leave of the white's light, red, green and blue, where the lids meet.
CORNER = np.array([0.8, 0.68, 0.66])
_TEXTURE_REACH = 1.35
# Within this many radii a pupil may be.
_PUPIL = 0.45
# By how much of full light a highlight rises above the iris, at least and at most.
_STANDS_OUT = (0.16, 0.28)
# Share of the iris that a highlight covers at most; more is a bright half of it.
_LARGEST_SPOT = 0.25
_SHADOW_DEPTHS = np.linspace(0.0, 0.6, 13)


@dataclass(frozen=True)
class Iris:
    """Where an iris stands.

    Attributes:
        center: In pixels, shape (2,).
        radius: Across the longer axis, in pixels.
        toward: Direction of gaze in the picture's frame (x right, y down, z to the lens), unit
            length, shape (3,); it foreshortens the disc.
    """

    center: Points
    radius: float
    toward: Points

    def polar(self, shape: tuple[int, int]) -> tuple[Map, Map, Map]:
        """Distance from the centre in radii and the two disc coordinates, each (H, W)."""
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
    """What was learned from one photographed eye.

    Attributes:
        iris: Where the iris stands in the photo.
        sclera: Smooth colour of the white everywhere, also under iris and lids, (H, W, 3).
        shade: Light on the eyeball, 1 = its mean over the opening, (H, W).
        disc: Iris texture with hidden parts filled in and shading and highlights taken out;
            square, spanning 1.35 radii to each side.
        highlight: Corneal highlight, additive, (H, W, 3).
        lid_shadow: Share of light, per channel, that the upper lid and its lashes leave at depths
            of 0, 0.05, 0.1 ... iris radii below its edge, shape (13, 3); 1 further down.
        softness: Half width of the limbus in radii.
        grain: Standard deviation of the photo's noise per channel, shape (3,).
    """

    iris: Iris
    sclera: Image
    shade: Map
    disc: Image
    highlight: Image
    lid_shadow: Points
    softness: float
    grain: Points


def learn(image: Image, lids: Lids, iris: Iris, native: float) -> Eyeball:
    """Take a photographed eye apart.

    Args:
        image: The eye, float32 (H, W, 3).
        lids: Its lid edges.
        iris: Its iris.
        native: How many of these pixels make one pixel of the photo (1 or more).
    """
    shape = (image.shape[0], image.shape[1])
    rho, _, _ = iris.polar(shape)
    softness = float(np.hypot(0.09, 0.8 * native / iris.radius))
    matte, highlight, glare = _split_highlight(image, lids, rho, iris.radius)
    sclera, _ = _sclera(matte, lids, rho, softness)
    lid_shadow = _lid_shadow(matte, sclera, lids, rho > 1 + 2 * softness)
    lit = matte / shadow(lid_shadow, lids)
    sclera, grain = _sclera(lit, lids, rho, softness)
    sclera += _left_over(lit - sclera, _white(lids, rho, softness), iris.radius)
    shade = _shade(sclera, lids)
    disc = _disc(lit / shade[..., None], lids, iris, softness, glare)
    return Eyeball(iris, sclera, shade, disc, highlight, lid_shadow, softness, grain)


def draw(eyeball: Eyeball, iris: Iris, lids: Lids) -> tuple[Image, Map]:
    """Draw the eyeball with its iris at `iris`, as if the lids hid nothing.

    Args:
        eyeball: What was learned.
        iris: Where its iris shall stand.
        lids: Where the lids stand; the upper one casts its shadow.

    Returns:
        The picture, float32 (H, W, 3), and the distance from the iris centre in radii, (H, W).
    """
    shape = (eyeball.sclera.shape[0], eyeball.sclera.shape[1])
    rho, dx, dy = iris.polar(shape)
    half = (eyeball.disc.shape[0] - 1) / 2
    # Beyond the last clean ring the photo already mixes iris and white; repeat the ring instead.
    last = 1 - 0.9 * eyeball.softness
    pull = np.minimum(1, last / np.maximum(rho, 1e-6))
    to_disc = np.float32(half / _TEXTURE_REACH)
    texture = cv2.remap(
        eyeball.disc,
        (dx * pull * to_disc + half).astype(np.float32),
        (dy * pull * to_disc + half).astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    texture = texture * eyeball.shade[..., None]
    cover = 1 - smoothstep(rho, 1 - eyeball.softness, 1 + eyeball.softness)
    picture = eyeball.sclera + cover[..., None] * (texture - eyeball.sclera)
    picture *= shadow(eyeball.lid_shadow, lids)
    picture += _moved_highlight(eyeball, iris, rho)
    return picture.astype(np.float32), rho.astype(np.float32)


def grain(eyeball: Eyeball, native: float, seed: int) -> Image:
    """Noise like the photo's own, float32 (H, W, 3)."""
    height, width = eyeball.sclera.shape[:2]
    size = (max(1, round(height / native)), max(1, round(width / native)), 3)
    noise = np.random.default_rng(seed).standard_normal(size) * eyeball.grain
    scaled = cv2.resize(noise.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return scaled.astype(np.float32)


def shadow(lid_shadow: Points, lids: Lids) -> Image:
    """The shadow of lids and corners on an eye, (H, W, 3), 1 where there is none."""
    depth = (lids.height - lids.top) / lids.radius
    upper = np.stack([np.interp(depth, _SHADOW_DEPTHS, lid_shadow[:, k]) for k in range(3)], -1)
    corner = 1 - smoothstep((lids.bottom - lids.top) / lids.radius, 0.1, 1.1)[..., None]
    return (upper * (1 - corner * (1 - CORNER))).astype(np.float32)


def _lid_shadow(image: Image, sclera: Image, lids: Lids, white: NDArray[np.bool_]) -> Points:
    """How the white darkens towards the upper lid, beyond its smooth fit; see `Eyeball`."""
    depth = (lids.height - lids.top) / lids.radius
    white = white & (lids.u > 0.1) & (lids.u < 0.92) & (lids.depth > -0.02 * lids.radius)
    white &= (lids.bottom - lids.height > 0.25 * lids.radius) & (depth < _SHADOW_DEPTHS[-1])
    ratio = (image / np.maximum(sclera, 0.02))[white]
    nearest = np.rint(depth[white] / _SHADOW_DEPTHS[1]).astype(int)
    found = np.ones((len(_SHADOW_DEPTHS), 3))
    for index in range(len(_SHADOW_DEPTHS)):
        own = ratio[nearest == index]
        # Few pixels say little: then no shadow is believed.
        trust = len(own) / (len(own) + 0.3 * lids.radius)
        if len(own):
            found[index] += trust * (np.median(own, axis=0) - 1)
    # Towards the lid it can only grow darker.
    found = np.minimum.accumulate(found[::-1], axis=0)[::-1]
    fade = np.linspace(1, 0, len(_SHADOW_DEPTHS))[:, None] ** 0.5
    shadowed: Points = np.clip(1 + fade * (found - 1), 0.35, 1.0)
    return shadowed


def _split_highlight(image: Image, lids: Lids, rho: Map, radius: float) -> tuple[Image, Image, Map]:
    """Separate the specular highlight: (picture without it, highlight alone, where, 0..1)."""
    core = _highlights(image, lids, rho, radius)
    if not core.any():
        return image, np.zeros_like(image), np.zeros(rho.shape, np.float32)
    reach = max(3, round(0.16 * radius)) | 1
    grown = cv2.dilate(core, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    filled_u8 = cv2.inpaint(
        np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8), grown, 0.3 * radius, cv2.INPAINT_TELEA
    )
    soft = cv2.GaussianBlur(grown.astype(np.float32), (0, 0), 0.03 * radius + 0.5)[..., None]
    filled = image + soft * (filled_u8.astype(np.float32) / 255 - image)
    highlight = np.clip(image - filled, 0, None).astype(np.float32)
    return image - highlight, highlight, np.asarray(soft[..., 0], np.float32)


def _highlights(image: Image, lids: Lids, rho: Map, radius: float) -> NDArray[np.uint8]:
    """Where a corneal highlight is: small spots that stand out from the iris's ring, 0 or 1.

    The ring alone, because beside a black pupil half of a light iris is far from their common
    median, and no highlight would stand out. A spot is followed down its flanks.
    """
    grey = image @ np.array([0.299, 0.587, 0.114], np.float32)
    ring = (rho > _PUPIL) & (rho < 0.92) & (lids.depth > 0.04 * radius)
    core = np.zeros(rho.shape, np.uint8)
    if not ring.any():
        return core
    level = float(np.median(grey[ring]))
    spread = float(np.median(np.abs(grey[ring] - level))) * 1.4826
    height = float(np.clip(4 * spread, *_STANDS_OUT))
    seen = (rho < 0.95) & (lids.depth > 0)
    flank = seen & (grey > level + max(0.12, 0.7 * height))
    _, spots = cv2.connectedComponents(flank.astype(np.uint8))
    sizes = np.bincount(spots.ravel())
    peaks = np.bincount(spots[seen & (grey > level + height)].ravel(), minlength=len(sizes))
    found = (peaks >= 2) & (sizes <= _LARGEST_SPOT * np.pi * radius**2)
    found[0] = False
    core[found[spots]] = 1
    return core


def _moved_highlight(eyeball: Eyeball, iris: Iris, rho: Map) -> Image:
    shift = HIGHLIGHT_TRAVEL * (iris.center - eyeball.iris.center)
    moved = cv2.warpAffine(
        eyeball.highlight,
        np.array([[1, 0, shift[0]], [0, 1, shift[1]]]),
        (rho.shape[1], rho.shape[0]),
        flags=cv2.INTER_LINEAR,
    )
    on_cornea = 1 - smoothstep(rho, 0.9, 1.1)
    result: Image = (moved * on_cornea[..., None]).astype(np.float32)
    return result


def _sclera(image: Image, lids: Lids, rho: Map, softness: float) -> tuple[Image, Points]:
    """Fit the white of the eye: quadratic along the eye and from lid to lid, robustly."""
    radius = lids.radius
    seen = _white(lids, rho, softness)
    basis = _basis(lids)
    if seen.sum() < 60:
        seen = (rho > 1 + softness) & (lids.depth > 0.05 * radius)
    if seen.sum() < 30:
        return _guessed_sclera(image, lids), np.full(3, 0.004)
    rows, target = basis[seen], image[seen].astype(np.float64)
    weights = np.ones(len(rows))
    penalty = np.diag([0, 6, 6, 2, 6, 8]) * len(rows) * 2e-3
    for _ in range(4):
        weighted = rows * weights[:, None]
        solution = np.linalg.solve(weighted.T @ rows + penalty, weighted.T @ target)
        miss = (target - rows @ solution).mean(axis=1)
        scale = 1.4826 * np.median(np.abs(miss)) + 1e-4
        # Lashes, veins and lid shadow are darker than the white: distrust that side more.
        weights = 1 / (1 + (miss / (np.where(miss < 0, 1.5, 2.5) * scale)) ** 2)
    fitted = basis.reshape(-1, 6) @ solution
    low, high = np.percentile(target, [3, 97], axis=0)
    fitted = np.clip(fitted, low - 0.04, high + 0.03).reshape(image.shape).astype(np.float32)
    smooth = cv2.GaussianBlur(image, (0, 0), 1.2)
    residual = (image - smooth)[seen]
    noise = 1.4826 * np.median(np.abs(residual - np.median(residual, axis=0)), axis=0)
    return fitted, noise.astype(np.float64)


def _white(lids: Lids, rho: Map, softness: float) -> NDArray[np.bool_]:
    """Where the white is seen, clear of lids, corners and the iris's blurred edge."""
    inside = (lids.depth > 0.14 * lids.radius) & (lids.u > 0.1) & (lids.u < 0.92)
    return np.asarray(inside & (rho > 1 + 2 * softness))


def _left_over(miss: Image, seen: NDArray[np.bool_], radius: float) -> Image:
    """What the fit misses of the white, smoothly, and carried on a little under the iris.

    Without it an arc would stay where the photo's own white ends and the fitted one begins.
    """
    weight = seen.astype(np.float32)
    sigma = 0.4 * radius
    around = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    missed = cv2.GaussianBlur(
        np.clip(miss, -0.12, 0.12).astype(np.float32) * weight[..., None], (0, 0), sigma
    )
    return np.asarray(missed / (around + 0.02), np.float32)


def _guessed_sclera(image: Image, lids: Lids) -> Image:
    inside = image[lids.depth > 0]
    level = np.percentile(inside, 85, axis=0) if len(inside) else np.full(3, 0.6)
    shade = 0.75 + 0.25 * np.clip(lids.v, 0, 1)
    guessed: Image = (shade[..., None] * level).astype(np.float32)
    return guessed


def _basis(lids: Lids) -> Points:
    u = 2 * np.clip(lids.u, 0, 1) - 1
    v = 2 * np.clip(lids.v, 0, 1) - 1
    return np.stack([np.ones_like(u), u, u * u, v, v * v, u * v], axis=-1).astype(np.float64)


def _shade(sclera: Image, lids: Lids) -> Map:
    grey = sclera.mean(axis=2)
    inside = lids.depth > 0
    mean = float(grey[inside].mean()) if inside.any() else 1.0
    return np.clip(grey / max(mean, 1e-3), 0.55, 1.35).astype(np.float32)


def _disc(image: Image, lids: Lids, iris: Iris, softness: float, glare: Map) -> Image:
    """Cut the iris out as a disc; fill what lids or glare hide from its mirrored side."""
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
    texture, depth, glared = (
        np.asarray(
            cv2.remap(layer, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            np.float32,
        )
        for layer in (image, lids.depth, glare)
    )
    seen = smoothstep(depth / iris.radius, 0.06, 0.2) * (1 - glared)
    rho = np.hypot(dx, dy)
    ring = _ring_mean(texture, seen, rho)
    # Near a lid, what looks unlike the rest of its ring is a lash or the lid itself.
    unlike = np.abs(texture - ring).max(axis=2)
    near = 1 - smoothstep(depth / iris.radius, 0.2, 0.5)
    seen = seen * (1 - near * smoothstep(unlike, 0.06, 0.14))
    ring = _ring_mean(texture, seen, rho)
    for flipped in (np.s_[::-1, :], np.s_[::-1, ::-1], np.s_[:, ::-1]):
        other = seen[flipped] * (1 - seen)
        texture = texture + other[..., None] * (texture[flipped] - texture)
        seen = seen + other
    texture = ring + seen[..., None] * (texture - ring)
    # Outside the disc nothing is iris; hold the last clean ring so that resampling sees no edge.
    outside = smoothstep(rho, 1 - 0.6 * softness, 1 + softness)[..., None]
    filled: Image = (texture + outside * (ring - texture)).astype(np.float32)
    return filled


def _ring_mean(texture: Image, seen: Map, rho: Points) -> Image:
    bins = np.clip((rho * 24).astype(int), 0, 40)
    weight = np.bincount(bins.ravel(), seen.ravel() + 1e-6, minlength=41)
    means = np.stack(
        [
            np.bincount(bins.ravel(), (texture[..., k] * (seen + 1e-6)).ravel(), minlength=41)
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


def smoothstep(x: Reals, low: float, high: float) -> Map:
    """0 below `low`, 1 above `high`, smooth between (Hermite)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)
