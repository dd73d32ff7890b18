"""Explanations, and the closer looks in the tabs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_page import (
    TWO,
    add_look,
    at_rest,
    move,
    open_more,
    open_tab,
    wait_for_results,
)

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


def compared(page: Page) -> Page:
    wait_for_results(page, 3)
    page.wait_for_url("**seed**")
    return page


def loaded(page: Page, images: Locator, count: int) -> None:
    expect(images).to_have_count(count)
    for index in range(count):
        page.wait_for_function(
            "image => image.complete && image.naturalWidth > 0",
            arg=images.nth(index).element_handle(),
        )


def term(page: Page, of: str) -> Locator:
    return page.locator(f"#strip [popovertarget='meaning-{of}']").first


@pytest.mark.long
def test_a_term_opens_by_key_and_by_pointer_and_moves_nothing(
    visit: Visit, screenshot: Shoot
) -> None:
    page = compared(visit(TWO))
    for summary in page.locator("#strip .p-measured summary").all():
        summary.click()
    likeness, meaning = term(page, "likeness"), page.locator("#meaning-likeness")
    before = likeness.bounding_box()
    likeness.focus()
    page.keyboard.press("Enter")
    expect(meaning).to_be_visible()
    expect(meaning).to_contain_text("0 is the same face, 0.6 someone else")
    expect(meaning.get_by_role("link", name="King 2017, dlib")).to_be_visible()
    assert likeness.bounding_box() == before
    # Beside its term, and its link is the next stop.
    box = meaning.bounding_box()
    assert box
    assert before
    assert abs(box["y"] - before["y"]) < 40 + box["height"]
    page.keyboard.press("Tab")
    expect(meaning.get_by_role("link")).to_be_focused()
    screenshot(page, "meaning")
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    expect(likeness).to_be_focused()
    term(page, "texture").hover()
    expect(page.locator("#meaning-texture")).to_be_visible()
    # A click keeps what the pointer opened.
    term(page, "texture").click()
    page.mouse.move(5, 5)
    page.wait_for_timeout(500)
    expect(page.locator("#meaning-texture")).to_be_visible()
    page.mouse.click(5, 5)
    expect(page.locator("#meaning-texture")).to_be_hidden()


def test_a_phone_reads_meanings_numbers_and_all_tabs(visit: Visit, screenshot: Shoot) -> None:
    page = compared(visit(TWO, **PHONE))
    term(page, "gaze").tap()
    meaning = page.locator("#meaning-gaze")
    expect(meaning).to_be_in_viewport(ratio=1)
    screenshot(page, "meaning-phone")
    page.touchscreen.tap(4, 60)
    expect(meaning).to_be_hidden()
    open_more(page)
    tabs = page.get_by_role("tab", name=re.compile("^(Gaze dial|Numbers|What counts as skin)$"))
    expect(tabs).to_have_count(3)
    for tab in tabs.all():
        box = tab.bounding_box()
        assert box
        assert 0 <= box["x"] < box["x"] + box["width"] <= 390
    tabs.filter(has_text="Numbers").tap()
    table = page.get_by_role("table", name="All measurements")
    expect(table).to_be_visible()
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    likeness = page.get_by_role("row", name="Change of the face")
    for cell in likeness.get_by_role("cell").all():
        box = cell.bounding_box()
        assert box
        assert box["x"] + box["width"] <= 390
    assert likeness.get_by_role("cell").nth(1).get_attribute("data-of") == "A"
    screenshot(page, "numbers-phone")
    dots = page.locator("#strip .p-dots button")
    expect(dots).to_have_count(2)
    page.evaluate("scrollTo(0, 0)")
    for one in (dots.first, page.locator("#strip .p-shot[data-letter=A] .p-picture")):
        expect(one).to_be_in_viewport(ratio=1)
    dots.nth(1).tap()
    expect(dots.nth(1)).to_have_attribute("aria-current", "true")
    expect(dots.nth(0)).to_have_attribute("aria-current", "false")
    page.wait_for_function(
        """() => {
          const [first, , last] = [...document.querySelectorAll('#strip .p-shot')]
            .map((one) => one.getBoundingClientRect());
          return first.right <= last.left && last.right <= innerWidth;
        }"""
    )
    # A look that is added is the one that is seen.
    dots.nth(0).tap()
    expect(dots.nth(0)).to_have_attribute("aria-current", "true")
    add_look(page)
    expect(dots).to_have_count(3)
    expect(dots.nth(2)).to_have_attribute("aria-current", "true")


def test_eyes_and_skin_stand_under_every_picture_cut_at_one_place(
    visit: Visit, screenshot: Shoot
) -> None:
    page = compared(visit(TWO))
    for part in ("img.p-eyes-strip", "img.p-skin"):
        images = page.locator(f"#strip {part}:visible")
        images.first.scroll_into_view_if_needed()
        loaded(page, images, 3)
        boxes = [box for box in (one.bounding_box() for one in images.all()) if box]
        assert len({round(box["width"]) for box in boxes}) == 1
        assert boxes[0]["x"] < boxes[1]["x"] < boxes[2]["x"]
        sizes = {
            tuple(image.evaluate("image => [image.naturalWidth, image.naturalHeight]"))
            for image in images.all()
        }
        assert len(sizes) == 1
    eyes = [str(one.get_attribute("src")) for one in page.locator("img.p-eyes-strip").all()]
    assert len(set(eyes)) == 3
    screenshot(page, "eyes-and-skin")


def test_differences_are_shown_where_the_eye_sees_them_and_follow_the_looks(
    visit: Visit, screenshot: Shoot
) -> None:
    page = compared(visit(TWO))
    open_tab(page, "Difference")
    pictures = page.locator(".p-difference img:visible")
    loaded(page, pictures, 2)
    expect(page.get_by_text(re.compile(r"% of this picture differs visibly")).first).to_be_visible()
    where = str(pictures.first.get_attribute("src"))
    screenshot(page, "difference-where")
    page.get_by_text("Whole photo", exact=True).click()
    expect(pictures.first).not_to_have_attribute("src", where)
    whole = str(pictures.first.get_attribute("src"))
    move(page, "Polish", 0)
    expect(pictures.first).not_to_have_attribute("src", whole)
    unpolished = str(pictures.first.get_attribute("src"))
    at_rest(page)
    # The same looks once more: the same pictures, not a place that stays empty.
    page.evaluate("document.getElementById('settle').click()")
    at_rest(page)
    expect(page.get_by_text("Measuring", exact=True)).to_have_count(0)
    expect(pictures.first).to_have_attribute("src", unpolished)
    page.locator("#portrait").get_by_label("Remove Image").click()
    expect(page.locator("#strip img, .p-difference img")).to_have_count(0)


def test_the_photo_is_judged_by_itself_and_its_brightness_shown(
    visit: Visit, screenshot: Shoot
) -> None:
    page = compared(visit(TWO))
    open_tab(page, "Numbers")
    expect(page.get_by_role("heading", name="This photo by itself")).to_be_visible()
    expect(page.get_by_text("None of these tells today’s generated faces")).to_be_visible()
    assert re.search(r"Sharpness\s+\d+\s", page.get_by_role("row", name="Sharpness").inner_text())
    open_tab(page, "Histogram")
    drawings = page.get_by_role("img", name=re.compile("^Brightness of Skin of the face, A"))
    expect(drawings).to_be_visible()
    screenshot(page, "histogram")
