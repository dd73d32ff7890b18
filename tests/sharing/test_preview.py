"""The preview picture of a link."""

from __future__ import annotations

import numpy as np
import skimage.data

from pipelines.image.arrays import Image8
from sharing.preview import GROUND, HEIGHT, preview


def drawn(title: str, language: str, *, blind: bool = False) -> Image8:
    face = np.asarray(skimage.data.astronaut())[:240, 100:340]
    return preview([face, face], ["Original", "Japan · LinkedIn"], title, language, blind=blind)


def title_of(picture: Image8) -> Image8:
    return picture[HEIGHT - 92 : HEIGHT - 46]


def is_empty(part: Image8) -> bool:
    return bool((part == GROUND).all())


def test_a_title_with_accents_is_drawn_else_the_question_in_the_language() -> None:
    titles = [
        title_of(drawn(title, language))
        for title, language in (("Größe für José", "de"), ("", "de"), ("", "en"), ("", "es"))
    ]
    assert not any(is_empty(title) for title in titles)
    for index, title in enumerate(titles):
        assert not any(np.array_equal(title, other) for other in titles[index + 1 :])


def test_what_the_font_cannot_write_is_left_out_instead_of_drawn_as_boxes() -> None:
    assert is_empty(title_of(drawn("누가 나 같은가요", "ko")))
    assert is_empty(title_of(drawn("", "ja", blind=True)))
