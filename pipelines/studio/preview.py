"""A look at screen size while its settings move: only the step that changed is worked out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from pipelines import polish
from pipelines.engines import geometry
from pipelines.engines.geometry import Patch, Sockets
from pipelines.face import Face
from pipelines.image.arrays import Image, Image8, Points
from pipelines.measure import guards
from pipelines.measure.guards import Reference
from pipelines.runtime.cache import Cache
from pipelines.studio import rendering
from pipelines.studio.analysis import Analysis
from pipelines.studio.planning import Plan

LONG_SIDE = 640
"""The most pixels of a preview's long side: a picture in a row of three, on a fine screen."""
Window = tuple[slice, slice]
Patches = tuple[Patch, ...]
# Steps that are kept: going back and forth with one slider asks for the same ones again.
_POLISHES, _TURNS = 4, 12


@dataclass(frozen=True, eq=False)
class PreviewStage:
    """A photo at preview size with everything that is the same for every preview of it.

    Attributes:
        analysis: The photo.
        pixels: The window at preview size, float32 sRGB in [0, 1], shape (h, w, 3).
        face: The face in it.
        before: What the guards hold a retouch against.
        sockets: Both eyes, taken apart.
    """

    analysis: Analysis = field(repr=False)
    pixels: Image = field(repr=False)
    face: Face = field(repr=False)
    before: Reference = field(repr=False)
    sockets: Sockets = field(repr=False)
    _shared: Cache = field(repr=False)
    _retouches: Cache = field(repr=False)
    _turns: Cache = field(repr=False)


def stage(
    analysis: Analysis, window: Window | None = None, long_side: int = LONG_SIDE
) -> PreviewStage:
    """Prepare a photo for previews.

    Args:
        analysis: From `studio.analyse`.
        window: Rows and columns of the photo, in its own pixels, that previews show; it holds the
            whole face. The whole photo if None.
        long_side: The most pixels of a preview's long side.
    """
    photo = analysis.portrait.original_u8
    rows, columns = window or (slice(0, photo.shape[0]), slice(0, photo.shape[1]))
    part = photo[rows, columns]
    factor = min(1.0, long_side / max(part.shape[:2]))
    size = max(1, round(part.shape[0] * factor)), max(1, round(part.shape[1] * factor))
    if factor < 1:
        part = np.asarray(cv2.resize(part, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    pixels = part.astype(np.float32) / np.float32(255)
    face = _placed(analysis, rows, columns, size)
    known = analysis.baseline.reference
    return PreviewStage(
        analysis=analysis,
        pixels=pixels,
        face=face,
        before=guards.reference(pixels, face, seen=known.seen, who=known.embedding),
        sockets=geometry.take_apart(pixels, face, analysis.gaze),
        _shared=Cache(),
        _retouches=Cache(_POLISHES),
        _turns=Cache(_TURNS),
    )


def preview(stage: PreviewStage, planned: Plan, seed: int = 0) -> Image8:
    """What the geometry engine makes of a plan, at preview size.

    It is the full result but for two things: the retouch is worked out beside the turn of the eyes
    instead of after it (neither reaches the other), and the likeness, which takes longest to
    measure, does not hold it back.

    Args:
        stage: From `stage`.
        planned: Of a look; its engine is left out.
        seed: The look's.

    Returns:
        uint8 sRGB, shape of the stage's pixels.
    """
    analysis = stage.analysis
    if planned.untouched:
        return _u8(stage.pixels)
    pixels = _retouched(stage, planned)
    if (
        planned.target is None
        or analysis.eyes_left_alone is not None
        or rendering.still(analysis, planned)
    ):
        return _u8(pixels)
    return geometry.paste(_u8(pixels), _turned(stage, planned, seed))


def _retouched(stage: PreviewStage, planned: Plan) -> Image:
    if not planned.polishes:
        return stage.pixels

    def work() -> Image:
        return polish.within(
            stage.pixels,
            stage.face,
            planned.doses,
            stage.before,
            planned.texture_floor,
            likeness=False,
            cache=stage._shared,
        ).pixels

    return stage._retouches.get((planned.doses, planned.texture_floor), work)


def _turned(stage: PreviewStage, planned: Plan, seed: int) -> Patches:
    target = planned.target
    assert target is not None

    def work() -> Patches:
        return geometry.redirect(
            stage.pixels,
            stage.face,
            stage.analysis.gaze,
            target,
            seed,
            planned.trim,
            sockets=stage.sockets,
        )

    return stage._turns.get((target, planned.trim, seed), work)


def _placed(analysis: Analysis, rows: slice, columns: slice, size: tuple[int, int]) -> Face:
    """The face in a window of the photo that is resized to (height, width)."""
    full = analysis.full_face
    start = np.array([columns.start, rows.start], np.float64)
    factor = np.array(size[::-1]) / (columns.stop - columns.start, rows.stop - rows.start)
    scale = float(factor.mean())

    def move(points: Points) -> Points:
        moved: Points = (points - start + 0.5) * factor - 0.5
        return moved

    landmarks = full.landmarks * scale
    landmarks[:, :2] = move(full.landmarks[:, :2])
    return replace(
        full,
        landmarks=landmarks,
        size=size,
        left=full.left.mapped(move, scale),
        right=full.right.mapped(move, scale),
    )


def _u8(pixels: Image) -> Image8:
    return np.rint(255 * pixels).astype(np.uint8)
