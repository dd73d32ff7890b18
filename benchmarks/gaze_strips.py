"""Readings of Columbia Gaze eye strips: real people whose head yaw and gaze are exactly known.

The strips (Smith, Yin, Feiner & Nayar 2013, UIST; grey, both eyes and the nose, 300 px wide) show
too little for the face mesh. Each is pasted into a grey astronaut's face, eyes over eyes; irises,
lids and eye shapes are then found as in any photo, and the yaw of the head is taken from the file's
name. The data's terms are non-commercial: it is only measured on, and no part of the project.

JSON, angles in degrees, by the head's yaw (``within_15``, ``at_30``) and axis (``yaw``, ``pitch``):
    reading: of the offsets alone; shown: weighed as in the product. For each, n; slope and error:
        least-squares slope and mean absolute error once the mean of each person and head yaw is
        out; spread: robust standard deviation over people at (0, 0).
    contact: share of pictures called eye contact, by the angle off the lens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks.reports import Report, text_table
from pipelines import face as faces
from pipelines import gaze
from pipelines.face import Face, HeadPose
from pipelines.gaze import Gaze, iris
from pipelines.image.arrays import Image, Map, Points
from pipelines.runtime.errors import Refusal

_NAME = re.compile(r"(\d{4})_2m_(-?\d+)P_(-?\d+)V_(-?\d+)H")
# Places of the eyes in a strip, as shares of its width and height.
_EYES_X, _EYES_Y = (0.265, 0.735), 0.5
_BORDER = 6
_HEADS = {"within_15": (-15, 0, 15), "at_30": (-30, 30)}


@dataclass(frozen=True)
class Strip:
    """What was read from one strip.

    Attributes:
        person: Number of the person.
        head_yaw: Yaw of the head in degrees.
        true: The gaze of the file's name, relative to the camera.
        reading: Gaze from the offsets of the irises alone.
        shown: Gaze as the product shows it.
    """

    person: int
    head_yaw: int
    true: Gaze
    reading: Gaze
    shown: Gaze


def run(folder: Path, people: tuple[int, int]) -> list[Strip]:
    """Read all strips of the people with numbers from the first to the last.

    Raises:
        FileNotFoundError: There is none.
    """
    named = [(path, _NAME.search(path.name)) for path in sorted(folder.rglob("*.jpg"))]
    chosen = [
        (path, [int(part) for part in match.groups()])
        for path, match in named
        if match and people[0] <= int(match.group(1)) <= people[1]
    ]
    if not chosen:
        raise FileNotFoundError(f"There is no strip of these people in {folder}.")
    strips = (_read(path, *parts) for path, parts in tqdm(chosen, desc="Reading", disable=None))
    return [strip for strip in strips if strip]


def report(strips: Sequence[Strip]) -> Report:
    """Readings as plain data; the keys are stable."""
    result: Report = {}
    for name, yaws in _HEADS.items():
        part = [strip for strip in strips if strip.head_yaw in yaws]
        if part:
            result[name] = {
                kind: {axis: _figures(part, kind, axis) for axis in ("yaw", "pitch")}
                for kind in ("reading", "shown")
            }
            result[name]["contact"] = _contact(part)
    return result


def table(report: Report) -> str:
    """Lay a report out for a terminal."""
    rows = {
        f"{head}, {kind}, {axis}": report[head][kind][axis]
        for head in report
        for kind in ("reading", "shown")
        for axis in ("yaw", "pitch")
    }
    contact = {head: report[head]["contact"] for head in report}
    angles = sorted({angle for shares in contact.values() for angle in shares}, key=int)
    return "\n\n".join(
        (
            text_table("head, gaze, axis", rows, ("n", "slope", "error", "spread")),
            text_table("called contact, by degrees", contact, angles),
        )
    )


def _figures(strips: Sequence[Strip], kind: str, axis: str) -> Report:
    true = np.array([getattr(strip.true, axis) for strip in strips], float)
    read = np.array([getattr(getattr(strip, kind), axis) for strip in strips], float)
    at_lens = np.array([strip.true == Gaze(0, 0) for strip in strips])
    groups = np.array([1000 * strip.person + strip.head_yaw for strip in strips])
    deviations = np.abs(read[at_lens] - np.median(read[at_lens])) if at_lens.any() else [np.nan]
    spread = 1.4826 * np.median(deviations)
    true, read = _centred(true, groups), _centred(read, groups)
    return {
        "n": len(strips),
        "slope": float(true @ read / (true @ true)) if true.any() else None,
        "error": float(np.abs(read - true).mean()),
        "spread": float(spread),
    }


def _contact(strips: Sequence[Strip]) -> Report:
    """Share called eye contact, of gazes that are off to the side only, by their angle."""
    level = [strip for strip in strips if strip.true.pitch == 0]
    shares = {}
    for angle in sorted({abs(strip.true.yaw) for strip in level}):
        words = [strip.shown.word for strip in level if abs(strip.true.yaw) == angle]
        shares[f"{angle:.0f}"] = words.count("contact") / len(words)
    return shares


def _centred(values: Points, groups: Points) -> Points:
    result = values.copy()
    for group in np.unique(groups):
        result[groups == group] -= values[groups == group].mean()
    return result


def _read(path: Path, person: int, head_yaw: int, pitch: int, yaw: int) -> Strip | None:
    strip = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert strip is not None
    pixels = _in_a_face(np.asarray(strip, np.float32))
    try:
        face = faces.find(pixels)
    except Refusal:
        return None
    face = replace(face, head=HeadPose(float(head_yaw), 0.0, face.head.roll))
    fit = iris.fit(pixels, face)
    reading, shown = (
        gaze.read(pixels, face, fit, weighed=weighed)[1].gaze for weighed in (False, True)
    )
    return Strip(person, head_yaw, Gaze(float(yaw), float(pitch)), reading, shown)


def _in_a_face(strip: Map) -> Image:
    """The strip in the astronaut's face, which is scaled so that its eyes lie under the strip's."""
    carrier, face = _carrier()
    height, width = strip.shape
    right, left = ((eye.outer + eye.inner) / 2 for eye in (face.right, face.left))
    scale = (_EYES_X[1] - _EYES_X[0]) * width / float(np.linalg.norm(left - right))
    picture = cv2.resize(carrier, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    x, y = (left + right) / 2 * scale
    column, row = round(x - width / 2), round(y - _EYES_Y * height)
    window = np.s_[row : row + height, column : column + width]
    picture = picture * (strip.mean() / max(float(picture[window].mean()), 1.0))
    weight = np.zeros((height, width), np.float32)
    weight[_BORDER:-_BORDER, _BORDER:-_BORDER] = 1
    weight = np.asarray(cv2.GaussianBlur(weight, (0, 0), 4), np.float32)
    picture[window] += weight * (strip - picture[window])
    grey = np.clip(picture / 255, 0, 1)[..., None]
    return np.repeat(grey, 3, axis=2).astype(np.float32)


@cache
def _carrier() -> tuple[Map, Face]:
    """The astronaut's head in grey, 0..255, and the face in it."""
    import skimage.data

    head = np.ascontiguousarray(skimage.data.astronaut()[:230, 110:340])
    grey = cv2.cvtColor(head, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return grey, faces.find(head.astype(np.float32) / 255)
