"""Make a contact sheet of a folder of renders: faces, or eyes at a larger scale."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Tile = npt.NDArray[np.uint8]


def sheet(folder: Path, columns: int, width: int, eyes: bool) -> Tile:
    """Lay out the pictures of ``folder`` in rows, BGR uint8.

    Args:
        folder: a folder with ``truth.json`` and its pictures.
        columns: tiles in a row.
        width: width of a tile, px.
        eyes: show the strip around the eyes instead of the face.
    """
    entries = json.loads((folder / "truth.json").read_text())["images"]
    tiles = [_tile(folder, entry, width, eyes) for entry in entries]
    blank = np.zeros_like(tiles[0])
    tiles += [blank] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    return np.vstack(rows).astype(np.uint8)


def _tile(folder: Path, entry: dict[str, Any], width: int, eyes: bool) -> Tile:
    image = cv2.imread(str(folder / entry["file"]))
    height = width
    if eyes:
        centers = np.array([eye["center_px"] for eye in entry["eyes"].values()])
        middle, gap = centers.mean(0), np.linalg.norm(centers[0] - centers[1])
        size = (int(2.0 * gap), int(0.56 * gap))
        image = cv2.getRectSubPix(image, size, (float(middle[0]), float(middle[1])))
        height = round(width * 0.28)
    tile = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    text = "{identity} h {head_yaw:g} {head_pitch:g} g {gaze_yaw:g} {gaze_pitch:g}".format(**entry)
    cv2.putText(tile, text, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (255, 255, 255), 1)
    return tile.astype(np.uint8)


def main(arguments: list[str] | None = None) -> None:
    """``python -m training.renders.contact DIR OUT.jpg [--eyes]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--columns", type=int, default=12)
    parser.add_argument("--width", type=int, default=200)
    parser.add_argument("--eyes", action="store_true")
    options = parser.parse_args(arguments)
    picture = sheet(options.folder, options.columns, options.width, options.eyes)
    cv2.imwrite(str(options.out), picture, [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
