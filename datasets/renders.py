"""Load a set of rendered heads with known gaze: a folder with ``truth.json`` and its pictures."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.gaze import IRIS_PLANE_MM, Gaze
from pipelines.image.arrays import Points

COMMITTED = Path(__file__).parent / "data" / "renders"
UNKNOWN = "unknown"


class BrokenSet(Exception):
    """The folder is not a set of renders; the message says what is missing."""


@dataclass(frozen=True)
class TrueEye:
    """The true values of one eye of a render.

    Attributes:
        iris: Projected centre of the iris, pixel centres at whole numbers, shape (2,).
        iris_radius: Radius of the iris in pixels, as if seen from the front.
        px_per_mm: Pixels per millimetre at the iris.
        axis: Direction of this eye's optical axis in the camera's frame.
        reach_mm: Distance from the centre of the eyeball to the centre of the iris.
        opening: Lid edges as a polygon, pixel centres at whole numbers, shape (n, 2); n is 0 if the
            set does not say.
    """

    iris: Points
    iris_radius: float
    px_per_mm: float
    axis: Gaze
    reach_mm: float
    opening: Points


@dataclass(frozen=True)
class Render:
    """One rendered picture and its true values.

    Attributes:
        path: The picture.
        identity: Name of the rendered person.
        split: ``calibrate`` or ``test``; ``test`` if the set does not say.
        pose: Identity, head yaw and head pitch; pictures with the same pose differ in gaze only.
        gaze: Direction of the gaze; (0, 0) is the lens.
        left: The person's left eye.
        right: The person's right eye.
        iris_colour: Name of the iris colour; ``unknown`` if the set does not say.
        skin: Name of the skin tone; ``unknown`` if the set does not say.
        glasses: ``with``, ``without`` or ``unknown``.
    """

    path: Path
    identity: str
    split: str
    pose: tuple[str, float, float]
    gaze: Gaze
    left: TrueEye
    right: TrueEye
    iris_colour: str = UNKNOWN
    skin: str = UNKNOWN
    glasses: str = UNKNOWN

    @property
    def name(self) -> str:
        """File name of the picture."""
        return self.path.name

    @property
    def head_yaw(self) -> float:
        """Yaw of the head in degrees."""
        return self.pose[1]


def load(folder: Path = COMMITTED) -> list[Render]:
    """Read a set of renders.

    Raises:
        BrokenSet: There is no ``truth.json`` in the folder, or something is missing in it.
    """
    try:
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        return [_render(folder, truth, image) for image in truth["images"]]
    except OSError as error:
        raise BrokenSet(f"There is no readable truth.json in {folder}.") from error
    except json.JSONDecodeError as error:
        raise BrokenSet(f"truth.json in {folder} is not valid JSON: {error}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenSet(f"truth.json in {folder} lacks something: {error!r}.") from error


def pairs(renders: list[Render]) -> Iterator[tuple[Render, Render]]:
    """Yield every ordered pair of pictures of the same person in the same head pose."""
    by_pose: dict[tuple[str, float, float], list[Render]] = defaultdict(list)
    for render in renders:
        by_pose[render.pose].append(render)
    for group in by_pose.values():
        for source in group:
            for target in group:
                if target is not source:
                    yield source, target


def _render(folder: Path, truth: dict[str, Any], image: dict[str, Any]) -> Render:
    camera = image.get("camera") or truth["camera"]
    gaze = Gaze(float(image["gaze_yaw"]), float(image["gaze_pitch"]))
    left, right = (
        _eye(image["eyes"][f"subject_{side}"], gaze, camera, truth) for side in ("left", "right")
    )
    return Render(
        path=folder / image["file"],
        identity=str(image["identity"]),
        split=image.get("split", "test"),
        pose=(str(image["identity"]), float(image["head_yaw"]), float(image["head_pitch"])),
        gaze=gaze,
        left=left,
        right=right,
        iris_colour=str(image.get("iris") or UNKNOWN),
        skin=str(image.get("skin") or UNKNOWN),
        glasses=_glasses(image.get("glasses")),
    )


def _glasses(value: str | bool | None) -> str:
    """Whether there are glasses: sets give the frame's name, empty for none, or a boolean."""
    if value is None:
        return UNKNOWN
    return "with" if value and value != "none" else "without"


def _eye(eye: dict[str, Any], gaze: Gaze, camera: dict[str, Any], truth: dict[str, Any]) -> TrueEye:
    radius_mm = truth["eyeball"]["R_iris_mm"]
    if "iris_radius_px" in eye:
        px_per_mm = eye["iris_radius_px"] / radius_mm
    else:
        px_per_mm = camera["f_px"] / camera["distance_mm"]
    return TrueEye(
        # truth.json has pixel centres at +0.5; here they are at whole numbers.
        iris=np.array(eye["iris_px"], np.float64) - 0.5,
        iris_radius=float(radius_mm * px_per_mm),
        px_per_mm=float(px_per_mm),
        axis=Gaze(float(eye.get("yaw", gaze.yaw)), float(eye.get("pitch", gaze.pitch))),
        reach_mm=float(truth["eyeball"].get("iris_plane_from_centre_mm", IRIS_PLANE_MM)),
        opening=np.array(eye.get("lids_px", []), np.float64).reshape(-1, 2) - 0.5,
    )
