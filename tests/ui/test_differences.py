from __future__ import annotations

import numpy as np
import pytest

from pipelines.image.arrays import Image8
from ui import differences

GREY = np.full((60, 80, 3), 128, np.uint8)


def changed(step: int) -> Image8:
    other = GREY.copy()
    other[20:40, 30:50] = 128 + step
    return other


def test_nothing_changed_is_not_seen() -> None:
    same = differences.between(GREY, GREY.copy())
    assert same.nothing
    assert not differences.between(GREY, changed(1)).nothing
    assert same.largest_delta_e == 0
    assert same.visible_share == 0


def test_what_is_seen_is_where_it_is() -> None:
    one = differences.between(GREY, changed(30))
    assert one.delta_e[30, 40] > 8
    assert one.delta_e[5, 5] == 0
    # A patch of 20 x 20 in 60 x 80, a little widened by the eye's blur.
    assert one.visible_share == pytest.approx(400 / 4800, rel=0.4)
    shown = differences.heat_map(one, differences.scale_end([one]))
    assert np.ptp(shown[5, 5]) == 0
    assert np.ptp(shown[30, 40].astype(int)) > 60


def test_single_steps_of_one_pixel_do_not_flicker() -> None:
    noisy = GREY.copy()
    noisy[::4, ::4] += 2
    assert differences.between(GREY, noisy).visible_share == 0


def test_the_colours_only_rise_in_lightness() -> None:
    luma = differences.colour_map() @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luma) > -1).all()


def test_pictures_of_different_size_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        differences.between(GREY, GREY[:-1])
