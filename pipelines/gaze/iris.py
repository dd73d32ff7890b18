"""Fit the irises of a face: centres and radius with sub-pixel precision, between the lids."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.face import Eye, Face
from pipelines.gaze import eye_network, lid_fit
from pipelines.image import crops
from pipelines.image.arrays import Image, Map, Points
from pipelines.image.crops import FIT_RADIUS, EyeCrop

# Rays from the centre to the circle on which the edge is measured.
RAYS = 72
# Weights of the priors, which keep the fit near the network's where the picture has no clear edge:
# on the radius, on the centre sideways and vertically, and on the difference of both centres.
SIZE_PRIOR = 3.0
SIDE_PRIOR, HEIGHT_PRIOR = 3.0, 3.0
PAIR_PRIOR = 0.6
# In crop pixels: rays have weight 0 up to this distance inside the lids, because the wet rim of a
# lid looks like a limbus, and full weight after the ramp.
LID_MARGIN = 2.0
LID_RAMP = 4.0
# Half-width of the ring across which the edge is measured, as a share of the radius. The narrow one
# responds to small shifts; the wide one distinguishes a clear limbus from none.
RING = 0.05
CLEAR_RING = 0.12
# Rise across the edge at which its score saturates.
SATURATION = 0.8
# Standard deviation of the blur of the channel, in crop pixels.
BLUR = 1.0


@dataclass(frozen=True)
class EyesFit:
    """Both eyes of a face, in picture pixels.

    Attributes:
        left: The person's left eye with its fitted iris and the lid edges of the landmarks.
        right: The person's right eye, likewise.
        left_snapped: The left eye with its fitted iris and fitted lid edges.
        right_snapped: The right eye, likewise.
        confidence: Per eye (left, right), 0 (no edge found) to 1 (a clear limbus all round).
        contrast: Luma of the sclera minus that of the iris, in the eye of higher contrast.
    """

    left: Eye
    right: Eye
    left_snapped: Eye
    right_snapped: Eye
    confidence: tuple[float, float]
    contrast: float


def fit(pixels: Image, face: Face, known_radius: float | None = None) -> EyesFit:
    """Fit the irises of a face, and its lid edges.

    1. The network finds irises and lid edges (`eye_network`, `lid_fit`), twice: the second time
       in the frame that the first found.
    2. Crop each eye so that the radius of its iris is 24 pixels, and mix the colours to the grey
       channel that best separates iris from sclera (Fisher's linear discriminant).
    3. Search, in ever finer steps, the circle across whose edge this channel rises most (an
       integro-differential operator after Daugman 1993). The rise is averaged over 72 rays,
       weighted by how far inside the lids they end. Both eyes share one radius; priors keep
       centres and radius near the network's where the picture has no clear edge.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face from `face.find`.
        known_radius: Radius of the irises in pixels, if it is known from another version of the
            picture; the radius is then not searched.
    """
    located, found = _locate(pixels, face)
    radius = located[0].iris_radius if known_radius is None else known_radius
    eye_crops = [crops.around_eye(pixels, eye.contour, radius, face.head.roll) for eye in located]
    anchors = [
        crops.through(crop.to_crop, eye.iris_center)
        for crop, eye in zip(eye_crops, located, strict=True)
    ]
    spread = 1.0 if known_radius is None else 0.0
    channels = [_channel(c, a, FIT_RADIUS) for c, a in zip(eye_crops, anchors, strict=True)]
    centers, size, confidence = _search(channels, eye_crops, anchors, spread)
    fitted = [
        _with_iris(eye, crop, center, size * radius / FIT_RADIUS)
        for eye, crop, center in zip(
            (*face.eyes, *located), eye_crops * 2, centers * 2, strict=True
        )
    ]
    contrast = max(_contrast(c, m, size) for c, m in zip(eye_crops, centers, strict=True))
    return EyesFit(
        left=fitted[0],
        right=fitted[1],
        left_snapped=fitted[2],
        right_snapped=fitted[3],
        # An edge where the network sees no iris is of something else.
        confidence=(confidence[0] * found[0], confidence[1] * found[1]),
        contrast=contrast,
    )


def _locate(pixels: Image, face: Face) -> tuple[tuple[Eye, Eye], tuple[bool, bool]]:
    """Both eyes (left, right) as the network sees them, and whether it sees their irises."""
    found = (False, False)
    for _ in range(2):
        seen = eye_network.see(pixels, face)
        discs = [one.disc for one in seen]
        radii = [disc[1] for disc in discs if disc is not None]
        radius = float(np.mean(radii or [eye.iris_radius for eye in face.eyes]))
        left, right = (
            lid_fit.fit(one, _with_disc(eye, disc, radius))
            for eye, one, disc in zip(face.eyes, seen, discs, strict=True)
        )
        face = replace(face, left=left, right=right)
        found = (discs[0] is not None, discs[1] is not None)
    return face.eyes, found


def _with_disc(eye: Eye, disc: tuple[Points, float] | None, radius: float) -> Eye:
    center = eye.iris_center if disc is None else disc[0]
    return replace(eye, iris_center=center, iris_radius=radius)


def _contrast(crop: EyeCrop, center: Points, radius: float) -> float:
    """Luma of the sclera minus that of the iris; 0 where too little of them is visible."""
    luma = crop.pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    ys, xs = np.mgrid[: luma.shape[0], : luma.shape[1]]
    rho = np.hypot(xs - center[0], ys - center[1]) / radius
    inside = crop.depth > LID_MARGIN
    iris, sclera = luma[inside & (rho < 0.85)], luma[inside & (rho > 1.15) & (rho < 1.6)]
    if len(iris) < 20 or len(sclera) < 20:
        return 0.0
    return float(np.median(sclera) - np.median(iris))


def _with_iris(eye: Eye, crop: EyeCrop, center: Points, radius: float) -> Eye:
    """The eye with an iris whose centre is in crop pixels and whose radius is in picture pixels."""
    in_picture = crops.through(crops.inverse(crop.to_crop), center)
    return replace(eye, iris_center=in_picture, iris_radius=float(radius))


def _channel(crop: EyeCrop, center: Points, radius: float) -> Map:
    """The grey channel that best separates iris (dark) and sclera (bright) (Fisher 1936)."""
    ys, xs = np.mgrid[: crop.depth.shape[0], : crop.depth.shape[1]]
    distance = np.hypot(xs - center[0], ys - center[1]) / radius
    inside = crop.depth > 2
    iris = crop.pixels[(distance > 0.4) & (distance < 0.85) & inside]
    sclera = crop.pixels[(distance > 1.2) & (distance < 2.6) & inside]
    direction = np.array([0.4, 0.4, 0.2])
    if len(iris) > 40 and len(sclera) > 40:
        within = np.cov(iris.T) + np.cov(sclera.T) + 1e-3 * np.eye(3)
        difference = np.median(sclera, axis=0) - np.median(iris, axis=0)
        discriminant = np.linalg.solve(within, difference)
        discriminant = discriminant / max(np.abs(discriminant).sum(), 1e-9)
        # Half of it stays luminance, because a difference of colours amplifies noise.
        if discriminant.sum() > 0.2:
            direction = 0.5 * direction + 0.5 * discriminant
    channel = crop.pixels @ direction.astype(np.float32)
    low, high = np.percentile(channel[inside], [5, 95]) if inside.any() else (0.0, 1.0)
    scaled = np.clip((channel - low) / max(float(high - low), 1e-3), -0.2, 1.2)
    return np.asarray(cv2.GaussianBlur(scaled.astype(np.float32), (0, 0), BLUR), np.float32)


def _search(
    channels: list[Map],
    eye_crops: list[EyeCrop],
    anchors: list[Points],
    spread: float,
) -> tuple[list[Points], float, list[float]]:
    """Search both centres and the shared radius in ever finer steps.

    Args:
        channels: Per eye, from `_channel`.
        eye_crops: Per eye.
        anchors: Centres that the network found, in crop pixels, to which the priors refer.
        spread: Factor of the search range of the radius; 0 if it is known.

    Returns:
        Centres in crop pixels, radius in crop pixels, and confidence of each eye, 0..1.
    """
    centers, radius = list(anchors), FIT_RADIUS
    span, radii_span = 4.0, 0.1
    for step in (1.0, 0.3, 0.08):
        count = max(2, round(span / step))
        offsets = np.arange(-count, count + 1) * step
        # A known radius is tried once instead of nine times.
        steps = np.arange(-4, 5) / 4 if spread else np.zeros(1)
        radii = radius * (1 + spread * steps * radii_span)
        tables = [
            _table(channel, crop, center, offsets, radii, anchor)
            for channel, crop, center, anchor in zip(
                channels, eye_crops, centers, anchors, strict=True
            )
        ]
        size_prior = SIZE_PRIOR * np.log(radii / FIT_RADIUS) ** 2
        apart = (centers[0] - anchors[0]) - (centers[1] - anchors[1])
        moves, pick = _best_pair(tables, offsets, apart, size_prior)
        radius = float(radii[pick])
        centers = [center + move for center, move in zip(centers, moves, strict=True)]
        span, radii_span = 2 * step, radii_span / 2.5
    confidence = [
        _confidence(channel, crop, center, radius)
        for channel, crop, center in zip(channels, eye_crops, centers, strict=True)
    ]
    return centers, radius, confidence


def _best_pair(
    tables: list[Points], offsets: Points, apart: Points, size_prior: Points
) -> tuple[list[Points], int]:
    """Best moves of both centres together, and the index of the best radius.

    The landmarks have nearly the same error in both eyes, so different deviations from them are
    penalised; thus an eye with a clear limbus helps one without.

    Args:
        tables: Per eye, from `_table`.
        offsets: The moves that the tables cover, in x and in y.
        apart: Difference of both eyes' deviations from the landmarks before the move, shape (2,).
        size_prior: Penalty of each radius.
    """
    dx, dy = (grid.ravel() for grid in np.meshgrid(offsets, offsets, indexing="xy"))
    apart_x = apart[0] + dx[:, None] - dx[None, :]
    apart_y = apart[1] + dy[:, None] - dy[None, :]
    pair_prior = PAIR_PRIOR * (apart_x**2 + apart_y**2) / FIT_RADIUS**2
    left, right = (table.reshape(-1, table.shape[2]) for table in tables)
    best: tuple[float, int, int] = (-np.inf, 0, 0)
    for index in range(len(size_prior)):
        joint = left[:, None, index] + right[None, :, index] - pair_prior
        pair = int(np.argmax(joint))
        score = float(joint.flat[pair] - size_prior[index])
        if score > best[0]:
            best = (score, pair, index)
    moves = divmod(best[1], len(dx))
    return [np.array([dx[k], dy[k]]) for k in moves], best[2]


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
    prior = SIDE_PRIOR * (x - anchor[0]) ** 2 + HEIGHT_PRIOR * (y - anchor[1]) ** 2
    table: Points = score.reshape(x.shape) - prior / FIT_RADIUS**2
    return table


def _edge_score(channel: Map, depth: Map, x: Points, y: Points, radius: Points) -> Points:
    """Weighted mean rise of the channel across each circle, shape (circles,)."""
    rise, weight = _rays(channel, depth, x, y, radius, RING)
    # Limit the influence of a single bright highlight or rim of glasses.
    rise = np.tanh(rise / SATURATION) * SATURATION
    mean: Points = (rise * weight).sum(axis=1) / (weight.sum(axis=1) + 6.0)
    return mean


def _confidence(channel: Map, crop: EyeCrop, center: Points, radius: float) -> float:
    """How clear the limbus is all round, 0..1."""
    rise, weight = _rays(
        channel, crop.depth, center[None, 0], center[None, 1], np.array([radius]), CLEAR_RING
    )
    clear = float((np.clip(rise / 0.3, 0, 1) * weight).sum() / (weight.sum() + 6.0))
    return float(np.clip(clear / 0.7, 0, 1))


def _rays(
    channel: Map, depth: Map, x: Points, y: Points, radius: Points, ring: float
) -> tuple[Points, Points]:
    """Rise of the channel across each circle and its weight, both of shape (circles, 72)."""
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
    """Values of an image on circles, shape (circles, rays)."""
    map_x = (x[:, None] + radius[:, None] * cosine).astype(np.float32)
    map_y = (y[:, None] + radius[:, None] * sine).astype(np.float32)
    sampled = cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sampled.astype(np.float64)
