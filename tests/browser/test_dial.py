"""The gaze dial: a pointer or arrow keys aim a look; its fields and its picture follow."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from pipelines.gaze import Gaze
from tests.browser.test_page import TWO, looks_in_address, open_tab, wait_for_results
from ui import dial_drawing

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def opened(page: Page) -> Locator:
    wait_for_results(page, 3)
    open_tab(page, "Gaze dial")
    face = page.locator(".p-dial-face")
    expect(face).to_be_visible()
    expect(page.locator(".p-dial-words")).to_contain_text("Found")
    face.scroll_into_view_if_needed()
    return face


def spot(page: Page, face: Locator, yaw: float, pitch: float) -> tuple[float, float]:
    """Where a gaze lies on the screen."""
    x, y = dial_drawing.position(Gaze(yaw, pitch))
    found = face.evaluate(
        """(svg, [x, y]) => {
          const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
          return [at.x, at.y];
        }""",
        [x, y],
    )
    return found[0], found[1]


def fields(page: Page, letter: str) -> tuple[Locator, Locator]:
    fine = page.locator("#fine")
    tab = fine.get_by_role("tab", name=f"Look {letter}")
    if not tab.is_visible():
        page.get_by_role("button", name="Fine control").click()
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    sideways, upwards = (
        fine.get_by_label(name).locator("visible=true").first for name in ("Sideways", "Up or down")
    )
    return sideways, upwards


def says(page: Page) -> Locator:
    return page.locator(".p-dial-says")


def test_a_click_aims_the_look_and_its_result_reaches_it(visit: Visit, screenshot: Shoot) -> None:
    page = visit(TWO)
    face = opened(page)
    screenshot(page, "dial")
    page.mouse.click(*spot(page, face, 12, 4))
    expect(says(page)).to_contain_text("12.0° to the right, 4.0° up, averted")
    sideways, upwards = fields(page, "A")
    expect(sideways).to_have_value(re.compile(r"^1[12]\.?\d?$"))
    expect(upwards).to_have_value(re.compile(r"^[34]\.?\d?$"))
    # The full result follows by itself, and is written into the address.
    page.wait_for_url(re.compile(r"gaze%3D1[12]"))
    assert "gaze=1" in looks_in_address(page)[0]
    first = page.locator(".p-dial-words li[data-letter=A]")
    expect(first).to_contain_text(
        re.compile(r"aimed 1\d\.\d° to the right.*Found 1\d\.\d° to the right")
    )
    # The other look is as it was.
    other_sideways, _ = fields(page, "B")
    expect(other_sideways).to_have_value("")


def test_a_drag_shows_degrees_and_falls_into_the_lens(visit: Visit, screenshot: Shoot) -> None:
    page = visit(TWO)
    face = opened(page)
    page.get_by_role("radio", name=re.compile("^Aim B")).check(force=True)
    page.mouse.move(*spot(page, face, 0, 0))
    page.mouse.down()
    for step in (2, 5, 9):
        page.mouse.move(*spot(page, face, -step, step))
    expect(page.locator(".p-dial-aim text")).to_have_text(re.compile(r"^−9\.\d°, 9\.\d°|^−8\.9°"))
    screenshot(page, "dial-drag")
    page.mouse.move(*spot(page, face, 0.3, -0.2))
    page.mouse.up()
    expect(says(page)).to_contain_text("into the lens, eye contact")
    sideways, upwards = fields(page, "B")
    expect(sideways).to_have_value("0")
    expect(upwards).to_have_value("0")


def test_arrow_keys_aim_and_escape_returns(visit: Visit) -> None:
    page = visit(TWO)
    face = opened(page)
    expect(says(page)).to_contain_text("A: 3.0° to the")
    face.focus()
    page.keyboard.press("Home")
    expect(says(page)).to_contain_text("into the lens, eye contact")
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(says(page)).to_contain_text("3.0° to the right, 2.0° down, soft")
    expect(face).to_have_attribute("aria-label", re.compile("3.0° to the right, 2.0° down, soft"))
    sideways, upwards = fields(page, "A")
    expect(sideways).to_have_value("3")
    expect(upwards).to_have_value("-2")
    face.focus()
    page.keyboard.press("Escape")
    expect(sideways).to_have_value("")
    expect(upwards).to_have_value("")
    expect(page.locator(".p-dial-words li[data-letter=A]")).to_contain_text("to look 3.0° to the")


def test_the_dial_fits_a_phone_and_takes_a_finger(visit: Visit, screenshot: Shoot) -> None:
    page = visit(TWO, width=390, height=844, color_scheme="dark", has_touch=True)
    face = opened(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.touchscreen.tap(*spot(page, face, -10, 0))
    expect(says(page)).to_contain_text(re.compile(r"(9\.9|10\.\d)° to the left"))
    screenshot(page, "dial-phone-dark")
