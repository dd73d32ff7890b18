"""Turn the eyes to a target gaze by geometry: move the irises, uncover the sclera, move the lids.

1. `take_apart` separates each photographed eye into its components (`eyeball.learn`).
2. `redirect` gives each eye its own target; `_turn` converts it to a shift of the iris in pixels.
3. `_compose` draws the eye with its iris there and its lids following.
4. `paste` adds the differences to the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np

from pipelines.engines import eyeball as eyeballs
from pipelines.engines.eyeball import Eyeball, Iris
from pipelines.face import Eye, Face
from pipelines.gaze import (
    NO_TRIM,
    Gaze,
    GazeEstimate,
    Trim,
    eye_network,
    iris_shift_mm,
    target_per_eye,
)
from pipelines.gaze import lids as openings
from pipelines.gaze.eye_network import SeenEye
from pipelines.gaze.lids import Lids
from pipelines.image import polygons
from pipelines.image.arrays import Image, Image8, Map, Points
from pipelines.image.filters import smoothstep

LARGEST_HEAD_TURN = 40.0
"""Turn of the head in degrees beyond which the far eye is hidden too much to be turned."""
SMALLEST_IRIS = 3.0
"""Smallest radius of an iris that is turned, in pixels."""
STILL_DEG = 0.5
"""Angle to its target up to which an eye is left alone: gaze cannot be measured more precisely, and
redrawing an eye loses a little detail."""
OUTLINE_GROWTH = 1.04
"""Size of the area that edits stay in, relative to the face oval. Nothing may change outside the
oval enlarged by 5 %."""
LEAST_EDIT = 0.5 / 255
"""Half a step of an 8-bit picture: smaller edits are set to 0."""

# Smallest radius of the iris in pixels of the enlarged crop that is drawn on.
_FINE_RADIUS = 28.0


@dataclass(frozen=True)
class Patch:
    """An edit of one eye.

    Attributes:
        top: First row in the picture.
        left: First column in the picture.
        difference: Values to add, float32 (h, w, 3); exactly 0 where nothing changes.
    """

    top: int
    left: int
    difference: Image


_NOTHING = Patch(0, 0, np.zeros((0, 0, 3), np.float32))


@dataclass(frozen=True)
class Socket:
    """One photographed eye, prepared for turning it to any target.

    Attributes:
        top: First row of the crop in the picture.
        left: First column of the crop in the picture.
        size: (width, height) of the crop in pixels of the picture.
        enlargement: Pixels of `fine` per pixel of the picture, at least 1.
        fine: The enlarged crop, float32 (h, w, 3).
        lids: Lid opening in `fine`.
        eyeball: Components of the eyeball.
        covered: Share by which hair, a nose or frames cover the lid opening, 0..1, (h, w).
        start: Gaze as photographed.
        px_per_mm: Pixels of `fine` per millimetre.
    """

    top: int
    left: int
    size: tuple[int, int]
    enlargement: int
    fine: Image = field(repr=False)
    lids: Lids = field(repr=False)
    eyeball: Eyeball = field(repr=False)
    covered: Map = field(repr=False)
    start: Gaze
    px_per_mm: float

    @cached_property
    def drawn(self) -> tuple[Image, Map, Map]:
        """The eyeball drawn as photographed, see `eyeball.draw`, and `_iris_on_rim` of it."""
        picture, rho = eyeballs.draw(self.eyeball, self.eyeball.iris, self.lids)
        return picture, rho, _iris_on_rim(self.fine, self.lids, picture, rho)


Sockets = tuple[Socket, Socket]


def redirect(
    image: Image8 | Image,
    face: Face,
    now: GazeEstimate,
    target: Gaze,
    seed: int = 0,
    trim: Trim = NO_TRIM,
    sockets: Sockets | None = None,
) -> tuple[Patch, Patch]:
    """Turn both eyes so that their mean gaze is `target` plus the trim.

    Vergence is kept except for the trim. With a trim, an eye that is within `STILL_DEG` of its
    target is left alone.

    Args:
        image: uint8 or float32 sRGB, shape (H, W, 3).
        face: Face with fitted irises, in pixels of `image`.
        now: The gaze as photographed.
        target: Target of both eyes, within reach.
        seed: Seed of the noise that replaces grain where there is none of the photo.
        trim: Additional turn of each eye.
        sockets: From `take_apart` of this picture, to reuse them for several targets.

    Returns:
        The patches of the person's left and right eye.
    """
    goals = target_per_eye(now, target, trim)
    left, right = (
        _NOTHING
        if trim and socket.start.angle_to(goal) < STILL_DEG
        else _within_outline(face, _turn(socket, goal, seed))
        for socket, goal in zip(sockets or take_apart(image, face, now), goals, strict=True)
    )
    return left, right


def take_apart(image: Image8 | Image, face: Face, now: GazeEstimate) -> Sockets:
    """Prepare both eyes for turning them; arguments as for `redirect`."""
    left, right = (
        _take_apart(image, eye, start, face.mm_per_px, seen)
        for eye, start, seen in zip(
            face.eyes, (now.left, now.right), eye_network.see(image, face), strict=True
        )
    )
    return left, right


def turn(
    image: Image8 | Image,
    eye: Eye,
    start: Gaze,
    goal: Gaze,
    mm_per_px: float,
    seed: int,
) -> Patch:
    """Turn one eye from `start` to `goal`.

    Args:
        image: uint8 or float32 sRGB, shape (H, W, 3).
        eye: The eye with fitted iris and lids, in pixels of `image`.
        start: Its gaze as photographed.
        goal: Its target.
        mm_per_px: Millimetres per pixel of `image`.
        seed: Seed of the noise that replaces grain.
    """
    return _turn(_take_apart(image, eye, start, mm_per_px), goal, seed)


def paste(image_u8: Image8, patches: tuple[Patch, ...]) -> Image8:
    """Add patches to a uint8 picture; pixels whose difference is 0 stay bit-identical."""
    result = image_u8.copy()
    for patch in patches:
        height, width = patch.difference.shape[:2]
        window = result[patch.top : patch.top + height, patch.left : patch.left + width]
        changed = np.any(patch.difference != 0, axis=2)
        edited = window[changed].astype(np.float32) + patch.difference[changed] * 255
        window[changed] = np.clip(np.rint(edited), 0, 255).astype(np.uint8)
    return result


def _take_apart(
    image: Image8 | Image, eye: Eye, start: Gaze, mm_per_px: float, seen: SeenEye | None = None
) -> Socket:
    top, left, crop = _crop(image, eye)
    enlargement = max(1, int(np.ceil(_FINE_RADIUS / eye.iris_radius)))
    fine = _enlarge(crop, enlargement)
    eye = eye.mapped(lambda points: points - (left, top)).scaled(enlargement)
    lids = openings.trace(eye, (fine.shape[0], fine.shape[1]), eye.iris_radius)
    iris = Iris(eye.iris_center, eye.iris_radius, _direction(start))
    return Socket(
        top=top,
        left=left,
        size=(crop.shape[1], crop.shape[0]),
        enlargement=enlargement,
        fine=fine,
        lids=lids,
        eyeball=eyeballs.learn(fine, lids, iris, enlargement),
        covered=_covered(seen, lids, (left, top), enlargement),
        start=start,
        px_per_mm=enlargement / mm_per_px,
    )


def _covered(seen: SeenEye | None, lids: Lids, corner: tuple[int, int], enlargement: int) -> Map:
    """Share by which something covers the lid opening: where the network sees no eyeball in it.

    Args:
        seen: What the network finds in the eye; None to assume that nothing covers it.
        lids: The lid opening in the enlarged crop.
        corner: First column and first row of the crop in the picture.
        enlargement: Pixels of the enlarged crop per pixel of the picture.
    """
    if seen is None:
        return np.zeros_like(lids.depth)
    # Centres of pixels are at whole numbers, in the picture and in the enlarged crop.
    scale, shift = 1 / enlargement, (1 / enlargement - 1) / 2
    to_picture = np.array([[scale, 0, corner[0] + shift], [0, scale, corner[1] + shift]])
    linear = seen.to_frame[:, :2] @ to_picture[:, :2]
    offset = seen.to_frame[:, :2] @ to_picture[:, 2] + seen.to_frame[:, 2]
    height, width = lids.depth.shape
    eyeball = cv2.warpAffine(
        seen.eyeball,
        np.column_stack([linear, offset]),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    inside = smoothstep(lids.depth / lids.radius, 0.08, 0.25)
    return np.asarray(
        inside * (1 - smoothstep(np.asarray(eyeball, np.float32), 0.15, 0.4)), np.float32
    )


def _turn(socket: Socket, goal: Gaze, seed: int) -> Patch:
    """Turn one eye: the angle becomes a shift in mm, then in pixels, then a picture."""
    photographed = socket.eyeball.iris
    shift_px = iris_shift_mm(socket.start, goal) * socket.px_per_mm
    turned = Iris(photographed.center + shift_px, photographed.radius, _direction(goal))
    edited = _compose(socket, turned, seed)
    difference = np.asarray(
        cv2.resize(edited - socket.fine, socket.size, interpolation=cv2.INTER_AREA), np.float32
    )
    difference[np.abs(difference).max(axis=2) < LEAST_EDIT] = 0
    return Patch(socket.top, socket.left, difference)


def _compose(socket: Socket, iris: Iris, seed: int) -> Image:
    """Draw an eye with its iris at another position, and its lids and skin following.

    The lid opening shows the drawn eyeball. Where neither the old nor the new iris is, it shows the
    photo's own sclera with its veins and grain instead.
    """
    fine, lids, eyeball = socket.fine, socket.lids, socket.eyeball
    moved, came_from = openings.follow(lids, iris.center - eyeball.iris.center)
    new, new_rho = eyeballs.draw(eyeball, iris, moved)
    # What the photo shows moves with the lids.
    photo, old_depth, old_below, old, old_rho, rim = _displace(
        (fine, lids.depth, lids.height - lids.top, *socket.drawn), came_from, lids
    )
    # Weight of the photo's own sclera: 0 near the old and the new iris, outside the old opening,
    # and on the lashes at the old edge of a lid that is raised now.
    nearest = np.minimum(old_rho, new_rho)
    blur, sharp = eyeball.blur, eyeball.softness - eyeball.blur
    photo_weight = smoothstep(nearest, 1 + 1.3 * sharp + blur, 1 + 3 * sharp + blur)
    photo_weight *= smoothstep(old_depth / lids.radius, -0.06, 0.06)
    raised = smoothstep((lids.top - moved.top) / lids.radius, 0.03, 0.25)
    photo_weight *= 1 - raised * (1 - smoothstep(old_below / lids.radius, 0.1, 0.4))
    photo_weight = photo_weight[..., None]
    noise = eyeballs.grain(eyeball, socket.enlargement, seed)
    noise = noise * (1 - photo_weight) * (new_rho > 1)[..., None]
    ball = new + photo_weight * (photo - old) + noise
    # Weight of the eyeball: the new opening, and the lower lid's rim where old iris shows through.
    opening = smoothstep(moved.depth / lids.radius, -0.02 - blur, 0.12 + blur)
    opening = np.maximum(opening, rim * smoothstep(new_rho, 0.98, 1.1))
    opening *= 1 - socket.covered
    return (photo + opening[..., None] * (ball - photo)).astype(np.float32)


def _iris_on_rim(fine: Image, lids: Lids, old: Image, old_rho: Map) -> Map:
    """Share of the old iris in the pixels at the rim of the lower lid, 0..1.

    The lid edge is accurate to about a pixel, and a sliver of dark iris beyond it would remain as a
    dark line. There a pixel is a mixture of iris and lid, and its share of iris is its position on
    the line between the two colours. The upper lid is left out, because lashes are there.
    """
    depth = lids.depth / lids.radius
    lid = ((depth < -0.22) & (depth > -0.6) & (lids.v > 1)).astype(np.float32)[..., None]
    sigma = 0.5 * lids.radius
    weight = eyeballs.blurred(lid, sigma, lids.radius)[..., None]
    skin = eyeballs.blurred(fine * lid, sigma, lids.radius) / np.maximum(weight, 1e-4)
    line = old - skin
    squared = (line**2).sum(axis=2)
    share = ((fine - skin) * line).sum(axis=2) / np.maximum(squared, 1e-6)
    # Not where iris and skin are alike: there the share is uncertain and the sliver invisible.
    share = np.clip(share, 0, 1) * smoothstep(np.sqrt(squared), 0.12, 0.3)
    rim = smoothstep(depth, -0.22, -0.1) * (lids.v > 0.5) * (weight[..., 0] > 1e-4)
    return np.asarray(share * rim * (1 - smoothstep(old_rho, 0.98, 1.1)), np.float32)


def _displace(layers: tuple[Image, ...], came_from: Map, lids: Lids) -> tuple[Image, ...]:
    """Move the content of layers by the displacement field of `lids.follow`."""
    if not came_from.any():
        return layers
    ys, xs = np.mgrid[: came_from.shape[0], : came_from.shape[1]].astype(np.float32)
    xs += came_from * np.float32(lids.down[0])
    ys += came_from * np.float32(lids.down[1])
    return tuple(
        np.asarray(
            cv2.remap(layer, xs, ys, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32
        )
        for layer in layers
    )


def _within_outline(face: Face, patch: Patch) -> Patch:
    """Fade a patch out towards the face outline, which can be close to an eye of a turned head."""
    center = face.oval.mean(axis=0)
    outline = center + OUTLINE_GROWTH * (face.oval - center) - (patch.left, patch.top)
    inside = polygons.filled(patch.difference.shape, outline)
    if inside.all():
        return patch
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    fade = smoothstep(depth / face.left.iris_radius, 0.0, 0.5)
    return replace(patch, difference=patch.difference * fade[..., None])


def _crop(image: Image8 | Image, eye: Eye) -> tuple[int, int, Image]:
    """First row, first column and pixels of the crop that turning an eye can change."""
    # Margins for the lids, which move by up to 0.8 radii, and the skin that moves with them.
    reach = np.array([1.6, 2.4]) * eye.iris_radius
    points = eye.contour
    height, width = image.shape[:2]
    left, top = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
    right, bottom = np.ceil(points.max(axis=0) + reach).astype(int) + 1
    crop = image[top : min(bottom, height), left : min(right, width)]
    if crop.dtype == np.uint8:
        crop = crop.astype(np.float32) / np.float32(255)
    return int(top), int(left), np.asarray(crop, np.float32)


def _enlarge(crop: Image, factor: int) -> Image:
    if factor == 1:
        return crop
    size = (crop.shape[1] * factor, crop.shape[0] * factor)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _direction(gaze: Gaze) -> Points:
    """Unit vector of a gaze in the picture's frame (x right, y down, z towards the lens)."""
    return gaze.vector * np.array([1.0, -1.0, 1.0])
