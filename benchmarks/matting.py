"""How well a person is cut out: people of a folder put before the grounds of other photos.

The matte of a photo is taken for the truth, its person is put before the ground of the next photo,
and the matte of that composite is compared with it. So the figures say how steady the matte is
before any ground, and not how good it is in the first photo; look at that.

JSON, under ``matting`` of the report of the polish:
    n: number of composites. refused: photo -> code of the refusal.
    error: mean absolute difference of the mattes; error_band, where the true one is neither 0 nor 1
        and just around; colour, mean absolute difference of the person's colours there, of 255;
        old_ground, the same if the mixed colours had been left. Each with its 95th percentile over
        composites as ``..._p95``.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks.polish import photo_files
from benchmarks.reports import Report, text_table
from pipelines import face as faces
from pipelines.face import Face, matte
from pipelines.image import loading
from pipelines.image.arrays import Image, Map
from pipelines.polish import backdrop
from pipelines.polish.backdrop import Layers
from pipelines.runtime.errors import Refusal

_MEASURES = ("error", "error_band", "colour", "old_ground")
# Width of what counts as around the band, in pixels.
_AROUND = 7


def run(folder: Path) -> Report:
    """Make composites of a folder's photos, and cut the people out again.

    Args:
        folder: Photos; other files and sub-folders are ignored.

    Raises:
        FileNotFoundError: There is no photo in the folder.
    """
    rows: list[dict[str, float]] = []
    refused: dict[str, str] = {}
    ground: Image | None = None
    for file in tqdm(photo_files(folder), desc="Matting", disable=None):
        try:
            pixels = loading.load(file).pixels
            face = faces.find(pixels)
        except Refusal as refusal:
            refused[file.name] = refusal.code
            continue
        share = matte.find(pixels, face)
        if backdrop.trouble(pixels, share, face, "soften"):
            refused[file.name] = "no-ground"
            continue
        layers = backdrop.separate(pixels, share, face)
        if ground is not None:
            rows.append(_composite(layers, face, ground))
        ground = layers.ground
    figures = {name: np.array([row[name] for row in rows]) for name in _MEASURES}
    return {
        "n": len(rows),
        "refused": refused,
        **{name: round(float(values.mean()), 4) for name, values in figures.items()},
        **{f"{name}_p95": round(float(np.percentile(v, 95)), 4) for name, v in figures.items()},
    }


def table(report: Report) -> str:
    """The part ``matting`` of a report of the polish as text."""
    keys = ("n", *_MEASURES, "error_band_p95")
    return text_table("", {"matting": report["matting"]}, keys)


def _composite(layers: Layers, face: Face, ground: Image) -> dict[str, float]:
    height, width = layers.matte.shape
    behind = cv2.resize(ground, (width, height), interpolation=cv2.INTER_AREA)
    share = layers.matte[..., None]
    mixed = np.asarray(share * layers.person + (1 - share) * behind, np.float32)
    found = matte.find(mixed, face)
    band = _band(layers.matte)
    off = np.abs(found - layers.matte)
    person = backdrop.separate(mixed, found, face).person
    seen = band & (layers.matte > 0.2)
    return {
        "error": float(off.mean()),
        "error_band": float(off[band].mean()),
        "colour": 255 * float(np.abs(person - layers.person)[seen].mean()),
        "old_ground": 255 * float(np.abs(mixed - layers.person)[seen].mean()),
    }


def _band(share: Map) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    mixed = ((share > 0) & (share < 1)).astype(np.uint8)
    return cv2.dilate(mixed, np.ones((_AROUND, _AROUND), np.uint8)) > 0
