from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from tests.browser.test_page import add_look, open_tab, settle_after, wait_for_results

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

# Where the keyboard is: what is focused, how large it is, and whether that can be seen.
_FOCUSED = """() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const ring = (part) => {
    const seen = getComputedStyle(part);
    return (seen.outlineStyle !== 'none' && parseFloat(seen.outlineWidth) > 0)
      || seen.boxShadow !== 'none';
  };
  const around = [one, one.parentElement, one.closest('label, .wrap, .block')].filter(Boolean);
  return {
    name: one.getAttribute('aria-label') || one.innerText || one.id || one.tagName,
    where: ['.p-head', '#results', '#sitter', '.p-look', '#share', '#fine', '#more', 'footer']
      .find((part) => one.closest(part)) || '',
    seen: box.width > 0 && box.height > 0 && style.visibility === 'visible',
    ring: around.some(ring),
    body: one === document.body,
  };
}"""


def ready(page: Page) -> None:
    wait_for_results(page, 2)
    page.wait_for_url("**look=**")


def open_everything(page: Page) -> None:
    # What is under "More" folds, too, and is there only once that is open; Gradio closes it again
    # if it is opened while it is still being made.
    page.wait_for_function(
        """() => {
          const closed = [...document.querySelectorAll('button.label-wrap:not(.open)')];
          for (const button of closed) button.click();
          return !closed.length;
        }""",
        polling=500,
    )
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


def violations(page: Page, part: str = "body") -> list[str]:
    """What axe calls serious or critical in a part of the page: rule, element, how."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(
        """(part) => axe.run(part, {
          resultTypes: ['violations'],
          rules: { 'target-size': { enabled: true } },
        })""",
        part,
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(
    ("width", "scheme", "locale"),
    [
        (1440, "light", "en-US"),
        pytest.param(1440, "dark", "ko-KR", marks=pytest.mark.long),
        pytest.param(390, "light", "ko-KR", marks=pytest.mark.long),
        (390, "dark", "en-US"),
    ],
)
def test_axe_finds_nothing_serious(
    visit: Visit, screenshot: Shoot, width: int, scheme: str, locale: str
) -> None:
    # Things on the move are no more than half there.
    page = visit(width=width, color_scheme=scheme, locale=locale, reduced_motion="reduce")
    ready(page)
    screenshot(page, f"accessible-{width}-{scheme}-{locale}")
    open_everything(page)
    # What the bar at a phone's lower edge covers can be scrolled out from under it, which axe does
    # not do.
    page.add_style_tag(content="#share, .p-look > .form { position: static !important }")
    assert violations(page) == []
    if (width, scheme) != (1440, "light"):
        return
    # Several looks in a row, with an own aim.
    add_look(page)
    wait_for_results(page, 3)
    settle_after(page, page.locator("#strip [data-aim=lens]").first.click)
    expect(page.locator(".p-own-aim[data-letter=A]")).to_be_visible()
    expect(page.locator(".p-preview")).to_have_count(0)
    assert violations(page) == []
    for tab in page.locator("#closer [role=tab]").all():
        open_tab(page, tab.inner_text())
        # What is being worked out is faded meanwhile, and soon gone.
        expect(page.locator("#closer p:visible", has_text="Measuring")).to_have_count(0)
        assert violations(page, "#closer") == []


def test_keys_lead_through_the_page_in_order_and_can_be_followed(visit: Visit) -> None:
    page = visit()
    ready(page)
    cancellations: list[dict[str, Any]] = []
    for _ in range(120):
        page.keyboard.press("Tab")
        stop = page.evaluate(_FOCUSED)
        if stop["body"]:
            break
        cancellations.append(stop)
    order = list(dict.fromkeys(stop["where"] for stop in cancellations if stop["where"]))
    assert order == [
        ".p-head", "#results", "#sitter", ".p-look", "#share", "#fine", "#more", "footer",
    ]  # fmt: skip
    assert [stop["name"] for stop in cancellations if stop["seen"] and not stop["ring"]] == []
    assert all(stop["name"] for stop in cancellations)


def test_nothing_moves_for_those_who_asked_for_that(visit: Visit) -> None:
    page = visit(reduced_motion="reduce")
    ready(page)
    # The line between photo and look does not sweep over the picture first.
    assert "--at: 100" not in str(page.locator("#strip .p-solo").get_attribute("style"))
    add_look(page)
    moving = page.evaluate(
        """() => document.getAnimations().filter(
          (one) => one.effect.getComputedTiming().activeDuration > 50).length"""
    )
    assert moving == 0


@pytest.mark.parametrize("width", [390, 768, 1280, 2560])
def test_the_page_fits_its_window(visit: Visit, screenshot: Shoot, width: int) -> None:
    page = visit(width=width, height=1300)
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # The look begins where the line is.
    split, look = (
        page.locator(part).evaluate("one => Object.values(one.getBoundingClientRect().toJSON())")
        for part in ("#strip .p-split", "#strip .p-shot:not(.p-original) .p-picture")
    )
    assert look == pytest.approx(split, abs=0.5)
    if width == 2560:
        # Pictures grow with the window: the page does not look lost in it.
        widths = [_width(page, part) for part in ("#strip .p-split", "main")]
        assert widths[0] > 540
        assert widths[1] > 0.8 * width
    screenshot(page, f"width-{width}")


def _width(page: Page, part: str) -> float:
    return float(page.locator(part).first.evaluate("one => one.getBoundingClientRect().width"))
