"""Near-duplicates: changed copies are found, other people are not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from pipelines import face as faces
from pipelines.audit import duplicates
from pipelines.audit.face_hash import face_hash
from pipelines.image import loading
from pipelines.image.arrays import Image
from pipelines.studio import Analysis

RENDERS = Path(__file__).parents[3] / "datasets" / "data" / "renders"


def hash_of(pixels: Image) -> str:
    pixels = np.ascontiguousarray(pixels, np.float32)
    return face_hash(pixels, faces.find(pixels))


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


def as_bytes(texts: Iterable[str]) -> NDArray[np.uint8]:
    return np.array([list(bytes.fromhex(text)) for text in texts], np.uint8).reshape(-1, 32)


def groups_of(hashes: Iterable[str], **more: int) -> list[int]:
    return duplicates.number_groups(as_bytes(hashes), **more).tolist()


def test_copies_are_near(hashes: dict[str, str]) -> None:
    for other in hashes.values():
        assert groups_of([hashes["itself"], other], max_distance=34) == [1, 1]


def test_copies_group_and_other_people_do_not(
    hashes: dict[str, str], astronaut_analysis: Analysis
) -> None:
    others = [hash_of(loading.load(RENDERS / f"p{n}_0_0.jpg").pixels) for n in ("05", "09", "20")]
    others.append(face_hash(astronaut_analysis.portrait.pixels, astronaut_analysis.face))
    mixed = [others[0], *hashes.values(), *others[1:]]
    assert groups_of(mixed) == [0, *(1 for _ in hashes), 0, 0, 0]


def test_few_hashes_have_no_groups() -> None:
    assert groups_of([]) == []
    assert groups_of(["0" * 64]) == [0]


def crowded(count: int) -> NDArray[np.uint8]:
    """Bits of hashes around common centres, many of them about as far apart as copies may be."""
    random = np.random.default_rng(3)
    bits = np.repeat(random.integers(0, 2, (count // 4, 256), np.uint8), 4, axis=0)
    bits ^= random.random(bits.shape) < random.uniform(0, 0.14, (count, 1))
    mirrored = random.random(count) < 0.3
    bits[mirrored] ^= ODD
    return random.permutation(bits)


ODD = np.tile(np.arange(16) % 2, 16).astype(np.uint8)


@pytest.mark.parametrize("count", [8, 300, 3000])
@pytest.mark.parametrize("most", [1, 9, 40])
def test_groups_are_those_of_comparing_all(count: int, most: int) -> None:
    bits = crowded(count)
    signs, mirrored = (2.0 * b - 1 for b in (bits, bits ^ ODD))
    near = np.maximum(signs @ signs.T, signs @ mirrored.T) >= 256 - 2 * most
    labels = connected_components(near)[1]
    numbers = duplicates.number_groups(np.packbits(bits, axis=1), most)
    alone = np.bincount(labels)[labels] == 1
    assert (alone == (numbers == 0)).all()
    pairs = set(zip(labels[~alone], numbers[~alone], strict=True))
    assert len(pairs) == len(set(labels[~alone])) == numbers.max()


def test_groups_are_numbered_by_their_first_members() -> None:
    two, three = "f" * 64, "0f" * 32
    assert groups_of([two, three, "3a" * 32, three, two]) == [1, 2, 0, 2, 1]


def test_thousands_of_equal_files_are_one_group() -> None:
    assert set(groups_of(["ab" * 32] * 6000)) == {1}
