"""Move the eyes to a target by geometry: turn the iris, fill the white, let the lids follow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from pipelines.engines import eyeball as model
from pipelines.engines.eyeball import Eyeball, Iris
from pipelines.face import Eye, Face
from pipelines.gaze import NO_TRIM, Gaze, GazeEstimate, Trim, iris_shift_mm, target_per_eye
from pipelines.gaze import lids as opening
from pipelines.gaze.lids import Lids
from pipelines.image.arrays import Image, Image8, Map, Points

SMALLEST_IRIS = 3.0
# An eye this near to where it looks has arrived: a change of gaze cannot be read more exactly, and
# drawing an eye anew costs a little of it.
STILL_DEG = 0.5
# Nothing changes outside the face's outline grown by 5 %; an edit stays a little inside of that.
OUTLINE_GROWTH = 1.04
_FINE_RADIUS = 28.0


@dataclass(frozen=True)
class Patch:
    """An edit of one eye.

    Attributes:
        top: First row in the picture.
        left: First column in the picture.
        difference: What to add, float32 (h, w, 3); exactly 0 where nothing changes.
    """

    top: int
    left: int
    difference: Image


_NOTHING = Patch(0, 0, np.zeros((0, 0, 3), np.float32))


@dataclass(frozen=True)
class Socket:
    """One photographed eye taken apart: the part of a turn that is the same wherever it goes.

    Attributes:
        top: First row of the crop in the picture.
        left: First column of the crop in the picture.
        size: (width, height) of the crop in pixels of the picture.
        native: Pixels of `fine` per pixel of the picture, at least 1.
        fine: The crop, enlarged, float32 (h, w, 3).
        lids: Its lid edges.
        learned: Its eyeball.
        start: Its gaze as photographed.
        px_per_mm: Pixels of `fine` per millimetre.
    """

    top: int
    left: int
    size: tuple[int, int]
    native: int
    fine: Image = field(repr=False)
    lids: Lids = field(repr=False)
    learned: Eyeball = field(repr=False)
    start: Gaze
    px_per_mm: float


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
    """Turn both eyes so that their mean gaze is `target`; their vergence stays, but for `trim`.

    Args:
        image: uint8 or float32 sRGB, shape (H, W, 3), at the size that `face` is given in.
        face: Face with fitted irises, in the pixels of `image`.
        now: The gaze as photographed.
        target: The gaze asked for, already within reach.
        seed: For the noise that replaces grain where no photographed grain exists.
        trim: What each eye turns beyond that. Then an eye that has arrived is left alone.
        sockets: From `take_apart` of this very picture, where it is turned more than once.

    Returns:
        One patch for the person's left eye, one for the right.
    """
    goals = target_per_eye(now, target, trim)
    left, right = (
        _NOTHING
        if trim and socket.start.angle_to(goal) < STILL_DEG
        else _within(face, _turned(socket, goal, seed))
        for socket, goal in zip(sockets or take_apart(image, face, now), goals, strict=True)
    )
    return left, right


def take_apart(image: Image8 | Image, face: Face, now: GazeEstimate) -> Sockets:
    """Learn from both eyes what turning them needs; arguments as for `redirect`."""
    left, right = (
        _taken_apart(image, eye, start, face.mm_per_px)
        for eye, start in zip(face.eyes, (now.left, now.right), strict=True)
    )
    return left, right


def paste(image_u8: Image8, patches: tuple[Patch, ...]) -> Image8:
    """Add patches to a uint8 picture; pixels that no patch changes stay bit-identical."""
    result = image_u8.copy()
    for patch in patches:
        height, width = patch.difference.shape[:2]
        window = result[patch.top : patch.top + height, patch.left : patch.left + width]
        changed = np.any(patch.difference != 0, axis=2)
        edited = window[changed].astype(np.float32) + patch.difference[changed] * 255
        window[changed] = np.clip(np.rint(edited), 0, 255).astype(np.uint8)
    return result


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
        goal: The gaze asked for.
        mm_per_px: Millimetres per pixel of `image`.
        seed: For the noise that replaces grain.
    """
    return _turned(_taken_apart(image, eye, start, mm_per_px), goal, seed)


def _taken_apart(image: Image8 | Image, eye: Eye, start: Gaze, mm_per_px: float) -> Socket:
    top, left, crop = _crop(image, eye)
    native = max(1, int(np.ceil(_FINE_RADIUS / eye.iris_radius)))
    fine = _enlarge(crop, native)
    eye = eye.mapped(lambda points: points - (left, top)).scaled(native)
    before = Iris(eye.iris_center, eye.iris_radius, _toward(start))
    lids = opening.trace(eye, (fine.shape[0], fine.shape[1]), eye.iris_radius)
    learned = model.learn(fine, lids, before, native)
    size = (crop.shape[1], crop.shape[0])
    return Socket(top, left, size, native, fine, lids, learned, start, native / mm_per_px)


def _turned(socket: Socket, goal: Gaze, seed: int) -> Patch:
    before = socket.learned.iris
    shift = iris_shift_mm(socket.start, goal) * socket.px_per_mm
    after = Iris(before.center + shift, before.radius, _toward(goal))
    edited = _compose(socket.fine, socket.lids, socket.learned, after, socket.native, seed)
    difference = np.asarray(
        cv2.resize(edited - socket.fine, socket.size, interpolation=cv2.INTER_AREA), np.float32
    )
    # Less than half a step of an 8-bit picture cannot be seen, only counted.
    difference[np.abs(difference).max(axis=2) < 0.5 / 255] = 0
    return Patch(socket.top, socket.left, difference)


def _within(face: Face, patch: Patch) -> Patch:
    """Let an edit fade out before the face's outline, which a turned head brings near an eye."""
    middle = face.oval.mean(axis=0)
    outline = middle + OUTLINE_GROWTH * (face.oval - middle) - (patch.left, patch.top)
    inside = np.zeros(patch.difference.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round(outline * 16).astype(np.int32)], (1,), shift=4)
    if inside.all():
        return patch
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    fade = model.smoothstep(depth / face.left.iris_radius, 0.0, 0.5)
    return replace(patch, difference=patch.difference * fade[..., None])


def _compose(
    fine: Image, lids: Lids, learned: Eyeball, after: Iris, native: float, seed: int
) -> Image:
    moved, came_from = opening.follow(lids, after.center - learned.iris.center)
    old, old_rho = model.draw(learned, learned.iris, lids)
    new, new_rho = model.draw(learned, after, moved)
    rim = _iris_on_rim(fine, lids, old, old_rho)
    below = lids.height - lids.top
    skin, old, old_rho, was_inside, was_below, rim = (
        _carried(layer, came_from, lids) for layer in (fine, old, old_rho, lids.depth, below, rim)
    )
    # The photo's own veins and grain stay wherever neither the old nor the new iris is, nor a
    # lash that a rising lid has left behind.
    clear = np.minimum(old_rho, new_rho)
    own = model.smoothstep(clear, 1 + 1.3 * learned.softness, 1 + 3 * learned.softness)
    own *= model.smoothstep(was_inside / lids.radius, -0.06, 0.06)
    opened = model.smoothstep((lids.top - moved.top) / lids.radius, 0.03, 0.25)
    own *= 1 - opened * (1 - model.smoothstep(was_below / lids.radius, 0.1, 0.4))
    own = own[..., None]
    noise = model.grain(learned, native, seed) * (1 - own) * (new_rho > 1)[..., None]
    ball = new + own * (skin - old) + noise
    shown = model.smoothstep(moved.depth / lids.radius, -0.02, 0.12)
    shown = np.maximum(shown, rim * model.smoothstep(new_rho, 0.98, 1.1))
    return (skin + shown[..., None] * (ball - skin)).astype(np.float32)


def _iris_on_rim(fine: Image, lids: Lids, old: Image, old_rho: Map) -> Map:
    """How much of the old iris, 0..1, shines through at the rim of the lower lid.

    The lid's edge is known to a pixel or so, and a sliver of dark iris left beyond it would stay
    behind as a line. There a pixel is a mixture of iris and lid, and its share of iris is its
    place on the line between both colours. The upper lid has lashes there, which stay.
    """
    depth = lids.depth / lids.radius
    lid = ((depth < -0.22) & (depth > -0.6) & (lids.v > 1)).astype(np.float32)[..., None]
    sigma = 0.5 * lids.radius
    weight = cv2.GaussianBlur(lid, (0, 0), sigma)[..., None]
    skin = cv2.GaussianBlur(fine * lid, (0, 0), sigma) / np.maximum(weight, 1e-4)
    line = old - skin
    length = (line**2).sum(axis=2)
    share = ((fine - skin) * line).sum(axis=2) / np.maximum(length, 1e-6)
    # Where iris and skin look alike nothing can be told, and nothing would be seen.
    share = np.clip(share, 0, 1) * model.smoothstep(np.sqrt(length), 0.12, 0.3)
    where = model.smoothstep(depth, -0.22, -0.1) * (lids.v > 0.5) * (weight[..., 0] > 1e-4)
    return np.asarray(share * where * (1 - model.smoothstep(old_rho, 0.98, 1.1)), np.float32)


def _carried(layer: Image, came_from: Map, lids: Lids) -> Image:
    if not came_from.any():
        return layer
    ys, xs = np.mgrid[: layer.shape[0], : layer.shape[1]].astype(np.float32)
    carried = cv2.remap(
        layer,
        xs + came_from * np.float32(lids.down[0]),
        ys + came_from * np.float32(lids.down[1]),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(carried, np.float32)


def _crop(image: Image8 | Image, eye: Eye) -> tuple[int, int, Image]:
    # Lids move within 1.5 radii of their edges, and up to 0.8 radii themselves.
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


def _toward(gaze: Gaze) -> Points:
    return gaze.vector * np.array([1.0, -1.0, 1.0])
