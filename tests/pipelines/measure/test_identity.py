"""Embeddings: equal for the same portrait, close for an edit, distant for another person."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from pipelines import face as faces
from pipelines.face import Face
from pipelines.image.arrays import Image, Image8
from pipelines.measure import identity
from pipelines.runtime.errors import EngineUnavailable


@pytest.fixture(scope="module")
def person(astronaut: Image8) -> tuple[Image, Face]:
    pixels = astronaut.astype(np.float32) / 255
    return pixels, faces.find(pixels)


@pytest.fixture(scope="module")
def other(hopper: Image8) -> tuple[Image, Face]:
    pixels = hopper.astype(np.float32) / 255
    return pixels, faces.find(pixels)


def test_the_same_portrait_gives_the_same_numbers(person: tuple[Image, Face]) -> None:
    first, second = (identity.embedding(*person) for _ in range(2))
    assert first.shape == (128,)
    assert first.dtype == np.float64
    assert np.array_equal(first, second)
    assert identity.distance(first, second) == 0


def test_the_embeddings_of_two_people_are_distant(
    person: tuple[Image, Face], other: tuple[Image, Face]
) -> None:
    distance = identity.distance(identity.embedding(*person), identity.embedding(*other))
    assert distance > identity.SAME_PERSON


def test_grain_and_light_change_an_embedding_little(person: tuple[Image, Face]) -> None:
    pixels, face = person
    own = identity.embedding(pixels, face)
    grain = np.random.default_rng(0).normal(0, 0.01, pixels.shape)
    grainy = np.clip(pixels + grain, 0, 1).astype(np.float32)
    assert identity.distance(own, identity.embedding(grainy, face)) < 0.1
    dimmer = (pixels * 0.7).astype(np.float32)
    assert identity.distance(own, identity.embedding(dimmer, face)) < 0.3


def test_a_larger_copy_has_a_similar_embedding(other: tuple[Image, Face]) -> None:
    pixels, face = other
    size = (3 * pixels.shape[1], 3 * pixels.shape[0])
    large = np.clip(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), 0, 1, dtype=np.float32)
    distance = identity.distance(
        identity.embedding(pixels, face), identity.embedding(large, face.scaled(3))
    )
    assert distance < 0.2


def test_threads_compute_the_same_embedding(person: tuple[Image, Face]) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: identity.embedding(*person), range(4)))
    assert all(np.array_equal(results[0], each) for each in results)


@pytest.fixture
def no_cached_models() -> Iterator[None]:
    identity._models.cache_clear()
    yield
    identity._models.cache_clear()


def test_missing_weights_are_named(
    person: tuple[Image, Face], no_cached_models: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match="face-recognition-models"):
        identity.embedding(*person)
