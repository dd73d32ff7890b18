"""A photo of two people, in a format that no browser shows: either can be chosen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from pipelines.image import metadata
from pipelines.image.arrays import Image8
from tests.browser.test_page import at_rest


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
    page.wait_for_function("document.querySelector('#portrait img')?.src.startsWith('data:')")
    expect(page.locator("#portrait img.p-unshown")).to_have_count(0)
    expect(frames.nth(0)).to_have_attribute("aria-pressed", "true")
    pictures = page.locator("#strip .p-picture img:visible")
    expect(pictures).to_have_count(2)
    before = pictures.nth(1).get_attribute("src")
    frames.nth(1).click()
    expect(frames.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(pictures.nth(1)).not_to_have_attribute("src", before or "")
    expect(pictures).to_have_count(2)
    at_rest(page)
    expect(page.locator("#seen")).not_to_contain_text("the largest is used")
    screenshot(page, "faces")
    one = pictures.nth(1).get_attribute("src")
    page.get_by_role("button", name="All faces").click()
    # The whole photo shows them.
    expect(page.get_by_label("Whole photo")).to_be_checked()
    expect(page.locator("[data-face=all]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#strip img.p-whole").nth(1)).not_to_have_attribute("src", one or "")
    at_rest(page)
    for figure in page.locator("#strip .p-shot").all():
        expect(figure.locator(".p-gaze")).to_have_text([re.compile("Face 1"), re.compile("Face 2")])
    page.locator(".p-save summary").click()
    with page.expect_download() as saved:
        page.locator("[data-save]").first.click()
    assert "face=all" in metadata.read(saved.value.path().read_bytes()).look
    screenshot(page, "faces-all")


def test_the_chosen_face_stays_over_a_reload(
    visit: Callable[..., Page], hopper: Image8, astronaut: Image8, tmp_path: Path
) -> None:
    two = np.full((400, 600, 3), 128, np.uint8)
    two[:, :300], two[:300, 300:] = hopper[40:440, 100:400], astronaut[:300, 80:380]
    Image.fromarray(two).save(tmp_path / "two.jpg", quality=95)
    page = visit()
    page.locator("#portrait input[type=file]").set_input_files(tmp_path / "two.jpg")
    frames = page.locator(".p-faces button")
    frames.nth(1).click()
    expect(frames.nth(1)).to_have_attribute("aria-pressed", "true")
    at_rest(page)
    page.reload()
    expect(frames.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#seen")).to_contain_text("The gaze of face 2")
    expect(page.locator("#strip header").first).to_have_text("Original · face 2 of 2")
    at_rest(page)
