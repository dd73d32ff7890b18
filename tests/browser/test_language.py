from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from presets import translated
from tests.browser.test_page import no_face
from ui.text.catalogue import translate

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def ready(page: Page) -> None:
    expect(page.locator("#strip .p-eyes-strip:visible").nth(1)).to_be_visible()
    page.wait_for_url("**seed**")


def looks_in_address(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("look", [])


def test_a_korean_browser_gets_a_korean_page(visit: Visit, screenshot: Shoot) -> None:
    page = visit(locale="ko-KR")
    ready(page)
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert page.title() == translate("ko", "page.full_title")
    regions, linkedin = translated("ko").regions, translated("ko").contexts["linkedin"]
    expect(page.locator("#strip .p-shot header b").nth(1)).to_have_text(
        f"{regions['international'].label} · {linkedin.label}"
    )
    expect(page.locator("#strip figcaption").nth(1)).to_contain_text("얼굴 변화")
    expect(page.get_by_text(regions["international"].rationale)).to_be_visible()
    field = page.get_by_label(translate("ko", "look.region"), exact=True).first
    expect(field).to_have_value(regions["international"].label)
    field.click()
    page.get_by_role("option", name=regions["korea"].label, exact=True).click()
    expect(page.get_by_text(regions["korea"].rationale)).to_be_visible()
    # Gradio's own words follow.
    expect(
        page.locator("#portrait").get_by_label(translate("ko", "gradio.remove_image"))
    ).to_be_visible()
    expect(page.locator("#strip .p-shot header b").nth(1)).to_have_text(f"한국 · {linkedin.label}")
    screenshot(page, "korean")


def test_refusals_are_korean_too(visit: Visit, screenshot: Shoot, tmp_path: Path) -> None:
    page = visit("?look=region%3Datlantis", locale="ko-KR")
    ready(page)
    expect(page.locator("#notice")).to_contain_text("목록에 없는 지역: 'atlantis'")
    # A setting that cannot be read, and a picture without a face.
    page.get_by_role("button", name=translate("ko", "page.fine")).click()
    sideways = page.get_by_label(translate("ko", "fine.sideways")).first
    sideways.press_sequentially("abc")
    expect(page.locator(".p-wrong").first).to_contain_text("'abc'")
    expect(page.locator(".p-wrong").first).to_contain_text(re.compile("[가-힣]"))
    sideways.fill("")
    page.locator("#portrait input[type=file]").set_input_files(no_face(tmp_path))
    alert = page.locator("#notice [role=alert]")
    expect(alert).to_contain_text("얼굴")
    assert not re.search("[a-z]{3}", alert.inner_text())
    screenshot(page, "korean-refusal")


@pytest.mark.long
def test_the_switch_works_by_keyboard_keeps_the_looks_and_is_remembered(visit: Visit) -> None:
    page = visit("?look=region%3Dkorea%26context%3Dactor&look=region%3Dkeep", locale="en-US")
    ready(page)
    before = looks_in_address(page)
    assert before[0].startswith("region=korea&context=actor")
    english, korean = (page.get_by_role("link", name=name) for name in ("English", "한국어"))
    expect(english).to_have_attribute("aria-current", "true")
    korean.focus()
    page.keyboard.press("Enter")
    expect(korean).to_have_attribute("aria-current", "true")
    expect(page.locator("#strip .p-shot header b").nth(1)).to_have_text("한국 · 배우 프로필")
    page.wait_for_url(lambda address: "lang=" not in address and "look=" in address)
    assert looks_in_address(page) == before
    page.reload()
    expect(korean).to_have_attribute("aria-current", "true")
    assert page.evaluate("document.documentElement.lang") == "ko"
    page.goto(page.url.split("?")[0] + "?lang=en")
    expect(english).to_have_attribute("aria-current", "true")


def test_a_title_stays_when_the_language_changes(visit: Visit) -> None:
    page = visit()
    ready(page)
    page.get_by_role("button", name="Share").click()
    page.get_by_label("Title").fill("Für Anna")
    page.locator(".p-languages a[hreflang=de]").click()
    page.wait_for_url("**lang=de**")
    ready(page)
    page.get_by_role("button", name=translate("de", "share.title")).click()
    expect(page.get_by_label(translate("de", "share.name"))).to_have_value("Für Anna")
