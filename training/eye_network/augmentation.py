"""Vary an eye: light, sharpness, colours of the iris, catchlights, and what covers the eye."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.gaze.eye_network import SIZE, normalised
from pipelines.image import crops
from pipelines.image.arrays import Image, Map, Points
from training.eye_network.examples import Example

_WIDTH, _HEIGHT = SIZE
_XS, _YS = np.meshgrid(np.arange(_WIDTH, dtype=np.float32), np.arange(_HEIGHT, dtype=np.float32))
# Subpixels along each side of a pixel from which the mask of a polygon is averaged.
_SUBPIXELS = 4


@dataclass(frozen=True)
class Sample:
    """What the network trains on.

    Attributes:
        picture: Normalised, float32 (64, 96, 3).
        eyeball: Share of each pixel that shows the eyeball, 0..1, (64, 96).
        iris: Share of each pixel on the disc of the iris, seen or covered, (64, 96).
        uncovered: 1 where nothing was drawn over the picture, (64, 96).
    """

    picture: Image
    eyeball: Map
    iris: Map
    uncovered: Map


def vary(example: Example, random: np.random.Generator) -> Sample:
    """A random variation of an example."""
    matrix = _similarity(example, random)
    picture = (
        cv2.warpAffine(
            example.picture_u8,
            matrix,
            SIZE,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float32)
        / 255
    )
    opening = crops.through(matrix, example.opening)
    center = crops.through(matrix, example.iris[:2])
    radius = float(example.iris[2] * crops.scale_of(matrix))
    rho = np.hypot(_XS - center[0], _YS - center[1])
    eyeball, iris = _polygon(opening), np.clip(radius - rho + 0.5, 0, 1).astype(np.float32)
    picture = _iris_colours(picture, eyeball, rho, radius, random)
    picture = _catchlight(picture, eyeball, center, radius, random)
    picture, uncovered = _cover(picture, center, radius, random)
    picture = normalised(_photograph(picture, random))
    return Sample(picture, eyeball * uncovered, iris, uncovered)


def _similarity(example: Example, random: np.random.Generator) -> Points:
    """Map from the stored picture to the network's, a little turned, scaled and shifted."""
    scale, angle = np.exp(random.normal() * 0.1), random.normal() * 0.07
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    height, width = example.picture_u8.shape[:2]
    target = np.array([(_WIDTH - 1) / 2, (_HEIGHT - 1) / 2]) + random.normal(size=2) * (2.5, 2.2)
    return np.column_stack([linear, target - linear @ [(width - 1) / 2, (height - 1) / 2]])


def _polygon(points: Points) -> Map:
    mask = np.zeros((_HEIGHT * _SUBPIXELS, _WIDTH * _SUBPIXELS), np.uint8)
    fixed = np.round(((points + 0.5) * _SUBPIXELS - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], (255,), shift=4)
    return cv2.resize(mask, SIZE, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _blend(picture: Image, colour: Image | Points | float, weight: Map) -> Image:
    return picture + weight[..., None] * (colour - picture)


def _iris_colours(
    picture: Image, eyeball: Map, rho: Map, radius: float, random: np.random.Generator
) -> Image:
    """Lighter irises and larger pupils: light eyes are rare, their pupils mistaken for irises."""
    if random.random() > 0.35:
        return picture
    within = np.clip((radius - rho) / (0.18 * radius) + 0.5, 0, 1) * eyeball
    lighter = np.clip(picture, 0, 1) ** random.uniform(0.4, 1.0) * (
        1 + random.normal(size=3) * 0.06
    )
    picture = _blend(picture, lighter, within)
    if random.random() < 0.6:
        pupil = radius * random.uniform(0.28, 0.62)
        within = np.clip((pupil - rho) / (0.15 * radius) + 0.5, 0, 1) * eyeball
        picture = _blend(picture, random.uniform(0, 0.12), within)
    return picture


def _catchlight(
    picture: Image, eyeball: Map, center: Points, radius: float, random: np.random.Generator
) -> Image:
    if random.random() > 0.3:
        return picture
    angle, distance = random.uniform(0, 2 * np.pi), radius * random.uniform(0, 0.7)
    x, y = center + distance * np.array([np.cos(angle), np.sin(angle)])
    size = radius * random.uniform(0.06, 0.3)
    away = np.hypot((_XS - x) * random.uniform(0.6, 1.4), _YS - y)
    return _blend(
        picture, random.uniform(0.7, 1), np.clip((size - away) / 1.2 + 0.5, 0, 1) * eyeball
    )


def _cover(
    picture: Image, center: Points, radius: float, random: np.random.Generator
) -> tuple[Image, Map]:
    """Half planes (a nose, a fringe, a frame) and strands of hair over the eye."""
    uncovered = np.ones((_HEIGHT, _WIDTH), np.float32)
    chance = random.random()
    if chance < 0.22:
        across, _ = _along(center, random)
        wave = random.normal() * 1.5 * np.sin(_XS / 9 + random.uniform(0, 6))
        cover = np.clip(across + wave - radius * random.uniform(0.3, 3.2), 0, 1)
        edge = picture[random.integers(_HEIGHT), random.choice([0, 1, 2, -3, -2, -1])]
        coarse = random.normal(size=(8, 12)).astype(np.float32) * 0.04
        texture = cv2.resize(coarse, SIZE)[..., None]
        return _blend(picture, edge * random.uniform(0.3, 1.1) + texture, cover), 1 - cover
    if chance < 0.4:
        for _ in range(random.integers(1, 6)):
            across, along = _along(center, random)
            bend = 3 * np.sin(along / random.uniform(8, 40))
            away = np.abs(across - radius * random.uniform(-2.2, 2.2) + bend)
            strand = np.clip(random.uniform(0.25, 1.75) - away + 0.5, 0, 1)
            hair = random.uniform(0, 0.5) * np.array([1, 0.9, 0.8]) * random.uniform(0.5, 1.2)
            picture, uncovered = _blend(picture, hair, strand), uncovered * (1 - strand)
    return picture, uncovered


def _along(center: Points, random: np.random.Generator) -> tuple[Map, Map]:
    """Distances of all pixels across and along a line through the iris in a random direction."""
    angle = random.uniform(0, 2 * np.pi)
    x, y, cosine, sine = _XS - center[0], _YS - center[1], np.cos(angle), np.sin(angle)
    return x * cosine + y * sine, x * sine - y * cosine


def _photograph(picture: Image, random: np.random.Generator) -> Image:
    """Colour, resolution, exposure, contrast, direction of light, noise and compression."""
    if random.random() < 0.35:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    if random.random() < 0.5:
        scale = random.uniform(0.3, 0.9)
        size = (round(_WIDTH * scale), round(_HEIGHT * scale))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        enlarged = cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC)
        picture = np.asarray(enlarged, np.float32)
    if random.random() < 0.35:
        flags = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 92))]
        picture_u8 = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
        _, encoded = cv2.imencode(".jpg", picture_u8, flags)
        picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR).astype(np.float32) / 255
    gain = np.exp(random.normal(size=3) * 0.08 + random.normal() * 0.25)
    picture = np.clip(picture * gain + random.normal() * 0.04, 1e-3, 1.2)
    picture = picture ** np.exp(random.normal() * 0.25)
    light = 1 + 0.2 * random.normal() * (2 * _XS / _WIDTH - 1)
    light = light + 0.15 * random.normal() * (2 * _YS / _HEIGHT - 1)
    noise = random.normal(size=picture.shape) * random.uniform(0, 0.035)
    return np.asarray(picture * light[..., None] + noise, np.float32)
