"""A folder of renders of exactly known gaze: ``truth.json`` and its pictures."""

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
    """A folder that cannot be used as a set; its text says what is missing."""


@dataclass(frozen=True)
class TrueEye:
    """One eye of a render.

    Attributes:
        iris: Projected centre of the iris, pixel centres at whole numbers, shape (2,).
        iris_radius: Radius of the iris across, in pixels.
        px_per_mm: Pixels per millimetre at the iris.
        axis: Direction of this eye's optical axis in the camera's frame.
        reach_mm: From the eyeball's centre to the middle of its iris.
    """

    iris: Points
    iris_radius: float
    px_per_mm: float
    axis: Gaze
    reach_mm: float


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
        iris_colour: ``unknown`` where the set does not say.
        skin: Name of the skin tone, likewise.
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
        """The picture's file name."""
        return self.path.name

    @property
    def head_yaw(self) -> float:
        """Yaw of the head in degrees."""
        return self.pose[1]


def load(folder: Path = COMMITTED) -> list[Render]:
    """Read a set.

    Raises:
        BrokenSet: There is no `truth.json` in the folder, or something is missing in it.
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


def _glasses(said: str | bool | None) -> str:
    """Some sets name the frame and leave it empty for none; some say true or false."""
    if said is None:
        return UNKNOWN
    return "with" if said and said != "none" else "without"


def _eye(eye: dict[str, Any], gaze: Gaze, camera: dict[str, Any], truth: dict[str, Any]) -> TrueEye:
    radius_mm = truth["eyeball"]["R_iris_mm"]
    if "iris_radius_px" in eye:
        px_per_mm = eye["iris_radius_px"] / radius_mm
    else:
        px_per_mm = camera["f_px"] / camera["distance_mm"]
    return TrueEye(
        # The truth counts from the picture's edge, we count from the first pixel's centre.
        iris=np.array(eye["iris_px"], np.float64) - 0.5,
        iris_radius=float(radius_mm * px_per_mm),
        px_per_mm=float(px_per_mm),
        axis=Gaze(float(eye.get("yaw", gaze.yaw)), float(eye.get("pitch", gaze.pitch))),
        reach_mm=float(truth["eyeball"].get("iris_plane_from_centre_mm", IRIS_PLANE_MM)),
    )
