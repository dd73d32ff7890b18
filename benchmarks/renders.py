"""A folder of renders of exactly known gaze: ``truth.json`` and its pictures."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.arrays import Points
from pipelines.gaze import Gaze

COMMITTED = Path(__file__).parent / "data" / "renders"


@dataclass(frozen=True)
class TrueEye:
    """One eye of a render.

    Attributes:
        iris: Projected centre of the iris, pixel centres at whole numbers, shape (2,).
        px_per_mm: Pixels per millimetre at the eye.
    """

    iris: Points
    px_per_mm: float


@dataclass(frozen=True)
class Render:
    """One picture and its truth.

    Attributes:
        path: The picture.
        identity: Which rendered person.
        split: ``calibrate`` or ``test``; ``test`` where the set does not say.
        pose: What the pictures of one sitting share: identity and head pose.
        gaze: Direction of the gaze off the lens.
        left: The person's left eye.
        right: The person's right eye.
        notes: Everything else that `truth.json` says of the picture.
    """

    path: Path
    identity: str
    split: str
    pose: tuple[str, float, float]
    gaze: Gaze
    left: TrueEye
    right: TrueEye
    notes: dict[str, Any]


def load(folder: Path = COMMITTED) -> list[Render]:
    """Read a set.

    Raises:
        FileNotFoundError: There is no `truth.json` in the folder.
    """
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return [_render(folder, truth, image) for image in truth["images"]]


def pairs(renders: list[Render]) -> Iterator[tuple[Render, Render]]:
    """Every picture with every other of the same person and head pose."""
    sittings: dict[tuple[str, float, float], list[Render]] = defaultdict(list)
    for render in renders:
        sittings[render.pose].append(render)
    for sitting in sittings.values():
        for source in sitting:
            for target in sitting:
                if target is not source:
                    yield source, target


def _render(folder: Path, truth: dict[str, Any], image: dict[str, Any]) -> Render:
    camera = image.get("camera", truth["camera"])
    left, right = (
        _eye(image["eyes"][f"subject_{side}"], camera, truth) for side in ("left", "right")
    )
    return Render(
        path=folder / image["file"],
        identity=str(image["identity"]),
        split=image.get("split", "test"),
        pose=(str(image["identity"]), float(image["head_yaw"]), float(image["head_pitch"])),
        gaze=Gaze(float(image["gaze_yaw"]), float(image["gaze_pitch"])),
        left=left,
        right=right,
        notes=image,
    )


def _eye(eye: dict[str, Any], camera: dict[str, Any], truth: dict[str, Any]) -> TrueEye:
    if "iris_radius_px" in eye:
        px_per_mm = eye["iris_radius_px"] / truth["eyeball"]["R_iris_mm"]
    else:
        px_per_mm = camera["f_px"] / camera["distance_mm"]
    # The truth counts from the picture's edge, we count from the first pixel's centre.
    return TrueEye(np.array(eye["iris_px"], np.float64) - 0.5, float(px_per_mm))
