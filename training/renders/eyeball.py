"""An eyeball of human size: its surface, its mesh and its texture. Pure NumPy.

Eye frame: mm, origin at the centre of the globe, z along the optical axis, y up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SCLERA_MM = 12.0
"""Radius of the globe of an adult (axial length about 24 mm)."""
IRIS_MM = 5.85
"""Radius of the visible iris (white-to-white about 11.7 mm in nearly all adults)."""
CORNEA_MM = 7.8
"""Radius of curvature of the cornea's front surface."""
IRIS_PLANE_MM = float(np.sqrt(SCLERA_MM**2 - IRIS_MM**2))
"""Distance from the globe's centre to the plane of the limbus, in which the iris centre lies."""
LIMBUS_RAD = float(np.arcsin(IRIS_MM / SCLERA_MM))
CORNEA_CENTRE_MM = IRIS_PLANE_MM - float(np.sqrt(CORNEA_MM**2 - IRIS_MM**2))
TEXTURE_RAD = float(np.radians(105))
"""Angle from the optical axis at the edge of the texture's disc."""


def surface_radius(angle: Array) -> Array:
    """Distance from the centre to sclera or cornea, in mm, at ``angle`` radians off the axis."""
    inside = np.minimum(np.abs(angle), LIMBUS_RAD)
    s, c = np.sin(inside), np.cos(inside)
    cornea = CORNEA_CENTRE_MM * c + np.sqrt(CORNEA_MM**2 - (CORNEA_CENTRE_MM * s) ** 2)
    return np.where(np.abs(angle) < LIMBUS_RAD, cornea, SCLERA_MM)


@dataclass(frozen=True)
class Surface:
    """A mesh of rings about the optical axis: vertices (N, 3) mm, faces (F, 4), uv (N, 2)."""

    vertices: Array
    faces: npt.NDArray[np.int64]
    uv: Array


def globe() -> Surface:
    """Mesh of the sclera, with the iris as a shallow bowl behind the limbus."""
    angle = np.concatenate(
        [np.linspace(1e-3, LIMBUS_RAD, 24), np.linspace(LIMBUS_RAD, 2.9, 48)[1:]]
    )
    flat = np.minimum(angle / LIMBUS_RAD, 1)
    depth = 0.25 * (1 - flat**6) + 0.1 * (1 - flat)
    radius = np.where(angle <= LIMBUS_RAD, IRIS_MM * flat, SCLERA_MM * np.sin(angle))
    height = np.where(angle <= LIMBUS_RAD, IRIS_PLANE_MM - depth, SCLERA_MM * np.cos(angle))
    return _revolve(angle, radius, height)


def wet_shell() -> Surface:
    """Mesh of cornea and tear film: a transparent shell over the globe that reflects the lights."""
    angle = np.concatenate([np.linspace(1e-3, 0.8, 40), np.linspace(0.8, 2.4, 30)[1:]])
    kink = np.exp(-(((angle - LIMBUS_RAD) / 0.07) ** 2))
    rho = surface_radius(angle) + 0.04 + 0.05 * kink
    return _revolve(angle, rho * np.sin(angle), rho * np.cos(angle))


def _revolve(angle: Array, radius: Array, height: Array, around: int = 96) -> Surface:
    """Revolve a profile about the z axis; ``angle`` gives the texture coordinates."""
    theta = np.arange(around) * 2 * np.pi / around
    x = radius[:, None] * np.cos(theta)
    y = radius[:, None] * np.sin(theta)
    z = np.broadcast_to(height[:, None], x.shape)
    share = np.minimum(angle / TEXTURE_RAD, 1)[:, None] / 2
    uv = np.stack([0.5 + share * np.cos(theta), 0.5 + share * np.sin(theta)], axis=-1)
    i, j = np.meshgrid(np.arange(len(angle) - 1), np.arange(around), indexing="ij")
    k = (j + 1) % around
    faces = np.stack(
        [i * around + j, (i + 1) * around + j, (i + 1) * around + k, i * around + k], -1
    )
    return Surface(np.stack([x, y, z], -1).reshape(-1, 3), faces.reshape(-1, 4), uv.reshape(-1, 2))


@dataclass(frozen=True)
class IrisLook:
    """Colours (sRGB 0..1) and sizes of one iris.

    Attributes:
        inner: colour around the pupil.
        outer: colour of the ciliary zone.
        ring: colour of the limbal ring.
        pupil_mm: radius of the pupil.
        contrast: strength of the fibres, 0..1.
    """

    inner: tuple[float, float, float]
    outer: tuple[float, float, float]
    ring: tuple[float, float, float]
    pupil_mm: float = 1.9
    contrast: float = 0.5


@cache
def texture(
    look: IrisLook, seed: int, size: int = 1024, redness: float = 0.3, nose: float = 1.0,
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Array:  # fmt: skip
    """Paint the globe as an azimuthal picture (size, size, 3), linear RGB 0..1.

    Args:
        look: colours and sizes of the iris.
        seed: of fibres and veins.
        size: side of the picture, px.
        redness: strength of the veins in the sclera, 0..1.
        nose: sign of x on the side of the nose, where the sclera turns pink.
        tint: factors of the sclera's colour.
    """
    rng = np.random.default_rng(seed)
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(axis, axis)
    angle = np.hypot(x, y) * TEXTURE_RAD
    theta = np.arctan2(y, x)
    rho = angle / LIMBUS_RAD
    iris = _iris(look, rho, theta, rng)
    sclera = _sclera(angle, theta, x * nose, rng, redness) * np.array(tint)
    # The limbus is a gradient about a millimetre wide, centred on the edge of the iris.
    limbus = _smooth((rho - 0.93) / 0.14)[..., None]
    return (iris * (1 - limbus) + sclera * limbus).astype(np.float64)


def _iris(look: IrisLook, rho: Array, theta: Array, rng: np.random.Generator) -> Array:
    inner, outer, ring = (np.array(c) ** 2.2 for c in (look.inner, look.outer, look.ring))
    wobble = sum(rng.normal() * np.sin(k * theta + rng.uniform(0, 7)) / k for k in range(2, 14))
    collarette = 0.52 + 0.025 * wobble
    mix = _smooth((rho - collarette + 0.10) / 0.24)[..., None]
    colour = inner * (1 - mix) + outer * mix
    fibres = np.zeros_like(rho)
    for count, weight in ((48, 0.5), (90, 0.8), (170, 0.8), (300, 0.5)):
        bend = rng.normal(0, 0.05) + 0.04 * np.sin(6 * rho + rng.uniform(0, 7))
        fibres += weight * _angular_noise(theta + bend * rho, rho * 2.2, count, rng)
    fibres *= _smooth((rho - 0.28) / 0.15) * (1 - 0.6 * _smooth((rho - 0.8) / 0.2))
    shade = np.exp(look.contrast * 0.55 * fibres)[..., None]
    crypt = _blobs(rho, theta, rng, 14)[..., None]
    colour = colour * shade * (1 - 0.4 * look.contrast * crypt)
    near = np.exp(-(((rho - collarette) / 0.07) ** 2))[..., None]
    colour = colour * (1 + 0.25 * look.contrast * near)
    edge = _smooth((rho - 0.76) / 0.22)[..., None]
    colour = colour * (1 - edge) + ring * edge
    pupil_edge = look.pupil_mm / IRIS_MM + 0.006 * wobble
    ruff = np.exp(-(((rho - pupil_edge - 0.02) / 0.03) ** 2))[..., None]
    colour = colour * (1 - 0.55 * ruff)
    pupil = 1 - _smooth((rho - pupil_edge + 0.012) / 0.03)
    return np.clip(colour * (1 - pupil[..., None]) + 0.0015 * pupil[..., None], 0, 1)


def _sclera(
    angle: Array, theta: Array, nasal: Array, rng: np.random.Generator, redness: float
) -> Array:
    white = np.array([0.64, 0.595, 0.555])
    colour = np.broadcast_to(white, (*angle.shape, 3)).copy()
    away = _smooth((angle - 0.65) / 0.75)
    colour *= 1 - (0.10 + 0.22 * redness) * away[..., None] * np.array([0.25, 0.9, 1.0])
    pink = _smooth((nasal * TEXTURE_RAD - 0.72) / 0.42)[..., None]
    colour *= 1 - pink * np.array([0.10, 0.42, 0.42])
    veins = np.zeros_like(angle)
    for _ in range(46):
        start = rng.uniform(0, 2 * np.pi)
        start = start if abs(np.sin(start)) < 0.75 else start + 0.9
        width, strength = rng.uniform(0.004, 0.011), rng.uniform(0.15, 0.9)
        reach = rng.uniform(0.62, 1.05)
        path = start + sum(
            rng.normal(0, 0.10) / k * np.sin(k * 3.2 * angle + rng.uniform(0, 7)) for k in (1, 2, 4)
        )
        apart = np.abs((theta - path + np.pi) % (2 * np.pi) - np.pi) * angle
        veins += strength * np.exp(-((apart / width) ** 2)) * _smooth((angle - reach) / 0.4)
    veins = np.minimum(veins, 1.2)[..., None]
    colour *= 1 - redness * veins * np.array([0.10, 0.5, 0.5])
    haze = _angular_noise(theta, angle * 3, 9, rng)[..., None]
    return np.clip(colour * (1 + 0.025 * haze), 0, 1)


def _angular_noise(theta: Array, radial: Array, count: int, rng: np.random.Generator) -> Array:
    """Smooth noise, periodic in theta with ``count`` cells around and slow along the radius."""
    rows = 8
    grid = rng.normal(size=(rows, count))
    t = (theta / (2 * np.pi) % 1) * count
    r = np.clip(radial, 0, rows - 1.001)
    i, j = np.floor(r).astype(int), np.floor(t).astype(int)
    a, b = _smooth(r - i), _smooth(t - j)
    j0, j1 = j % count, (j + 1) % count
    top = grid[i, j0] * (1 - b) + grid[i, j1] * b
    low = grid[i + 1, j0] * (1 - b) + grid[i + 1, j1] * b
    return top * (1 - a) + low * a


def _blobs(rho: Array, theta: Array, rng: np.random.Generator, count: int) -> Array:
    """Soft spots in the outer iris, such as crypts, 0..1."""
    out = np.zeros_like(rho)
    for _ in range(count):
        t, r = rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 0.78)
        apart = np.abs((theta - t + np.pi) % (2 * np.pi) - np.pi) * r
        out += np.exp(-((apart / rng.uniform(0.02, 0.05)) ** 2)) * np.exp(
            -(((rho - r) / rng.uniform(0.04, 0.09)) ** 2)
        )
    return np.minimum(out, 1)


def _smooth(t: Array) -> Array:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
