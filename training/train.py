"""``python -m training.train``: train the eye model on what ``training.data`` has gathered.

A run lives in a folder: ``state.pt`` to go on from, ``sheet.png`` with validation eyes, and
``weights/`` in diffusers' layout with a model card and the curves. Started again with the same
arguments it goes on where it stopped; batches depend on seed and step alone.
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
from training.eye_model.card import Point, Training

if TYPE_CHECKING:
    import torch

WIDTHS = {"small": (48, 96, 192), "large": (64, 128, 256), "tiny": (16, 32)}
"""Channels by name; ``tiny`` is for trying the loop, not for use."""
EMA_DECAY = 0.998
RATE = 6e-4
# Most bridges start where inference starts; the rest anywhere on the way.
_AT_START = 0.9
# The rate falls to nothing over this last share of the steps, which have tasks of their own.
_COOLING = 0.25
_LARGEST_SHARD = "15MB"
# What may change when a run goes on.
_FREE = ("steps", "rows", "every")


@dataclass(frozen=True)
class TrainingSettings:
    """What makes a run what it is.

    Attributes:
        size: One of `WIDTHS`.
        steps: Batches in all; the learning rate falls to zero at their end.
        batch: Patches a batch.
        seed: Of weights and batches.
        rate: Largest learning rate.
        rows: Learn from so many rows in the middle of the opening, 64 for all of a patch; a tenth
            of them are lid and white, the others only cost time.
        every: Validate and save after so many steps.
        checked: Validation eyes.
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
    """The folder holds a run with other settings; its text says which."""


def train(
    eyes: EyeSet, folder: Path, settings: TrainingSettings, workers: int = 0, processes: int = 1
) -> list[Point]:
    """Train until all steps are done; goes on with a run that stands in the folder.

    A run that stands there may be made longer or shorter, see more or fewer rows, and be looked at
    more or less often; everything else has to be the same. If all its steps are done, weights and
    card are written again.

    Args:
        eyes: All splits; only ``train`` is learned from, only ``validation`` is looked at.
        folder: Of the run.
        settings: Of the run.
        workers: Processes that make batches; with 0 each that trains does.
        processes: Share each batch; on a processor two of one thread are faster than one of two.

    Returns:
        The curves.

    Raises:
        OtherRun: The folder holds a run with other settings.
        ValueError: There is no eye to train on, or none to validate on.
    """
    learned = eyes.of("train")
    checked = validation.eyes_of(eyes, settings.checked)
    if not len(learned) or not checked:
        raise ValueError("Both the training and the validation split need eyes.")
    folder.mkdir(parents=True, exist_ok=True)
    with _together(processes) as rank:
        run = _TrainingRun(settings, folder, processes)
        run.resume()
        first = run.step
        losses: list[float] = []
        silent = True if rank else None
        with tqdm(total=settings.steps, initial=run.step, desc="Training", disable=silent) as bar:
            for batch in _batches(learned, settings, first, workers, slice(rank, None, processes)):
                losses.append(run.learn(batch))
                bar.update()
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}", **run.latest())
                if run.step % settings.every == 0 or run.step == settings.steps:
                    if rank == 0:
                        run.look(eyes, checked, float(np.mean(losses)))
                    losses.clear()
        if rank == 0 and first == settings.steps:
            run.publish(eyes, validation.check(run.averaged, eyes, checked).detail)
        return run.history


@contextmanager
def _together(processes: int) -> Iterator[int]:
    """Become several processes that train one model; gives each its number."""
    if processes == 1:
        yield 0
        return
    import torch
    import torch.distributed as group

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as meeting:
        others = []
        rank = 0
        for number in range(1, processes):
            if not (other := os.fork()):
                rank = number
                break
            others.append(other)
        group.init_process_group(
            "gloo", init_method=f"file://{meeting}/group", rank=rank, world_size=processes
        )
        try:
            yield rank
            group.destroy_process_group()
        finally:
            # What was forked ends here: the rest of the program belongs to the first process.
            if rank:
                os._exit(0)
            for other in others:
                os.kill(other, signal.SIGTERM)
                os.waitpid(other, 0)


class _TrainingRun:
    """Weights, their moving average and the optimiser of a run."""

    def __init__(self, settings: TrainingSettings, folder: Path, processes: int = 1) -> None:
        import torch
        from diffusers.models.attention_processor import AttnProcessor

        from pipelines.engines import eye_pipeline

        self.settings, self.folder, self.processes = settings, folder, processes
        self.step, self.seconds = 0, 0.0
        self.history: list[Point] = []
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
            # With heads this narrow torch's fused attention takes a tenth of a step.
            self.pipeline.unet.set_attn_processor(AttnProcessor())
            self.pipeline.controlnet.set_attn_processor(AttnProcessor())
        self.optimiser = torch.optim.AdamW(
            self.networks.parameters(), settings.rate, betas=(0.9, 0.99), weight_decay=1e-3
        )

    def learn(self, batch: eye_samples.Batch) -> float:
        """One step; returns its loss."""
        import torch

        began = time.perf_counter()
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * _share_of_rate(self.step, self.settings.steps)
        loss = self._loss(batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._share()
        torch.nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        # Young averages forget faster, or they would carry the random start for long.
        decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.networks.parameters(), strict=True)
            for mean, own in pairs:
                mean.lerp_(own, 1 - decay)
        self.seconds += time.perf_counter() - began
        return float(loss.detach())

    def _share(self) -> None:
        """Take the mean of all processes' gradients."""
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

    def look(self, eyes: EyeSet, checked: list[int], loss: float) -> None:
        """Validate, draw the sheet and the curves, and save."""
        seen = validation.check(self.averaged, eyes, checked)
        self.history.append(Point(self.step, loss, seen.geometry, seen.cycle, seen.withheld))
        Pictures.fromarray(seen.sheet).save(self.folder / "sheet.png")
        self._save()
        self.publish(eyes, seen.detail)

    def latest(self) -> dict[str, str]:
        """The last validation, for the progress bar."""
        if not self.history:
            return {}
        last = self.history[-1]
        return {"val": f"{last.cycle:.2f}/{last.geometry:.2f} dB"}

    def publish(self, eyes: EyeSet, detail: float) -> None:
        """Write the averaged weights in half precision, with that gain, and the card."""
        weights = self.folder / "weights"
        save_half(self.averaged, weights, detail)
        counts = (parameter.numel() for parameter in self.average.parameters())
        told = Training(
            channels=WIDTHS[self.settings.size],
            parameters=sum(counts),
            steps=self.step,
            batch=self.settings.batch,
            seed=self.settings.seed,
            hours=self.seconds / 3600,
            hardware=_hardware(self.device, self.processes),
            detail=detail,
            history=self.history,
        )
        card.write(weights, told, eyes)

    def resume(self) -> None:
        """Go on from the folder's state, if there is one."""
        import torch

        file = self.folder / "state.pt"
        if not file.is_file():
            return
        state = torch.load(file, map_location=self.device, weights_only=True)
        own = asdict(self.settings)
        free = dict.fromkeys(_FREE)
        if state["settings"] | free != own | free:
            raise OtherRun(f"{self.folder} holds a run with other settings: {state['settings']}.")
        self.networks.load_state_dict(state["networks"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.history = [Point(**point) for point in state["history"]]

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
        # Never half a file, even if the machine goes down meanwhile.
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
        noise, level = _drawn(self.settings.seed, self.step, tuple(start.shape))
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
    """Save a pipeline with a gain of its detail, in half precision, files of less than 16 MiB."""
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
    """Batches by step, for torch's loader."""

    eyes: EyeSet
    settings: TrainingSettings

    part: slice

    def __getitem__(self, step: int) -> eye_samples.Batch:
        own = self.settings
        last = step >= (1 - _COOLING) * own.steps
        return eye_samples.batch(self.eyes, own.seed, step, own.batch, self.part, last)


def _batches(
    eyes: EyeSet, settings: TrainingSettings, first: int, workers: int, part: slice = slice(None)
) -> Iterator[eye_samples.Batch]:
    from torch.utils.data import DataLoader

    steps = range(first, settings.steps)
    source: Any = _Steps(eyes, settings, part)
    yield from DataLoader(source, batch_size=None, sampler=steps, num_workers=workers)


def _drawn(seed: int, step: int, shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise and level of one step, the same wherever it is computed."""
    import torch

    source = torch.Generator().manual_seed(seed * 1_000_003 + step)
    noise = torch.randn(shape, generator=source)
    level = torch.rand(shape[0], generator=source).clamp(min=0.02)
    at_start = torch.rand(shape[0], generator=source) < _AT_START
    return noise, torch.where(at_start, torch.ones(()), level)


def _share_of_rate(step: int, steps: int) -> float:
    """Up in a tenth of the steps, 100 at most; level; down in the last quarter.

    A level rate lets a run be made longer, or brought to its end early, without a new start.
    """
    warm = max(1, min(100, steps // 10))
    return min(1.0, (step + 1) / warm, (steps - step) / max(1.0, _COOLING * steps))


def _hardware(device: str, processes: int) -> str:
    import torch

    if device == "cuda":
        return str(torch.cuda.get_device_name())
    threads = processes * torch.get_num_threads()
    return f"a CPU ({platform.machine()}, {threads} thread{'s' if threads > 1 else ''})"


def main(arguments: list[str] | None = None) -> int:
    """Train; returns the exit status."""
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
    plain = TrainingSettings()
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--eyes", type=Path, default=Path("training/runs/eyes.npz"))
    parser.add_argument("--run", type=Path, default=Path("training/runs/eye-controlnet"))
    parser.add_argument("--size", choices=tuple(WIDTHS), default=plain.size)
    parser.add_argument("--steps", type=int, default=plain.steps)
    parser.add_argument("--batch", type=int, default=plain.batch)
    parser.add_argument("--seed", type=int, default=plain.seed)
    parser.add_argument("--rate", type=float, default=plain.rate)
    parser.add_argument("--rows", type=int, default=plain.rows)
    parser.add_argument("--every", type=int, default=plain.every)
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches")
    parser.add_argument("--processes", type=int, default=1, help="processes that share a batch")
    return parser


if __name__ == "__main__":
    sys.exit(main())
