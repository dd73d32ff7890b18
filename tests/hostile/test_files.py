"""Every hostile file is used or refused with the right code, soon and in little memory."""

from __future__ import annotations

import resource
import time

import pytest

from tests.hostile import files
from tests.hostile.cases import Case

# A hosted page promises an answer, not a speed: this is a hang.
PATIENCE_S = 10.0
MOST_MEMORY_KB = 2_000_000

CASES = files.cases()


@pytest.mark.parametrize("one", CASES, ids=[one.name for one in CASES])
def test_a_file_is_used_or_refused_in_words(one: Case) -> None:
    data = one.make()
    before, start = _peak_kb(), time.monotonic()
    assert files.loaded(data) in one.expected
    assert time.monotonic() - start < PATIENCE_S
    assert _peak_kb() - before < MOST_MEMORY_KB


def _peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
