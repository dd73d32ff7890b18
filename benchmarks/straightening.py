"""How well a turned photo is straightened: every photo of a folder, turned by known angles.

JSON, under ``straightening`` of the report of the polish:
    n: number of photos. refused: photo -> code of the refusal.
    error_median, error_p95, error_max: absolute difference in degrees between the tilt that is
        found in a turned photo and that of the photo itself plus the angle.
    within_1: share of the turned photos whose error is below a degree.
    by_angle: mean error with its sign for each angle.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.polish import photo_files
from benchmarks.reports import Report, text_table
from pipelines import face as faces
from pipelines.image import crops, loading
from pipelines.image.arrays import Image
from pipelines.runtime.errors import Refusal
from pipelines.studio import framing

_KEYS = ("n", "error_median", "error_p95", "error_max", "within_1")
ANGLES = (-12.0, -6.0, -2.0, 2.0, 6.0, 12.0)


def run(folder: Path) -> Report:
    """Turn every photo of a folder, and compare the tilts that are found.

    Args:
        folder: Photos; other files and sub-folders are ignored.

    Raises:
        FileNotFoundError: There is no photo in the folder.
    """
    errors: list[list[float]] = []
    refused: dict[str, str] = {}
    for file in tqdm(photo_files(folder), desc="Turning", disable=None):
        try:
            pixels = loading.load(file).pixels
            level = _tilt(_turned(pixels, 0.0))
            found = [_tilt(_turned(pixels, angle)) for angle in ANGLES]
        except Refusal as refusal:
            refused[file.name] = refusal.code
            continue
        errors.append([tilt - level - angle for tilt, angle in zip(found, ANGLES, strict=True)])
    signed = np.array(errors).reshape(-1, len(ANGLES))
    size = np.abs(signed).ravel()
    figures = {
        "error_median": np.median(size),
        "error_p95": np.percentile(size, 95),
        "error_max": size.max(),
        "within_1": np.mean(size < 1),
    }
    return {
        "n": len(signed),
        "refused": refused,
        **{name: round(float(value), 3) for name, value in figures.items()},
        "by_angle": {
            f"{angle:g}": round(float(mean), 3)
            for angle, mean in zip(ANGLES, signed.mean(axis=0), strict=True)
        },
    }


def table(report: Report) -> str:
    """The part ``straightening`` of a report of the polish as text."""
    return text_table("", {"straightening": report["straightening"]}, _KEYS)


def _tilt(pixels: Image) -> float:
    return framing.tilt_of(pixels, faces.find(pixels))


def _turned(pixels: Image, angle: float) -> Image:
    """The middle of a picture turned clockwise; no corner is empty at any of `ANGLES`."""
    height, width = pixels.shape[:2]
    most = np.radians(max(ANGLES))
    scale = 1 / (np.cos(most) + np.sin(most) * max(height, width) / min(height, width))
    size = int(width * scale), int(height * scale)
    to_crop = crops.upright(np.array([width - 1, height - 1]) / 2, -angle, 1.0, size)
    return np.asarray(crops.cut(pixels, to_crop, size), np.float32)
