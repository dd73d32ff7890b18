from __future__ import annotations

import pytest

from ui import saving


@pytest.mark.parametrize(
    ("form", "first"),
    [("JPEG", "jpeg"), ("HEIF", "jpeg"), ("PNG", "png"), ("TIFF", "tiff"), ("", "jpeg")],
)
def test_the_sensible_choice_comes_first_and_all_are_there(form: str, first: str) -> None:
    names = saving.choices_for(form)
    assert names[0] == first
    assert sorted(names) == sorted(saving.CHOICES)
