"""No sequence leaves work, a place in line, or a hanging page behind; the next one is answered."""

from __future__ import annotations

import pytest

from tests.hostile import sequences
from tests.hostile.sequences import Scene, Sequence

pytestmark = pytest.mark.long

SEQUENCES = sequences.sequences()


@pytest.mark.parametrize("one", SEQUENCES, ids=[one.name for one in SEQUENCES])
def test_a_sequence_ends_as_expected_and_leaves_nothing_running(
    one: Sequence, scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    assert sequences.played(one, scene) == one.expected
    assert "Traceback" not in capfd.readouterr().err
