"""A photo of two people, in a format that no browser shows: either can be chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from pipelines.image.arrays import Image8


def test_a_face_is_chosen_by_a_click(
    visit: Callable[..., Page],
    screenshot: Callable[[Page, str], None],
    hopper: Image8,
    astronaut: Image8,
    tmp_path: Path,
) -> None:
    two = np.full((400, 600, 3), 128, np.uint8)
    two[:, :300], two[:300, 300:] = hopper[40:440, 100:400], astronaut[:300, 80:380]
    Image.fromarray(two).save(tmp_path / "two.tif")
    page = visit()
    page.locator("#portrait input[type=file]").set_input_files(tmp_path / "two.tif")
    frames = page.locator(".p-faces button")
    expect(frames).to_have_count(2)
    # The photo itself is seen, though the browser does not know its format.
    page.wait_for_function("document.querySelector('.p-faces img')?.naturalWidth > 0")
    expect(page.locator("#portrait img.p-unshown")).to_have_count(1)
    expect(frames.nth(0)).to_have_attribute("aria-pressed", "true")
    pictures = page.locator("#strip .p-picture img:visible")
    expect(pictures).to_have_count(2)
    before = pictures.nth(1).get_attribute("src")
    frames.nth(1).click()
    expect(frames.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(pictures.nth(1)).not_to_have_attribute("src", before or "")
    expect(pictures).to_have_count(2)
    expect(page.locator("#page")).not_to_have_class("p-busy")
    screenshot(page, "faces")
