"""The eye model's verdict: is it better than geometry alone on people it never saw?"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import eye_faces, eye_steering, likeness
from benchmarks.eye_colours import Parts
from benchmarks.eye_faces import Turned
from benchmarks.eye_steering import SteeredEye
from benchmarks.likeness import Likeness
from benchmarks.statistics import interval
from datasets import drawing, eye_samples, eye_set, gathering, renders
from datasets.eye_samples import EyeSample
from datasets.eye_set import EyeSet
from pipelines.engines import eye_patches
from pipelines.image.arrays import Image, Image8

if TYPE_CHECKING:
    from pipelines.engines.eye_pipeline import EyePatchControlNetPipeline

STEPS = 1
WORST = 12
ENOUGH_DB = 2.0
"""How much better than geometry the model has to be to become the default."""

_SEED = 20261121
_CYCLES = 2


@dataclass(frozen=True)
class DrawnEye:
    """One picture of an eye against the truth.

    Attributes:
        likeness: Inside the opening between the lids.
        iris_shift: Of the iris's mean colour, in CIEDE2000.
        white_shift: Of the white's mean colour, in CIEDE2000.
        sharpness: Detail inside the opening, as a share of the truth's.
    """

    likeness: Likeness
    iris_shift: float
    white_shift: float
    sharpness: float


@dataclass(frozen=True)
class Restored:
    """One cycle, or one render from another's, of one eye.

    Attributes:
        name: Of the eye.
        person: Whose it is.
        geometry: The proposal.
        ours: What the model makes of it.
        pictures: Truth, proposal and ours side by side, uint8 RGB.
    """

    name: str
    person: str
    geometry: DrawnEye
    ours: DrawnEye
    pictures: Image8 = field(repr=False)


@dataclass(frozen=True)
class EyesRun:
    """Everything that was measured.

    Attributes:
        photos: Cycles of photographed eyes of the test people.
        rendered: Eyes of the test renders from others of their sitting.
        steered: The annotation's pupil moved, nothing proposed.
        faces: Whole portraits turned to nine targets; empty without portraits.
        seconds_a_pair: Of drawing two eyes, warm.
        steps: Of the bridge.
    """

    photos: list[Restored]
    rendered: list[Restored]
    steered: list[SteeredEye]
    faces: list[Turned]
    seconds_a_pair: float
    steps: int


def test_eyes(
    folders: Sequence[Path] = (), crops: Sequence[Path] = (), gathered: Path | None = None
) -> EyeSet | None:
    """Eyes of the test people; None where there is none.

    Args:
        folders: With portraits.
        crops: With crops and their landmarks.
        gathered: What `training.data` has gathered; then the others are not read.

    Raises:
        FileNotFoundError: A folder or file is not there.
    """
    if gathered is not None:
        held = eye_set.load(gathered).of("test")
        photos = held.chosen(np.flatnonzero(held.sources != "render"))
        return photos if len(photos) else None
    sitters = (
        sitter
        for found in (*map(gathering.portraits, folders), *map(gathering.eye_crops, crops))
        for sitter in found
        if eye_set.split_of(sitter.person) == "test"
    )
    rows = list(gathering.from_photos(sitters, _CYCLES, _SEED))
    return eye_set.gathered(iter(rows)) if rows else None


def load(weights: Path) -> EyePatchControlNetPipeline:
    """Load weights the way the engine does, in full precision.

    Raises:
        OSError: There are no such weights.
    """
    import torch

    from pipelines.engines import diffusers_import

    diffusers_import.load()
    from pipelines.engines.eye_pipeline import EyePatchControlNetPipeline

    half = any(weights.glob("*/*.fp16*.safetensors"))
    pipeline: EyePatchControlNetPipeline = EyePatchControlNetPipeline.from_pretrained(
        os.fspath(weights),
        dtype=torch.float32,
        variant="fp16" if half else None,
        use_safetensors=True,
        local_files_only=True,
        low_cpu_mem_usage=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def run(
    pipeline: EyePatchControlNetPipeline,
    photos: EyeSet | None,
    render_folder: Path | None = renders.COMMITTED,
    portraits: Sequence[Path] = (),
    steps: int = STEPS,
    most: int | None = None,
) -> EyesRun:
    """Measure everything.

    Args:
        pipeline: The model.
        photos: From `test_eyes`.
        render_folder: A set of renders, of which only the test people are looked at.
        portraits: Photos to turn to nine targets.
        steps: Of the bridge.
        most: At most so many eyes and portraits of each kind, evenly spread; all if None.
    """
    rendered = None
    if render_folder is not None:
        rows = list(gathering.from_renders(render_folder, 1, _SEED, split="test", most=most))
        rendered = eye_set.gathered(iter(rows)) if rows else None
    photos = photos if photos is None else spread(photos, most)
    return EyesRun(
        photos=[] if photos is None else restored(pipeline, photos, steps),
        rendered=[] if rendered is None else restored(pipeline, rendered, steps),
        steered=[] if photos is None else eye_steering.steered(pipeline, photos, steps),
        faces=eye_faces.turned(pipeline, portraits[:most], steps),
        seconds_a_pair=_seconds(pipeline, steps),
        steps=steps,
    )


def spread(eyes: EyeSet, most: int | None) -> EyeSet:
    """At most so many eyes, evenly spread over the set."""
    if most is None or len(eyes) <= most:
        return eyes
    return eyes.chosen(np.linspace(0, len(eyes) - 1, most).astype(np.intp))


def restored(
    pipeline: EyePatchControlNetPipeline, eyes: EyeSet, steps: int = STEPS
) -> list[Restored]:
    """Every cycle of every eye, as proposed and as the model draws it."""
    asked = [(i, c) for i in range(len(eyes)) for c in range(eyes.proposals.shape[1])]
    samples = [eye_samples.sample(eyes, i, "cycle", cycle=c) for i, c in asked]
    made = drawing.draw(pipeline, samples, steps)
    return [
        Restored(
            name=str(eyes.names[i]),
            person=str(eyes.people[i]),
            geometry=judged(sample.start, sample),
            ours=judged(ours, sample),
            pictures=np.hstack([eye_samples.to_u8(p) for p in (sample.truth, sample.start, ours)]),
        )
        for (i, _), sample, ours in zip(asked, samples, made, strict=True)
    ]


def judged(pixels: Image, sample: EyeSample) -> DrawnEye:
    """A patch against its sample's truth, inside the opening between the lids."""
    inside = sample.mask > 0.5
    parts = Parts.of(sample)
    true, drawn = parts.colours(sample.truth), parts.colours(pixels)
    iris_shift, white_shift = _difference(true, drawn)
    return DrawnEye(
        likeness=likeness.compare(
            eye_samples.to_u8(pixels), eye_samples.to_u8(sample.truth), inside
        ),
        iris_shift=float(iris_shift),
        white_shift=float(white_shift),
        sharpness=float(drawing.sharpness(pixels[None], sample.truth[None], sample.mask[None])[0]),
    )


def report(done: EyesRun) -> dict[str, Any]:
    """A run as plain data; the keys are stable."""
    return {
        "steps": done.steps,
        "photos": _restoration(done.photos),
        "renders": _restoration(done.rendered),
        "steering": eye_steering.report(done.steered),
        "faces": eye_faces.report(done.faces),
        "seconds_a_pair": done.seconds_a_pair,
        "verdict": verdict(done),
    }


def verdict(done: EyesRun) -> dict[str, bool | None]:
    """What the model has to reach to become the default; None where it was not measured."""
    photos, steering = _restoration(done.photos), eye_steering.report(done.steered)
    faces = eye_faces.report(done.faces)
    measured = bool(photos["n"])
    gain = photos.get("psnr_gain_interval")
    return {
        "two_decibels_better": bool(photos["psnr_gain"] >= ENOUGH_DB) if measured else None,
        "surely_better": bool(gain[0] > 0 and photos["p"] < 0.01) if gain else None,
        "sharpness_within": bool(0.9 <= photos["ours"]["sharpness"] <= 1.1) if measured else None,
        "white_keeps_its_colour": bool(photos["ours"]["white_shift"] < 3) if measured else None,
        "follows_the_annotation": bool(steering["error_px"] <= 0.7) if steering["n"] else None,
        "needs_the_annotation": bool(steering["blank_error_px"] > 2 * steering["error_px"])
        if steering["n"]
        else None,
        "gaze_not_worse": bool(faces["ours"]["gaze_error"] <= faces["geometry"]["gaze_error"] + 0.1)
        if faces["n"]
        else None,
    }


def table(made: dict[str, Any]) -> str:
    """A report as text."""
    lines = [f"{made['steps']} steps, {made['seconds_a_pair']:.2f} s for two eyes", ""]
    for name in ("photos", "renders"):
        part = made[name]
        if not part["n"]:
            lines.append(f"{name}: none")
            continue
        lines.append(f"{name}: {part['n']} pictures of {part['people']} people")
        lines.append(
            f"{'':<10}{'PSNR':>7}{'SSIM':>7}{'grad.':>7}{'sharp':>7}{'iris':>7}{'white':>7}"
        )
        for who in ("geometry", "ours"):
            one = part[who]
            lines.append(
                f"{who:<10}{one['psnr']:>7.2f}{one['ssim']:>7.3f}{one['gradients']:>7.3f}"
                f"{one['sharpness']:>7.2f}{one['iris_shift']:>7.2f}{one['white_shift']:>7.2f}"
            )
        span = part["psnr_gain_interval"]
        sure = f" (95 %: {span[0]:+.2f} to {span[1]:+.2f})" if span else ""
        lines.append(
            f"gain {part['psnr_gain']:+.2f} dB{sure}, Wilcoxon p = {part['p']:.2g}, "
            f"better on {part['better']} of {part['n']}"
        )
        lines.append("")
    lines += eye_steering.lines(made["steering"]) + eye_faces.lines(made["faces"])
    lines.append("")
    for name, value in made["verdict"].items():
        lines.append(f"{_SAID[value]:<13}{name.replace('_', ' ')}")
    return "\n".join(lines)


def worst_sheet(done: EyesRun, factor: int = 4) -> Image8 | None:
    """The twelve eyes least like their truth: truth, proposal, ours, and ours less the truth."""
    every = sorted(done.photos or done.rendered, key=lambda one: one.ours.likeness.ssim)
    if not every:
        return None
    rows = []
    for one in every[:WORST]:
        width = eye_patches.SIZE[0]
        truth, ours = one.pictures[:, :width], one.pictures[:, 2 * width :]
        difference = np.clip(128 + 2 * (ours.astype(int) - truth), 0, 255).astype(np.uint8)
        rows.append(eye_samples.enlarged(np.hstack([one.pictures, difference]), factor))
    return np.vstack(rows)


_SAID = {True: "yes", False: "no", None: "not measured"}


def _restoration(results: Sequence[Restored]) -> dict[str, Any]:
    if not results:
        return {"n": 0}
    from scipy.stats import wilcoxon

    people = [one.person for one in results]
    gains = np.array([one.ours.likeness.psnr - one.geometry.likeness.psnr for one in results])
    # Eyes of one person err alike, so the test is over people.
    names = sorted(set(people))
    by_person = [float(gains[np.array(people) == name].mean()) for name in names]
    p = float(wilcoxon(by_person).pvalue) if any(by_person) else 1.0
    return {
        "n": len(results),
        "people": len(names),
        "geometry": _means([one.geometry for one in results]),
        "ours": _means([one.ours for one in results]),
        "psnr_gain": float(gains.mean()),
        "psnr_gain_interval": interval(gains, people, lambda rows: float(rows.mean())),
        "p": p,
        "better": int((gains > 0).sum()),
    }


def _means(drawn: Sequence[DrawnEye]) -> dict[str, float]:
    return {
        "psnr": float(np.mean([one.likeness.psnr for one in drawn])),
        "ssim": float(np.mean([one.likeness.ssim for one in drawn])),
        "gradients": float(np.mean([one.likeness.gradients for one in drawn])),
        "sharpness": float(np.median([one.sharpness for one in drawn])),
        "iris_shift": float(np.mean([one.iris_shift for one in drawn])),
        "white_shift": float(np.mean([one.white_shift for one in drawn])),
    }


def _difference(true: NDArray[Any], drawn: NDArray[Any]) -> NDArray[np.float64]:
    from skimage.color import deltaE_ciede2000, rgb2lab

    return np.asarray(deltaE_ciede2000(rgb2lab(true.clip(0, 1)), rgb2lab(drawn.clip(0, 1))))


def _seconds(pipeline: EyePatchControlNetPipeline, steps: int) -> float:
    width, height = eye_patches.SIZE
    grey = np.full((2, height, width, 3), 0.5, np.float32)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        pipeline(
            image=grey,
            mask_image=np.ones((2, height, width, 1), np.float32),
            control_image=grey,
            gaze=np.zeros((2, 2)),
            num_inference_steps=steps,
            output_type="np",
        )
        times.append(time.perf_counter() - begin)
    return min(times)
