from __future__ import annotations

import pytest

from ui.text import numbers


@pytest.mark.parametrize(("value", "said"), [(-0.01, "0.0°"), (3.449, "3.4°"), (-2.0, "−2.0°")])
def test_degrees(value: float, said: str) -> None:
    assert numbers.degrees(value) == said


@pytest.mark.parametrize(
    ("language", "angle", "likeness", "pixels"),
    [
        ("en", "−3.4°", "0.07", "12,345"),
        ("de", "−3,4°", "0,07", "12.345"),
        ("es", "−3,4°", "0,07", "12.345"),
        ("ko", "−3.4°", "0.07", "12,345"),
        ("of nobody", "−3.4°", "0.07", "12,345"),
    ],
)
def test_numbers_are_written_as_in_the_language(
    language: str, angle: str, likeness: str, pixels: str
) -> None:
    assert numbers.degrees(-3.42, language) == angle
    assert numbers.decimal(0.071, language, "0.00") == likeness
    assert numbers.decimal(12345, language, "#,##0") == pixels
    assert numbers.read(angle.removesuffix("°")) == -3.4


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("text", ["0, 0.5, 1", "-15..15 step 2.5", "0..3"])
def test_a_list_is_read_as_it_is_written(text: str, language: str) -> None:
    assert numbers.read_list(numbers.written_list(text, language), language).replace(
        " ", ""
    ) == text.replace(" ", "")


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.0, "0 %"), (0.0004, "< 0.1 %"), (0.004, "0.4 %"), (0.034, "3 %"), (1.0, "100 %")],
)
def test_small_shares_are_not_said_as_none(part: float, words: str) -> None:
    assert numbers.small_percent(part) == words
