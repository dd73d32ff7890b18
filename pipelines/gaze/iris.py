"""Fit the iris in the image: centre and radius at sub-pixel precision, inside the lids."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.face import Eye, Face
from pipelines.gaze import lid_fit
from pipelines.image import crops
from pipelines.image.arrays import Image, Map, Points
from pipelines.image.crops import FIT_RADIUS, EyeCrop

RAYS = 72
# Where the picture says nothing: iris size against the landmarks' (which draw it too large, on
# renders of known size; a shade less than the true ratio keeps a fit from growing past a soft
# limbus) and distance from the landmarks' centre, sideways and up or down.
SIZE_EXPECTED = 0.91
SIZE_PRIOR = 3.0
SIDE_PRIOR, HEIGHT_PRIOR = 0.6, 0.5
# And how alike both eyes leave the landmarks.
PAIR_PRIOR = 0.6
# Rays count from this far inside the lids; nearer, the wet rim of a lid passes for the limbus.
LID_MARGIN = 2.0
LID_RAMP = 4.0
# The edge is measured across this share of the radius to each side: wider is blind to small
# shifts, but tells a clear limbus from none.
RING = 0.05
CLEAR_RING = 0.12
SATURATION = 0.8
BLUR = 1.0


@dataclass(frozen=True)
class EyesFit:
    """Both eyes of a face, in picture pixels.

    Attributes:
        left: The person's left eye with the landmarks' lids and the fitted iris.
        right: The person's right eye, likewise.
        left_snapped: The left eye with its lid edges as the picture has them, too.
        right_snapped: The right eye, likewise.
        confidence: Per eye (left, right), 0 (no edge found) to 1 (a clear limbus all round).
        contrast: How much lighter the white is than the iris in the clearer eye, 0..1 in luma.
    """

    left: Eye
    right: Eye
    left_snapped: Eye
    right_snapped: Eye
    confidence: tuple[float, float]
    contrast: float


def fit(pixels: Image, face: Face, known_radius: float | None = None) -> EyesFit:
    """Fit the irises of a face, and between two rounds its lid edges.

    In each eye a single grey channel is made that separates iris from sclera best (Fisher's
    linear discriminant); then the circle is sought across whose edge that channel rises most,
    along 72 rays weighted by how far inside the lids they end (an integro-differential operator
    after Daugman 1993). Both eyes share one radius; weak priors hold centre and radius near the
    landmarks where the picture says nothing. The second round knows the lids from `lid_fit`.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face as `face.find` gives it.
        known_radius: Radius of the irises in pixels, where it is known from another picture of
            the same photo; it is then not searched for.
    """
    landmarks_radius = (face.left.iris_radius + face.right.iris_radius) / 2
    radius = landmarks_radius if known_radius is None else known_radius
    expected = SIZE_EXPECTED if known_radius is None else 1.0
    spread = 1.0 if known_radius is None else 0.0
    eyes = [crops.around_eye(pixels, eye.contour, radius, face.head.roll) for eye in face.eyes]
    starts = [
        crops.through(crop.to_crop, eye.iris_center)
        for crop, eye in zip(eyes, face.eyes, strict=True)
    ]
    channels = [_channel(c, s, FIT_RADIUS) for c, s in zip(eyes, starts, strict=True)]
    centers, size, _ = _search(
        channels, eyes, starts, starts, _Size(FIT_RADIUS, expected, spread), coarse=True
    )
    found = [
        lid_fit.fit(crop, _placed(eye, crop, center, size * radius / FIT_RADIUS))
        for eye, crop, center in zip(face.eyes, eyes, centers, strict=True)
    ]
    snapped = [crop.with_lids(eye.contour) for crop, eye in zip(eyes, found, strict=True)]
    channels = [_channel(c, s, size) for c, s in zip(snapped, centers, strict=True)]
    centers, size, strengths = _search(
        channels, snapped, centers, starts, _Size(size, expected, spread), coarse=False
    )
    placed = [
        _placed(eye, crop, center, size * radius / FIT_RADIUS)
        for eye, crop, center in zip((*face.eyes, *found), eyes * 2, centers * 2, strict=True)
    ]
    contrast = max(_contrast(c, m, size) for c, m in zip(snapped, centers, strict=True))
    return EyesFit(
        left=placed[0],
        right=placed[1],
        left_snapped=placed[2],
        right_snapped=placed[3],
        confidence=(strengths[0], strengths[1]),
        contrast=contrast,
    )


def _contrast(crop: EyeCrop, center: Points, radius: float) -> float:
    luma = crop.pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    ys, xs = np.mgrid[: luma.shape[0], : luma.shape[1]]
    rho = np.hypot(xs - center[0], ys - center[1]) / radius
    inside = crop.depth > LID_MARGIN
    iris, white = luma[inside & (rho < 0.85)], luma[inside & (rho > 1.15) & (rho < 1.6)]
    if len(iris) < 20 or len(white) < 20:
        return 0.0
    return float(np.median(white) - np.median(iris))


def _placed(eye: Eye, crop: EyeCrop, center: Points, radius: float) -> Eye:
    at = crops.through(crops.inverse(crop.to_crop), center)
    return replace(eye, iris_center=at, iris_radius=float(radius))


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
    return np.asarray(cv2.GaussianBlur(scaled.astype(np.float32), (0, 0), BLUR), np.float32)


@dataclass(frozen=True)
class _Size:
    """Where the radius is searched from, what is expected (in 24 px), and how widely (0..1)."""

    start: float
    expected: float
    spread: float


def _search(
    channels: list[Map],
    eyes: list[EyeCrop],
    starts: list[Points],
    anchors: list[Points],
    size: _Size,
    coarse: bool,
) -> tuple[list[Points], float, list[float]]:
    """Best centres, shared radius and edge strengths, in ever finer steps from `starts`."""
    centers, radius = list(starts), size.start
    span, radii_span = (10.0, 0.24) if coarse else (4.0, 0.1)
    for step in (2.0, 0.7, 0.25) if coarse else (1.0, 0.3, 0.08):
        count = max(2, round(span / step))
        offsets = np.arange(-count, count + 1) * step
        # A radius that is known is tried once, not nine times.
        steps = np.arange(-4, 5) / 4 if size.spread else np.zeros(1)
        radii = radius * (1 + size.spread * steps * radii_span)
        tables = [
            _table(channel, crop, center, offsets, radii, anchor)
            for channel, crop, center, anchor in zip(channels, eyes, centers, anchors, strict=True)
        ]
        size_prior = SIZE_PRIOR * np.log(radii / (size.expected * FIT_RADIUS)) ** 2
        apart = (centers[0] - anchors[0]) - (centers[1] - anchors[1])
        moves, pick = _best_pair(tables, offsets, apart, size_prior)
        radius = float(radii[pick])
        centers = [center + move for center, move in zip(centers, moves, strict=True)]
        span, radii_span = 2 * step, radii_span / 2.5
    strengths = [
        _strength(channel, crop, center, radius)
        for channel, crop, center in zip(channels, eyes, centers, strict=True)
    ]
    return centers, radius, strengths


def _best_pair(
    tables: list[Points], offsets: Points, apart: Points, size_prior: Points
) -> tuple[list[Points], int]:
    """Best moves of both centres together, and the index of the best radius.

    The landmarks err for both eyes alike, so fits that leave them in different ways are doubted:
    an eye with a clear limbus helps one without.
    """
    dx, dy = (grid.ravel() for grid in np.meshgrid(offsets, offsets, indexing="xy"))
    off_x = apart[0] + dx[:, None] - dx[None, :]
    off_y = apart[1] + dy[:, None] - dy[None, :]
    doubt = PAIR_PRIOR * (off_x**2 + off_y**2) / FIT_RADIUS**2
    left, right = (table.reshape(-1, table.shape[2]) for table in tables)
    best: tuple[float, int, int] = (-np.inf, 0, 0)
    for index in range(len(size_prior)):
        joint = left[:, None, index] + right[None, :, index] - doubt
        at = int(np.argmax(joint))
        score = float(joint.flat[at] - size_prior[index])
        if score > best[0]:
            best = (score, at, index)
    first, second = divmod(best[1], len(dx))
    return [np.array([dx[k], dy[k]]) for k in (first, second)], best[2]


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
    away = SIDE_PRIOR * (x - anchor[0]) ** 2 + HEIGHT_PRIOR * (y - anchor[1]) ** 2
    table: Points = score.reshape(x.shape) - away / FIT_RADIUS**2
    return table


def _edge_score(channel: Map, depth: Map, x: Points, y: Points, radius: Points) -> Points:
    rise, weight = _rays(channel, depth, x, y, radius, RING)
    # One bright highlight or glasses rim must not outvote the rest of the limbus.
    rise = np.tanh(rise / SATURATION) * SATURATION
    mean: Points = (rise * weight).sum(axis=1) / (weight.sum(axis=1) + 6.0)
    return mean


def _strength(channel: Map, crop: EyeCrop, center: Points, radius: float) -> float:
    rise, weight = _rays(
        channel, crop.depth, center[None, 0], center[None, 1], np.array([radius]), CLEAR_RING
    )
    clear = float((np.clip(rise / 0.3, 0, 1) * weight).sum() / (weight.sum() + 6.0))
    return float(np.clip(clear / 0.7, 0, 1))


def _rays(
    channel: Map, depth: Map, x: Points, y: Points, radius: Points, ring: float
) -> tuple[Points, Points]:
    """Rise of the channel across the circle and weight, each of shape (circles, 72)."""
    angle = np.arange(RAYS) * (2 * np.pi / RAYS)
    cosine, sine = np.cos(angle), np.sin(angle)
    outer = _sample(channel, x, y, radius * (1 + ring), cosine, sine)
    inner = _sample(channel, x, y, radius * (1 - ring), cosine, sine)
    inside = _sample(depth, x, y, radius * (1 + ring / 2), cosine, sine)
    weight = np.clip((inside - LID_MARGIN) / LID_RAMP, 0, 1)
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
