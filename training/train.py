"""``python -m training.train``: train the eye model on the set that ``training.data`` makes.

The folder of a run holds ``state.pt`` to resume from, ``sheet.png`` with validation eyes, and
``weights/`` in diffusers' layout with a model card and the curves. Started again with the same
arguments, an interrupted run resumes where it stopped; batches depend on seed and step alone.
"""

from __future__ import annotations

import argparse
import copy
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pictures
from tqdm import tqdm

from datasets import eye_samples, eye_set
from datasets.eye_set import EyeSet
from training.eye_model import card, validation
from training.eye_model.card import CurvePoint, RunSummary

if TYPE_CHECKING:
    import torch

WIDTHS = {"small": (48, 96, 192), "large": (64, 128, 256), "tiny": (16, 32)}
"""Channels of each level, by size; ``tiny`` is for tests only."""
EMA_DECAY = 0.998
RATE = 6e-4
# Share of the patches trained at the start of the bridge, where inference starts; the others are
# trained at a random level.
_AT_START = 0.9
# Last share of the steps, over which the learning rate falls to zero; its batches have the task
# shares `eye_samples.LAST_SHARES`.
_COOLING = 0.25
_LARGEST_SHARD = "15MB"
# Settings that may differ when a run is resumed.
_RESUMABLE = ("steps", "rows", "every")


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of a run; `state.pt` holds them under the same names.

    Attributes:
        size: One of `WIDTHS`.
        steps: Batches in all; the learning rate falls to zero towards the last.
        batch: Patches in a batch.
        seed: Of weights and batches.
        rate: Largest learning rate.
        rows: Rows of a patch to train on, around the lid opening; 64 is the whole patch. The rows
            above and below show no eye and only cost time.
        every: Validate and save after this many steps.
        checked: Largest number of validation eyes.
    """

    size: str = "small"
    steps: int = 20000
    batch: int = 12
    seed: int = 0
    rate: float = RATE
    rows: int = 64
    every: int = 250
    checked: int = 48


class OtherRun(Exception):
    """The folder holds a run with other settings; the message says which."""


def train(
    eyes: EyeSet, folder: Path, settings: TrainingSettings, workers: int = 0, processes: int = 1
) -> list[CurvePoint]:
    """Train until all steps are done, resuming the run in the folder if there is one.

    When a run is resumed, `steps`, `rows` and `every` may differ from before; every other setting
    must be the same. If all its steps are done already, weights and card are written again.

    Args:
        eyes: The set; ``train`` is used for training, ``validation`` for validation, ``test`` for
            nothing.
        folder: Of the run.
        settings: Of the run.
        workers: Processes that make batches; with 0 the training processes make their own.
        processes: Training processes that share each batch. On a CPU two processes with one thread
            each are faster than one process with two threads.

    Returns:
        The curves.

    Raises:
        OtherRun: The folder holds a run with other settings.
        ValueError: There is no eye to train on, or none to validate on.
    """
    train_eyes = eyes.of("train")
    validation_eyes = validation.eyes_of(eyes, settings.checked)
    if not len(train_eyes) or not validation_eyes:
        raise ValueError("Both the training and the validation split need eyes.")
    folder.mkdir(parents=True, exist_ok=True)
    with _process_group(processes) as rank:
        run = TrainingRun(settings, folder, processes)
        run.resume()
        first = run.step
        losses: list[float] = []
        part = slice(rank, None, processes)
        hidden = True if rank else None
        with tqdm(total=settings.steps, initial=run.step, desc="Training", disable=hidden) as bar:
            for batch in _batches(train_eyes, settings, first, workers, part):
                losses.append(run.train_step(batch))
                bar.update()
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}", **run.latest_psnr())
                if run.step % settings.every == 0 or run.step == settings.steps:
                    if rank == 0:
                        run.validate(eyes, validation_eyes, float(np.mean(losses)))
                    losses.clear()
        if rank == 0 and first == settings.steps:
            results = validation.validate(run.averaged, eyes, validation_eyes)
            run.write_weights(eyes, results.detail)
        return run.history


@contextmanager
def _process_group(processes: int) -> Iterator[int]:
    """Fork into a group of processes that train one model; yield the rank of each.

    Only the process of rank 0 leaves the context; the others end there.
    """
    if processes == 1:
        yield 0
        return
    import torch
    import torch.distributed as group

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as rendezvous:
        children = []
        rank = 0
        for number in range(1, processes):
            if not (child := os.fork()):
                rank = number
                break
            children.append(child)
        group.init_process_group(
            "gloo", init_method=f"file://{rendezvous}/group", rank=rank, world_size=processes
        )
        try:
            yield rank
            group.destroy_process_group()
        finally:
            # Without this the children would run the rest of the program as well.
            if rank:
                os._exit(0)
            for child in children:
                os.kill(child, signal.SIGTERM)
                os.waitpid(child, 0)


class TrainingRun:
    """The state of a run: weights, their moving average, the optimiser and the curves."""

    def __init__(self, settings: TrainingSettings, folder: Path, processes: int = 1) -> None:
        import torch
        from diffusers.models.attention_processor import AttnProcessor

        from pipelines.engines import eye_pipeline

        self.settings, self.folder, self.processes = settings, folder, processes
        self.step, self.seconds = 0, 0.0
        self.history: list[CurvePoint] = []
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.pipeline = eye_pipeline.build(WIDTHS[settings.size], settings.seed)
        self.pipeline.to(self.device)
        self.averaged = eye_pipeline.EyePatchControlNetPipeline(
            unet=copy.deepcopy(self.pipeline.unet),
            controlnet=copy.deepcopy(self.pipeline.controlnet),
            scheduler=self.pipeline.scheduler,
        )
        self.averaged.set_progress_bar_config(disable=True)
        self.networks = torch.nn.ModuleList([self.pipeline.unet, self.pipeline.controlnet])
        self.average = torch.nn.ModuleList([self.averaged.unet, self.averaged.controlnet])
        self.networks.train()
        if self.device == "cpu":
            # The attention heads are narrow, and torch's fused attention takes a tenth of a step.
            self.pipeline.unet.set_attn_processor(AttnProcessor())
            self.pipeline.controlnet.set_attn_processor(AttnProcessor())
        self.optimiser = torch.optim.AdamW(
            self.networks.parameters(), settings.rate, betas=(0.9, 0.99), weight_decay=1e-3
        )

    def train_step(self, batch: eye_samples.Batch) -> float:
        """Train on one batch; return its loss."""
        import torch

        start = time.perf_counter()
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * _rate_factor(self.step, self.settings.steps)
        loss = self._loss(batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._average_gradients()
        torch.nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        # A smaller decay in the first steps, so that the average soon forgets the random weights.
        decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.networks.parameters(), strict=True)
            for mean, current in pairs:
                mean.lerp_(current, 1 - decay)
        self.seconds += time.perf_counter() - start
        return float(loss.detach())

    def _average_gradients(self) -> None:
        """Replace the gradients by their mean over all processes."""
        if self.processes == 1:
            return
        import torch
        import torch.distributed as group

        gradients = [p.grad for p in self.networks.parameters() if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        group.all_reduce(flat)
        flat /= self.processes
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def validate(self, eyes: EyeSet, indices: list[int], loss: float) -> None:
        """Validate the averaged weights, and write the sheet, the state and the weights."""
        results = validation.validate(self.averaged, eyes, indices)
        self.history.append(
            CurvePoint(self.step, loss, results.geometry, results.cycle, results.withheld)
        )
        Pictures.fromarray(results.sheet).save(self.folder / "sheet.png")
        self._save()
        self.write_weights(eyes, results.detail)

    def latest_psnr(self) -> dict[str, str]:
        """The last validation for the progress bar: PSNR of the model and of geometry."""
        if not self.history:
            return {}
        last = self.history[-1]
        return {"val": f"{last.cycle:.2f}/{last.geometry:.2f} dB"}

    def write_weights(self, eyes: EyeSet, detail: float) -> None:
        """Write the averaged weights, with a gain of their detail, and the model card."""
        weights = self.folder / "weights"
        save_half(self.averaged, weights, detail)
        summary = RunSummary(
            channels=WIDTHS[self.settings.size],
            parameters=sum(parameter.numel() for parameter in self.average.parameters()),
            steps=self.step,
            batch=self.settings.batch,
            seed=self.settings.seed,
            hours=self.seconds / 3600,
            hardware=_hardware(self.device, self.processes),
            detail=detail,
            history=self.history,
        )
        card.write(weights, summary, eyes)

    def resume(self) -> None:
        """Load the folder's state, if there is one.

        Raises:
            OtherRun: The state belongs to a run with other settings.
        """
        import torch

        file = self.folder / "state.pt"
        if not file.is_file():
            return
        state = torch.load(file, map_location=self.device, weights_only=True)
        ignored = dict.fromkeys(_RESUMABLE)
        if state["settings"] | ignored != asdict(self.settings) | ignored:
            raise OtherRun(f"{self.folder} holds a run with other settings: {state['settings']}.")
        self.networks.load_state_dict(state["networks"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.history = [CurvePoint(**point) for point in state["history"]]

    def _save(self) -> None:
        import torch

        state = {
            "settings": asdict(self.settings),
            "networks": self.networks.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "history": [asdict(point) for point in self.history],
        }
        # Renaming is atomic: an interrupted write leaves the previous state.pt whole.
        torch.save(state, self.folder / "state.new")
        (self.folder / "state.new").replace(self.folder / "state.pt")

    def _loss(self, batch: eye_samples.Batch) -> torch.Tensor:
        import torch

        from pipelines.engines import eye_pipeline
        from training.eye_model import losses

        start, reference, truth, mask, control, gaze, weight = (
            torch.from_numpy(getattr(batch, name)).to(self.device)
            for name in ("start", "reference", "truth", "mask", "control", "gaze", "weight")
        )
        top = max(0, (start.shape[2] - self.settings.rows) // 2 - 4)
        start, reference, truth, mask, control = (
            planes[:, :, top : top + self.settings.rows]
            for planes in (start, reference, truth, mask, control)
        )
        noise, level = _noise_and_level(self.settings.seed, self.step, tuple(start.shape))
        noise, level = noise.to(self.device), level.to(self.device)
        conditions = eye_pipeline.Conditions(
            start, reference, mask, control, eye_pipeline.gaze_tokens(gaze)
        )
        sample = eye_pipeline.bridge(truth, start, noise, level, self.pipeline.config.noise_scale)
        timestep = level * self.pipeline.scheduler.config.num_train_timesteps
        with torch.autocast(self.device, torch.bfloat16):
            drawn = self.pipeline.predict(sample, timestep, conditions)
        return losses.loss(drawn.float(), truth, mask, weight)


def save_half(pipeline: Any, folder: Path, detail: float) -> None:
    """Save a pipeline in half precision.

    Args:
        pipeline: An `EyePatchControlNetPipeline`.
        folder: To write to; no file in it will be larger than 16 MiB.
        detail: Gain of fine detail to save with it.
    """
    import torch

    half = type(pipeline)(
        unet=copy.deepcopy(pipeline.unet).to("cpu", torch.float16),
        controlnet=copy.deepcopy(pipeline.controlnet).to("cpu", torch.float16),
        scheduler=pipeline.scheduler,
        noise_scale=pipeline.config.noise_scale,
        prediction_type=pipeline.config.prediction_type,
        residual=pipeline.config.residual,
        detail=detail,
    )
    half.save_pretrained(folder, variant="fp16", max_shard_size=_LARGEST_SHARD)


@dataclass(frozen=True)
class _Steps:
    """The batches of a run by step, as a data set for torch's `DataLoader`."""

    eyes: EyeSet
    settings: TrainingSettings
    part: slice

    def __getitem__(self, step: int) -> eye_samples.Batch:
        run = self.settings
        last = step >= (1 - _COOLING) * run.steps
        return eye_samples.batch(self.eyes, run.seed, step, run.batch, self.part, last)


def _batches(
    eyes: EyeSet, settings: TrainingSettings, first: int, workers: int, part: slice = slice(None)
) -> Iterator[eye_samples.Batch]:
    """Yield the batches from step `first` on."""
    from torch.utils.data import DataLoader

    steps = range(first, settings.steps)
    source: Any = _Steps(eyes, settings, part)
    yield from DataLoader(source, batch_size=None, sampler=steps, num_workers=workers)


def _noise_and_level(
    seed: int, step: int, shape: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise of that shape and levels (n,) of one step, from a CPU generator on every device."""
    import torch

    source = torch.Generator().manual_seed(seed * 1_000_003 + step)
    noise = torch.randn(shape, generator=source)
    level = torch.rand(shape[0], generator=source).clamp(min=0.02)
    at_start = torch.rand(shape[0], generator=source) < _AT_START
    return noise, torch.where(at_start, torch.ones(()), level)


def _rate_factor(step: int, steps: int) -> float:
    """Factor of the learning rate: a linear rise, a constant part and a linear fall.

    The rise takes a tenth of the steps, at most 100; the fall takes the last quarter. Because the
    rate is constant in between, a run can be made longer or shorter without starting again.
    """
    warm = max(1, min(100, steps // 10))
    return min(1.0, (step + 1) / warm, (steps - step) / max(1.0, _COOLING * steps))


def _hardware(device: str, processes: int) -> str:
    """The GPU's name, or the CPU's architecture and threads."""
    import torch

    if device == "cuda":
        return str(torch.cuda.get_device_name())
    threads = processes * torch.get_num_threads()
    return f"a CPU ({platform.machine()}, {threads} thread{'s' if threads > 1 else ''})"


def main(arguments: list[str] | None = None) -> int:
    """Train as the command line says; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        eyes = eye_set.load(options.eyes)
    except (FileNotFoundError, KeyError, ValueError):
        print("Make the set first: python -m training.data --data FOLDER", file=sys.stderr)
        return 2
    settings = TrainingSettings(
        size=options.size,
        steps=options.steps,
        batch=options.batch,
        seed=options.seed,
        rate=options.rate,
        rows=options.rows,
        every=options.every,
    )
    try:
        history = train(eyes, options.run, settings, options.workers, options.processes)
    except (OtherRun, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if history:
        last = history[-1]
        print(
            f"Validation: geometry {last.geometry:.2f} dB, ours {last.cycle:.2f} dB, "
            f"proposal withheld {last.withheld:.2f} dB."
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    defaults = TrainingSettings()
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--eyes", type=Path, default=Path("training/runs/eyes.npz"))
    parser.add_argument("--run", type=Path, default=Path("training/runs/eye-controlnet"))
    parser.add_argument("--size", choices=tuple(WIDTHS), default=defaults.size)
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--batch", type=int, default=defaults.batch)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--rows", type=int, default=defaults.rows)
    parser.add_argument("--every", type=int, default=defaults.every)
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches")
    parser.add_argument("--processes", type=int, default=1, help="processes that share a batch")
    return parser


if __name__ == "__main__":
    sys.exit(main())
