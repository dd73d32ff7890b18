"""The model card of a trained eye model, with the curves of its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.eye_set import EyeSet
from training.data import summary


@dataclass(frozen=True)
class CurvePoint:
    """Training loss and validation results at one step.

    Attributes:
        step: Batches so far.
        loss: Mean training loss since the previous point.
        geometry: Validation PSNR of the proposals alone, in dB.
        cycle: Validation PSNR of what the model draws from the proposals, in dB.
        withheld: Validation PSNR of what it draws without a proposal, in dB.
    """

    step: int
    loss: float
    geometry: float
    cycle: float
    withheld: float


@dataclass(frozen=True)
class RunSummary:
    """The facts of a run that the model card reports.

    Attributes:
        channels: Channels of each level of the model.
        parameters: Number of weights.
        steps: Batches so far.
        batch: Patches in each batch.
        seed: Of weights and batches.
        hours: Computing time.
        hardware: In words.
        detail: Gain of fine detail, from the validation eyes, see `gain_of_detail`.
        history: The curves.
    """

    channels: tuple[int, ...]
    parameters: int
    steps: int
    batch: int
    seed: int
    hours: float
    hardware: str
    detail: float
    history: Sequence[CurvePoint]


_CARD = """# Eye ControlNet

A small UNet and ControlNet ({parameters:.1f} million parameters, channels {channels}) that redraw
one eye in a patch of 96 x 64 pixels, in one step. Their start is an eye that geometry has turned;
they see the eye as photographed beside it, and an annotation with lids, iris and pupil at their new
place guides them. `pipelines/engines/eye_pipeline.py` runs them.

## Training

{steps} batches of {batch} patches, seed {seed}, {hours:.2f} hours on {hardware}.
`python -m training.data` makes the set, `python -m training.train` the weights. The loss is L1,
half of the gradients' difference on two scales, and a quarter of the difference of local contrast,
inside the opening between the lids. In two of five patches (one of five in the last quarter of the
run) nothing is proposed: the start is the photographed eye, and only the annotation says where the
iris shall stand. Weights are the run's moving average, in half precision. What is finer than 3 by 3
pixels is drawn {detail:.2f} times as strong as the networks say it, because they are smoother than
eyes are: measured on the validation people.

![Curves](curves.png)

| step | loss | geometry, dB | ours, dB | proposal withheld, dB |
| --- | --- | --- | --- | --- |
{rows}

Validation: people who are not in the training set, one step of the bridge, without that gain.

## Data

```
{data}
```

People are split by a hash of their name. Photographs need a licence that allows training and
passing on what was trained: name each source and its licence here before weights are published.
Renders are our own (`training/renders`), only those of the `calibrate` people.

## Verdict

`python -m benchmarks eyes --weights FOLDER` prints it, on people of the test split: put its table
here, with what the sheet of the worst eyes shows.

## Limits

* Trained on adults who mostly look into the lens; averted eyes come from renders and from geometry.
* It cannot know what a photo does not show: a pattern of the iris under a lid.
* Eyes less than 28 pixels wide, shut, hidden or blurred ones were not trained on.
* Not for identifying anybody, and not for making people seem to look where they did not without
  saying so.
"""


def write(folder: Path, run: RunSummary, eyes: EyeSet) -> None:
    """Write ``README.md`` and ``curves.png`` into the folder of the weights."""
    rows = "\n".join(
        f"| {point.step} | {point.loss:.4f} | {point.geometry:.2f} | {point.cycle:.2f} "
        f"| {point.withheld:.2f} |"
        for point in _evenly_spaced(run.history)
    )
    text = _CARD.format(
        parameters=run.parameters / 1e6,
        channels="/".join(str(width) for width in run.channels),
        steps=run.steps,
        batch=run.batch,
        seed=run.seed,
        hours=run.hours,
        hardware=run.hardware,
        detail=run.detail,
        rows=rows,
        data=summary(eyes),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(text, encoding="utf-8")
    draw_curves(folder / "curves.png", run.history)


def draw_curves(path: Path, history: Sequence[CurvePoint]) -> None:
    """Plot training loss and validation PSNR over the steps."""
    from matplotlib.figure import Figure

    steps = [point.step for point in history]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(steps, [point.loss for point in history], color="black")
    left.set(title="Training loss", xlabel="step", yscale="log")
    for name, label in (
        ("cycle", "ours"),
        ("geometry", "geometry alone"),
        ("withheld", "ours, proposal withheld"),
    ):
        right.plot(steps, [getattr(point, name) for point in history], label=label)
    right.set(title="Validation PSNR inside the mask, dB", xlabel="step")
    right.legend()
    figure.savefig(path, dpi=120)


def _evenly_spaced(history: Sequence[CurvePoint], most: int = 12) -> list[CurvePoint]:
    """At most so many points of the curves, with the first and the last."""
    if len(history) <= most:
        return list(history)
    last = len(history) - 1
    return [history[round(k * last / (most - 1))] for k in range(most)]
