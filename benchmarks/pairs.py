"""Pairs for a blind look: every photo of a folder beside its polish, at 100 %, in random order.

Writes ``001.png`` and so on, and ``key.json``: for each picture photo, the file's name; polished,
"left" or "right"; done, what was done.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from tqdm import tqdm

from benchmarks.polish import photo_files
from benchmarks.reports import Report
from pipelines import face as faces
from pipelines import polish
from pipelines.face import framing
from pipelines.image import delivery, loading
from pipelines.measure import guards
from pipelines.runtime.errors import Refusal
from presets.schema import Context

# Pixels between both pictures.
_GAP = 12


def write(folder: Path, context: Context, out: Path, seed: int = 0) -> Report:
    """Write the pairs of a folder's photos, shuffled, into a folder that is made.

    Args:
        folder: Photos; other files and sub-folders are ignored.
        context: What they are polished for; the gaze is left alone.
        out: Where to.
        seed: Seed of the order of photos and sides.

    Returns:
        The key, which is also written.

    Raises:
        FileNotFoundError: There is no photo in the folder.
    """
    rng = np.random.default_rng(seed)
    files = photo_files(folder)
    out.mkdir(parents=True, exist_ok=True)
    key: Report = {}
    for index in tqdm(rng.permutation(len(files)), desc="Pairs", disable=None):
        photo = loading.load(files[index])
        try:
            face = faces.find(photo.pixels)
        except Refusal:
            continue
        before = guards.reference(photo.pixels, face)
        polished = polish.within(photo.pixels, face, context.doses, before, context.texture_floor)
        result = delivery.deliver(photo.original_u8, photo.pixels, polished.pixels)
        view = framing.head_and_shoulders(face, photo.original_u8.shape)
        pair = [photo.original_u8[view], result[view]]
        right = bool(rng.integers(2))
        gap = np.full((pair[0].shape[0], _GAP, 3), 128, np.uint8)
        first, second = pair if right else pair[::-1]
        name = f"{len(key) + 1:03d}.png"
        Pillow.fromarray(np.hstack([first, gap, second])).save(out / name)
        key[name] = {
            "photo": files[index].name,
            "polished": "right" if right else "left",
            "done": polished.done.report(),
        }
    (out / "key.json").write_text(json.dumps(key, indent=2) + "\n", encoding="utf-8")
    return key
