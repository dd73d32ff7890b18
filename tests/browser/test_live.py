"""A moved slider changes its look's picture at once, and no other's; the full result follows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from pipelines.runtime.errors import Cancelled
from tests.browser.test_page import (
    TWO,
    at_rest,
    choose,
    looks_in_address,
    move,
    titles,
    wait_for_results,
)

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def figure(page: Page, letter: str) -> Locator:
    return page.locator(f'#strip figure[data-letter="{letter}"]')


def picture(page: Page, letter: str) -> Locator:
    return figure(page, letter).locator(".p-picture img:visible")


def source(page: Page, letter: str) -> str:
    return str(picture(page, letter).get_attribute("src"))


def words(page: Page, letter: str) -> Locator:
    """What is said of the face: that nothing of it changed, or how much."""
    return figure(page, letter).locator(".p-measured summary")


def hold_the_full_result(page: Page) -> None:
    """It does not follow until `let_go`."""
    page.evaluate("document.getElementById('settle').setAttribute('id', 'held')")


def let_go(page: Page) -> None:
    page.evaluate(
        """() => {
          const held = document.getElementById('held');
          held.setAttribute('id', 'settle');
          held.click();
        }"""
    )


def wait_until_settled(page: Page) -> None:
    expect(page.locator(".p-preview")).to_have_count(0)
    wait_for_results(page, 3)


def test_a_moved_slider_changes_that_look_and_then_its_numbers(
    visit: Visit, screenshot: Shoot
) -> None:
    page = visit(TWO)
    wait_for_results(page, 3)
    page.wait_for_url("**seed**")
    at_rest(page)
    first, other = source(page, "A"), source(page, "B")
    box = picture(page, "A").bounding_box()
    hold_the_full_result(page)
    move(page, "Gaze", 30)
    expect(figure(page, "A")).to_have_class(re.compile("p-preview"))
    preview = source(page, "A")
    assert preview.startswith("data:image/jpeg")
    assert source(page, "B") == other
    assert picture(page, "A").bounding_box() == box
    # Nothing that was not measured on this picture is said of it.
    expect(words(page, "A")).to_be_hidden()
    expect(words(page, "B")).to_be_visible()
    screenshot(page, "live-preview")
    move(page, "Polish", 40)
    page.wait_for_function(
        "([image, was]) => image.src !== was",
        arg=[picture(page, "A").element_handle(), preview],
    )
    let_go(page)
    wait_until_settled(page)
    assert source(page, "A") not in (first, preview)
    assert source(page, "A").endswith("-close.jpg")
    assert source(page, "B") == other
    assert picture(page, "A").bounding_box() == box
    expect(words(page, "A")).to_be_visible()
    page.wait_for_url(re.compile(r"gaze%3D0\.3%26polish%3D0\.4"))
    assert "&gaze=1&polish=1&" in looks_in_address(page)[1]
    screenshot(page, "live-settled")
    # There and back again: the first result is known, and shown without being made again.
    move(page, "Gaze", 100)
    expect(figure(page, "A")).to_have_class(re.compile("p-preview"))
    move(page, "Polish", 100)
    page.wait_for_url(re.compile(r"japan%26context%3Dlinkedin%26gaze%3D1%26polish%3D1%26"))
    wait_until_settled(page)
    assert source(page, "A") == first


def test_a_chosen_region_is_seen_at_once_and_settles_by_itself(visit: Visit) -> None:
    page = visit(TWO)
    wait_for_results(page, 3)
    page.wait_for_url("**seed**")
    before = source(page, "A")
    choose(page, "Who will see it", "Korea")
    expect(figure(page, "A").locator("header b")).to_have_text("Korea · LinkedIn")
    page.wait_for_url("**korea**")
    wait_until_settled(page)
    assert titles(page)[1] == "Korea · LinkedIn"
    assert source(page, "A") != before


def test_an_engine_that_is_not_here_is_said_so_and_leaves_the_other_look(
    visit: Visit, screenshot: Shoot
) -> None:
    page = visit(TWO)
    wait_for_results(page, 3)
    page.wait_for_url("**seed**")
    before = source(page, "B")
    page.get_by_role("button", name="Fine control").click()
    engine = page.get_by_label("Engine", exact=True).first
    engine.click()
    page.get_by_role("option", name=re.compile("Stable Diffusion 1.5")).first.click()
    # It shows no preview, since a network that takes long would not look like it.
    expect(figure(page, "A").locator(".p-missing")).to_be_visible()
    wait_for_results(page, 2)
    assert source(page, "B") == before
    at_rest(page)
    # Back to one that is here.
    engine.click()
    page.get_by_role("option", name=re.compile("Geometry")).first.click()
    wait_for_results(page, 3)
    expect(page.locator(".p-missing")).to_have_count(0)
    assert source(page, "B") == before
    screenshot(page, "missing-engine")


def test_stop_leaves_the_results_from_before(visit: Visit) -> None:
    page = visit(TWO)
    wait_for_results(page, 3)
    page.wait_for_url("**seed**")
    at_rest(page)
    before, address = source(page, "A"), page.url
    with page.expect_request(re.compile("queue/join")):
        move(page, "Gaze", 35)
    # At once: a click of the mouse could come too late.
    page.evaluate("document.getElementById('stop').click()")
    # Whether it was in time or not, no preview stays that nothing follows.
    at_rest(page)
    expect(page.locator(".p-preview")).to_have_count(0)
    if page.url == address:
        expect(page.locator("#notice")).to_contain_text(Cancelled().sentence)
        assert source(page, "A") == before
