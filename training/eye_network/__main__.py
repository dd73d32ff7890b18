"""``python -m training.eye_network``: train the eye network on portraits, crops and renders.

Labels of photographs are what the bundled network and the iris fit find in them, so training goes
in rounds; the first round's labels came from the face mesh's lids and a fit by colour. What a round
gets wrong on single eyes the next one outvotes. Renders have exact labels.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset
from tqdm import tqdm

from datasets import portraits, renders
from pipelines.gaze import eye_network
from training.eye_network import augmentation, examples
from training.eye_network.examples import Example
from training.eye_network.network import EyeNetwork

BATCH = 32
# Weight of a render's example and of an eye that was not turned; there are fewer of both.
_RENDER_WEIGHT, _UNTURNED_WEIGHT = 6.0, 2.0
# Weight of the gaze's error, and the difference of sines up to which it counts as squared.
_GAZE_WEIGHT, _GAZE_BETA = 3.0, 0.03

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the examples, train for a given time, and write the weights."""
    options = _parser().parse_args(arguments)
    random = np.random.default_rng(options.seed)
    found = list(read(options.photos, options.crops, options.renders, options.turns, random))
    people = len({example.person for example in found})
    print(f"{len(found)} examples of {people} people")
    network = train(found, 60 * options.minutes, options.seed, options.workers)
    network.save(options.out / eye_network.WEIGHTS.name)


def read(
    photos: Sequence[Path],
    crops: Sequence[Path],
    rendered: Sequence[Path],
    turns: int,
    random: np.random.Generator,
) -> Iterator[Example]:
    """Examples of folders of portraits, of crops and of renders (their calibration half)."""
    for portrait in chain(*map(portraits.read_folder, photos), *map(portraits.read_crops, crops)):
        yield from examples.of_portrait(portrait, turns, random)
    for folder in rendered:
        for render in renders.load(folder):
            known = portraits.read_render(render) if render.split == "calibrate" else None
            if known is not None:
                yield from examples.of_render(known, render)


def train(found: Sequence[Example], seconds: float, seed: int = 0, workers: int = 1) -> EyeNetwork:
    """Train a network for some time; the learning rate falls to zero along a cosine.

    Args:
        found: The examples.
        seconds: How long.
        seed: Of weights and variations.
        workers: Processes that make batches.
    """
    torch.manual_seed(seed)
    network = EyeNetwork().train()
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1e-3)
    start = time.time()
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda _: 0.5 + 0.5 * np.cos(np.pi * min(1.0, (time.time() - start) / seconds))
    )
    batches = DataLoader(_Variations(found, seed), batch_size=None, num_workers=workers)
    for batch in tqdm(batches, desc="Training", disable=None):
        loss = _loss(network, batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        rates.step()
        if time.time() - start > seconds:
            break
    return network.eval()


def _loss(network: EyeNetwork, batch: Batch) -> Tensor:
    pictures, eyeball, iris, uncovered, head, sines, counts = batch
    maps, read_sines = network(pictures, head)
    eyeball_loss = functional.binary_cross_entropy_with_logits(maps[:, 0], eyeball)
    # What covers an iris hides where it is.
    iris_loss = functional.binary_cross_entropy_with_logits(
        maps[:, 1], iris, weight=0.25 + 0.75 * uncovered
    )
    error = functional.smooth_l1_loss(read_sines, sines, beta=_GAZE_BETA, reduction="none")
    return eyeball_loss + iris_loss + _GAZE_WEIGHT * (error.sum(1) * counts).mean()


class _Variations(IterableDataset[Batch]):
    """Endless batches of varied examples."""

    def __init__(self, found: Sequence[Example], seed: int) -> None:
        self._found, self._seed = found, seed
        weights = np.array([_weight(example) for example in found])
        self._shares = weights / weights.sum()

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        random = np.random.default_rng([self._seed, 0 if worker is None else worker.id])
        while True:
            chosen = random.choice(len(self._found), BATCH, p=self._shares)
            yield _batch([self._found[index] for index in chosen], random)


def _weight(example: Example) -> float:
    kind = _RENDER_WEIGHT if example.rendered else 1.0
    return kind * (1.0 if example.turned else _UNTURNED_WEIGHT) * example.weight


def _batch(chosen: Sequence[Example], random: np.random.Generator) -> Batch:
    samples = [augmentation.vary(example, random) for example in chosen]
    pictures = torch.from_numpy(np.stack([sample.picture for sample in samples]))
    eyeball, iris, uncovered = (
        torch.from_numpy(np.stack([getattr(sample, name) for sample in samples]))
        for name in ("eyeball", "iris", "uncovered")
    )
    head = np.array([_head_terms(example, random) for example in chosen], np.float32)
    sines = np.array([example.sines for example in chosen], np.float32)
    counts = np.array([example.looks_at_lens for example in chosen], np.float32)
    return (
        pictures.permute(0, 3, 1, 2).contiguous(),
        eyeball,
        iris,
        uncovered,
        torch.from_numpy(head),
        torch.from_numpy(sines),
        torch.from_numpy(counts),
    )


def _head_terms(example: Example, random: np.random.Generator) -> list[float]:
    """See `EyeNetwork.forward`; with noise, as the mesh has it."""
    yaw, pitch = np.sin(np.radians(example.head)) * (1 + random.normal(size=2) * 0.15)
    yaw, pitch = yaw + random.normal() * 0.03, pitch + random.normal() * 0.03
    return [yaw, pitch, yaw**2, float(example.rendered)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.eye_network", description=__doc__)
    parser.add_argument("--photos", type=Path, action="append", default=[], help="portraits")
    parser.add_argument("--crops", type=Path, action="append", default=[], help="crops of eyes")
    parser.add_argument(
        "--renders", type=Path, action="append", default=[renders.COMMITTED], help="sets of renders"
    )
    parser.add_argument("--turns", type=int, default=9, help="turned versions of each eye")
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches")
    parser.add_argument("--out", type=Path, default=eye_network.WEIGHTS.parent)
    return parser


if __name__ == "__main__":
    main()
