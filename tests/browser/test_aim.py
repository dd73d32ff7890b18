"""Aiming on the face itself: by pointer, by keys, by two buttons, and the way back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_page import TWO, choose, looks_in_address, wait_for_results

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

# As in ui/js/aim.js.
EYES_MM, SCREEN_MM = 63, 300


def stage(page: Page) -> Locator:
    """What is aimed on where a single look lies over the photo, once it can be."""
    wait_for_results(page, 2)
    page.wait_for_url("**look=**")
    found = page.locator("#strip .p-split")
    expect(found).to_have_attribute("data-aims", "A")
    found.scroll_into_view_if_needed()
    return found


def spot(on: Locator, yaw: float, pitch: float) -> tuple[float, float]:
    """Where a gaze meets the picture, in pixels of the window."""
    box = on.bounding_box()
    assert box
    x, y, apart = on.evaluate("one => one.closest('.p-strip').dataset.close.split(' ').map(Number)")
    pixels = SCREEN_MM * apart * box["width"] / EYES_MM
    return (
        box["x"] + x * box["width"] + math.tan(math.radians(yaw)) * pixels,
        box["y"] + y * box["height"] - math.tan(math.radians(pitch)) * pixels,
    )


def own_aim(page: Page, letter: str = "A") -> Locator:
    return page.locator(f".p-own-aim[data-letter={letter}]")


def act(page: Page, name: str, letter: str = "A") -> Locator:
    return page.locator(f'#strip figure[data-letter="{letter}"]').get_by_role("button", name=name)


def test_a_drag_on_the_face_aims_and_there_is_a_way_back(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    face = stage(page)
    expect(own_aim(page)).to_be_hidden()
    page.mouse.move(*spot(face, 2, -10))
    page.mouse.down()
    for yaw in (5, 8, 12):
        page.mouse.move(*spot(face, yaw, -6))
    ring = face.locator(".p-aim")
    expect(ring).to_have_text(re.compile(r"1[12]\.\d° to the right, [56]\.\d° down"))
    # The picture is not replaced under the pointer, but shows at once where the eyes go.
    look = page.locator("#strip figure[data-letter=A]")
    expect(look).to_have_class(re.compile("p-preview"))
    expect(look.locator(".p-eyes-strip")).to_have_attribute("src", re.compile("^data:image/jpeg"))
    screenshot(page, "aim-drag")
    page.mouse.up()
    expect(own_aim(page)).to_contain_text(re.compile(r"Own aim: 1[12]\.\d° to the right"))
    page.wait_for_url(re.compile(r"gaze%3D1[12]"))
    assert re.search(r"&gaze=1[12](\.\d)?,-[56](\.\d)?&", looks_in_address(page)[0])
    expect(page.locator("#strip header b").nth(1)).to_have_text(
        re.compile(r"1[12]\.\d° to the right, [56]\.\d° down · LinkedIn")
    )
    expect(page.locator(".p-preview")).to_have_count(0)
    own_aim(page).get_by_role("button", name="Back to International").click()
    expect(own_aim(page)).to_be_hidden()
    page.wait_for_url(re.compile("gaze%3D1%26"))
    expect(page.locator("#strip header b").nth(1)).to_have_text("International · LinkedIn")


def test_arrow_keys_home_and_escape_aim_on_the_face(visit: Visit) -> None:
    page = visit("?look=region%3Djapan")
    face = stage(page)
    face.focus()
    page.keyboard.press("Home")
    expect(face).to_have_attribute("aria-label", re.compile("into the lens"))
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(face).to_have_attribute("aria-label", re.compile("3.0° to the right, 2.0° down"))
    page.wait_for_url(re.compile("gaze%3D3%2C-2"))
    expect(own_aim(page)).to_contain_text("Own aim: 3.0° to the right, 2.0° down.")
    # The picture was made anew, and keys still lead on from here.
    face = stage(page)
    face.focus()
    page.keyboard.press("Escape")
    expect(own_aim(page)).to_be_hidden()
    page.wait_for_url(re.compile("gaze%3D1%26"))


def test_an_aim_goes_no_further_than_the_eyes(visit: Visit) -> None:
    page = visit()
    face = stage(page)
    page.mouse.move(*spot(face, 2, -10))
    page.mouse.down()
    for pitch in (-15, -30):
        page.mouse.move(*spot(face, 2, pitch))
    ring = face.locator(".p-aim")
    expect(ring).to_have_text(re.compile(r"1\d\.\d° down, these eyes turn no further"))
    page.mouse.up()
    page.wait_for_url(re.compile(r"gaze%3D2(\.\d)?%2C-1"))
    # What was asked is within reach, so nothing is said to be beyond it.
    expect(page.locator(".p-preview")).to_have_count(0)
    expect(page.locator("#strip .p-caption").nth(1)).not_to_contain_text("at best")


def test_buttons_look_into_the_lens_or_leave_the_eyes_alone(visit: Visit) -> None:
    page = visit("?look=region%3Djapan")
    stage(page)
    act(page, "Into the lens").click()
    page.wait_for_url(re.compile("gaze%3D0%2C0"))
    expect(page.locator("#strip header b").nth(1)).to_have_text("Into the lens · LinkedIn")
    expect(act(page, "Into the lens")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#strip .p-caption").nth(1)).to_contain_text("eye contact")
    act(page, "As photographed").click()
    page.wait_for_url(re.compile("gaze%3D0%26"))
    expect(page.locator("#strip header b").nth(1)).to_have_text("As photographed · LinkedIn")
    expect(act(page, "As photographed")).to_have_attribute("aria-pressed", "true")
    expect(act(page, "Into the lens")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#strip .p-caption").nth(1)).to_contain_text("averted")
    expect(own_aim(page)).to_be_hidden()


def test_who_picks_an_audience_gets_its_gaze(visit: Visit) -> None:
    page = visit("?look=region%3Djapan%26gaze%3D12%2C4")
    stage(page)
    expect(own_aim(page)).to_contain_text("Own aim: 12.0° to the right, 4.0° up.")
    choose(page, "Who will see it", "Korea")
    page.wait_for_url(re.compile(r"korea%26context%3Dlinkedin%26gaze%3D1%26"))
    expect(own_aim(page)).to_be_hidden()
    expect(page.locator("#strip header b").nth(1)).to_have_text("Korea · LinkedIn")
    # After the eyes were left alone, too.
    act(page, "As photographed").click()
    page.wait_for_url(re.compile("gaze%3D0%26"))
    choose(page, "Who will see it", "Japan")
    page.wait_for_url(re.compile(r"japan%26context%3Dlinkedin%26gaze%3D1%26"))


def test_an_own_aim_is_for_one_photo(visit: Visit) -> None:
    page = visit("?look=region%3Djapan%26gaze%3D12%2C4")
    stage(page)
    expect(own_aim(page)).to_be_visible()
    page.locator("button[data-index]").nth(2).click()
    page.wait_for_url(re.compile(r"japan%26context%3Dlinkedin%26gaze%3D1%26"))
    expect(page.locator("#strip header b").nth(1)).to_have_text("Japan · LinkedIn")
    expect(own_aim(page)).to_be_hidden()


def test_each_of_several_looks_is_aimed_on_its_own_picture(visit: Visit) -> None:
    page = visit(TWO)
    wait_for_results(page, 3)
    page.wait_for_url("**seed**")
    face = page.locator("#strip figure[data-letter=B] .p-picture")
    expect(face).to_have_attribute("data-aims", "B")
    face.scroll_into_view_if_needed()
    page.mouse.click(*spot(face, -9, 3))
    expect(own_aim(page, "B")).to_contain_text(re.compile(r"(8\.9|9\.\d)° to the left"))
    page.wait_for_url(re.compile(r"actor%26gaze%3D-[89]"))
    expect(own_aim(page, "A")).to_be_hidden()
    assert "&gaze=1&" in looks_in_address(page)[0]
    # Nobody aims on the photo.
    expect(page.locator("#strip .p-original [data-aims]")).to_have_count(0)


def test_a_finger_moves_the_point_from_where_it_is(visit: Visit) -> None:
    page = visit(width=390, height=844, has_touch=True, is_mobile=True)
    face = stage(page)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    (x, y), (lens, _), (right, _) = (spot(face, *to) for to in ((2, -12), (0, 0), (6, 0)))
    touch("touchStart", (x, y))
    ring = face.locator(".p-aim")
    expect(ring).to_have_class(re.compile("p-held"))
    expect(ring).to_have_text("into the lens")
    for share in (0.5, 1.0):
        touch("touchMove", (x + share * (right - lens), y))
    expect(ring).to_have_text(re.compile(r"^(5\.9|6\.\d)° to the right$"))
    touch("touchEnd")
    expect(own_aim(page)).to_contain_text(re.compile(r"(5\.9|6\.\d)° to the right\."))


def test_a_mouse_takes_hold_of_the_point_or_sets_it_elsewhere(visit: Visit) -> None:
    page = visit()
    face = stage(page)
    ring = face.locator(".p-aim")
    x, y = spot(face, 0, 0)
    page.mouse.move(x + 9, y + 6)
    page.mouse.down()
    expect(ring).to_have_text("into the lens")
    page.mouse.move(x + 9 + spot(face, 6, 0)[0] - x, y + 6)
    expect(ring).to_have_text(re.compile(r"^(5\.9|6\.\d)° to the right$"))
    page.mouse.up()
    page.mouse.click(*spot(face, -6, -3))
    expect(own_aim(page)).to_contain_text(re.compile("6.0° to the left, 3.0° down"))
