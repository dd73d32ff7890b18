"""Whole portraits turned to nine targets, by geometry alone and with the eye model after it.

JSON; only n where there was no portrait:
    n: results; portraits: how many portraits they are of.
    geometry, ours: means of gaze_error (degrees off the target), identity (distance of the
        embeddings to the photo), catchlights (agreement of both eyes, 0..1) and seconds, for the
        geometric proposal and for the proposal redrawn by the model.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.reports import Report, text_table
from pipelines import face as faces
from pipelines import gaze, studio
from pipelines.engines import eye_patches, generation, geometry
from pipelines.engines.base import Proposal
from pipelines.gaze import Gaze, catchlight, iris
from pipelines.image import loading
from pipelines.image.arrays import Image8
from pipelines.measure import identity
from pipelines.runtime.errors import Refusal
from pipelines.studio import Analysis

TARGETS = tuple(Gaze(yaw, pitch) for pitch in (8.0, 0.0, -8.0) for yaw in (-15.0, 0.0, 15.0))
"""Left, ahead and right, up, level and down."""

_FIGURES = ("gaze_error", "identity", "catchlights", "seconds")


def run(pipeline: Any, photos: Sequence[Path], steps: int) -> list[Report]:
    """Turn every usable portrait to every target; refused ones are left out."""
    results = []
    for path in tqdm(photos, desc="Portraits", disable=None):
        try:
            analysis = studio.analyse(path)
        except Refusal:
            continue
        if not analysis.eyes_left_alone:
            results += [turn(pipeline, analysis, path.name, target, steps) for target in TARGETS]
    return results


def turn(pipeline: Any, analysis: Analysis, name: str, target: Gaze, steps: int) -> Report:
    """Turn one portrait to one target, as far as eyes turn: its name, ``geometry`` and ``ours``."""
    target, _ = gaze.within_reach(target, analysis.face.head, analysis.gaze.gaze)
    start = time.perf_counter()
    proposal = generation.propose(
        analysis.portrait.original_u8, analysis.full_face, analysis.gaze, target
    )
    proposed = time.perf_counter()
    redrawn = redraw(pipeline, proposal, steps)
    end = time.perf_counter()
    return {
        "name": name,
        "geometry": _measure(analysis, proposal.image_u8, target) | {"seconds": proposed - start},
        "ours": _measure(analysis, redrawn, target) | {"seconds": end - start},
    }


def report(results: Sequence[Report]) -> Report:
    """Means; the keys are stable. Only ``n`` where there are none."""
    if not results:
        return {"n": 0}
    return {
        "n": len(results),
        "portraits": len({one["name"] for one in results}),
        **{who: _means([one[who] for one in results]) for who in ("geometry", "ours")},
    }


def table(report: Report) -> str:
    """A report as text."""
    if not report["n"]:
        return "nine targets: no portrait was given"
    rows = {who: report[who] for who in ("geometry", "ours")}
    return f"nine targets, {report['portraits']} portraits\n" + text_table("", rows, _FIGURES)


def redraw(pipeline: Any, proposal: Proposal, steps: int, seed: int = 0) -> Image8:
    """Redraw both eyes of a proposal as the engine ``eye-controlnet`` does."""
    import torch

    patches = eye_patches.cut(
        proposal.image_u8, proposal.photo_u8, proposal.before, proposal.posed, proposal.goals
    )
    drawn = pipeline(
        image=np.stack([patch.pixels for patch in patches]),
        mask_image=np.stack([patch.mask for patch in patches])[..., None],
        control_image=np.stack([patch.control for patch in patches]) / np.float32(255),
        gaze=[(patch.gaze.yaw, patch.gaze.pitch) for patch in patches],
        reference=np.stack([patch.photo for patch in patches]),
        num_inference_steps=steps,
        generator=torch.Generator().manual_seed(seed),
        output_type="np",
    ).images
    shape = (proposal.image_u8.shape[0], proposal.image_u8.shape[1])
    edits = tuple(
        eye_patches.difference(patch, pixels, shape)
        for patch, pixels in zip(patches, drawn, strict=True)
    )
    return geometry.paste(proposal.image_u8, edits)


def _measure(analysis: Analysis, result_u8: Image8, target: Gaze) -> Report:
    """The figures of one result but the seconds; NaN where the eyes are not found again."""
    working = loading.to_working(result_u8)
    try:
        found = faces.find(working)
    except Refusal:
        return dict.fromkeys(_FIGURES[:3], float("nan"))
    fitted = iris.fit(working, found, analysis.face.left.iris_radius)
    found = replace(found, left=fitted.left_snapped, right=fitted.right_snapped)
    after = gaze.follow(analysis.gaze, analysis.face, found, fitted.confidence)
    embedding = identity.embedding(working, found)
    agreement = catchlight.agreement(working, found)
    return {
        "gaze_error": after.gaze.angle_to(target),
        "identity": identity.distance(analysis.baseline.reference.embedding, embedding),
        "catchlights": float("nan") if agreement is None else agreement,
    }


def _means(measured: Sequence[Report]) -> Report:
    columns = {name: np.array([one[name] for one in measured]) for name in _FIGURES}
    return {
        name: float(np.nanmean(values)) if np.isfinite(values).any() else None
        for name, values in columns.items()
    }
