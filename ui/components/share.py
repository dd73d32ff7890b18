"""Sharing: the settings as a link, everything as a ZIP, or the comparison as a page of its own."""

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
from ui import captions, publishing, work
from ui.clipboard import copying
from ui.language import say, t
from ui.pictures import FileStore
from ui.visitor import waiting
from ui.work import OnScreen, Photo

_SAVE = """() => setTimeout(() => document.querySelector('#zip a')?.click(), 150)"""
# A click on an address marks all of it.
_MARK = """
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
    """The lower left of the page. `screen` holds what the results show."""

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
        """From the least that can be given away to the most."""
        self.screen = gr.State(None, time_to_live=work.PHOTO_KEPT)
        # Private links are shown only here: nothing that comes later may take them away.
        self.links = gr.State("")
        with gr.Accordion(t("share.title"), open=False, elem_id="share"):
            _aside("share.link")
            self.copy = gr.Button(t("share.copy"), size="sm")
            self.copied = _html(elem_id="copied")
            _aside("share.zip")
            self.save = gr.Button(t("share.download"), size="sm")
            self.saved = _html(elem_id="zip")
            _aside("share.page")
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
            self.consent = _html(
                _consent(str(t(key)) for key in _consent_keys(KEEP_DAYS[1])), elem_id="consent"
            )
            self.publish = gr.Button(t("share.publish"), variant="primary", elem_id="publish")
            self.published = gr.HTML(
                "", apply_default_css=False, elem_id="published", js_on_load=_MARK
            )

    def emptied(self) -> dict[Component, Any]:
        """Nothing to share: the comparison and the ZIP that was made of it are gone.

        The links of what was published stay; without the private one nobody could delete it.
        """
        return {self.screen: None, self.saved: ""}

    def listen(self, photo: gr.State, language: gr.State) -> None:
        """What each button does.

        Args:
            photo: The state that holds the visitor's photo.
            language: The state that holds the visitor's language.
        """
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        said = f"""return '<p class="p-aside" role="status">{t("share.copied")}</p>';"""
        self.copy.click(None, None, self.copied, js=copying("location.href", said), **quiet)
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

    def _save(self, photo: Photo | None, screen: OnScreen | None, title: str, language: str) -> str:
        try:
            with slots.cores().turn():
                data = publishing.zipped(publishing.publication(photo, screen, title))
        except Exception as error:
            return captions.notice(work.sentence(error, language))
        address = escape(
            self.file_store.address(self.file_store.keep(data, "presence-comparison.zip"))
        )
        size = f"{len(data) / 1e6:.1f} MB"
        save = escape(say(language, "share.save_zip"))
        return f'<p class="p-aside"><a href="{address}" download>{save}</a> ({size})</p>'

    def _publish(
        self,
        photo: Photo | None,
        screen: OnScreen | None,
        title: str,
        days: int,
        asks: bool,
        links: str,
        language: str,
        request: gr.Request,
    ) -> tuple[str, str]:
        awaited = waiting()
        try:
            address = request.client.host if request.client else ""
            with slots.cores().turn():
                asked = publishing.publication(photo, screen, title, days=days, asks_vote=asks)
                published = self.link_service.store().publish(asked, address)
            if not awaited():
                # Its private link will be seen by nobody: nobody could take it back.
                self.link_service.store().delete(published.id, published.secret)
                raise Cancelled
        except Exception as error:
            return captions.notice(work.sentence(error, language)) + links, links
        link = self.link_service.address(f"/s/{published.id}", request.url.scheme, request.headers)
        links = _links(published, link, language) + links
        return links, links


def _links(published: Published, link: str, language: str) -> str:
    private = f"{link}/own/{published.secret}"
    until = say(language, "share.until", day=_day(published.expires_at, language))
    return (
        '<div class="p-links" role="status">'
        f"{_link(language, 'share.public', link, 'p-public')}"
        f"{_link(language, 'share.private', private, 'p-private')}"
        f'<p class="p-aside">{escape(until)}</p></div>'
    )


def _link(language: str, key: str, address: str, kind: str) -> str:
    label, address = say(language, key), escape(address, quote=True)
    opens = escape(say(language, "share.open", what=label))
    copies = escape(say(language, "share.copy_what", what=label), quote=True)
    copied = escape(say(language, "share.is_copied"), quote=True)
    return (
        f'<label>{escape(label)}<input readonly class="{kind}" value="{address}"></label>'
        f'<button type="button" class="p-aside" data-copied="{copied}" '
        f'aria-label="{copies}">{escape(say(language, "share.copies"))}</button>'
        f'<a class="p-aside" href="{address}" target="_blank" rel="noopener noreferrer" '
        f'aria-label="{opens}">{escape(say(language, "share.opens"))}</a>'
    )


def _day(seconds: int, language: str) -> str:
    """A day in words, UTC."""
    date = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    month = say(language, "share.months").split()[date.month - 1]
    return say(language, "share.day", day=date.day, month=month, year=date.year)


def _on_days(days: int, language: str) -> str:
    return _consent(escape(say(language, key)) for key in _consent_keys(days))


def _consent_keys(days: int) -> tuple[str, str, str]:
    return "share.consent", f"share.for_{int(days)}", "share.consent_more"


def _consent(parts: Iterable[str]) -> str:
    before, span, after = parts
    return f'<p class="p-aside">{before} {span}{after}</p>'


def _aside(key: str) -> None:
    _html(f'<p class="p-aside">{t(key)}</p>')


def _html(value: str = "", elem_id: str | None = None) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, elem_id=elem_id)
