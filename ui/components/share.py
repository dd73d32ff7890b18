"""Sharing: the settings as a link, the comparison as a ZIP or as a published page."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.runtime import slots
from pipelines.runtime.errors import Cancelled
from sharing.link_service import LinkService
from sharing.publication import KEEP_DAYS
from sharing.store import Published
from ui import comparison, publishing
from ui.comparison import PageComparison, Photo
from ui.components.clipboard import copy_script
from ui.components.html import aside, html
from ui.file_store import FileStore
from ui.text import captions, messages
from ui.text.catalogue import t, translate, translate_html
from ui.visitor import waiting_check

_SAVE = """() => setTimeout(() => document.querySelector('#zip a')?.click(), 150)"""
# A click on an address selects all of it.
_SELECT = """
element.addEventListener('focusin', (event) => event.target.select?.());
element.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-copied]');
  if (!button) return;
  const field = button.previousElementSibling.querySelector('input');
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select();
    document.execCommand('copy');
  }
  button.textContent = button.dataset.copied;
});
"""


@dataclass
class SharePanel:
    """The share panel at the lower left of the page.

    Attributes:
        link_service: Publishes comparisons.
        file_store: Holds the ZIP files.
        screen: State with the `PageComparison` of the results, or None.
        links: State with the HTML of the links published in this session.
    """

    link_service: LinkService
    file_store: FileStore
    screen: gr.State = field(init=False)
    links: gr.State = field(init=False)
    copy: gr.Button = field(init=False)
    copied: gr.HTML = field(init=False)
    save: gr.Button = field(init=False)
    saved: gr.HTML = field(init=False)
    title: gr.Textbox = field(init=False)
    days: gr.Radio = field(init=False)
    asks: gr.Checkbox = field(init=False)
    consent: gr.HTML = field(init=False)
    publish: gr.Button = field(init=False)
    published: gr.HTML = field(init=False)

    def render(self) -> None:
        """Create the panel; what reveals least comes first."""
        self.screen = gr.State(None, time_to_live=comparison.PHOTO_KEPT_S)
        # Private links are shown only here, so later events must not remove them.
        self.links = gr.State("")
        with gr.Accordion(t("share.title"), open=False, elem_id="share"):
            aside(t("share.link"))
            self.copy = gr.Button(t("share.copy"), size="sm")
            self.copied = html(elem_id="copied")
            aside(t("share.zip"))
            self.save = gr.Button(t("share.download"), size="sm")
            self.saved = html(elem_id="zip")
            aside(t("share.page"))
            self.title = gr.Textbox(
                label=t("share.name"), info=t("share.name_info"), max_lines=1, lines=1
            )
            self.days = gr.Radio(
                [(t(f"share.days_{days}"), days) for days in KEEP_DAYS],
                value=KEEP_DAYS[1],
                label=t("share.keep"),
                elem_id="keep-days",
            )
            self.asks = gr.Checkbox(True, label=t("share.ask"), container=False)
            self.consent = html(
                _consent(str(t(key)) for key in _consent_keys(KEEP_DAYS[1])), elem_id="consent"
            )
            self.publish = gr.Button(t("share.publish"), variant="primary", elem_id="publish")
            self.published = html(elem_id="published", js_on_load=_SELECT)

    def clear(self) -> dict[Component, Any]:
        """Updates that remove the comparison and its ZIP.

        Published links stay, because the private one is needed to delete the page.
        """
        return {self.screen: None, self.saved: ""}

    def listen(self, photo: gr.State, language: gr.State) -> None:
        """Attach the handlers of all buttons.

        Args:
            photo: Holds the `Photo` of the page, or None.
            language: Holds the visitor's language.
        """
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        show_copied = f"""return '<p class="p-aside" role="status">{t("share.copied")}</p>';"""
        self.copy.click(
            None, None, self.copied, js=copy_script("location.href", show_copied), **quiet
        )
        self.days.change(_on_days, [self.days, language], self.consent, queue=False, **quiet)
        self.save.click(
            self._save,
            [photo, self.screen, self.title, language],
            self.saved,
            show_progress="minimal",
            api_visibility="private",
        ).success(None, None, None, js=_SAVE, api_visibility="private")
        self.publish.click(
            self._publish,
            [photo, self.screen, self.title, self.days, self.asks, self.links, language],
            [self.published, self.links],
            show_progress="minimal",
            api_visibility="private",
        )

    def _save(
        self, photo: Photo | None, screen: PageComparison | None, title: str, language: str
    ) -> str:
        try:
            with slots.cores().turn():
                data = publishing.zipped(publishing.gather(photo, screen, title))
        except Exception as error:
            return captions.notice(messages.error_message(error, language))
        address = escape(
            self.file_store.address(self.file_store.write(data, "presence-comparison.zip"))
        )
        size = f"{len(data) / 1e6:.1f} MB"
        save = translate_html(language, "share.save_zip")
        return f'<p class="p-aside"><a href="{address}" download>{save}</a> ({size})</p>'

    def _publish(
        self,
        photo: Photo | None,
        screen: PageComparison | None,
        title: str,
        days: int,
        asks: bool,
        links: str,
        language: str,
        request: gr.Request,
    ) -> tuple[str, str]:
        someone_waits = waiting_check()
        try:
            address = request.client.host if request.client else ""
            with slots.cores().turn():
                publication = publishing.gather(photo, screen, title, days=days, asks_vote=asks)
                published = self.link_service.store().publish(publication, address)
            if not someone_waits():
                # Nobody will see the private link, without which the page cannot be deleted.
                self.link_service.store().delete(published.id, published.secret)
                raise Cancelled
        except Exception as error:
            return captions.notice(messages.error_message(error, language)) + links, links
        link = self.link_service.address(f"/s/{published.id}", request.url.scheme, request.headers)
        links = _links(published, link, language) + links
        return links, links


def _links(published: Published, link: str, language: str) -> str:
    private = f"{link}/own/{published.secret}"
    until = translate(language, "share.until", day=_day(published.expires_at, language))
    return (
        '<div class="p-links" role="status">'
        f"{_link(language, 'share.public', link, 'p-public')}"
        f"{_link(language, 'share.private', private, 'p-private')}"
        f'<p class="p-aside">{escape(until)}</p></div>'
    )


def _link(language: str, key: str, address: str, kind: str) -> str:
    label, address = translate(language, key), escape(address)
    opens = translate_html(language, "share.open", what=label)
    copies = translate_html(language, "share.copy_what", what=label)
    copied = translate_html(language, "share.is_copied")
    return (
        f'<label>{escape(label)}<input readonly class="{kind}" value="{address}"></label>'
        f'<button type="button" class="p-aside" data-copied="{copied}" '
        f'aria-label="{copies}">{translate_html(language, "share.copies")}</button>'
        f'<a class="p-aside" href="{address}" target="_blank" rel="noopener noreferrer" '
        f'aria-label="{opens}">{translate_html(language, "share.opens")}</a>'
    )


def _day(seconds: int, language: str) -> str:
    """The date of a Unix time in words, UTC."""
    date = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    month = translate(language, "share.months").split()[date.month - 1]
    return translate(language, "share.day", day=date.day, month=month, year=date.year)


def _on_days(days: int, language: str) -> str:
    return _consent(translate_html(language, key) for key in _consent_keys(days))


def _consent_keys(days: int) -> tuple[str, str, str]:
    return "share.consent", f"share.for_{int(days)}", "share.consent_more"


def _consent(parts: Iterable[str]) -> str:
    before, span, after = parts
    return f'<p class="p-aside">{before} {span}{after}</p>'
