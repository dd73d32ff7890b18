"""The page's header: title, lead sentence, and the choice of language."""

from __future__ import annotations

from html import escape

import gradio as gr

from ui.components.html import html
from ui.text.catalogue import t
from ui.text.language import LANGUAGES

# Links work by keyboard and without a script; the script keeps the looks in the address.
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
"""


def header() -> gr.HTML:
    """Title and lead sentence on the left, languages on the right."""
    links = '<span aria-hidden="true">·</span>'.join(
        f'<a href="?lang={code}" hreflang="{code}" lang="{code}">{escape(name)}</a>'
        for code, name in LANGUAGES.items()
    )
    return html(
        f'<header class="p-head"><h1>{t("page.title")}</h1><p>{t("page.lead")}</p>'
        f'<nav class="p-languages" aria-label="{t("page.language")}">{links}</nav></header>',
        js_on_load=_SWITCH,
    )
