from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from pipelines.studio.samples import samples
from ui.page_head import OPENING

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


TWO = "?" + "&".join(
    f"look=region%3D{region}%26context%3D{context}"
    for region, context in (("japan", "linkedin"), ("nordic", "actor"))
)
"""A link to two looks; without one the page opens with a single look."""


def titles(page: Page) -> list[str]:
    return page.locator("#strip .p-shot header b").all_inner_texts()


def wait_for_results(page: Page, count: int) -> Locator:
    """The pictures that are seen, the photo among them, once all of them are loaded."""
    shown = page.locator("#strip .p-picture img:visible")
    expect(shown).to_have_count(count)
    # The pictures that come with the page stand before its states are set.
    page.wait_for_function(
        "mark => !document.getElementById('strip').innerHTML.includes(mark)", arg=OPENING
    )
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


def move(page: Page, slider: str, value: float, nth: int = 0) -> None:
    """As a hand does: what a slider says while it moves is an input event."""
    page.get_by_label(f"range slider for {slider}").nth(nth).evaluate(
        """(slider, value) => {
          slider.value = value;
          slider.dispatchEvent(new Event('input', { bubbles: true }));
        }""",
        value,
    )


def add_look(page: Page) -> None:
    page.get_by_role("button", name="+ compare with another look").click()


def open_more(page: Page) -> None:
    """What is folded away under the results."""
    page.locator("#more > button.label-wrap").click()
    expect(page.locator("#closer")).to_be_visible()


def open_tab(page: Page, name: str) -> None:
    tab = page.locator("#closer").get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():
        open_more(page)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")


def at_rest(page: Page) -> None:
    """Nothing is under way that could be stopped."""
    expect(page.locator("#page.p-busy")).to_have_count(0)
    expect(page.locator("#stop")).to_be_hidden()


def settle_after(page: Page, change: Callable[[], object]) -> None:
    """Change something, and wait until what follows from it is over."""
    with page.expect_request(re.compile("queue/join"), timeout=90_000):
        change()
    at_rest(page)


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


def test_first_sight_is_a_photo_that_looks_away_and_the_way_back(
    visit: Visit, screenshot: Shoot
) -> None:
    page = visit()
    wait_for_results(page, 2)
    assert titles(page) == ["Original", "International · LinkedIn"]
    captions = page.locator("#strip .p-caption")
    expect(captions).to_have_count(2)
    expect(captions.nth(0)).to_contain_text(re.compile(r"\d+\.\d° averted"))
    expect(captions.nth(1)).to_contain_text(re.compile(r"\d\.\d° eye contact"))
    # The numbers are a click away, always in this order.
    likeness = captions.nth(1).get_by_text("change of the face", exact=True)
    expect(likeness).to_be_hidden()
    captions.nth(1).locator("summary").click()
    expect(likeness).to_be_visible()
    assert re.search(
        r"°.*change of the face \d\.\d\d.*texture \d+\s%, floor \d+",
        captions.nth(1).inner_text(),
        re.DOTALL,
    )
    for part in ("img.p-eyes-strip", "img.p-skin"):
        expect(page.locator(f"#strip {part}:visible")).to_have_count(2)
    expect(page.locator("#uses img:visible").first).to_be_visible()
    page.wait_for_url("**look=**")
    assert [look.split("&")[0] for look in looks_in_address(page)] == ["region=international"]
    screenshot(page, "first-load")


def test_the_line_between_photo_and_look_follows_keys_and_pointer(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 2)
    strip, line = page.locator("#strip .p-solo"), page.locator("#strip .p-split-range")
    for key, at in (("Home", 0), ("ArrowRight", 1), ("End", 100)):
        line.press(key)
        expect(strip).to_have_attribute("style", re.compile(rf"--at: {at}%"))
    # Without a photo under it the whole look is seen, and the other way round.
    look = page.locator("#strip .p-shot:not(.p-original) .p-picture")
    assert "100%" in look.evaluate("one => getComputedStyle(one).clipPath")
    line.press("Home")
    box = page.locator("#strip .p-split").bounding_box()
    assert box
    page.mouse.move(box["x"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.up()
    expect(strip).to_have_attribute("style", re.compile(r"--at: (29|30)(\.\d+)?%"))
    # The line was dragged, and nothing was aimed.
    expect(page.locator(".p-own-aim")).to_be_hidden()
    # It stays there when the look changes.
    choose(page, "Who will see it", "Korea")
    expect(page.locator("#strip header b").nth(1)).to_have_text("Korea · LinkedIn")
    expect(page.locator(".p-preview")).to_have_count(0)
    expect(strip).to_have_attribute("style", re.compile(r"--at: (29|30)(\.\d+)?%"))


def test_results_follow_the_choices_and_write_the_address(visit: Visit) -> None:
    page = visit(TWO)
    wait_for_results(page, 3)
    choose(page, "Who will see it", "Korea", nth=1)
    choose(page, "What it is for", "Executive", nth=1)
    expect(page.get_by_text("This is a design choice by analogy with Japan")).to_be_visible()
    expect(page.locator("#strip header b").nth(2)).to_have_text("Korea · Executive")
    page.wait_for_url(re.compile("korea%26context%3Dexecutive"))
    assert [look.split("&")[0] for look in looks_in_address(page)] == [
        "region=japan",
        "region=korea",
    ]


def test_a_page_is_published_when_its_pictures_are_those_asked_for(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 2)
    page.get_by_role("button", name="Share").click()
    publish = page.locator("#publish")
    expect(publish).to_have_css("pointer-events", "auto")
    page.evaluate("document.getElementById('page').classList.add('p-busy')")
    expect(publish).to_have_css("pointer-events", "none")


def test_several_looks_stand_in_a_row_and_are_judged(visit: Visit, screenshot: Shoot) -> None:
    page = visit(TWO)
    shown = wait_for_results(page, 3)
    assert titles(page) == ["Original", "Japan · LinkedIn", "Nordic countries · Actor headshot"]
    expect(page.locator("#strip .p-split")).to_have_count(0)
    boxes = [box for box in (one.bounding_box() for one in shown.all()) if box]
    assert len({round(box["y"]) for box in boxes}) == 1
    assert boxes[0]["x"] < boxes[1]["x"] < boxes[2]["x"]
    verdict = page.locator("#strip .p-verdict")
    expect(verdict).to_contain_text("which one suits its purpose is yours to judge")
    # None is the winner; what sets one apart is said of that one.
    choose(page, "What it is for", "ID or passport", nth=1)
    for letter, count in (("B", 1), ("A", 0)):
        badges = page.locator(f"#strip figure[data-letter={letter}] .p-badge")
        expect(badges.filter(has_text="least changed")).to_have_count(count)
    expect(verdict).to_contain_text("B: least changed. B is the photo itself")
    screenshot(page, "several-looks")


def test_a_link_fills_the_looks_and_names_the_unknown(visit: Visit) -> None:
    known = "region%3Dsoft%26context%3Dtherapist%26gaze%3D0.5"
    page = visit(f"?look={known}&look=region%3Datlantis")
    wait_for_results(page, 3)
    assert titles(page)[1] == "Soft, just past the lens · Therapist or counsellor"
    expect(page.locator("#notice")).to_contain_text("'atlantis'; ")
    expect(page.locator("#notice")).to_contain_text("is used instead.")
    expect(page.get_by_label("number input for Gaze").first).to_have_value("50")


def test_a_sent_link_shows_no_face_until_there_is_one(visit: Visit, screenshot: Shoot) -> None:
    page = visit("?sent=1&look=region%3Dkorea%26context%3Dexecutive")
    expect(page.locator("#notice")).to_contain_text("These settings were sent without a photo.")
    expect(page.get_by_label("Who will see it", exact=True)).to_have_value("Korea")
    at_rest(page)
    expect(page.locator("#strip img, #uses img, #portrait img")).to_have_count(0)
    open_more(page)
    assert pictures_of_people(page) == []
    expect(page.locator("#notice")).to_contain_text("Add yours to see them on it.")
    screenshot(page, "sent-link")
    page.locator("#portrait input[type=file]").set_input_files(samples()[1].path)
    wait_for_results(page, 2)
    assert titles(page)[1] == "Korea · Executive"
    expect(page.locator("#notice")).not_to_contain_text("without a photo")


def test_the_control_image_is_shown(visit: Visit) -> None:
    page = visit(TWO)
    wait_for_results(page, 3)
    open_tab(page, "Control image")
    expect(page.locator("#closer [role=tabpanel] .p-strip img:visible")).to_have_count(2)


def test_numbers_have_plain_words(visit: Visit, screenshot: Shoot) -> None:
    page = visit(TWO)
    wait_for_results(page, 3)
    open_tab(page, "Numbers")
    row = page.get_by_role("row", name="Change of the face")
    expect(row).to_be_visible()
    assert len(re.findall(r"0\.\d{3}", row.inner_text())) == 2
    screenshot(page, "numbers")


def test_looks_are_added_and_removed_and_results_follow(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 2)
    # A single look needs no name.
    expect(page.get_by_role("heading", name="Look A")).to_be_hidden()
    choose(page, "What it is for", "Executive")
    page.wait_for_url("**executive**")
    for index, letter in enumerate("BC"):
        add_look(page)
        expect(page.get_by_role("heading", name=f"Look {letter}")).to_be_visible()
        wait_for_results(page, index + 3)
    # Each is a copy, in which one thing is changed.
    verdict = page.locator(".p-verdict")
    expect(verdict).to_have_text("A, B and C are the same look: change one of them.")
    assert titles(page) == ["Original", *3 * ["International · Executive"]]
    choose(page, "Who will see it", "Japan", nth=1)
    page.wait_for_url("**japan**")
    expect(verdict).to_contain_text("A and C are the same look")
    expect(page.get_by_role("heading", name="Look A")).to_be_visible()
    page.wait_for_url("**look=**look=**look=**")
    for left in (2, 1):
        page.get_by_role("button", name="remove", exact=True).locator("visible=true").last.click()
        wait_for_results(page, left + 1)
    expect(page.locator("#strip .p-split")).to_be_visible()
    expect(page.get_by_role("heading", name="Look B")).to_be_hidden()
    page.wait_for_url(lambda address: address.count("look=") == 1)


def test_fine_control_is_empty_until_something_is_written(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 2)
    page.get_by_role("button", name="Fine control").click()
    sideways = page.get_by_label("Sideways").first
    expect(sideways).to_be_visible()
    expect(sideways).to_have_value("")
    page.wait_for_url("**look=**")
    assert looks_in_address(page)[0] == (
        "region=international&context=linkedin&gaze=1&polish=1&engine=eye-controlnet&seed=0"
    )
    # As pasted: it counts once the field is left.
    sideways.fill("-4,5")
    sideways.press("Tab")
    expect(sideways).to_have_value("-4,5")
    move(page, "Blemishes", 0)
    page.wait_for_url(re.compile("gaze%3D-4.*doses"))
    assert "&gaze=-4.5,0&" in looks_in_address(page)[0]
    assert looks_in_address(page)[0].endswith("&doses=B:0")
    choose(page, "What it is for", "Executive")
    page.wait_for_url(re.compile("executive"))
    assert "doses" not in looks_in_address(page)[0]
    at_rest(page)
    address, changed = page.url, page.locator(".p-wrong").first
    expect(changed).to_have_text("")
    sideways.fill("")
    # As typed: it counts at once.
    sideways.press_sequentially("a lot")
    expect(changed).to_contain_text("Look A: 'a lot' is not a number.")
    # The results are those of the settings before, and their pictures stay.
    wait_for_results(page, 2)
    assert page.url == address
    sideways.fill("")
    sideways.press_sequentially("3")
    page.wait_for_url(re.compile("gaze%3D3"))
    expect(changed).to_have_text("")


def test_another_photo_is_compared_at_once(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    wait_for_results(page, 2)
    original = page.locator("#strip .p-original .p-picture img:visible")
    first = original.get_attribute("src")
    page.locator("#portrait input[type=file]").set_input_files(samples()[1].path)
    expect(original).not_to_have_attribute("src", str(first))
    wait_for_results(page, 2)
    screenshot(page, "another-photo")


def test_a_sample_is_one_click_away(visit: Visit) -> None:
    page = visit()
    wait_for_results(page, 2)
    expect(page.locator("#seen")).to_contain_text("We turned her eyes away")
    page.get_by_role("button", name="Grace Hopper").click()
    expect(page.locator("#seen")).not_to_contain_text("We turned her eyes away")
    expect(page.locator("#seen")).to_contain_text("The gaze in this photo")
    expect(page.locator("#strip .p-original .p-caption")).to_be_visible()
    wait_for_results(page, 2)


def pictures_of_people(page: Page) -> list[str]:
    """Addresses of all results: not of the portrait, the samples, and this visit's history."""
    return [
        address
        for part in page.locator("#results, #more").all()
        for address in part.evaluate(
            """panel => [...panel.querySelectorAll('img, a[href*="file="]')]
              .filter(one => !one.closest('#history'))
              .map(one => one.src || one.href)"""
        )
    ]


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
def test_a_refused_portrait_leaves_the_one_before(
    visit: Visit, tmp_path: Path, screenshot: Shoot, photo: Callable[[Path], Path], says: str
) -> None:
    page = visit()
    wait_for_results(page, 2)
    page.wait_for_url("**look=**")
    address, portrait = page.url, page.locator("#portrait img").first
    source = str(portrait.get_attribute("src"))
    page.locator("#portrait input[type=file]").set_input_files(photo(tmp_path))
    alert = page.locator("#notice [role=alert]")
    expect(alert).to_contain_text(says)
    expect(portrait).to_have_attribute("src", source)
    wait_for_results(page, 2)
    at_rest(page)
    expect(alert).to_contain_text(says)
    assert "/tmp" not in alert.inner_text()
    assert page.url == address
    screenshot(page, f"refusal-{photo.__name__}")
    # It can be worked on as before.
    settle_after(page, lambda: add_look(page))
    wait_for_results(page, 3)
    expect(alert).to_have_count(0)


def test_a_refused_first_portrait_leaves_nothing(visit: Visit, tmp_path: Path) -> None:
    page = visit("?sent=1&look=region%3Dkorea%26context%3Dexecutive")
    expect(page.locator("#notice")).to_contain_text("These settings were sent without a photo.")
    at_rest(page)
    page.locator("#portrait input[type=file]").set_input_files(no_face(tmp_path))
    alert = page.locator("#notice [role=alert]")
    expect(alert).to_contain_text("We can't find a face in this picture.")
    at_rest(page)
    expect(page.locator("#strip img, #portrait img")).to_have_count(0)
    settle_after(page, lambda: add_look(page))
    expect(alert).to_contain_text("We can't find a face in this picture.")
    assert pictures_of_people(page) == []
    share_says(page, "There is no result to share yet.")
    page.locator("#portrait input[type=file]").set_input_files(samples()[1].path)
    wait_for_results(page, 3)
    expect(alert).to_have_count(0)


def test_a_cleared_portrait_leaves_nothing_behind(visit: Visit, screenshot: Shoot) -> None:
    page = visit()
    wait_for_results(page, 2)
    open_tab(page, "Difference")
    expect(page.locator("#closer img").first).to_be_visible()
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Download everything").click()
    expect(page.get_by_role("link", name="Save the ZIP")).to_be_visible()
    page.get_by_role("button", name="Share").click()
    page.locator("#portrait").get_by_label("Remove Image").click()
    expect(page.locator("#strip img, #closer img, #uses img")).to_have_count(0)
    expect(page.locator("#zip a")).to_have_count(0)
    expect(page.locator("#seen")).to_have_text("")
    settle_after(page, lambda: add_look(page))
    assert pictures_of_people(page) == []
    screenshot(page, "cleared")
    share_says(page, "There is no result to share yet.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_results_first_and_needs_no_sideways_scrolling(
    visit: Visit, screenshot: Shoot, scheme: str
) -> None:
    page = visit(width=390, height=844, color_scheme=scheme)
    wait_for_results(page, 2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#strip .p-split")).to_be_in_viewport(ratio=0.9)
    # Before and after are seen at once, and nothing lies over them.
    eyes = page.locator("#strip .p-eyes-strip")
    expect(eyes).to_have_count(2)
    for one in eyes.all():
        one.hover(trial=True)
        expect(one).to_be_in_viewport(ratio=1)
    own = page.get_by_role("button", name="Use your own photo")
    expect(own).to_be_in_viewport()
    with page.expect_file_chooser():
        own.click()
    screenshot(page, f"phone-{scheme}")
    add_look(page)
    shown = wait_for_results(page, 3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    strip = page.locator("#strip .p-strip")
    assert strip.evaluate("element => element.scrollWidth > element.clientWidth")
    shown.nth(2).scroll_into_view_if_needed()
    expect(shown.nth(2)).to_be_in_viewport()
    # The original stays beside the look that is swiped to.
    expect(shown.nth(0)).to_be_in_viewport()
    screenshot(page, f"phone-results-{scheme}")


@pytest.mark.parametrize(
    ("width", "height", "locale"), [(390, 844, "en-US"), (390, 844, "de-DE"), (360, 740, "de-DE")]
)
def test_a_phone_shows_picture_audience_purpose_and_share_at_once(
    visit: Visit, screenshot: Shoot, width: int, height: int, locale: str
) -> None:
    page = visit(width=width, height=height, locale=locale, has_touch=True, is_mobile=True)
    wait_for_results(page, 2)
    parts = ["#strip .p-split", "#strip [data-aim]", ".p-look > .form input", "#share > button"]
    shown = [one for part in parts for one in page.locator(part).all()]
    assert len(shown) == 6
    for one in shown:
        expect(one).to_be_in_viewport(ratio=1)
    # Nothing lies over another.
    boxes = sorted(
        (box["y"], box["y"] + box["height"]) for one in shown if (box := one.bounding_box())
    )
    rows = list(dict.fromkeys(boxes))
    assert [one for one, after in pairwise(rows) if one[1] > after[0] and one[0] != after[0]] == []
    screenshot(page, f"phone-first-{width}-{locale}")
    # What changed in the picture follows, and the lists stay at hand until they are reached.
    page.locator("#strip .p-eyes-strip").first.scroll_into_view_if_needed()
    expect(page.locator("#strip .p-eyes-strip").first).to_be_in_viewport(ratio=0.95)
    expect(page.locator("#share > button")).to_be_in_viewport(ratio=1)
    page.locator("#share > button").click()
    expect(page.locator("#publish")).to_be_in_viewport(ratio=1)
