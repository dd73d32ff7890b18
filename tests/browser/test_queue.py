"""While others are before a visitor: their place is said, and a full line is said to be full."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import skimage.data
from PIL import Image

import app
from pipelines.studio import Analysis
from pipelines.studio.samples import Sample
from tests.serving import close, free_port
from ui import comparison
from ui.text.catalogue import translate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Photos that are no samples are analysed once this is set."""
    end, analysed = threading.Event(), comparison.analyse_file

    def held(path: str, sample: Sample | None) -> Analysis:
        if sample is None:
            end.wait(120)
        return analysed(path, sample)

    monkeypatch.setattr(comparison, "analyse_file", held)
    yield end
    end.set()


@pytest.fixture
def address(
    browser: Browser, hold: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A page in whose line only one may wait."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    monkeypatch.setenv("PRESENCE_DATA", str(tmp_path / "data"))
    shared_samples = app.first_looks()
    blocks = app.build(shared_samples=shared_samples, waiting=1)
    shared_samples._render_first()
    yield app.launch(blocks, "127.0.0.1", free_port())
    hold.set()
    close(blocks)


@pytest.mark.long
def test_a_place_in_the_line_is_said_and_that_it_is_full(
    address: str, browser: Browser, hold: threading.Event
) -> None:
    from playwright.sync_api import expect

    first, second = _opened(browser, address, "ko"), _opened(browser, address, "en")
    for number in range(2):
        _ask(address, number)
    _settle(first)
    expect(first.locator("#progress .p-place")).to_have_text(translate("ko", "queue.next"))
    expect(first.locator("#progress .p-place")).to_be_visible()
    _settle(second)
    expect(second.locator("#notice")).to_contain_text(translate("en", "queue.busy"))
    expect(second.locator(".toast-message-text")).to_have_text(translate("en", "queue.busy"))
    expect(second.locator("#progress .error")).not_to_be_visible()
    # Nothing is under way that could be stopped, and the pictures that were there still are.
    expect(second.locator("#page.p-busy")).to_have_count(0)
    expect(second.locator("#strip img.p-close").first).to_be_visible()
    hold.set()
    expect(first.locator("#progress .p-place")).to_have_count(0)
    _settle(second)
    expect(second.locator("#notice")).not_to_contain_text(translate("en", "queue.busy"))
    for page in (first, second):
        page.close()


def _opened(browser: Browser, address: str, language: str) -> Page:
    from playwright.sync_api import expect

    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}?lang={language}")
    expect(page.locator("#strip .p-eyes-strip")).to_have_count(2)
    page.wait_for_url("**look=**")
    return page


def _settle(page: Page) -> None:
    """What a control does that was moved and rests: it has the results made."""
    page.evaluate("document.getElementById('settle').click()")


def _ask(address: str, number: int) -> None:
    """Work that is held; `number` makes the photo one of its own."""
    pixels = skimage.data.astronaut().copy()
    pixels[0, 0] = number
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    with httpx.Client(base_url=address, timeout=60) as client:
        sent = client.post("/gradio_api/upload", files={"files": ("a.png", buffer.getvalue())})
        photo = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
        for _ in range(50):
            # The one before it may not have left the line yet.
            asked = client.post("/gradio_api/call/measure", json={"data": [photo]})
            if asked.status_code == 200:
                return
            time.sleep(0.1)
    raise AssertionError(asked.text)
