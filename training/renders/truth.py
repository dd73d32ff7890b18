"""The contents of ``truth.json``. Its format is fixed, but keys may be added."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from training.renders import eyeball
from training.renders.geometry import Camera, angles
from training.renders.identities import SKINS, Identity
from training.renders.plan import Setup
from training.renders.pose import Pose, eye_poses

CONVENTION = (
    "Angles in degrees. yaw > 0: towards the right-hand side of the picture; pitch > 0: up; "
    "roll > 0: clockwise in the picture. gaze_yaw, gaze_pitch: direction from the point midway "
    "between the eyeballs to the point both eyes fixate, which is as far away as the camera; "
    "(0, 0) is the lens exactly. eyes.*.yaw, pitch: optical axis of that eye in the camera's "
    "axes (eyes that converge on the lens differ); yaw_off_lens, pitch_off_lens: the same, less "
    "the direction from that eye to the lens. World: mm, origin midway between the eyeballs, x "
    "right, y up, z to the camera. Pixels: x right, y down from the top left edge, pixel centres "
    "at +0.5; the optical axis meets the picture at (cx, cy), above its middle: the lens is "
    "shifted, not tilted. Every picture has its own camera. subject_left is the person's left "
    "eye. Visual axis = optical axis (angle kappa 0); "
    "no refraction by the cornea."
)


def document(images: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole ``truth.json``; ``camera`` is the first picture's, and each picture has its own."""
    return {
        "convention": CONVENTION,
        "camera": images[0]["camera"] if images else {},
        "eyeball": {
            "R_sclera_mm": eyeball.SCLERA_MM,
            "R_iris_mm": eyeball.IRIS_MM,
            "iris_plane_from_centre_mm": round(eyeball.IRIS_PLANE_MM, 4),
            "R_cornea_mm": eyeball.CORNEA_MM,
        },
        "images": images,
    }


def record(
    file: str, identity: Identity, setup: Setup, pose: Pose,
    centers: dict[str, npt.NDArray[np.float64]],
    lids_px: dict[str, npt.NDArray[np.float64]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """One entry of ``images``.

    Args:
        file: file name of the picture.
        identity: the rendered person.
        setup: camera, light and smile.
        pose: head pose and gaze.
        centers: eyeball centres in the head frame, mm.
        lids_px: the lid opening of each eye as a closed polygon, (n, 2) px.
    """
    camera = setup.camera
    eyes = {}
    for side, eye in eye_poses(centers, pose, camera.distance_mm).items():
        yaw, pitch = angles(eye.axis)
        lens_yaw, lens_pitch = angles(camera.centre - eye.center)
        depth = camera.distance_mm - eye.iris_center[2]
        eyes[side] = {
            "yaw": _round(yaw),
            "pitch": _round(pitch),
            "yaw_off_lens": _round(yaw - lens_yaw),
            "pitch_off_lens": _round(pitch - lens_pitch),
            "center_mm": _rounded(eye.center),
            "iris_center_mm": _rounded(eye.iris_center),
            "center_px": _rounded(camera.project(eye.center)),
            "iris_px": _rounded(camera.project(eye.iris_center)),
            "iris_radius_px": _round(camera.f_px * eyeball.IRIS_MM / depth),
        }
        if lids_px is not None:
            eyes[side]["lids_px"] = np.round(lids_px[side], 1).tolist()
    return {
        "file": file,
        "identity": identity.name,
        "split": identity.split,
        "head_yaw": pose.head_yaw,
        "head_pitch": pose.head_pitch,
        "head_roll": pose.head_roll,
        "gaze_yaw": pose.gaze_yaw,
        "gaze_pitch": pose.gaze_pitch,
        "eyes": eyes,
        "camera": camera_dict(camera),
        "light": setup.light,
        "smile": _round(setup.smile),
        "skin": identity.skin,
        "skin_ita": _round(ita(SKINS[identity.skin])),
        "iris": identity.iris,
        "glasses": identity.glasses,
        "lid_mm": list(identity.lid),
    }


def camera_dict(camera: Camera) -> dict[str, float]:
    """A camera as ``truth.json`` holds it."""
    return {
        "f_px": _round(camera.f_px),
        "cx": _round(camera.cx),
        "cy": _round(camera.cy),
        "distance_mm": _round(camera.distance_mm),
        "res": camera.res,
        "focal_mm": _round(camera.focal_mm),
    }


def ita(srgb: tuple[float, float, float]) -> float:
    """Individual Typology Angle in degrees of an sRGB colour, D65 (Chardon et al. 1991)."""
    c = np.array(srgb)
    rgb = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ rgb
        / [0.9505, 1.0, 1.089]
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return float(np.degrees(np.arctan2(116 * f[1] - 16 - 50, 200 * (f[1] - f[2]))))


def _round(value: float) -> float:
    return round(float(value), 4)


def _rounded(vector: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(x), 4) for x in vector]
