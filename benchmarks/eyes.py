"""The eye model's verdict: is it better than geometry alone on people whom it has never seen?

JSON:
    steps: of the bridge. seconds_a_pair: of drawing two eyes, warm.
    photos: cycles of photographed eyes of the test people. renders: eyes of the test renders from
        others of their sitting. For each: n pictures; people; geometry and ours, means over the
        proposals and over what the model makes of them, inside the lids: psnr (dB), ssim,
        gradients, sharpness (share of the truth's detail), iris_shift and white_shift (CIEDE2000
        of the mean colours); psnr_gain (dB), its 95 % interval over people, p (Wilcoxon over
        people), and better, the number of pictures that gained.
    steering: see `eye_steering`. faces: see `eye_faces`.
    verdict: what the model has to reach to become the default; null where it was not measured.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import eye_colours, eye_faces, eye_steering, likeness
from benchmarks.eye_steering import SteeredEye
from benchmarks.reports import Report, text_table
from benchmarks.statistics import interval
from datasets import drawing, eye_rows, eye_samples, eye_set, portraits, renders
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
_FIGURES = ("psnr", "ssim", "gradients", "sharpness", "iris_shift", "white_shift")


@dataclass(frozen=True)
class Restored:
    """One cycle, or one render from another's, of one eye.

    Attributes:
        person: The person.
        geometry: Figures of the proposal.
        ours: Figures of what the model makes of it.
        pictures: Truth, proposal and ours side by side, uint8 RGB.
    """

    person: str
    geometry: dict[str, float]
    ours: dict[str, float]
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
    faces: list[Report]
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
        test = eye_set.load(gathered).of("test")
        photos = test.subset(np.flatnonzero(test.sources != "render"))
        return photos if len(photos) else None
    read = (
        portrait
        for found in (*map(portraits.read_folder, folders), *map(portraits.read_crops, crops))
        for portrait in found
        if eye_set.split_of(portrait.person) == "test"
    )
    rows = list(eye_rows.from_photos(read, _CYCLES, _SEED))
    return eye_set.from_rows(rows) if rows else None


def test_portraits(folders: Sequence[Path]) -> list[Path]:
    """Photos of the test people.

    Raises:
        FileNotFoundError: There is no photo in a folder.
    """
    return [
        file
        for folder in folders
        for file in portraits.picture_files(folder)
        if eye_set.split_of(eye_set.person_of(file, folder)) == "test"
    ]


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
    portrait_files: Sequence[Path] = (),
    steps: int = STEPS,
    most: int | None = None,
) -> EyesRun:
    """Measure everything.

    Args:
        pipeline: The model.
        photos: From `test_eyes`.
        render_folder: A set of renders, of which only the test people are used.
        portrait_files: Photos to turn to nine targets.
        steps: Of the bridge.
        most: At most so many eyes and portraits of each kind, evenly spread; all if None.
    """
    rendered = None
    if render_folder is not None:
        rows = list(eye_rows.from_renders(render_folder, 1, _SEED, split="test", most=most))
        rendered = eye_set.from_rows(rows) if rows else None
    if photos is not None and most is not None and len(photos) > most:
        photos = photos.subset(np.linspace(0, len(photos) - 1, most).astype(np.intp))
    return EyesRun(
        photos=[] if photos is None else restored(pipeline, photos, steps),
        rendered=[] if rendered is None else restored(pipeline, rendered, steps),
        steered=[] if photos is None else eye_steering.steered(pipeline, photos, steps),
        faces=eye_faces.run(pipeline, portrait_files[:most], steps),
        seconds_a_pair=_seconds(pipeline, steps),
        steps=steps,
    )


def restored(
    pipeline: EyePatchControlNetPipeline, eyes: EyeSet, steps: int = STEPS
) -> list[Restored]:
    """Every cycle of every eye, as proposed and as the model draws it."""
    cycles = [(i, c) for i in range(len(eyes)) for c in range(eyes.proposals.shape[1])]
    samples = [eye_samples.sample(eyes, i, "cycle", cycle=c) for i, c in cycles]
    drawn = drawing.draw(pipeline, samples, steps)
    return [
        Restored(
            person=str(eyes.people[i]),
            geometry=judge(sample.start, sample),
            ours=judge(ours, sample),
            pictures=np.hstack([drawing.to_u8(p) for p in (sample.truth, sample.start, ours)]),
        )
        for (i, _), sample, ours in zip(cycles, samples, drawn, strict=True)
    ]


def judge(pixels: Image, sample: EyeSample) -> dict[str, float]:
    """Figures of a patch against its sample's truth, inside the opening between the lids."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    colours = [
        rgb2lab(eye_colours.iris_and_sclera(one, sample).clip(0, 1))
        for one in (sample.truth, pixels)
    ]
    iris_shift, white_shift = deltaE_ciede2000(*colours)
    like = likeness.compare(drawing.to_u8(pixels), drawing.to_u8(sample.truth), sample.mask > 0.5)
    (sharpness,) = drawing.sharpness(pixels[None], sample.truth[None], sample.mask[None])
    return {
        **asdict(like),
        "sharpness": float(sharpness),
        "iris_shift": float(iris_shift),
        "white_shift": float(white_shift),
    }


def report(done: EyesRun) -> Report:
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
    result: dict[str, bool | None] = dict.fromkeys(
        (
            *("two_decibels_better", "surely_better", "sharpness_within", "white_keeps_its_colour"),
            *("follows_the_annotation", "needs_the_annotation", "gaze_not_worse"),
        )
    )
    photos, steering = _restoration(done.photos), eye_steering.report(done.steered)
    faces = eye_faces.report(done.faces)
    if photos["n"]:
        result["two_decibels_better"] = photos["psnr_gain"] >= ENOUGH_DB
        result["sharpness_within"] = 0.9 <= photos["ours"]["sharpness"] <= 1.1
        result["white_keeps_its_colour"] = photos["ours"]["white_shift"] < 3
        if gain := photos["psnr_gain_interval"]:
            result["surely_better"] = gain[0] > 0 and photos["p"] < 0.01
    if steering["n"]:
        result["follows_the_annotation"] = steering["error_px"] <= 0.7
        result["needs_the_annotation"] = steering["blank_error_px"] > 2 * steering["error_px"]
    if faces["n"]:
        ours, geometry = (faces[who]["gaze_error"] for who in ("ours", "geometry"))
        result["gaze_not_worse"] = ours <= geometry + 0.1
    return result


def table(report: Report) -> str:
    """A report as text."""
    lines = [f"{report['steps']} steps, {report['seconds_a_pair']:.2f} s for two eyes", ""]
    for name in ("photos", "renders"):
        part = report[name]
        if not part["n"]:
            lines.append(f"{name}: none")
            continue
        span = part["psnr_gain_interval"]
        lines += [
            f"{name}: {part['n']} pictures of {part['people']} people",
            text_table("", {who: part[who] for who in ("geometry", "ours")}, _FIGURES),
            f"gain {part['psnr_gain']:+.2f} dB"
            + (f" (95 %: {span[0]:+.2f} to {span[1]:+.2f})" if span else "")
            + f", Wilcoxon p = {part['p']:.2g}, better on {part['better']} of {part['n']}",
            "",
        ]
    answers = {True: "yes", False: "no", None: "not measured"}
    return "\n".join(
        [
            *lines,
            eye_steering.table(report["steering"]),
            eye_faces.table(report["faces"]),
            "",
            *(f"{answers[v]:<13}{name.replace('_', ' ')}" for name, v in report["verdict"].items()),
        ]
    )


def worst_sheet(done: EyesRun, factor: int = 4) -> Image8 | None:
    """The twelve eyes least like their truth: truth, proposal, ours, and ours less the truth."""
    worst = sorted(done.photos or done.rendered, key=lambda one: one.ours["ssim"])[:WORST]
    rows, width = [], eye_patches.SIZE[0]
    for one in worst:
        truth, ours = one.pictures[:, :width], one.pictures[:, 2 * width :]
        difference = np.clip(128 + 2 * (ours.astype(int) - truth), 0, 255).astype(np.uint8)
        rows.append(drawing.enlarge(np.hstack([one.pictures, difference]), factor))
    return np.vstack(rows) if rows else None


def _restoration(results: Sequence[Restored]) -> Report:
    if not results:
        return {"n": 0}
    from scipy.stats import wilcoxon

    people = [one.person for one in results]
    gains = np.array([one.ours["psnr"] - one.geometry["psnr"] for one in results])
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


def _means(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    """Means of the figures, but the median of the sharpness."""
    columns = {name: [one[name] for one in figures] for name in _FIGURES}
    return {
        name: float(np.median(values) if name == "sharpness" else np.mean(values))
        for name, values in columns.items()
    }


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
