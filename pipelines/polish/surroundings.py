"""A person's head before other surroundings: clothes, ground and light that were drawn for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.face import Face
from pipelines.image import colour
from pipelines.image.arrays import Image, Image8, Map
from pipelines.image.filters import lowpass, noise
from pipelines.polish import backdrop
from pipelines.polish.backdrop import Layers

# Difference in CIELAB up to which both sides of the soft edge across the neck are skin.
_SAME = 12.0
# Standard deviation of the zone, in interocular distances, in which surroundings are matched.
_ZONE = 0.3
# Share of the zone that has to show the same, for the difference to be taken off.
_LEAST = 0.02


def begin(layers: Layers, head: Map, ground: str) -> Image:
    """The head alone before a ground of one colour, for a network to draw the rest.

    Args:
        layers: The photo as person and ground, working copy.
        head: Share of the head, [0, 1], shape (H, W).
        ground: The colour, such as "#d4d6d8".

    Returns:
        float32 sRGB in [0, 1], shape (H, W, 3).
    """
    share = head[..., None]
    return np.asarray(share * layers.person + (1 - share) * colour.named(ground), np.float32)


def compose(
    full_u8: Image8,
    pixels: Image,
    layers: Layers,
    head: Map,
    bare: Map,
    drawn: Image,
    face: Face,
) -> Image8:
    """The head of a picture in drawn surroundings, at full size.

    The surroundings are matched to the head, never the head to them: where it is all head, pixels
    stay the same.

    Args:
        full_u8: The picture with eyes and skin as they shall be, uint8, shape (H, W, 3).
        pixels: Its working copy, float32, shape (h, w, 3).
        layers: The working copy as person and ground.
        head: Share of the head, [0, 1], shape (h, w).
        bare: Visible skin of face and neck, 0..1, shape (h, w).
        drawn: What was drawn, float32 sRGB, shape (h, w, 3).
        face: The face in the working copy.
    """
    matched = _matched(drawn, layers.person, head, bare, face)
    grain = max(0.0, noise(colour.luma_of(pixels)) - noise(colour.luma_of(matched)))
    generator = np.random.default_rng(0)
    matched += generator.normal(0, grain, (*head.shape, 1)).astype(np.float32)
    around = replace(layers, matte=head)
    return backdrop.compose(full_u8, pixels, around, np.clip(matched, 0, 1))


def _matched(drawn: Image, person: Image, head: Map, bare: Map, face: Face) -> Image:
    """The drawing with the colours of the person's skin along the soft edge across the neck.

    Only where both show nearly the same; elsewhere, as at a collar, the difference is meant.
    """
    edge = 4 * head * (1 - head) * bare
    lab, own = colour.to_lab(drawn), colour.to_lab(person)
    sigma = _ZONE * face.interocular
    apart = lowpass(own - lab, 0.1 * sigma)
    same = edge * np.exp(-np.square(np.linalg.norm(apart, axis=2) / _SAME))
    mass = lowpass(np.asarray(same, np.float32), sigma)
    total = lowpass(np.asarray(same[..., None] * apart, np.float32), sigma)
    change = total / np.maximum(mass, _LEAST)[..., None]
    return np.asarray(colour.to_rgb((lab + change).astype(np.float32)), np.float32)
