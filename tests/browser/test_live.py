"""A moved slider changes its look's picture at once, and no other's; the full result follows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_page import choose, compare, looks_in_address, titles, wait_for_results

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

CHANGED = "Settings changed. Press Compare to see them."


def figure(page: Page, letter: str) -> Locator:
    return page.locator(f'#strip figure[data-letter="{letter}"]')


def source(page: Page, letter: str) -> str:
    return str(figure(page, letter).locator("img:visible").get_attribute("src"))


def move(page: Page, slider: str, value: float, nth: int = 0) -> None:
    """As a hand does: what a slider says while it moves is an input event."""
    page.get_by_label(f"range slider for {slider}").nth(nth).evaluate(
        """(slider, value) => {
          slider.value = value;
          slider.dispatchEvent(new Event('input', { bubbles: true }));
        }""",
        value,
    )


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
    page = visit()
    wait_for_results(page, 3)
    page.wait_for_url("**look=**")
    first, other = source(page, "A"), source(page, "B")
    box = figure(page, "A").locator("img:visible").bounding_box()
    hold_the_full_result(page)
    move(page, "Gaze strength", 0.3)
    expect(figure(page, "A")).to_have_class(re.compile("p-preview"))
    preview = source(page, "A")
    assert preview.startswith("data:image/jpeg")
    assert source(page, "B") == other
    assert figure(page, "A").locator("img:visible").bounding_box() == box
    # Nothing that was not measured on this picture is said of it.
    expect(figure(page, "A").get_by_text("likeness")).to_be_hidden()
    expect(figure(page, "B").get_by_text("likeness")).to_be_visible()
    screenshot(page, "live-preview")
    move(page, "Polish strength", 0.4)
    page.wait_for_function(
        "([image, was]) => image.src !== was",
        arg=[figure(page, "A").locator("img:visible").element_handle(), preview],
    )
    expect(page.get_by_text(CHANGED)).to_have_count(0)
    let_go(page)
    wait_until_settled(page)
    assert source(page, "A") not in (first, preview)
    assert source(page, "A").endswith(".png")
    assert source(page, "B") == other
    assert figure(page, "A").locator("img:visible").bounding_box() == box
    expect(figure(page, "A").get_by_text("likeness")).to_be_visible()
    page.wait_for_url(re.compile(r"gaze%3D0\.3%26polish%3D0\.4"))
    assert "&gaze=1&polish=1&" in looks_in_address(page)[1]
    screenshot(page, "live-settled")
    # There and back again: the first result is known, and shown without being made again.
    move(page, "Gaze strength", 1)
    expect(figure(page, "A")).to_have_class(re.compile("p-preview"))
    move(page, "Polish strength", 1)
    page.wait_for_url(re.compile(r"japan%26context%3Dlinkedin%26gaze%3D1%26polish%3D1%26"))
    wait_until_settled(page)
    assert source(page, "A") == first


def test_a_chosen_region_is_seen_at_once_and_settles_by_itself(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 3)
    choose(page, "On the right", "A · Japan · LinkedIn")
    before = source(page, "A")
    choose(page, "Regional gaze norm", "Korea")
    expect(figure(page, "A").locator("header b")).to_have_text("Korea · LinkedIn")
    page.wait_for_url("**korea**")
    wait_until_settled(page)
    assert titles(page)[1] == "Korea · LinkedIn"
    assert source(page, "A") != before
    # What the slider shows stays what was chosen.
    expect(page.get_by_label("On the right", exact=True)).to_have_value("A · Korea · LinkedIn")
    expect(page.get_by_text(CHANGED)).to_have_count(0)


def test_an_engine_with_a_network_waits_for_compare_and_a_missing_one_leaves_the_rest(
    visit: Visit, screenshot: Shoot
) -> None:
    page = visit()
    wait_for_results(page, 3)
    before = [source(page, letter) for letter in "AB"]
    page.get_by_role("button", name="Fine control").click()
    engine = page.get_by_label("Engine", exact=True).first
    engine.click()
    page.get_by_role("option", name=re.compile("Stable Diffusion 1.5")).first.click()
    expect(page.get_by_text(CHANGED)).to_be_visible()
    move(page, "Gaze strength", 0.5)
    page.wait_for_timeout(1500)
    expect(page.locator(".p-preview")).to_have_count(0)
    assert [source(page, letter) for letter in "AB"] == before
    compare(page)
    expect(figure(page, "A").locator(".p-missing")).to_be_visible()
    wait_for_results(page, 2)
    assert source(page, "B") == before[1]
    expect(page.get_by_text(CHANGED)).to_have_count(0)
    screenshot(page, "missing-engine")
