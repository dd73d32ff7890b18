"""The page's header: title, lead sentence, and the choice of language."""

from __future__ import annotations

import gradio as gr

from ui.components.html import html
from ui.text.language import DEFAULT_LANGUAGE, LANGUAGES
from ui.text.templating import render

# A button opens the portrait's file dialog from elsewhere: from the header of a phone, and from the
# empty place of the results. Links work by keyboard and without a script; the script keeps the
# looks in the address.
_SWITCH = """
for (const link of element.querySelectorAll('a[hreflang]')) {
  if (link.hreflang === document.documentElement.lang) link.setAttribute('aria-current', 'true');
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const address = new URL(location.href);
    address.searchParams.set('lang', link.hreflang);
    location.assign(address);
  });
}
document.addEventListener('click', ({ target }) => {
  if (!target.closest?.('.p-own-photo')) return;
  document.querySelector('#portrait input[type=file]')?.click();
});
"""


def header() -> gr.HTML:
    """Title and lead sentence on the left, languages on the right."""
    return html(render("page", "header", DEFAULT_LANGUAGE, LANGUAGES), js_on_load=_SWITCH)
