"""Near-duplicates: changed copies are found, other people are not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines import face as faces
from pipelines.audit import duplicates
from pipelines.image import loading
from pipelines.image.arrays import Image
from pipelines.studio import Analysis

RENDERS = Path(__file__).parents[3] / "datasets" / "data" / "renders"


def hash_of(pixels: Image) -> str:
    pixels = np.ascontiguousarray(pixels, np.float32)
    return duplicates.face_hash(pixels, faces.find(pixels))


@pytest.fixture(scope="module")
def hashes(hopper_analysis: Analysis) -> dict[str, str]:
    pixels = hopper_analysis.portrait.pixels
    changed = {
        "itself": pixels,
        "mirrored": pixels[:, ::-1],
        "cropped": pixels[40:, 30:-50],
        "bright": np.clip(1.25 * pixels, 0, 1),
        "small": cv2.resize(pixels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA),
        "grey": np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2),
    }
    return {name: hash_of(picture) for name, picture in changed.items()}


def test_copies_are_near(hashes: dict[str, str]) -> None:
    for other in hashes.values():
        assert duplicates.groups([hashes["itself"], other], max_distance=34) == [[0, 1]]


def test_copies_group_and_other_people_do_not(
    hashes: dict[str, str], astronaut_analysis: Analysis
) -> None:
    others = [hash_of(loading.load(RENDERS / f"p{n}_0_0.jpg").pixels) for n in ("05", "09", "20")]
    others.append(duplicates.face_hash(astronaut_analysis.portrait.pixels, astronaut_analysis.face))
    mixed = [others[0], *hashes.values(), *others[1:]]
    assert duplicates.groups(mixed) == [list(range(1, 1 + len(hashes)))]


def test_few_hashes_have_no_groups() -> None:
    assert duplicates.groups([]) == []
    assert duplicates.groups(["0" * 64]) == []


def test_thousands_are_grouped_exactly() -> None:
    random = np.random.default_rng(3)
    bits = random.integers(0, 2, (3000, 256), np.uint8)
    # The last ten are copies of the first ten, 30 bits off.
    for index in range(10):
        bits[2990 + index] = bits[index]
        flipped = random.choice(256, 30, replace=False)
        bits[2990 + index, flipped] ^= 1
    texts = [np.packbits(row).tobytes().hex() for row in bits]
    assert duplicates.groups(texts) == [[index, 2990 + index] for index in range(10)]
