"""Landmark numbers of MediaPipe's face mesh, by name. No other file knows the numbers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The outer canthi.
RIGHT_OUTER, LEFT_OUTER = 33, 263
# Centre of each iris; the next four landmarks are its ring.
RIGHT_IRIS, LEFT_IRIS = 468, 473


# Points whose mean hardly moves with the eyes.
ANCHORS = {"temples": [234, 454, 127, 356], "bridge": [6]}
# Points that hardly move with eyes, mouth and brows: nose bridge, forehead, temples, cheekbones.
RIGID = [
    6, 168, 197, 195, 5, 4, 10, 109, 338, 67, 297, 103, 332, 54, 284, 21, 251, 127, 356, 234, 454,
    93, 323, 117, 346, 50, 280, 101, 330, 9, 8, 108, 337, 69, 299,
]  # fmt: skip

# Closed polygons, each in drawing order. Those of the person's right side have mirror images.
_RIGHT = {
    "upper_lid": "33 246 161 160 159 158 157 173 133",
    "lower_lid": "33 7 163 144 145 153 154 155 133",
    "brow": "70 63 105 66 107 55 65 52 53 46",
    "under_eye": "33 7 163 144 145 153 154 155 133 245 128 121 120 119 118 117 111 35",
    "eye_socket": "156 70 63 105 66 107 55 193 245 128 121 120 119 118 117 111 143",
    "cheek": "117 118 119 100 142 203 206 216 207 187 147 123",
    "nostril": "98 235 219 218 79 239 238 20 242 97",
}
_MIDDLE = {
    "oval": "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 176 "
    "149 150 136 172 58 132 93 234 127 162 21 54 103 67 109",
    "lips": "61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185",
    "mouth": "78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191",
    "nose": "168 417 465 343 437 420 360 344 438 309 250 2 20 79 218 115 131 198 217 114 245 193",
    "forehead": "54 103 67 109 10 338 297 332 284 298 293 334 296 336 9 107 66 105 63 68",
}


@cache
def regions() -> dict[str, list[int]]:
    """Landmarks of each region of `Face.region`, by name."""
    middle = {name: _numbers(text) for name, text in _MIDDLE.items()}
    right = {f"right_{name}": _numbers(text) for name, text in _RIGHT.items()}
    left = {f"left_{name}": mirror()[_numbers(text)].tolist() for name, text in _RIGHT.items()}
    return {**middle, **right, **left}


def mirror() -> NDArray[np.int64]:
    """For each landmark, the landmark in its place in a mirrored face, shape (478,)."""
    return _data()["mirror"].astype(np.int64)


def mean_face() -> NDArray[np.float64]:
    """The mean of many faces in millimetres, shape (478, 3).

    x right, y down, z away from the camera; origin between the eyes, the forehead straight above
    the chin. Made by `training/mean_face.py`.
    """
    return _data()["vertices_mm"].astype(np.float64)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split()]


@cache
def _data() -> dict[str, NDArray[Any]]:
    with np.load(Path(__file__).parent / "data" / "mean_face.npz") as data:
        return {name: data[name] for name in data.files}
