"""A look is saved in the format that its visitor chooses."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from pipelines.image import metadata
from pipelines.studio.samples import LOOKING_AWAY
from tests.browser.test_page import wait_for_results


def test_a_look_is_saved_as_tiff(
    visit: Callable[..., Page], screenshot: Callable[[Page, str], None], tmp_path: Path
) -> None:
    page = visit()
    # The page that has just opened renews its pictures, which would close the menu.
    wait_for_results(page, 2)
    menu = page.locator(".p-save:visible")
    expect(menu).to_have_count(1)
    menu.locator("summary").click()
    choices = menu.locator("button")
    assert choices.nth(0).get_attribute("data-choice") == "jpeg"
    screenshot(page, "save")
    with page.expect_download() as download:
        choices.and_(page.locator("[data-choice=tiff]")).click()
    # The answer is seen wherever the page is scrolled to.
    expect(page.locator("#saving p")).to_be_in_viewport(ratio=1)
    data = Path(download.value.path()).read_bytes()
    name = f"{LOOKING_AWAY.stem}-presence-international-linkedin.tif"
    assert download.value.suggested_filename == name
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "TIFF"
        assert b"sRGB" in image.info["icc_profile"].replace(b"\0", b"")
    assert metadata.read(data).look.startswith("region=international")
