"""What only a browser shows: two clicks, a reload in mid-run, the way back, two people at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Browser, Page, expect

from pipelines.runtime.errors import Cancelled
from pipelines.studio.samples import samples
from tests.browser.test_page import at_rest as nothing_to_stop
from tests.browser.test_page import choose, wait_for_results
from tests.hostile.sequences import Scene
from tests.hostile.site import launched
from tests.hostile.visitor import Page as Plan

Visit = Callable[..., Page]


def photo(folder: Path, name: str, width: int) -> Path:
    path = folder / name
    with Image.open(samples()[1].path) as image:
        image.resize((width, round(width * image.height / image.width))).save(path, quality=90)
    return path


def pictures(page: Page) -> list[str]:
    """Addresses of all pictures in the results."""
    shown = page.locator("#strip img")
    return [str(shown.nth(index).get_attribute("src")) for index in range(shown.count())]


def at_rest(page: Page) -> None:
    """Nothing spins, and there is nothing to stop."""
    nothing_to_stop(page)
    # Gradio leaves some trackers where they were, faded out.
    turning = [f".wrap:not(.hide) > {one}:visible" for one in (".eta-bar", ".progress-text")]
    expect(page.locator(", ".join(turning))).to_have_count(0)


def settle(page: Page, times: int = 1) -> None:
    """What a control does that was moved and rests: it has the results made."""
    page.evaluate("times => { while (times--) document.getElementById('settle').click(); }", times)


def audience(page: Page, option: str) -> None:
    choose(page, "Who will see it", option)


@pytest.mark.long
def test_clicks_stops_reloads_and_the_way_back(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    wait_for_results(page, 2)
    first = page.locator("#strip img").first
    sample = str(first.get_attribute("src"))
    page.locator("input[type=file]").first.set_input_files(photo(tmp_path, "own.jpg", 1200))
    expect(first).not_to_have_attribute("src", sample)
    wait_for_results(page, 2)
    at_rest(page)

    # Three times in one go is once: the first answer is still on its way.
    audience(page, "Korea")
    settle(page, 3)
    expect(page.locator("#strip .p-shot header b").nth(1)).to_have_text("Korea · LinkedIn")
    expect(page.locator(".p-preview")).to_have_count(0)
    at_rest(page)
    expect(page.locator("#history li button")).to_have_count(2)

    # Stopped in mid-run: nothing spins, pictures stay, and the next move works.
    audience(page, "South Asia")
    settle(page)
    stop = page.locator("#stop")
    expect(stop).to_be_visible()
    stop.click()
    at_rest(page)
    wait_for_results(page, 2)
    expect(page.locator(".p-preview")).to_have_count(0)
    audience(page, "Japan")
    expect(page.locator("#strip .p-shot header b").nth(1)).to_have_text("Japan · LinkedIn")
    page.wait_for_url("**japan**")
    at_rest(page)

    # Reloaded in mid-run: a page like any other, and the photo is still theirs.
    audience(page, "Korea")
    settle(page)
    page.reload()
    expect(page.locator("#portrait img").first).to_have_attribute("src", re.compile("own.jpg"))
    wait_for_results(page, 2)
    at_rest(page)

    # Published, looked at in the same tab, and back.
    page.get_by_role("button", name="Share").click()
    page.locator("#publish").click()
    link = page.locator(".p-public")
    expect(link).to_have_value(re.compile("/s/"))
    page.goto(link.input_value())
    expect(page.locator("h1")).to_be_visible()
    page.go_back()
    wait_for_results(page, 2)
    at_rest(page)
    audience(page, "Nordic countries")
    expect(page.locator("#strip .p-shot header b").nth(1)).to_have_text(
        "Nordic countries · LinkedIn"
    )
    at_rest(page)


def test_two_people_at_once_see_their_own(visit: Visit, tmp_path: Path) -> None:
    people = [visit(), visit()]
    before = []
    for index, page in enumerate(people):
        wait_for_results(page, 2)
        before.append(str(page.locator("#strip img").first.get_attribute("src")))
        own = photo(tmp_path, f"{index}.jpg", 400 + 40 * index)
        page.locator("input[type=file]").first.set_input_files(own)
    for page, sample in zip(people, before, strict=True):
        expect(page.locator("#strip img").first).not_to_have_attribute("src", sample)
        expect(page.locator("#portrait img").first).to_have_attribute("src", re.compile(r"\d\.jpg"))
        wait_for_results(page, 2)
        expect(page.locator("#seen")).to_contain_text("in this photo")
        at_rest(page)
    one, other = map(pictures, people)
    assert one and other and not set(one) & set(other)


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def test_stop_in_line_stops_at_once(browser: Browser, tmp_path: Path) -> None:
    with launched() as site:
        scene = Scene(site, Plan(site.address))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(site.address)
        wait_for_results(page, 2)
        at_rest(page)
        line, stop = site.blocks._queue.event_queue_per_concurrency_id["work"].queue, "#stop"
        with scene.busy():
            # Before a comparison, and before a new portrait is looked at.
            own, files = photo(tmp_path, "own.jpg", 300), page.locator("input[type=file]").first
            said = page.locator("#seen").inner_text()
            asks: list[tuple[Callable[[], object], str]] = [
                (lambda: settle(page), said),
                (lambda: files.set_input_files(own), ""),
            ]
            for ask, seen in asks:
                ask()
                expect(page.locator(".p-place:visible")).not_to_have_count(0)
                page.locator(stop).click()
                expect(page.locator("#notice")).to_contain_text(Cancelled().sentence)
                at_rest(page)
                assert eventually(lambda: not line)
                # What was said of another portrait is not said of this one.
                expect(page.locator("#seen")).to_have_text(seen)
        page.locator("#portrait input[type=file]").set_input_files(
            photo(tmp_path, "other.jpg", 320)
        )
        wait_for_results(page, 2)
        at_rest(page)
        expect(page.locator("#notice")).not_to_contain_text(Cancelled().sentence)
        page.close()
        scene.leave()
