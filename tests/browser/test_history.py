"""The filmstrip: back to what was compared before, and rid of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from pipelines.studio.samples import samples
from tests.browser.test_page import at_rest, choose, wait_for_results

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def looks(page: Page) -> Locator:
    return page.locator("#strip .p-shot header b")


def frames(page: Page) -> Locator:
    return page.locator("#history li button")


def test_a_frame_brings_back_photo_looks_and_result(
    visit: Visit, screenshot: Shoot, tmp_path: Path
) -> None:
    page = visit()
    wait_for_results(page, 2)
    choose(page, "Who will see it", "Korea")
    expect(looks(page).nth(1)).to_have_text("Korea · LinkedIn")
    expect(frames(page)).to_have_count(2)
    at_rest(page)
    page.evaluate("document.getElementById('settle').click()")
    at_rest(page)
    picture = page.locator("#strip .p-shot").nth(1).locator("img.p-close")
    made = picture.get_attribute("src")

    own = tmp_path / "own.jpg"
    with Image.open(samples()[1].path) as image:
        image.resize((400, 469)).save(own, quality=90)
    page.locator("input[type=file]").first.set_input_files(own)
    # What the page opened with is none of the visitor's comparisons.
    expect(frames(page)).to_have_count(2)
    wait_for_results(page, 2)
    at_rest(page)
    # The same comparison, made twice, was one frame.
    expect(frames(page).first).to_have_attribute("aria-current", "true")
    mine = page.locator("#strip .p-shot").nth(1).locator("img.p-whole").get_attribute("src")
    screenshot(page, "history")

    frames(page).nth(1).press("Enter")
    expect(picture).to_have_attribute("src", str(made))
    expect(frames(page).nth(1)).to_have_attribute("aria-current", "true")
    expect(page.get_by_label("Who will see it", exact=True).first).to_have_value("Korea")
    expect(page.locator("#portrait img").first).to_have_attribute("src", re.compile("looking-away"))
    page.wait_for_url("**korea**")
    expect(frames(page)).to_have_count(2)

    expect(page.locator("#history")).to_contain_text("gone when the page is reloaded")

    # Nobody else sees any of it.
    other = visit()
    wait_for_results(other, 2)
    expect(frames(other)).to_have_count(0)

    address = "/".join(page.url.split("/")[:3]) + f"/{mine}"
    assert page.request.get(address).status == 200
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(frames(page)).to_have_count(0)
    assert page.request.get(address, max_retries=2).status in (403, 404)
    # What is on the page stays.
    expect(picture).to_have_attribute("src", str(made))
    assert picture.evaluate("image => image.naturalWidth") > 0
