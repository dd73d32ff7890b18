"""The model card that goes beside the weights, with the curves of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.eye_set import EyeSet
from training.data import summary


@dataclass(frozen=True)
class Point:
    """A point of the curves.

    Attributes:
        step: Batches seen.
        loss: Mean training loss since the point before.
        geometry: Validation PSNR of the proposals alone, in dB.
        cycle: Validation PSNR of ours.
        withheld: Validation PSNR with the proposal withheld.
    """

    step: int
    loss: float
    geometry: float
    cycle: float
    withheld: float


@dataclass(frozen=True)
class Training:
    """What is to be told of a run.

    Attributes:
        channels: Of the model's levels.
        parameters: How many weights it has.
        steps: Batches seen.
        batch: Patches in each.
        seed: Of weights and batches.
        hours: Of computing.
        hardware: In words.
        detail: Gain of fine detail, from the validation eyes.
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
    history: Sequence[Point]


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


def write(folder: Path, run: Training, eyes: EyeSet) -> None:
    """Write ``README.md`` and ``curves.png`` into a folder with weights."""
    rows = "\n".join(
        f"| {one.step} | {one.loss:.4f} | {one.geometry:.2f} | {one.cycle:.2f} "
        f"| {one.withheld:.2f} |"
        for one in _thinned(run.history)
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
    curves(folder / "curves.png", run.history)


def curves(path: Path, history: Sequence[Point]) -> None:
    """Draw loss and validation over the steps."""
    from matplotlib.figure import Figure

    steps = [one.step for one in history]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(steps, [one.loss for one in history], color="black")
    left.set(title="Training loss", xlabel="step", yscale="log")
    for name, label in (
        ("cycle", "ours"),
        ("geometry", "geometry alone"),
        ("withheld", "ours, proposal withheld"),
    ):
        right.plot(steps, [getattr(one, name) for one in history], label=label)
    right.set(title="Validation PSNR inside the mask, dB", xlabel="step")
    right.legend()
    figure.savefig(path, dpi=120)


def _thinned(history: Sequence[Point], most: int = 12) -> list[Point]:
    if len(history) <= most:
        return list(history)
    last = len(history) - 1
    return [history[round(k * last / (most - 1))] for k in range(most)]
