"""How soon a moved slider is seen, and how soon the opened page, in a real browser."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.serving import served
from pipelines.studio.samples import samples

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path(os.environ.get("PRESENCE_CHROMIUM", "/usr/bin/chromium"))
SLIDERS = ("gaze", "polish")
"""In the order in which a look's card has them."""

# The hand of a person who watches: the next move comes soon after the last one was seen, before
# the full result sets in.
_PAUSE_MS = 120
_PATIENCE_MS = 90_000
_MISSED_MS = 10_000

_MOVE = """async ([index, value, patience]) => {
  const slider = document.querySelectorAll('.p-strengths input[type=range]')[index];
  for (const name of ['live-arrived', 'live-shown']) performance.clearMarks(name);
  const start = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const one = (name) => performance.getEntriesByName(name)[0];
  while (!one('live-shown') && performance.now() - start < patience) {
    await new Promise((done) => setTimeout(done, 1));
  }
  const arrived = one('live-arrived'), shown = one('live-shown');
  if (!shown) return null;
  return [shown.startTime - start, arrived.detail * 1000, shown.startTime - arrived.startTime];
}"""
_OPENED = """() => {
  const look = () => {
    const strip = document.getElementById('strip');
    if (strip) window.stripAt ??= performance.now();
    const shown = strip ? [...strip.querySelectorAll('img.p-close')] : [];
    if (shown.length > 1 && shown.every((one) => one.complete && one.naturalWidth)) {
      window.shownAt ??= performance.now();
    } else {
      setTimeout(look, 4);
    }
  };
  look();
}"""


@dataclass(frozen=True)
class Moves:
    """One slider on one photo; times in milliseconds.

    Attributes:
        photo: The photo's name and size.
        slider: Which slider.
        total: From the slider's event to the new picture decoded, for each move.
        ours: What the server's own work took of it.
        browser: What showing the picture took, once it had come.
        missed: Moves of which no preview was seen.
    """

    photo: str
    slider: str
    total: list[float]
    ours: list[float]
    browser: list[float]
    missed: int = 0

    @property
    def gradio(self) -> list[float]:
        """The rest: the way there and back."""
        return [
            total - ours - browser
            for total, ours, browser in zip(self.total, self.ours, self.browser, strict=True)
        ]


@dataclass(frozen=True)
class LiveRun:
    """Everything measured.

    Attributes:
        opened: Milliseconds from the navigation to the page's place for pictures, and to the
            pictures themselves, for each visit.
        moves: The sliders.
        load: Load of the machine before and after, as `os.getloadavg` has it for a minute.
    """

    opened: list[tuple[float, float]]
    moves: list[Moves]
    load: tuple[float, float]


def run(address: str | None, photos: Sequence[Path], moves: int, visits: int) -> LiveRun:
    """Measure with a server and a Chromium of our own.

    Args:
        address: Of a page that is served already; one is started if None.
        photos: Besides the two photographs among the samples.
        moves: Of each slider.
        visits: How often the page is opened.
    """
    from playwright.sync_api import sync_playwright

    before = os.getloadavg()[0]
    with _served(address) as page_address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(_PATIENCE_MS)
        # What the server makes when it starts is waited for, and does not count.
        page.goto(page_address)
        _wait_for_pictures(page)
        opened = [_visit(browser.new_page(), page_address) for _ in range(visits)]
        files = [sample.path for sample in samples() if sample.gaze is None][:2]
        measured = [
            _moved(page, name, slider, moves)
            for name in _each(page, [*files, *photos])
            for slider in SLIDERS
        ]
        browser.close()
    return LiveRun(opened, measured, (before, os.getloadavg()[0]))


def report(done: LiveRun) -> dict[str, Any]:
    """Plain data for JSON."""
    return {
        "opened": [{"place": place, "pictures": pictures} for place, pictures in done.opened],
        "moves": [{**asdict(one), "gradio": one.gradio} for one in done.moves],
        "load": list(done.load),
    }


def table(done: LiveRun) -> str:
    """Medians and 95th percentiles as text, milliseconds."""
    lines = [f"load of the machine {done.load[0]:.1f} before, {done.load[1]:.1f} after"]
    if done.opened:
        place, pictures = (statistics.median(part) for part in zip(*done.opened, strict=True))
        lines.append(
            f"opening the page: {pictures:.0f} ms to the pictures (median of {len(done.opened)}), "
            f"{pictures - place:.0f} ms after their place is there"
        )
    lines.append(
        f"{'median':>8}{'p95':>8}{'ours':>8}{'Gradio':>8}{'browser':>8}  slider, photo (ms)"
    )
    for one in done.moves:
        parts = (one.total, one.ours, one.gradio, one.browser)
        median, ours, gradio, browser = map(statistics.median, parts)
        lines.append(
            f"{median:8.0f}{_p95(one.total):8.0f}{ours:8.0f}{gradio:8.0f}{browser:8.0f}"
            f"  {one.slider}, {one.photo}{f', {one.missed} never seen' if one.missed else ''}"
        )
    return "\n".join(lines)


def _p95(values: Sequence[float]) -> float:
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _each(page: Page, files: Sequence[Path]) -> Iterator[str]:
    """Puts one file after the other on the page; yields its name and size."""
    from PIL import Image

    for file in files:
        # The page opens with the first sample.
        if file != samples()[0].path:
            page.locator("#portrait input[type=file]").set_input_files(file)
            # What is on the page belongs to the photo before; it goes first.
            page.wait_for_function("!document.querySelector('#strip img')")
            _wait_for_pictures(page)
        with Image.open(file) as image:
            width, height = image.size
        yield f"{file.name} {width}×{height}"


def _moved(page: Page, name: str, slider: str, moves: int) -> Moves:
    index = SLIDERS.index(slider)
    # From end to end and back between: every value is another one, and none was there before.
    values = [round(0.05 * (1 + (7 * step) % 19), 2) for step in range(moves)]
    taken, missed = [], 0
    for value in values:
        times = page.evaluate(_MOVE, [index, value, _MISSED_MS])
        missed += times is None
        taken += [] if times is None else [times]
        page.wait_for_timeout(_PAUSE_MS)
    _wait_for_pictures(page)
    total, ours, browser = (list(part) for part in zip(*taken, strict=True))
    return Moves(name, slider, total, ours, browser, missed)


def _wait_for_pictures(page: Page) -> None:
    page.wait_for_function(
        """() => {
          const shown = [...document.querySelectorAll('#strip img.p-close')];
          return shown.length > 1 && !document.querySelector('.p-preview')
            && shown.every((one) => one.complete && one.naturalWidth);
        }"""
    )
    # What follows a comparison is through as well.
    page.wait_for_timeout(1500)


def _visit(page: Page, address: str) -> tuple[float, float]:
    page.add_init_script(f"({_OPENED})()")
    page.goto(address)
    page.wait_for_function("window.shownAt")
    place, pictures = page.evaluate("[window.stripAt, window.shownAt]")
    page.wait_for_timeout(1000)
    page.close()
    return float(place), float(pictures)


@contextmanager
def _served(address: str | None) -> Iterator[str]:
    if address is not None:
        yield address
        return
    with served() as server:
        yield server.address
