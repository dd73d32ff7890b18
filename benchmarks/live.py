"""How soon a moved slider is seen, and how soon the opened page, in a real Chromium.

JSON, times in milliseconds:
    opened: for each visit, from the navigation to the page's place for pictures (place), and to
        the pictures themselves (pictures).
    moves: for each photo and slider: total, from the slider's event to the new picture decoded,
        for each move; of that ours, the server's own work; browser, showing the picture once it
        had come; gradio, the rest: the way there and back. missed: moves without any preview.
    load: load average of the machine over a minute, before and after.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks.reports import Report, text_table
from benchmarks.serving import served
from pipelines.studio.samples import opening, samples

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path(os.environ.get("PRESENCE_CHROMIUM", "/usr/bin/chromium"))
SLIDERS = ("gaze", "polish")
"""In the order in which a look's card has them."""

# Like a person who watches: the next move comes soon after the last preview was seen, before the
# work on the full result begins.
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


def run(address: str | None, photos: Sequence[Path], moves: int, visits: int) -> Report:
    """Measure with a Chromium of our own.

    Args:
        address: Of a page that is served already; one is started if None.
        photos: Besides the two photographs among the samples.
        moves: How often each slider is moved.
        visits: How often the page is opened.
    """
    from playwright.sync_api import sync_playwright

    before = os.getloadavg()[0]
    with ExitStack() as stack, sync_playwright() as playwright:
        address = address or stack.enter_context(served()).address
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(_PATIENCE_MS)
        # What the server renders when it starts is waited for, and does not count.
        page.goto(address)
        _wait_for_pictures(page)
        opened = [_visit(browser.new_page(), address) for _ in range(visits)]
        files = [sample.path for sample in samples() if sample.gaze is None][:2]
        measured = [
            _move(page, name, slider, moves)
            for name in _each(page, [*files, *photos])
            for slider in SLIDERS
        ]
        browser.close()
    return {"opened": opened, "moves": measured, "load": [before, os.getloadavg()[0]]}


def table(report: Report) -> str:
    """Medians and 95th percentiles as text, milliseconds."""
    before, after = report["load"]
    lines = [f"load of the machine {before:.1f} before, {after:.1f} after"]
    if report["opened"]:
        place, pictures = (
            np.median([visit[key] for visit in report["opened"]]) for key in ("place", "pictures")
        )
        lines.append(
            f"opening the page: {pictures:.0f} ms to the pictures (median of "
            f"{len(report['opened'])}), {pictures - place:.0f} ms after their place is there"
        )
    parts = ("total", "ours", "gradio", "browser")
    rows = {
        f"{one['slider']}, {one['photo']}": {
            **{key: float(np.median(one[key] or [np.nan])) for key in parts},
            "total_p95": float(np.percentile(one["total"] or [np.nan], 95)),
            "missed": one["missed"],
        }
        for one in report["moves"]
    }
    keys = (*parts, "total_p95", "missed")
    return "\n".join([*lines, text_table("medians, ms", rows, keys)])


def _each(page: Page, files: Sequence[Path]) -> Iterator[str]:
    """Put one photo after the other on the page; yields its name and size."""
    first = opening()
    for file in files:
        # The page opens with that one.
        if first is None or file != first.path:
            page.locator("#portrait input[type=file]").set_input_files(file)
            # The pictures of the photo before are removed first.
            page.wait_for_function("!document.querySelector('#strip .p-eyes-strip')")
            _wait_for_pictures(page)
        with Image.open(file) as image:
            width, height = image.size
        yield f"{file.name} {width}×{height}"


def _move(page: Page, photo: str, slider: str, moves: int) -> Report:
    index = SLIDERS.index(slider)
    # Percent, from end to end and between: every value differs from all before.
    values = [5 * (1 + (7 * step) % 19) for step in range(moves)]
    times = []
    for value in values:
        times.append(page.evaluate(_MOVE, [index, value, _MISSED_MS]))
        page.wait_for_timeout(_PAUSE_MS)
    _wait_for_pictures(page)
    seen = [one for one in times if one is not None]
    return move_report(photo, slider, seen, missed=len(times) - len(seen))


def move_report(photo: str, slider: str, seen: Sequence[Sequence[float]], missed: int) -> Report:
    """JSON of one slider on one photo; `seen` is total, ours and browser of each seen move."""
    total, ours, browser = np.reshape(seen, (-1, 3)).T
    return {
        "photo": photo,
        "slider": slider,
        "total": total.tolist(),
        "ours": ours.tolist(),
        "browser": browser.tolist(),
        "missed": missed,
        "gradio": (total - ours - browser).tolist(),
    }


def _wait_for_pictures(page: Page) -> None:
    page.wait_for_function(
        """() => {
          const shown = [...document.querySelectorAll('#strip img.p-close')];
          return shown.length > 1 && !document.querySelector('.p-preview')
            && shown.every((one) => one.complete && one.naturalWidth);
        }"""
    )
    # For the events that follow a comparison.
    page.wait_for_timeout(1500)


def _visit(page: Page, address: str) -> Report:
    page.add_init_script(f"({_OPENED})()")
    page.goto(address)
    page.wait_for_function("window.shownAt")
    place, pictures = page.evaluate("[window.stripAt, window.shownAt]")
    page.wait_for_timeout(1000)
    page.close()
    return {"place": place, "pictures": pictures}
