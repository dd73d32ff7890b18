"""Errors keep their words on the way to another process."""

from __future__ import annotations

import pickle

import pytest

from pipelines.runtime.errors import Cancelled, EngineFailed, PresenceError, Refusal
from pipelines.runtime.messages import Message


@pytest.mark.parametrize(
    "error", [Refusal("no-face", "No face."), EngineFailed("a", Message("{n} b", n=3)), Cancelled()]
)
def test_an_error_survives_pickle(error: PresenceError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.code, again.sentence) == (error.code, error.sentence)
    assert str(again) == str(error)
    assert getattr(again.sentence, "values", None) == getattr(error.sentence, "values", None)
