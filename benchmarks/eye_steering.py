"""Does the annotation steer: move its pupil and see whether the drawn iris goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from benchmarks.eye_colours import Parts
from datasets import drawing, eye_samples
from datasets.eye_samples import EyeSample
from datasets.eye_set import EyeSet
from pipelines.image.arrays import Image, Map, Points

MOVES = (-6.0, -4.0, -2.0, 2.0, 4.0, 6.0)
"""How far the annotation's pupil is moved sideways, in patch pixels; an iris's radius is 14."""

_RAYS = 72
_BAND = 1.5
# Rays count from this far inside the lids; nearer, a lid's rim passes for the limbus.
_MARGIN = 2.0
_LEAST_RAYS = 14
_REACH = (14.0, 4.0)


@dataclass(frozen=True)
class SteeredEye:
    """One eye, drawn from its surroundings and an annotation alone.

    Attributes:
        person: Whose it is.
        asked: How far the annotation's pupil was moved, in patch pixels.
        went: How far the drawn iris stands from where it is drawn unmoved.
        off: How far it stands from where the annotation says, sideways.
        blank: The same with a blank annotation.
    """

    person: str
    asked: float
    went: float
    off: float
    blank: float


def steered(pipeline: Any, eyes: EyeSet, steps: int) -> list[SteeredEye]:
    """Every eye with its proposal withheld and its pupil moved; eyes not found are left out."""
    still = [eye_samples.sample(eyes, index, "withheld") for index in range(len(eyes))]
    blank = [replace(one, control=np.zeros_like(one.control)) for one in still]
    places = _located(pipeline, still, steps)
    without = _located(pipeline, blank, steps)
    results = []
    for by in MOVES:
        samples = [
            eye_samples.moved(eyes, index, one, np.array([by, 0.0]))
            for index, one in enumerate(still)
        ]
        went = _located(pipeline, samples, steps)
        for index, one in enumerate(still):
            before, after, lost = places[index], went[index], without[index]
            if before is None or after is None:
                continue
            asked = one.iris[0] + by
            results.append(
                SteeredEye(
                    person=str(eyes.people[index]),
                    asked=by,
                    went=float(after[0] - before[0]),
                    off=float(after[0] - asked),
                    # An iris that is not even there misses by its radius.
                    blank=float(one.iris[2] if lost is None else lost[0] - asked),
                )
            )
    return results


def report(results: Sequence[SteeredEye]) -> dict[str, Any]:
    """Figures; the keys are stable. Only ``n`` where there are none."""
    if not results:
        return {"n": 0}
    asked, went = (np.array([getattr(one, name) for one in results]) for name in ("asked", "went"))
    return {
        "n": len(results),
        "error_px": float(np.abs(went - asked).mean()),
        "slope": float((asked @ went) / (asked @ asked)),
        "went_px": {
            f"{by:+g}": float(went[asked == by].mean()) for by in MOVES if (asked == by).any()
        },
        "off_px": float(np.mean([abs(one.off) for one in results])),
        "blank_error_px": float(np.mean([abs(one.blank) for one in results])),
    }


def lines(made: dict[str, Any]) -> list[str]:
    """A report as text."""
    if not made["n"]:
        return ["steering: none"]
    went = ", ".join(f"{by} px: {value:+.2f}" for by, value in made["went_px"].items())
    return [
        f"steering, nothing proposed ({made['n']} drawn): {went}",
        f"slope {made['slope']:.2f}, mean error {made['error_px']:.2f} px, off the annotation "
        f"{made['off_px']:.2f} px, with a blank annotation {made['blank_error_px']:.2f} px",
    ]


def locate(pixels: Image, one: EyeSample) -> Points | None:
    """Middle of the iris of a patch, found without being told where it should be; None if unseen.

    The circle of the iris's known radius inside the lids across which the picture brightens most
    from the iris's colour to the white's (an integro-differential operator after Daugman 1993).

    Args:
        pixels: A patch, float32, (64, 96, 3).
        one: Its sample: lids, radius and true colours.
    """
    colours = Parts.of(one).colours(one.truth)
    line = colours[1] - colours[0]
    if np.linalg.norm(line) < 0.05:
        return None
    light = np.clip((pixels - colours[0]) @ line / (line @ line), -0.3, 1.3)
    light = np.asarray(cv2.GaussianBlur(light.astype(np.float32), (0, 0), 1.0), np.float32)
    depth = _depth(one.contour, (pixels.shape[0], pixels.shape[1]))
    middle = one.contour.mean(axis=0)
    best, score = middle, -np.inf
    for step, reach in ((1.0, _REACH), (0.25, (1.0, 1.0)), (0.05, (0.25, 0.25))):
        xs, ys = (np.arange(-far, far + step / 2, step) for far in reach)
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2) + best
        scores = _rise(light, depth, grid, float(one.iris[2]))
        best, score = grid[int(scores.argmax())], float(scores.max())
    return best if np.isfinite(score) and score > 0.02 else None


def _located(pipeline: Any, samples: list[EyeSample], steps: int) -> list[Points | None]:
    drawn = drawing.draw(pipeline, samples, steps)
    return [locate(pixels, one) for pixels, one in zip(drawn, samples, strict=True)]


def _rise(light: Map, depth: Map, centers: Points, radius: float) -> Points:
    """Mean rise across the circle and how dark it is inside, for each centre, (n,)."""
    angle = np.arange(_RAYS) * (2 * np.pi / _RAYS)
    around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    outer, inner, deep, within = (
        _sample(source, centers[:, None] + (radius * share + off) * around)
        for source, share, off in (
            (light, 1.0, _BAND),
            (light, 1.0, -_BAND),
            (depth, 1.0, 0.0),
            (light, 0.6, 0.0),
        )
    )
    seen = deep > _MARGIN
    count = seen.sum(axis=1)
    rise = np.clip(outer - inner, -0.3, 0.8)
    mean = (rise * seen).sum(axis=1) / np.maximum(count, 1)
    # A lid's shadow has an edge, too, but no dark disc beside it.
    disc = _sample(depth, centers[:, None] + 0.6 * radius * around) > _MARGIN
    dark = ((1 - within) * disc).sum(axis=1) / np.maximum(disc.sum(axis=1), 1)
    return np.asarray(np.where(count >= _LEAST_RAYS, mean + 0.15 * dark, -np.inf), np.float64)


def _sample(source: Map, at: Points) -> Points:
    x, y = (np.ascontiguousarray(at[..., axis], np.float32) for axis in (0, 1))
    sampled = cv2.remap(source, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, np.float64)


def _depth(contour: Points, shape: tuple[int, int]) -> Map:
    opening = np.zeros(shape, np.uint8)
    cv2.fillPoly(opening, [np.round(contour * 16).astype(np.int32)], (1,), shift=4)
    inside = cv2.distanceTransform(opening, cv2.DIST_L2, 5)
    return np.asarray(inside - cv2.distanceTransform(1 - opening, cv2.DIST_L2, 5), np.float32)
