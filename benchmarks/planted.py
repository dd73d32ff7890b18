"""How much of what a retoucher would mend goes, and what has to stay: faults planted on faces.

Red spots, moles and freckles, a half shadow and dark circles are painted on the faces of a folder.
Each face is polished in each context, within its guards, and the painted places are measured.

JSON, under ``planted`` of the report of the polish:
    n: number of faces. refused: photo -> code of the refusal.
    contexts: for each context and class of the Individual Typology Angle (and "all") n, the number
        of faces, and the mean share of each: spots_removed, redness that was planted and is gone;
        spots_healed, spots of which at most a fifth is left; moles_kept and freckles_kept, planted
        darkness that is left; shadow_softened, step of a half shadow that is gone; ring_lifted,
        difference between under the eyes and the cheek that is gone; delta_e00, mean CIEDE2000 of
        the change of the unplanted skin.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import fairness
from benchmarks.polish import photo_files
from benchmarks.reports import Report, text_table
from pipelines import face as faces
from pipelines import polish
from pipelines.face import Face, closeup, skin
from pipelines.image import colour, loading
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass
from pipelines.measure import guards
from pipelines.runtime.errors import Refusal
from presets.schema import Context, Presets

MEASURES = (
    *("spots_removed", "spots_healed", "moles_kept", "freckles_kept", "shadow_softened"),
    *("ring_lifted", "delta_e00"),
)
# Interocular distance in pixels of the copy on which places and areas are chosen.
_INTEROCULAR = 100.0
# Planted marks on each face, and their least distance in interocular distances.
_MARKS = (*("spot",) * 6, *("mole",) * 2, *("freckle",) * 2)
_APART = 0.2
# Rise of L*, a*, b* and radius in interocular distances, each from and to.
_KINDS = {
    "spot": ((-5.0, -2.0), (7.0, 12.0), (1.0, 3.0), (0.011, 0.028)),
    "mole": ((-24.0, -14.0), (2.0, 4.0), (1.0, 3.0), (0.011, 0.024)),
    "freckle": ((-9.0, -5.0), (2.0, 3.0), (3.0, 5.0), (0.008, 0.014)),
}
# Factor of the values of the shaded side, and width of the shadow's edge.
_SHADE, _PENUMBRA = 0.5, 0.15
# Rise of L*, a* and b* under the eyes on skin of L* 65; less on darker skin.
_RING = np.array([-10.0, 1.5, -4.0], np.float32)


@dataclass(frozen=True)
class _Mark:
    """A planted mark.

    Attributes:
        kind: spot, mole or freckle.
        view: Rows and columns around it in the picture.
        share: Strength of the mark on each of these pixels, 0..1.
        ring: Pixels of the skin around it.
    """

    kind: str
    view: skin.Window
    share: Map
    ring: NDArray[np.bool_]

    def contrast(self, pixels: Image) -> float:
        """Redness of a spot, or darkness of another mark, against the skin around."""
        values = colour.to_lab(np.ascontiguousarray(pixels[self.view]))
        channel = values[..., 1] if self.kind == "spot" else -values[..., 0]
        inside = float((channel * self.share).sum() / self.share.sum())
        return inside - float(np.median(channel[self.ring]))


def run(folder: Path, presets: Presets, contexts: Sequence[str]) -> Report:
    """Plant faults on the faces of a folder, and measure what the contexts make of them.

    Args:
        folder: Photos; other files and sub-folders are ignored.
        presets: Where the contexts are.
        contexts: Ids of the contexts.

    Raises:
        FileNotFoundError: There is no photo in the folder.
        KeyError: There is no context of this id.
    """
    files = photo_files(folder)
    chosen = [presets.contexts[name] for name in contexts]
    rows: list[tuple[str, str, Report]] = []
    refused: dict[str, str] = {}
    for file in tqdm(files, desc="Planting", disable=None):
        try:
            photo = loading.load(file)
            face = faces.find(photo.pixels)
        except Refusal as refusal:
            refused[file.name] = refusal.code
            continue
        rows += _face(photo.pixels, face, chosen, zlib.crc32(file.name.encode()))
    return {
        "n": len(rows) // max(len(chosen), 1),
        "refused": refused,
        "contexts": {
            context.id: {
                name: _means(
                    [row for of, group, row in rows if of == context.id and group in names]
                )
                for name, names in _groups().items()
            }
            for context in chosen
        },
    }


def table(report: Report) -> str:
    """The part ``planted`` of a report of the polish as text, a table for each context."""
    return "\n\n".join(
        text_table(context, groups, ("n", *MEASURES))
        for context, groups in report["planted"]["contexts"].items()
    )


def _groups() -> dict[str, list[str]]:
    classes = [name for name, _ in fairness.CLASSES]
    return {name: [name] for name in classes} | {"all": [*classes, "none"]}


def _means(rows: Sequence[Report]) -> Report:
    known = {name: [row[name] for row in rows if row[name] is not None] for name in MEASURES}
    means = {name: round(float(np.mean(v)), 4) if v else None for name, v in known.items()}
    return {"n": len(rows), **means}


def _face(
    pixels: Image, face: Face, contexts: Sequence[Context], seed: int
) -> Iterator[tuple[str, str, Report]]:
    """Context, class and measurements of one face."""
    crop = closeup.cut(pixels, face, skin.REACH, _INTEROCULAR)
    masks = skin.find(crop.pixels, crop.face)
    before = guards.reference(pixels, face)
    ita = before.tone.ita if before.tone else None
    group = "none" if ita is None else fairness.class_of(ita)
    spotted, marks = _with_marks(pixels, crop, masks.facial, np.random.default_rng(seed))
    shaded, lit, dark = _with_shadow(pixels, face, crop, masks.facial)
    ringed, ring, cheek = _with_ring(pixels, crop, masks.facial)
    for context in contexts:

        def polished(picture: Image, context: Context = context) -> Image:
            own = guards.reference(picture, face)
            doses, floor = context.doses, context.texture_floor
            return polish.within(picture, face, doses, own, floor).pixels

        def step(picture: Image) -> float:
            lightness = colour.to_lab(crop.like(picture))[..., 0]
            return float(lightness[lit].mean() - lightness[dark].mean())

        def distance(picture: Image) -> float:
            lab = colour.to_lab(crop.like(picture))
            return float(np.linalg.norm(lab[ring].mean(axis=0) - lab[cheek].mean(axis=0)))

        shares: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        result = polished(spotted) if marks else spotted
        for mark in marks:
            usual = mark.contrast(pixels)
            if mark.kind == "spot":
                # Skin that was paler than the skin around need not become so again.
                usual = max(usual, 0.0)
            planted = max(mark.contrast(spotted) - usual, 0.5)
            left = (mark.contrast(result) - usual) / planted
            shares[mark.kind].append(float(np.clip(left, 0, 1)))
        softened = lifted = None
        if lit.any() and dark.any():
            added = step(shaded) - step(pixels)
            softened = 1 - (step(polished(shaded)) - step(pixels)) / max(added, 1.0)
        if ring.any() and cheek.any():
            lifted = 1 - distance(polished(ringed)) / max(distance(ringed), 1.0)
        readings, _ = guards.read(before, polished(pixels), likeness=False)
        spots = [1 - share for share in shares["spot"]]
        yield (
            context.id,
            group,
            {
                "spots_removed": _mean(spots),
                "spots_healed": _mean([float(gone >= 0.8) for gone in spots]),
                "moles_kept": _mean(shares["mole"]),
                "freckles_kept": _mean(shares["freckle"]),
                "shadow_softened": softened,
                "ring_lifted": lifted,
                "delta_e00": readings.delta_e00_mean,
            },
        )


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _with_marks(
    pixels: Image, crop: closeup.Closeup, facial: Map, rng: np.random.Generator
) -> tuple[Image, list[_Mark]]:
    """The picture with spots, moles and freckles on bare skin."""
    unit = crop.face.interocular
    view = slice(0, crop.face.size[0]), slice(0, crop.face.size[1])
    bare = facial > 0.9
    for name, margin in (("eye", 0.09), ("brow", 0.05), ("nostril", 0.09)):
        bare &= skin.both(crop.face, name, view, margin) == 0
    bare &= skin.region(crop.face, "lips", view, 0.07) == 0
    rows, columns = np.nonzero(cv2.erode(bare.astype(np.uint8), np.ones((9, 9), np.uint8)))
    result, taken = pixels.copy(), np.empty((0, 2))
    marks: list[_Mark] = []
    per_pixel = crop.shape[1] / crop.pixels.shape[1]
    for index in rng.permutation(len(rows)):
        if len(marks) == len(_MARKS):
            break
        place = np.array([columns[index] + 0.5, rows[index] + 0.5])
        if len(taken) and np.linalg.norm(taken - place, axis=1).min() < _APART * unit:
            continue
        taken = np.vstack([taken, place])
        kind = _MARKS[len(marks)]
        *step, radius = (rng.uniform(*bounds) for bounds in _KINDS[kind])
        start = crop.view[1].start, crop.view[0].start
        center = place * per_pixel - 0.5 + start
        mark = _mark(kind, center, radius * unit * per_pixel, result.shape)
        part = np.ascontiguousarray(result[mark.view])
        lab = colour.to_lab(part) + mark.share[..., None] * np.array(step, np.float32)
        result[mark.view] = colour.to_rgb(lab)
        marks.append(mark)
    return result, marks


def _mark(kind: str, center: NDArray[np.float64], radius: float, shape: tuple[int, ...]) -> _Mark:
    reach = int(3 * radius + 4)
    column, row = (round(float(value)) for value in center)
    rows = slice(max(0, row - reach), min(shape[0], row + reach + 1))
    columns = slice(max(0, column - reach), min(shape[1], column + reach + 1))
    y, x = np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop)
    distance = np.hypot(x[None, :] - center[0], y[:, None] - center[1])
    share = 1 / (1 + np.exp(np.clip((distance - radius) / (0.25 * radius), -30, 30)))
    ring = (distance > 2.2 * radius + 1.5) & (distance < 3 * radius + 3)
    return _Mark(kind, (rows, columns), share.astype(np.float32), ring)


def _with_shadow(
    pixels: Image, face: Face, crop: closeup.Closeup, facial: Map
) -> tuple[Image, NDArray[np.bool_], NDArray[np.bool_]]:
    """The picture with its darker side in shadow; the lit and the shaded skin of the crop."""
    on_face, unit = facial > 0.5, crop.face.interocular
    nose = crop.face.region("nose").mean(axis=0)[0]
    across = np.broadcast_to(np.arange(facial.shape[1]) - nose, facial.shape) / unit
    lightness = colour.to_lab(crop.pixels)[..., 0]
    sides = [lightness[on_face & (across * sign > 0)] for sign in (1, -1)]
    right, left = (float(side.mean()) if side.size else np.inf for side in sides)
    darker = 1 if right < left else -1
    from_nose = (np.arange(pixels.shape[1]) - face.region("nose").mean(axis=0)[0]) * darker
    ramp = np.clip(from_nose / (_PENUMBRA * face.interocular) + 0.5, 0, 1)
    shaded = (pixels * (1 - (1 - _SHADE) * ramp)[None, :, None]).astype(np.float32)
    lit = on_face & (across * darker < -_PENUMBRA)
    return shaded, lit, on_face & (across * darker > _PENUMBRA)


def _with_ring(
    pixels: Image, crop: closeup.Closeup, facial: Map
) -> tuple[Image, NDArray[np.bool_], NDArray[np.bool_]]:
    """The picture with dark circles; where they and the cheeks are in the crop."""
    unit = crop.face.interocular
    view = slice(0, crop.face.size[0]), slice(0, crop.face.size[1])
    area = skin.both(crop.face, "under_eye", view)
    share = lowpass(area, 0.03 * unit) * facial
    cheek = skin.without_circles(crop.face, skin.both(crop.face, "cheek", view), view)
    lab = colour.to_lab(crop.pixels)
    on_face = facial > 0.5
    light = min(1.0, (float(lab[..., 0][on_face].mean()) + 16) / 81) if on_face.any() else 1.0
    change = colour.to_rgb(lab + share[..., None] * (light * _RING)) - crop.pixels
    result = pixels.copy()
    result[crop.view] = np.clip(
        result[crop.view] + crop.back(change * (share > 0)[..., None]), 0, 1
    )
    return result, share > 0.5 * max(float(share.max()), 1e-3), cheek * facial > 0.5
