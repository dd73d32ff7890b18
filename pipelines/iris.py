"""Fit the iris in the image: centre and radius at sub-pixel precision, inside the lids."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines import crops
from pipelines.arrays import Image, Map, Points
from pipelines.face import Eye, Face

FIT_RADIUS = 24.0
RAYS = 72
_HALF_HEIGHT = 60
_HALF_WIDTH = 84


@dataclass(frozen=True)
class EyeCrop:
    """An upright crop around one eye in which the expected iris radius is 24 px.

    Attributes:
        pixels: float32 sRGB, shape (120, 168, 3).
        to_crop: Affine map from picture to crop coordinates, shape (2, 3).
        depth: Signed distance inside the lid edge in crop pixels (negative outside).
    """

    pixels: Image
    to_crop: Points
    depth: Map


@dataclass(frozen=True)
class IrisFit:
    """Both irises, in picture pixels.

    Attributes:
        left: The person's left eye with its iris refined.
        right: The person's right eye with its iris refined.
        confidence: Per eye (left, right), 0 (no edge found) to 1 (a clear limbus all round).
    """

    left: Eye
    right: Eye
    confidence: tuple[float, float]


def fit(pixels: Image, face: Face) -> IrisFit:
    """Refine both irises of a face.

    In each eye a single grey channel is made that separates iris from sclera best (Fisher's
    linear discriminant); then the circle is sought across whose edge that channel rises most,
    along 72 rays weighted by how far inside the lids they end (an integro-differential operator
    after Daugman 1993). Both eyes share one radius; weak priors hold centre and radius near the
    landmarks where the picture says nothing.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face as `face.find` gives it.
    """
    radius = (face.left.iris_radius + face.right.iris_radius) / 2
    eyes = [crop_eye(pixels, eye, radius, face.head.roll) for eye in face.eyes]
    starts = [
        crops.through(crop.to_crop, eye.iris_center)
        for crop, eye in zip(eyes, face.eyes, strict=True)
    ]
    channels = [_channel(c, s, FIT_RADIUS) for c, s in zip(eyes, starts, strict=True)]
    centers, size, _ = _search(channels, eyes, starts)
    channels = [_channel(c, s, size) for c, s in zip(eyes, centers, strict=True)]
    centers, size, strengths = _search(channels, eyes, centers, start_radius=size, prior=starts)
    left, right = (
        replace(
            eye,
            iris_center=crops.through(crops.inverse(crop.to_crop), center),
            iris_radius=float(size / FIT_RADIUS * radius),
        )
        for eye, crop, center in zip(face.eyes, eyes, centers, strict=True)
    )
    return IrisFit(left, right, (strengths[0], strengths[1]))


def crop_eye(pixels: Image, eye: Eye, radius: float, roll: float) -> EyeCrop:
    """Cut one eye out, upright, so that a `radius` of that many picture pixels becomes 24."""
    size = (2 * _HALF_WIDTH, 2 * _HALF_HEIGHT)
    to_crop = crops.upright(eye.contour.mean(axis=0), roll, FIT_RADIUS / max(radius, 1e-3), size)
    crop = np.asarray(crops.cut(pixels, to_crop, size), np.float32)
    return EyeCrop(crop, to_crop, _lid_depth(eye, to_crop, size))


def _lid_depth(eye: Eye, to_crop: Points, size: tuple[int, int]) -> Map:
    contour = np.round(crops.through(to_crop, eye.contour) * 16).astype(np.int32)
    polygon = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(polygon, [contour], (1,), shift=4)
    inside = cv2.distanceTransform(polygon, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - polygon, cv2.DIST_L2, 5)
    return np.asarray(inside - outside, np.float32)


def _channel(crop: EyeCrop, center: Points, radius: float) -> Map:
    """The grey channel, sclera high, that separates iris from sclera best (Fisher 1936)."""
    ys, xs = np.mgrid[: crop.depth.shape[0], : crop.depth.shape[1]]
    distance = np.hypot(xs - center[0], ys - center[1]) / radius
    inside = crop.depth > 2
    iris = crop.pixels[(distance > 0.4) & (distance < 0.85) & inside]
    sclera = crop.pixels[(distance > 1.2) & (distance < 2.6) & inside]
    direction = np.array([0.4, 0.4, 0.2])
    if len(iris) > 40 and len(sclera) > 40:
        within = np.cov(iris.T) + np.cov(sclera.T) + 1e-3 * np.eye(3)
        difference = np.median(sclera, axis=0) - np.median(iris, axis=0)
        found = np.linalg.solve(within, difference)
        # A channel that weighs colours against each other amplifies noise: keep some luminance.
        found = found / max(np.abs(found).sum(), 1e-9)
        if found.sum() > 0.2:
            direction = 0.5 * direction + 0.5 * found
    channel = crop.pixels @ direction.astype(np.float32)
    low, high = np.percentile(channel[inside], [5, 95]) if inside.any() else (0.0, 1.0)
    scaled = np.clip((channel - low) / max(float(high - low), 1e-3), -0.2, 1.2)
    return np.asarray(cv2.GaussianBlur(scaled.astype(np.float32), (0, 0), 1.5), np.float32)


def _search(
    channels: list[Map],
    eyes: list[EyeCrop],
    starts: list[Points],
    start_radius: float = FIT_RADIUS,
    prior: list[Points] | None = None,
) -> tuple[list[Points], float, list[float]]:
    prior = prior or starts
    fine = prior is not starts
    span, radii_span = (2.0, 0.06) if fine else (10.0, 0.24)
    centers, radius = list(starts), start_radius
    for step in (2.0, 0.7, 0.25) if not fine else (0.7, 0.25, 0.08):
        count = max(2, round(span / step))
        offsets = np.arange(-count, count + 1) * step
        radii = radius * (1 + np.arange(-4, 5) / 4 * radii_span)
        tables = [
            _table(channel, crop, center, offsets, radii, anchor)
            for channel, crop, center, anchor in zip(channels, eyes, centers, prior, strict=True)
        ]
        size_prior = 0.6 * (np.log(radii / FIT_RADIUS)) ** 2
        best = [table.max(axis=(0, 1)) for table in tables]
        pick = int(np.argmax(best[0] + best[1] - size_prior))
        radius = float(radii[pick])
        for index, table in enumerate(tables):
            row, column = np.unravel_index(np.argmax(table[:, :, pick]), table.shape[:2])
            centers[index] = centers[index] + [offsets[column], offsets[row]]
        span, radii_span = 2 * step, radii_span / 2.5
    strengths = [
        _strength(channel, crop, center, radius)
        for channel, crop, center in zip(channels, eyes, centers, strict=True)
    ]
    return centers, radius, strengths


def _table(
    channel: Map,
    crop: EyeCrop,
    center: Points,
    offsets: Points,
    radii: Points,
    anchor: Points,
) -> Points:
    """Edge score for every centre offset and radius, shape (n, n, radii)."""
    dx, dy, radius = np.meshgrid(offsets, offsets, radii, indexing="xy")
    x, y = center[0] + dx, center[1] + dy
    score = _edge_score(channel, crop.depth, x.ravel(), y.ravel(), radius.ravel())
    away = ((x - anchor[0]) ** 2 + (y - anchor[1]) ** 2) / FIT_RADIUS**2
    table: Points = score.reshape(x.shape) - 0.08 * away
    return table


def _edge_score(channel: Map, depth: Map, x: Points, y: Points, radius: Points) -> Points:
    rise, weight = _rays(channel, depth, x, y, radius)
    # Saturating keeps one bright highlight or glasses rim from outvoting the rest of the limbus.
    rise = np.tanh(rise / 0.25) * 0.25
    mean: Points = (rise * weight).sum(axis=1) / (weight.sum(axis=1) + 6.0)
    return mean


def _strength(channel: Map, crop: EyeCrop, center: Points, radius: float) -> float:
    rise, weight = _rays(channel, crop.depth, center[None, 0], center[None, 1], np.array([radius]))
    clear = float((np.clip(rise / 0.3, 0, 1) * weight).sum() / (weight.sum() + 6.0))
    return float(np.clip(clear / 0.7, 0, 1))


def _rays(channel: Map, depth: Map, x: Points, y: Points, radius: Points) -> tuple[Points, Points]:
    """Rise of the channel across the circle and weight, each of shape (circles, 72)."""
    angle = np.arange(RAYS) * (2 * np.pi / RAYS)
    cosine, sine = np.cos(angle), np.sin(angle)
    outer = _sample(channel, x, y, radius * 1.12, cosine, sine)
    inner = _sample(channel, x, y, radius * 0.88, cosine, sine)
    inside = _sample(depth, x, y, radius * 1.06, cosine, sine)
    weight = np.clip((inside - 0.5) / 4, 0, 1)
    return outer - inner, weight


def _sample(
    image: Map,
    x: Points,
    y: Points,
    radius: Points,
    cosine: Points,
    sine: Points,
) -> Points:
    map_x = (x[:, None] + radius[:, None] * cosine).astype(np.float32)
    map_y = (y[:, None] + radius[:, None] * sine).astype(np.float32)
    sampled = cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sampled.astype(np.float64)
