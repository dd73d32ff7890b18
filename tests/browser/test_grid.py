"""The explore grid: two settings along two sides, and what can be done with a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from pipelines.studio.grid import axis
from pipelines.studio.samples import samples
from tests.browser.test_page import at_rest, open_more, wait_for_results

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Visit = Callable[..., Any]
Shoot = Callable[..., None]


def opened(page: Page, columns: str, rows: str) -> None:
    """Open the section and let gaze vary from left to right, polish from top to bottom."""
    wait_for_results(page, 2)
    open_more(page)
    page.get_by_role("button", name="Explore grid").click()
    page.get_by_label("From left to right").click()
    page.get_by_role("option", name="Gaze, sideways").click()
    # The setting's own values come from the server, and would replace what was typed before.
    expect(typed(page, 0)).to_have_value(axis.default_values("yaw"))
    typed(page, 0).fill(columns)
    typed(page, 1).fill(rows)


def typed(page: Page, side: int) -> Locator:
    return (
        page.locator("#grid-sides .p-side").nth(side).get_by_label("Values").locator("visible=true")
    )


def test_a_grid_appears_and_a_cell_becomes_a_look(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    opened(page, "-10, 0, 10", "0, 1")
    page.locator("#grid-start").click()
    cells = page.locator("#grid-table button.p-cell")
    expect(cells).to_have_count(6)
    expect(page.locator("#grid-file a")).to_be_visible()
    expect(page.get_by_role("columnheader")).to_have_text(
        ["10° to the left", "Not sideways", "10° to the right"]
    )
    expect(page.get_by_role("rowheader", name="Polish 1")).to_be_visible()
    expect(page.locator("#grid-table .p-badge").first).to_contain_text("least changed")
    screenshot(page, "grid")
    # By keyboard: down and to the right, then Enter.
    cells.first.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#grid-picked b").first).to_have_text("10° to the right, Polish 1")
    expect(page.locator("#grid-to-a")).to_be_focused()
    expect(page.locator("#grid-to-a")).to_be_in_viewport()
    screenshot(page, "grid-picked")
    page.keyboard.press("Enter")
    expect(page.locator("#strip header b").nth(1)).to_contain_text("10.0°")
    page.wait_for_url("**gaze%3D10**")
    look = parse_qs(urlparse(page.url).query)["look"][0]
    assert look.startswith("region=international&context=linkedin&gaze=10,")
    at_rest(page)
    # Look B comes onto the page with the cell.
    page.locator("#grid-to-b").click()
    expect(page.get_by_role("heading", name="Look B")).to_be_visible()
    expect(page.locator("#strip header b").nth(2)).to_contain_text("10.0°")
    page.wait_for_url("**gaze%3D10**gaze%3D10**")
    page.locator("#grid-close").click()
    expect(cells.last).to_be_focused()
    # Another portrait takes the grid off.
    page.locator("#portrait input[type=file]").set_input_files(samples()[1].path)
    expect(page.locator("#grid-table button")).to_have_count(0)


@pytest.mark.long
def test_any_setting_can_take_a_side_and_leaving_the_list_keeps_its_values(visit: Visit) -> None:
    page = visit()
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 500 else None)
    opened(page, "-10, 0, 10", "0, 1")
    side = page.get_by_label("From left to right")
    side.focus()
    page.keyboard.press("Tab")
    expect(typed(page, 0)).to_have_value("-10, 0, 10")
    for setting, values in (("Context", 4), ("Gaze, up or down", 0), ("Engine", 1)):
        side.click()
        page.get_by_role("option", name=setting, exact=True).click()
        tokens = page.locator("#grid-sides .p-side").first.locator(".token:visible")
        if values:
            expect(tokens.nth(values - 1)).to_be_visible()
        else:
            expect(tokens).to_have_count(0)
    assert failed == []


def test_too_many_cells_are_refused_before_they_start(visit: Visit) -> None:
    page = visit()
    opened(page, "-12..12 step 2", "0..1 step 0.2")
    notice, start = page.locator("#grid-notice"), page.locator("#grid-start")
    start.click()
    expect(notice).to_contain_text("78 cells; 48 at most")
    typed(page, 0).fill("a bit")
    start.click()
    expect(notice).to_contain_text("'a bit'")
    expect(page.locator("#grid-table button")).to_have_count(0)
    typed(page, 0).fill("3")
    start.click()
    expect(page.locator("#grid-table button.p-cell")).to_have_count(6)
    expect(notice).to_have_text("")


@pytest.mark.long
def test_what_is_done_stays_when_a_grid_is_stopped(visit: Visit) -> None:
    page = visit(width=390, height=844)
    opened(page, "-14..14 step 4", "0..1 step 0.2")
    page.locator("#grid-start").click()
    cells = page.locator("#grid-table button.p-cell")
    expect(cells.nth(1)).to_be_visible()
    page.locator("#grid-stop").click()
    expect(page.locator("#grid-notice")).to_contain_text("What is done stays")
    expect(page.locator("#grid-start")).to_be_visible()
    made = cells.count()
    assert 2 <= made < 48
    cells.first.click()
    expect(page.locator("#grid-to-a")).to_be_visible()
    # A new portrait takes the place of one whose grid is under way.
    page.locator("#grid-start").click()
    # It has begun when the cells of the first are gone; before, it would begin with the new one.
    expect(cells).not_to_have_count(made)
    expect(cells.first).to_be_visible()
    page.locator("#portrait input[type=file]").set_input_files(samples()[1].path)
    expect(page.locator("#grid-start")).to_be_visible()
    expect(page.locator("#grid-table")).not_to_contain_text("°")
    # The grid scrolls by itself; the page does not.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
