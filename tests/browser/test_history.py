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

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def looks(page: Page) -> Locator:
    return page.locator("#strip .p-shot header b")


def frames(page: Page) -> Locator:
    return page.locator("#history li button")


def choose(page: Page, option: str) -> None:
    field = page.get_by_label("Regional gaze norm", exact=True).first
    field.click()
    page.get_by_role("option", name=option, exact=True).click()
    expect(field).to_have_value(option)


def compare(page: Page) -> None:
    page.get_by_role("button", name="Compare").first.click()


def test_a_frame_brings_back_photo_looks_and_result(
    visit: Visit, screenshot: Shoot, tmp_path: Path
) -> None:
    page = visit()
    expect(page.locator("#strip .p-shot img:visible")).to_have_count(3)
    choose(page, "Korea")
    compare(page)
    expect(looks(page).nth(1)).to_have_text("Korea · LinkedIn")
    expect(frames(page)).to_have_count(2)
    compare(page)
    picture = page.locator("#strip .p-shot").nth(1).locator("img.p-close")
    made = picture.get_attribute("src")

    own = tmp_path / "own.jpg"
    with Image.open(samples()[1].path) as image:
        image.resize((400, 469)).save(own, quality=90)
    page.locator("input[type=file]").first.set_input_files(own)
    expect(frames(page)).to_have_count(3)
    # The same comparison, pressed twice, was one frame.
    expect(frames(page).first).to_have_attribute("aria-current", "true")
    mine = page.locator("#strip .p-shot").nth(1).locator("a", has_text="PNG").get_attribute("href")
    screenshot(page, "history")

    frames(page).nth(1).press("Enter")
    expect(picture).to_have_attribute("src", str(made))
    expect(frames(page).nth(1)).to_have_attribute("aria-current", "true")
    expect(page.get_by_label("Regional gaze norm", exact=True).first).to_have_value("Korea")
    expect(page.locator("#portrait img").first).to_have_attribute("src", re.compile("astronaut"))
    page.wait_for_url("**korea**")
    expect(frames(page)).to_have_count(3)

    # Nobody else sees any of it.
    other = visit()
    expect(other.locator("#strip .p-shot img:visible")).to_have_count(3)
    expect(frames(other)).to_have_count(0)

    address = "/".join(page.url.split("/")[:3]) + f"/{mine}"
    assert page.request.get(address).status == 200
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(frames(page)).to_have_count(0)
    assert page.request.get(address).status in (403, 404)
    # What is on the page stays.
    expect(picture).to_have_attribute("src", str(made))
    assert picture.evaluate("image => image.naturalWidth") > 0
