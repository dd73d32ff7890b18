from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from pipelines.studio.samples import samples

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def titles(page: Page) -> list[str]:
    return page.locator("#strip .p-shot header b").all_inner_texts()


def wait_for_results(page: Page, count: int) -> Locator:
    """The pictures that are seen, once all of them are loaded."""
    shown = page.locator("#strip .p-shot img:visible")
    expect(shown).to_have_count(count)
    for index in range(count):
        page.wait_for_function(
            "image => image.naturalWidth > 0", arg=shown.nth(index).element_handle()
        )
    return shown


def choose(page: Page, label: str, option: str, nth: int = 0) -> None:
    field = page.get_by_label(label, exact=True).nth(nth)
    field.click()
    page.get_by_role("option", name=option, exact=True).click()
    expect(field).to_have_value(option)


def compare(page: Page) -> None:
    page.locator("#compare").click()


def looks_in_address(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("look", [])


def half(folder: Path) -> Path:
    path, data = folder / "half.jpg", samples()[1].path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def no_face(folder: Path) -> Path:
    path = folder / "wall.png"
    shades = np.tile(np.linspace(90, 160, 320, dtype=np.uint8), (240, 1))
    Image.fromarray(shades).save(path)
    return path


def no_picture(folder: Path) -> Path:
    path = folder / "letter.jpg"
    path.write_text("Dear all, this is no picture.")
    return path


def test_first_load_shows_a_finished_comparison(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    wait_for_results(page, 3)
    assert titles(page) == ["Original", "Japan · LinkedIn", "Nordic countries · Actor headshot"]
    captions = page.locator("#strip figcaption").all_inner_texts()
    assert re.search(r"\d\.\d° (eye contact|soft|averted)", captions[0])
    for caption in captions[1:]:
        # Always in this order.
        assert re.search(r"°.*likeness \d\.\d\d.*texture \d+ %, floor \d+", caption, re.DOTALL)
    page.wait_for_url("**look=**")
    assert [look.split("&")[0] for look in looks_in_address(page)] == [
        "region=japan",
        "region=nordic",
    ]
    screenshot(page, "first-load")


def test_compare_follows_the_choices_and_writes_the_address(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 3)
    choose(page, "Regional gaze norm", "Korea", nth=1)
    choose(page, "Context", "Executive", nth=1)
    expect(page.get_by_text("This is a design choice by analogy with Japan")).to_be_visible()
    compare(page)
    expect(page.locator("#strip header b").nth(2)).to_have_text("Korea · Executive")
    page.wait_for_url("**korea**")
    assert [look.split("&")[0] for look in looks_in_address(page)] == [
        "region=japan",
        "region=korea",
    ]


def test_a_link_fills_the_looks_and_names_the_unknown(visit: Visit) -> None:
    known = "region%3Dsoft%26context%3Dtherapist%26gaze%3D0.5"
    page = visit(f"?look={known}&look=region%3Datlantis")
    wait_for_results(page, 3)
    assert titles(page)[1] == "Soft, just past the lens · Therapist or counsellor"
    expect(page.locator("#notice")).to_contain_text("'atlantis'; ")
    expect(page.locator("#notice")).to_contain_text("is used instead.")
    expect(page.get_by_label("number input for Gaze strength").first).to_have_value("0.5")


def test_the_slider_shows_any_two(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    wait_for_results(page, 3)
    pictures = page.locator("#slider img")
    expect(pictures.nth(1)).to_be_visible()
    before = [pictures.nth(index).get_attribute("src") for index in (0, 1)]
    names = ["A · Japan · LinkedIn", "B · Nordic countries · Actor headshot"]
    shown = page.get_by_label("On the right", exact=True).input_value()
    other = next(name for name in names if name != shown)
    choose(page, "On the right", other)
    for index in (0, 1):
        if before[index] and "original" not in str(before[index]):
            expect(pictures.nth(index)).not_to_have_attribute("src", str(before[index]))
    screenshot(page, "slider")


@pytest.mark.parametrize(
    ("tab", "inside", "count"),
    [("Eyes ×4", ".p-eyes img", 6), ("Control image", "[role=tabpanel] .p-strip img", 2)],
)
def test_tabs_show_pictures(visit: Visit, tab: str, inside: str, count: int) -> None:
    page = visit()
    wait_for_results(page, 3)
    page.get_by_role("tab", name=tab).click()
    expect(page.locator(f"{inside}:visible")).to_have_count(count)


def test_numbers_have_plain_words(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    wait_for_results(page, 3)
    page.get_by_role("tab", name="Numbers").click()
    row = page.get_by_role("row", name="Likeness")
    expect(row).to_be_visible()
    assert len(re.findall(r"0\.\d{3}", row.inner_text())) == 2
    screenshot(page, "numbers")


def test_a_third_look_can_be_added_and_removed(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 3)
    expect(page.get_by_role("heading", name="Look C")).to_be_hidden()
    page.get_by_role("button", name="+ add a look").click()
    expect(page.get_by_role("heading", name="Look C")).to_be_visible()
    compare(page)
    wait_for_results(page, 4)
    page.get_by_role("button", name="remove", exact=True).click()
    expect(page.get_by_role("heading", name="Look C")).to_be_hidden()


def test_fine_control_is_empty_until_something_is_written(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 3)
    page.get_by_role("button", name="Fine control").click()
    sideways = page.get_by_label("Sideways").first
    expect(sideways).to_be_visible()
    expect(sideways).to_have_value("")
    page.wait_for_url("**look=**")
    assert looks_in_address(page)[0] == (
        "region=japan&context=linkedin&gaze=1&polish=1&engine=eye-controlnet&seed=0"
    )
    sideways.fill("-4,5")
    page.get_by_label("Blemishes").first.fill("0")
    compare(page)
    page.wait_for_url(re.compile("doses"))
    assert "&gaze=-4.5,0&" in looks_in_address(page)[0]
    assert looks_in_address(page)[0].endswith("&doses=B:0")
    sideways.fill("a lot")
    compare(page)
    expect(page.locator("#notice")).to_contain_text("'a lot' is not a number")
    # The portrait is the same: its pictures stay.
    wait_for_results(page, 3)


def test_another_photo_is_compared_at_once(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    wait_for_results(page, 3)
    first = page.locator("#strip .p-original img:visible").get_attribute("src")
    page.locator("#portrait input[type=file]").set_input_files(samples()[1].path)
    original = page.locator("#strip .p-original img:visible")
    expect(original).not_to_have_attribute("src", str(first))
    wait_for_results(page, 3)
    screenshot(page, "another-photo")


def pictures_of_people(page: Page) -> list[str]:
    """Addresses of all results: not of the portrait, the samples, and this visit's history."""
    return page.locator("#results").evaluate(
        """panel => [...panel.querySelectorAll('img, a[href*="file="]')]
          .filter(one => !one.closest('#history'))
          .map(one => one.src || one.href)"""
    )


def share_says(page: Page, sentence: str) -> None:
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Download everything").click()
    expect(page.locator("#zip [role=alert]")).to_contain_text(sentence)
    page.locator("#publish").click()
    expect(page.locator("#published [role=alert]")).to_contain_text(sentence)


@pytest.mark.parametrize(
    ("photo", "says"),
    [
        (no_face, "We can't find a face in this picture."),
        (half, "damaged or cut off"),
        (no_picture, "picture"),
    ],
)
def test_a_refused_portrait_leaves_nothing_of_the_one_before(
    visit: Visit, tmp_path: Path, screenshot: Shoot, photo: Callable[[Path], Path], says: str
) -> None:
    page = visit()
    wait_for_results(page, 3)
    page.wait_for_url("**look=**")
    address = page.url
    assert len(pictures_of_people(page)) > 5
    page.locator("#portrait input[type=file]").set_input_files(photo(tmp_path))
    alert = page.locator("#notice [role=alert]")
    expect(alert).to_contain_text(says)
    expect(page.locator("#strip img, #closer img")).to_have_count(0)
    assert pictures_of_people(page) == []
    compare(page)
    page.wait_for_function("!document.querySelector('#strip .wrap:not(.hide) .progress-level')")
    expect(alert).to_contain_text(says)
    assert pictures_of_people(page) == []
    assert "/tmp" not in page.locator("#notice").inner_text()
    assert page.url == address
    screenshot(page, f"refusal-{photo.__name__}")
    share_says(page, "There is no comparison to share yet.")
    page.locator("#portrait input[type=file]").set_input_files(samples()[1].path)
    wait_for_results(page, 3)
    expect(alert).to_have_count(0)


def test_a_cleared_portrait_leaves_nothing_behind(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    wait_for_results(page, 3)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Download everything").click()
    expect(page.get_by_role("link", name="Save the ZIP")).to_be_visible()
    page.get_by_role("button", name="Share").click()
    page.locator("#portrait").get_by_label("Remove Image").click()
    expect(page.locator("#strip img, #closer img")).to_have_count(0)
    expect(page.locator("#zip a")).to_have_count(0)
    compare(page)
    expect(page.locator("#notice [role=alert]")).to_contain_text("There is no portrait yet.")
    assert pictures_of_people(page) == []
    screenshot(page, "cleared")
    share_says(page, "There is no comparison to share yet.")


def test_changed_settings_are_said_until_they_are_compared(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    wait_for_results(page, 3)
    page.wait_for_url("**look=**")
    changed = page.get_by_text("Settings changed. Press Compare to see them.")
    expect(changed).to_have_count(0)
    page.get_by_role("button", name="+ add a look").click()
    expect(changed).to_be_visible()
    screenshot(page, "changed")
    page.get_by_role("button", name="remove", exact=True).click()
    expect(changed).to_have_count(0)
    page.get_by_role("button", name="+ add a look").click()
    expect(changed).to_be_visible()
    compare(page)
    wait_for_results(page, 4)
    expect(changed).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(visit: Visit, screenshot: Shoot, scheme: str) -> None:
    page = visit(width=390, height=844, color_scheme=scheme)
    shown = wait_for_results(page, 3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#compare")).to_be_in_viewport()
    screenshot(page, f"phone-{scheme}")
    strip = page.locator("#strip .p-strip")
    assert strip.evaluate("element => element.scrollWidth > element.clientWidth")
    shown.nth(2).scroll_into_view_if_needed()
    expect(shown.nth(2)).to_be_in_viewport()
    # The original stays beside the look that is swiped to.
    expect(shown.nth(0)).to_be_in_viewport()
    screenshot(page, f"phone-results-{scheme}")
