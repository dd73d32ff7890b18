"""Fast previews of a look at screen size; only the steps whose settings changed are computed."""

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
from pipelines.studio.analysis import Analysis
from pipelines.studio.planning import Plan
from pipelines.studio.turning import already_there

LONG_SIDE = 640
"""Long side of a preview in pixels: enough for a third of the page's width on a dense screen."""
Window = tuple[slice, slice]
Patches = tuple[Patch, ...]
# Numbers of cached results: moving a slider back and forth requests the same ones again.
_MOST_POLISHES, _MOST_TURNS = 4, 12


@dataclass(frozen=True, eq=False)
class PreviewStage:
    """A photo at preview size, with everything that all previews of it share.

    Attributes:
        analysis: The photo.
        pixels: The window at preview size, float32 sRGB in [0, 1], shape (h, w, 3).
        face: The face in `pixels`.
        before: The unpolished picture, for the guards.
        sockets: Both eye sockets.
    """

    analysis: Analysis = field(repr=False)
    pixels: Image = field(repr=False)
    face: Face = field(repr=False)
    before: Reference = field(repr=False)
    sockets: Sockets = field(repr=False)
    _polish_cache: Cache = field(repr=False)
    _polishes: Cache = field(repr=False)
    _turns: Cache = field(repr=False)


def stage(
    analysis: Analysis, window: Window | None = None, long_side: int = LONG_SIDE
) -> PreviewStage:
    """Prepare a photo for previews.

    Args:
        analysis: From `studio.analyse`.
        window: Rows and columns of the photo, in pixels at full size, that previews show; must
            contain the whole face. The whole photo if None.
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
    face = _face_in_window(analysis, rows, columns, size)
    reference = analysis.baseline.reference
    return PreviewStage(
        analysis=analysis,
        pixels=pixels,
        face=face,
        before=guards.reference(pixels, face, seen=reference.seen, who=reference),
        sockets=geometry.take_apart(pixels, face, analysis.gaze),
        _polish_cache=Cache(),
        _polishes=Cache(_MOST_POLISHES),
        _turns=Cache(_MOST_TURNS),
    )


def preview(stage: PreviewStage, planned: Plan, seed: int = 0) -> Image8:
    """Render a plan with the geometry engine at preview size.

    It differs from the full result in two ways: the polish is computed on the picture before the
    eyes are turned (they do not affect each other), and the likeness guard, the slowest one, is
    left out.

    Args:
        stage: From `stage`.
        planned: Plan of a look; its engine is ignored.
        seed: The look's seed.

    Returns:
        uint8 sRGB, same shape as the stage's pixels.
    """
    analysis = stage.analysis
    if planned.untouched:
        return _u8(stage.pixels)
    pixels = _polish(stage, planned)
    if (
        planned.target is None
        or analysis.eyes_left_alone is not None
        or already_there(analysis, planned)
    ):
        return _u8(pixels)
    return geometry.paste(_u8(pixels), _turn_eyes(stage, planned, seed))


def _polish(stage: PreviewStage, planned: Plan) -> Image:
    if not planned.polishes:
        return stage.pixels

    def compute() -> Image:
        return polish.within(
            stage.pixels,
            stage.face,
            planned.doses,
            stage.before,
            planned.texture_floor,
            likeness=False,
            cache=stage._polish_cache,
        ).pixels

    return stage._polishes.get((planned.doses, planned.texture_floor), compute)


def _turn_eyes(stage: PreviewStage, planned: Plan, seed: int) -> Patches:
    target = planned.target
    assert target is not None

    def compute() -> Patches:
        return geometry.redirect(
            stage.pixels,
            stage.face,
            stage.analysis.gaze,
            target,
            seed,
            planned.trim,
            sockets=stage.sockets,
        )

    return stage._turns.get((target, planned.trim, seed), compute)


def _face_in_window(analysis: Analysis, rows: slice, columns: slice, size: tuple[int, int]) -> Face:
    """The face in a window of the photo that is resized to `size` (height, width)."""
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
