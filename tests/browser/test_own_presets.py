"""A visitor's own looks: kept by the browser, carried as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_page import wait_for_results
from ui.components.own_presets import STORAGE_KEY

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

FINE = "?look=region%3Djapan%26gaze%3D4%2C-2%26polish%3D0.8%26doses%3DB%3A0.3"


def opened(page: Page) -> Locator:
    """The accordion, opened."""
    expect(page.locator("#strip .p-picture img:visible").nth(1)).to_be_visible()
    page.get_by_role("button", name="My looks").click()
    own = page.locator("#own-looks")
    expect(own.locator("#own-list")).to_be_visible()
    return own


def save(own: Locator, name: str) -> None:
    field = own.get_by_role("textbox", name="Name", exact=True)
    field.fill(name)
    field.press("Enter")
    expect(own.locator("summary b").first).to_have_text(name)


def test_a_saved_look_is_there_again_and_goes_where_it_is_wanted(
    visit: Visit, screenshot: Shoot
) -> None:
    page = visit(FINE)
    own = opened(page)
    expect(own).to_contain_text("Nothing is saved yet")
    save(own, "Autumn <b>site</b>")
    save(own, "Winter")

    page.goto(page.url.split("?")[0])
    own = opened(page)
    expect(own.locator("summary b")).to_have_text(["Winter", "Autumn <b>site</b>"])
    expect(own.locator("summary span").first).to_contain_text("4.0° to the right, 2.0° down")

    # By keyboard: open, load.
    own.locator("summary").nth(1).press("Enter")
    screenshot(page, "own-looks")
    own.get_by_role("button", name="Load Autumn <b>site</b> into look B").press("Enter")
    expect(own.locator("#own-said")).to_contain_text("Look B is Autumn <b>site</b> now")
    expect(page.get_by_role("heading", name="Look B")).to_be_visible()
    expect(page.locator("#own-which label")).to_have_count(2)
    # Its results follow by themselves.
    page.wait_for_url("**look=**look=**doses%3DB%3A0.3**")
    wait_for_results(page, 3)

    # What is gone for good is asked for twice.
    delete = own.locator("[data-action=delete]").nth(1)
    delete.click()
    expect(delete).to_have_text("Really delete?")
    delete.click()
    expect(own.locator("summary b")).to_have_text(["Winter"])


def bring(own: Locator, file: Path) -> None:
    """Import a file by keyboard."""
    with own.page.expect_file_chooser() as chooser:
        own.get_by_role("button", name="Import a file").press("Enter")
    chooser.value.set_files(file)


@pytest.mark.long
def test_looks_go_from_one_browser_to_another_as_a_file(visit: Visit, tmp_path: Path) -> None:
    page = visit(FINE)
    own = opened(page)
    save(own, "가을")
    save(own, "Winter")
    with page.expect_download() as download:
        own.get_by_role("link", name="Export all").click()
    assert download.value.suggested_filename == "presence-looks.yaml"
    file = tmp_path / "mine.yaml"
    download.value.save_as(file)
    assert "doses=B:0.3" in file.read_text(encoding="utf-8")

    other = opened(visit())
    bring(other, file)
    expect(other.locator("summary b")).to_have_text(["Winter", "가을"])
    expect(other.locator("#own-said")).to_contain_text("Imported 2 of 2")

    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("region=japan", "region=<i>atlantis"), encoding="utf-8")
    bring(other, file)
    expect(other.get_by_role("alert")).to_contain_text("mine.yaml, entry 'winter'")
    expect(other.get_by_role("alert")).to_contain_text("(line 9): There is no region '<i>atlantis'")
    expect(other.locator("summary b")).to_have_text(["Winter", "가을"])


@pytest.mark.long
@pytest.mark.parametrize("kept", ["garbage", "MTIz:MTIz"])
def test_a_damaged_store_breaks_nothing(visit: Visit, kept: str) -> None:
    page = visit()
    page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [STORAGE_KEY, kept])
    page.reload()
    own = opened(page)
    expect(own).to_contain_text("Nothing is saved yet")
    save(own, "Autumn")
