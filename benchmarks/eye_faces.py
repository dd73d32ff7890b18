"""Whole portraits turned to nine targets, by geometry alone and with the eye model after it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

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


@dataclass(frozen=True)
class MeasuredFace:
    """One result.

    Attributes:
        gaze_error: Degrees off the target; NaN where the eyes were not found again.
        identity: Distance of the embeddings to the photo.
        catchlights: How well the eyes' catchlights agree, 0..1; NaN where none is seen.
        seconds: Of making it.
    """

    gaze_error: float
    identity: float
    catchlights: float
    seconds: float


@dataclass(frozen=True)
class Turned:
    """One portrait at one target.

    Attributes:
        name: Of the file.
        target: As asked, within reach.
        geometry: The proposal.
        ours: The proposal redrawn, in one pass.
    """

    name: str
    target: Gaze
    geometry: MeasuredFace
    ours: MeasuredFace


def turned(pipeline: Any, photos: Sequence[Path], steps: int) -> list[Turned]:
    """Turn every usable portrait to every target; refused ones are left out."""
    results = []
    for path in tqdm(photos, desc="Portraits", disable=None):
        try:
            analysis = studio.analyse(path)
        except Refusal:
            continue
        if analysis.eyes_left_alone:
            continue
        for asked in TARGETS:
            target, _ = gaze.within_reach(asked, analysis.face.head, analysis.gaze.gaze)
            results.append(_one(pipeline, analysis, path.name, target, steps))
    return results


def report(results: Sequence[Turned]) -> dict[str, Any]:
    """Means; the keys are stable. Only ``n`` where there are none."""
    if not results:
        return {"n": 0}
    return {
        "n": len(results),
        "portraits": len({one.name for one in results}),
        "geometry": _means([one.geometry for one in results]),
        "ours": _means([one.ours for one in results]),
    }


def lines(made: dict[str, Any]) -> list[str]:
    """A report as text."""
    if not made["n"]:
        return ["nine targets: no portrait was given"]
    return [
        "",
        f"nine targets, {made['portraits']} portraits",
        f"{'':<10}{'gaze, °':>9}{'identity':>10}{'catchl.':>9}{'seconds':>9}",
        *(
            f"{who:<10}{one['gaze_error']:>9.2f}{one['identity']:>10.3f}"
            f"{one['catchlights']:>9.2f}{one['seconds']:>9.2f}"
            for who, one in ((who, made[who]) for who in ("geometry", "ours"))
        ),
    ]


def redrawn(pipeline: Any, proposal: Proposal, steps: int, seed: int = 0) -> Image8:
    """A proposal with both eyes redrawn, as `pipelines.eye_engine` does it."""
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


def _one(pipeline: Any, analysis: Analysis, name: str, target: Gaze, steps: int) -> Turned:
    begin = time.perf_counter()
    photo_u8 = analysis.portrait.original_u8
    proposal = generation.propose(photo_u8, analysis.full_face, analysis.gaze, target)
    between = time.perf_counter()
    ours = redrawn(pipeline, proposal, steps)
    end = time.perf_counter()
    return Turned(
        name=name,
        target=target,
        geometry=_measured(analysis, proposal.image_u8, target, between - begin),
        ours=_measured(analysis, ours, target, end - begin),
    )


def _measured(analysis: Analysis, result_u8: Image8, target: Gaze, seconds: float) -> MeasuredFace:
    working = loading.to_working(result_u8)
    try:
        found = faces.find(working)
    except Refusal:
        return MeasuredFace(float("nan"), float("nan"), float("nan"), seconds)
    fitted = iris.fit(working, found, analysis.face.left.iris_radius)
    found = replace(found, left=fitted.left_snapped, right=fitted.right_snapped)
    after = gaze.follow(analysis.gaze, analysis.face, found, fitted.confidence)
    who = identity.embedding(working, found)
    agreed = catchlight.agreement(working, found)
    return MeasuredFace(
        gaze_error=after.gaze.angle_to(target),
        identity=identity.distance(analysis.baseline.reference.embedding, who),
        catchlights=float("nan") if agreed is None else agreed,
        seconds=seconds,
    )


def _means(measured: Sequence[MeasuredFace]) -> dict[str, float | None]:
    names = ("gaze_error", "identity", "catchlights", "seconds")
    columns = {name: np.array([getattr(one, name) for one in measured]) for name in names}
    return {
        name: float(np.nanmean(values)) if np.isfinite(values).any() else None
        for name, values in columns.items()
    }
