"""The four steps of using the page: links at the top, and a heading for each."""

from __future__ import annotations

import gradio as gr

from ui.components.html import html
from ui.text.catalogue import t

STEPS = {
    "portrait": "#own",
    "looks": ".p-look input",
    "compare": "#compare",
    "share": "#share button",
}
"""Names in order, with the selector of each step's first control; titles are ``steps.NAME``."""

# Scrolls by script instead of a fragment, because the address holds the looks.
GO = """
for (const link of element.querySelectorAll('.p-steps a')) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    const goal = document.querySelector(link.dataset.goal);
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    goal?.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'center' });
    goal?.focus({ preventScroll: true });
  });
}
"""


def strip() -> str:
    """The four steps as links."""
    links = "".join(
        f'<li><a href="#page" data-goal="{goal}"><span>{number}</span>{t(f"steps.{name}")}</a></li>'
        for number, (name, goal) in enumerate(STEPS.items(), start=1)
    )
    return f'<nav class="p-steps" aria-label="{t("steps.all")}"><ol>{links}</ol></nav>'


def heading(name: str) -> gr.HTML:
    """The heading of a step.

    Args:
        name: One of `STEPS`.
    """
    number = list(STEPS).index(name) + 1
    return html(f'<h2 class="p-step"><span>{number}</span>{t(f"steps.{name}")}</h2>')
