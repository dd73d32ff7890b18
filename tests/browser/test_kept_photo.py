"""The photo stays in its tab: over a reload and another language, until it is forgotten."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from tests.browser.test_page import at_rest, wait_for_results
from tests.browser.test_sequences import photo

Visit = Callable[..., Page]

KEPT = """async () => {
  const finished = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  if (!(await indexedDB.databases()).some((one) => one.name === 'presence')) return [];
  const database = await finished(indexedDB.open('presence', 1));
  const kept = await finished(database.transaction('photos').objectStore('photos').getAll());
  database.close();
  return kept.map((one) => one.name);
}"""


def kept(page: Page) -> list[str]:
    """Names of the photos that this browser keeps."""
    return list(page.evaluate(KEPT))


def use(page: Page, file: Path) -> None:
    page.locator("#portrait input[type=file]").set_input_files(file)
    shown(page, file.name)


def shown(page: Page, name: str) -> None:
    """This photo is on the page, with its results."""
    expect(page.locator("#portrait img").first).to_have_attribute("src", re.compile(name))
    # The sample that the page opens with looks away; this photo does not.
    expect(page.locator("#seen")).to_contain_text("in this photo")
    expect(page.locator("#seen")).not_to_contain_text("We turned her eyes away")
    wait_for_results(page, 2)
    at_rest(page)


# Remembers the pictures that were to be seen among the results, ever since the page was opened.
_SEEN = """window.seen = new Set();
setInterval(() => {
  for (const one of document.querySelectorAll('#strip img'))
    if (one.checkVisibility({ visibilityProperty: true })) seen.add(one.src);
}, 20);"""


def test_a_reload_and_another_language_keep_the_photo(visit: Visit, tmp_path: Path) -> None:
    page = visit(locale="en-US")
    wait_for_results(page, 2)
    line = page.locator(".p-kept")
    expect(line).to_be_hidden()
    use(page, photo(tmp_path, "own.jpg", 500))
    expect(line).to_be_visible()
    assert kept(page) == ["own.jpg"]
    page.add_init_script(_SEEN)
    page.reload()
    shown(page, "own.jpg")
    # Before its results the photo itself, but never the sample.
    seen = [Path(one).name for one in page.evaluate("[...seen]")]
    assert any(one.startswith("presence-") for one in seen)
    assert [one for one in seen if not one.startswith(("presence-", "own.jpg"))] == []
    expect(line).to_be_visible()
    page.get_by_role("link", name="한국어").click()
    expect(page.get_by_role("link", name="한국어")).to_have_attribute("aria-current", "true")
    expect(page.locator("#portrait img").first).to_have_attribute("src", re.compile("own.jpg"))
    wait_for_results(page, 2)
    assert kept(page) == ["own.jpg"]


def test_a_forgotten_photo_is_gone_after_a_reload(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    wait_for_results(page, 2)
    # Browsers do not show this format, and the server does not name its type.
    use(page, photo(tmp_path, "own.tif", 500))
    page.reload()
    shown(page, "own.tif")
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator(".p-kept")).to_be_hidden()
    expect(page.get_by_text("Forgotten.")).to_be_visible()
    assert kept(page) == []
    page.reload()
    expect(page.locator("#seen")).to_contain_text("We turned her eyes away")
    expect(page.locator("#strip .p-original img:visible").first).to_be_visible()
    assert "own" not in str(page.locator("#portrait img").first.get_attribute("src"))


def test_a_removed_photo_is_forgotten_too(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    wait_for_results(page, 2)
    use(page, photo(tmp_path, "own.jpg", 500))
    expect(page.locator(".p-kept")).to_be_visible()
    page.locator("#portrait").get_by_label("Remove Image").click()
    expect(page.locator("#strip img")).to_have_count(0)
    expect(page.locator(".p-kept")).to_be_hidden()
    assert kept(page) == []


def test_another_tab_opens_without_the_photo_of_this_one(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    wait_for_results(page, 2)
    use(page, photo(tmp_path, "own.jpg", 500))
    expect(page.locator(".p-kept")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url.split("?")[0])
    wait_for_results(other, 2)
    expect(other.locator("#seen")).to_contain_text("We turned her eyes away")
    expect(other.locator('img[src*="own.jpg"]')).to_have_count(0)
    expect(other.locator(".p-kept")).to_be_hidden()
