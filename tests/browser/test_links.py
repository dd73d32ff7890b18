"""Links in a real browser: one visitor publishes, another opens, votes, and finds it gone."""

from __future__ import annotations

import base64
import io
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from sharing.settings import Settings
from sharing.store import Store
from tests.sharing.publications import TITLES, publication

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

THREE = "?" + "&".join(
    f"look=region%3D{region}%26context%3D{context}"
    for region, context in (("japan", "linkedin"), ("nordic", "actor"), ("soft", "executive"))
)
PUBLISHED = "s/[A-Za-z0-9_-]{22}"


def publish(page: Page, title: str = "") -> tuple[str, str]:
    """Press Publish; gives the paths of the link and of the private link."""
    shown = page.locator("#published input")
    before = shown.count()
    page.get_by_label("Title").fill(title)
    page.locator("#publish").click()
    # The newest stands first; earlier private links stay, since they are shown nowhere else.
    expect(shown).to_have_count(before + 2)
    expect(page.locator("#published .p-links").first).to_be_in_viewport(ratio=1)
    link, own = (re.sub(r"^https?://[^/]+/", "", shown.nth(i).input_value()) for i in (0, 1))
    assert re.fullmatch(PUBLISHED, link)
    assert re.fullmatch(f"{link}/own/[A-Za-z0-9_-]{{22}}", own)
    return link, own


def scanned(code: Locator) -> str:
    """What a QR code says."""
    data = base64.b64decode(str(code.get_attribute("src")).split(",", 1)[1])
    with Image.open(io.BytesIO(data)) as image:
        # The margin that scanners want is given by the page.
        pixels = np.pad(np.asarray(image.convert("L")), 40, constant_values=255)
    # The plain detector misses one code in four hundred.
    return str(cv2.QRCodeDetectorAruco().detectAndDecode(pixels)[0])


def status(page: Page, path: str) -> int:
    origin = "/".join(page.url.split("/")[:3])
    return page.request.get(f"{origin}/{path}").status


def test_one_publishes_another_votes_and_it_is_taken_back(
    visit: Visit, shared_data: Path, screenshot: Shoot
) -> None:
    page = visit(THREE)
    expect(page.locator("#strip .p-shot")).to_have_count(4)
    page.wait_for_url("**seed**")
    page.get_by_role("button", name="Share").click()
    expect(page.locator("#consent")).to_contain_text("for 7 days")
    asks = page.get_by_label("Ask them to vote blind, before they see which is which")
    expect(asks).not_to_be_checked()
    asks.check()
    page.get_by_label("30 days").check()
    expect(page.locator("#consent")).to_contain_text("for 30 days")
    link, own = publish(page, "Eileen, autumn site")
    public = page.locator(".p-public").first.input_value()
    code = page.get_by_role("img", name="The link as a QR code").first
    assert scanned(code) == public
    mail = page.get_by_role("link", name="Write a mail").first.get_attribute("href")
    assert parse_qs(urlsplit(str(mail)).query) == {
        "subject": ["Eileen, autumn site"],
        "body": [public],
    }
    screenshot(page, "share-published")

    other = visit(link)
    expect(other.get_by_role("heading", name="Which one is really them?")).to_be_visible()
    expect(other.get_by_text("Japan · LinkedIn")).to_have_count(0)
    for index, question in enumerate(("likeness", "trust", "purpose")):
        other.locator(f"input[name={question}]").nth(index).check()
    other.get_by_label("Why?").fill("The <b>second</b> is her.")
    screenshot(other, "share-blind")
    other.get_by_role("button", name="Vote").click()
    expect(other.get_by_role("status")).to_contain_text("your answer counts")
    expect(other.locator("figure .name").nth(1)).to_have_text("A Japan · LinkedIn")
    expect(other.get_by_text("1 of 1")).to_have_count(3)
    # What was chosen is in sight, under the pictures, and has the focus.
    expect(other.locator(".bars").first).to_be_in_viewport()
    expect(other.locator("#answer")).to_be_focused()
    screenshot(other, "share-voted")

    mine = visit(own)
    expect(mine.get_by_text("One answer.")).to_be_visible()
    expect(mine.get_by_text("The <b>second</b> is her.")).to_be_visible()
    screenshot(mine, "share-own")
    mine.get_by_text("Delete this comparison").click()
    mine.get_by_role("button", name="Yes, delete it").click()
    expect(mine.get_by_role("heading", name="Taken back")).to_be_visible()
    assert [status(mine, path) for path in (link, f"{link}/preview.jpg", own)] == [404] * 3
    assert list((shared_data / "pictures").iterdir()) == []

    # Published again, and its time put to an end.
    link, own = publish(page)
    assert status(mine, link) == 200
    with sqlite3.connect(shared_data / "links.sqlite") as connection:
        connection.execute("UPDATE comparisons SET expires_at = 1")
    assert [status(mine, path) for path in (link, own)] == [410, 410]
    assert list((shared_data / "pictures").iterdir()) == []


@pytest.fixture
def link(server: str, shared_data: Path) -> str:
    """The path of a comparison that asks for no vote, published by another replica."""
    assert server
    shared_data.mkdir(exist_ok=True)
    store = Store(
        Settings(f"sqlite:///{shared_data / 'links.sqlite'}", str(shared_data / "pictures"))
    )
    published = store.publish(publication("Autumn portraits", asks_vote=False, side=256))
    store.close()
    return f"s/{published.id}"


def test_the_slider_follows_mouse_keys_and_lists(visit: Visit, link: str) -> None:
    page = visit(link)
    slide = page.locator(".slide")
    expect(slide).to_be_visible()
    box = slide.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 40)
    cut = "element => parseFloat(element.style.getPropertyValue('--cut'))"
    assert abs(slide.evaluate(cut) - 25) < 3
    slide.locator("input").press("End")
    assert slide.evaluate(cut) == 100
    before = slide.locator("img").nth(1).get_attribute("src")
    page.get_by_label("Right").select_option(f"B · {TITLES[1]}")
    expect(slide.locator("img").nth(1)).not_to_have_attribute("src", str(before))
    page.get_by_text("Whole photo").click()
    expect(page.locator("figure a.whole img").first).to_be_visible()
    expect(page.locator("figure a.close img").first).to_be_hidden()
    expect(slide.locator("img").first).to_have_attribute("src", re.compile("whole"))


def test_without_javascript_it_is_a_plain_grid(visit: Visit, link: str) -> None:
    page = visit(link, java_script_enabled=False)
    expect(page.locator("figure a.close img")).to_have_count(4)
    expect(page.locator("#slider")).to_be_hidden()
    page.get_by_text("All numbers").click()
    expect(page.get_by_role("row", name="Change of the face").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(
    visit: Visit, link: str, screenshot: Shoot, scheme: str
) -> None:
    page = visit(link, width=390, height=844, color_scheme=scheme)
    expect(page.locator(".slide")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(page, f"share-phone-{scheme}")


def test_it_prints_on_one_sheet_of_a4(visit: Visit, link: str) -> None:
    page = visit(link)
    expect(page.locator(".slide")).to_be_visible()
    data = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", data)
    assert box
    # 297 x 210 mm in points of 1/72 inch.
    assert [round(float(side)) for side in box.groups()] == [842, 595]


def test_the_preview_is_a_picture_of_the_right_size(visit: Visit, link: str) -> None:
    page = visit(link)
    address = page.locator('meta[property="og:image"]').get_attribute("content")
    assert address
    assert address.startswith(page.url)
    with Image.open(io.BytesIO(page.request.get(address).body())) as image:
        assert image.size == (1200, 630)


def test_the_settings_open_in_presence(visit: Visit, link: str) -> None:
    page = visit(link)
    page.get_by_role("link", name="Open these settings").click()
    expect(page.get_by_role("heading", name="Look C")).to_be_visible()
    expect(page.get_by_label("Who will see it", exact=True).first).to_have_value("Japan")
    # Whose portrait they were made for is not here, and nobody else's is shown for it.
    expect(page.locator("#notice")).to_contain_text("These settings were sent without a photo.")
    expect(page.locator("#strip img")).to_have_count(0)


def test_what_can_be_shared_without_publishing(visit: Visit) -> None:
    page = visit("?look=region%3Dkorea", permissions=["clipboard-read", "clipboard-write"])
    page.wait_for_url("**seed**")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#copied")).to_contain_text("settings only, not the photo")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("&sent=1", "") == page.url
    # Whoever opens it is not shown a sample as if it were the sender.
    assert parse_qs(urlsplit(copied).query)["sent"] == ["1"]
    assert "look=region%3Dkorea%26context%3Dlinkedin" in copied

    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    assert download.value.suggested_filename == "presence-comparison.zip"
    assert Path(download.value.path()).read_bytes().startswith(b"PK")

    page.get_by_label("Title").fill("long " * 2000)
    page.locator("#publish").click()
    expect(page.locator("#published [role=alert]")).to_contain_text("room for 120")
    expect(page.get_by_label("Title")).to_have_value("long " * 2000)

    _, own = publish(page)
    page.get_by_label("Title").fill("long " * 2000)
    page.locator("#publish").click()
    expect(page.locator("#published [role=alert]")).to_contain_text("room for 120")
    expect(page.locator("#published input").nth(1)).to_have_value(re.compile(re.escape(own)))

    # The tab keeps the links over a reload, beside later ones, and says beside Share how many.
    page.reload()
    count = page.locator("#share > button > span").first
    expect(count).to_have_attribute("data-links", re.compile("links: 1"))
    page.get_by_role("button", name="Share").click()
    expect(page.locator("#published input").nth(1)).to_have_value(re.compile(re.escape(own)))
    # It waits for the looks, which the address says already.
    publish(page)
    expect(count).to_have_attribute("data-links", re.compile("links: 2"))
    # What was published before is folded, and called so; also that of an earlier photo.
    published = page.locator("#published .p-links")
    expect(page.locator("#published .p-links[open]")).to_have_count(1)
    expect(published.nth(1)).to_contain_text("earlier")
    page.get_by_role("button", name="Grace Hopper").click()
    expect(page.locator("#published .p-links:not([open])")).to_have_count(2)
    expect(published.first).to_contain_text("earlier")
