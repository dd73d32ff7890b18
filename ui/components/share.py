"""Sharing: the settings as a link, everything as a ZIP, or the comparison as a page of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from sharing.desk import Desk
from sharing.publication import KEEP_DAYS, LONGEST_TITLE
from sharing.store import Published
from sharing.web.render import day
from ui import captions, publishing, words, work
from ui.pictures import Shelf
from ui.work import OnScreen, Photo

# Pages served without HTTPS have no clipboard of their own, but an old command that copies.
_COPY = """async () => {
  const link = location.href;
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    const box = document.createElement('textarea');
    box.value = link;
    document.body.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
  return '<p class="p-aside" role="status">%s</p>';
}"""
_SAVE = """() => setTimeout(() => document.querySelector('#zip a')?.click(), 150)"""
# A click on an address marks all of it.
_MARK = """
element.addEventListener('focusin', (event) => event.target.select?.());
"""


@dataclass
class SharePanel:
    """The lower left of the page. `screen` holds what the results show."""

    desk: Desk
    shelf: Shelf
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
        with gr.Accordion("Share", open=False, elem_id="share"):
            _aside(words.SHARE_LINK)
            self.copy = gr.Button("Copy link", size="sm")
            self.copied = _html(elem_id="copied")
            _aside(words.SHARE_ZIP)
            self.save = gr.Button("Download everything", size="sm")
            self.saved = _html(elem_id="zip")
            _aside(words.SHARE_PAGE)
            self.title = gr.Textbox(
                label="Title", info="Visitors read it; may stay empty", max_lines=1, lines=1
            )
            self.days = gr.Radio(
                [(f"{days} day{'s' if days > 1 else ''}", days) for days in KEEP_DAYS],
                value=KEEP_DAYS[1],
                label="Keep it for",
                elem_id="keep-days",
            )
            self.asks = gr.Checkbox(
                True, label="Ask visitors, blind, which one is really them", container=False
            )
            self.consent = _html(_consent(KEEP_DAYS[1]), elem_id="consent")
            self.publish = gr.Button("Publish", variant="primary", elem_id="publish")
            self.published = gr.HTML(
                "", apply_default_css=False, elem_id="published", js_on_load=_MARK
            )

    def emptied(self) -> dict[Component, Any]:
        """Nothing to share: the comparison and the ZIP that was made of it are gone.

        The links of what was published stay; without the private one nobody could delete it.
        """
        return {self.screen: None, self.saved: ""}

    def listen(self, photo: gr.State) -> None:
        """What each button does.

        Args:
            photo: The state that holds the visitor's photo.
        """
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self.copy.click(None, None, self.copied, js=_COPY % words.COPIED, **quiet)
        self.days.change(_consent, self.days, self.consent, queue=False, **quiet)
        self.save.click(
            self._save,
            [photo, self.screen, self.title],
            self.saved,
            show_progress="minimal",
            api_visibility="private",
        ).success(None, None, None, js=_SAVE, api_visibility="private")
        self.publish.click(
            self._publish,
            [photo, self.screen, self.title, self.days, self.asks, self.links],
            [self.published, self.links],
            show_progress="minimal",
            api_visibility="private",
        )

    def _save(self, photo: Photo | None, screen: OnScreen | None, title: str) -> str:
        try:
            data = publishing.zipped(publishing.publication(photo, screen, title))
        except Exception as error:
            return captions.notice(work.sentence(error))
        address = escape(self.shelf.address(self.shelf.keep(data, "presence-comparison.zip")))
        size = f"{len(data) / 1e6:.1f} MB"
        return f'<p class="p-aside"><a href="{address}" download>Save the ZIP</a> ({size})</p>'

    def _publish(
        self,
        photo: Photo | None,
        screen: OnScreen | None,
        title: str,
        days: int,
        asks: bool,
        links: str,
        request: gr.Request,
    ) -> tuple[str, str]:
        try:
            asked = publishing.publication(photo, screen, title, days=days, asks_vote=asks)
            address = request.client.host if request.client else ""
            published = self.desk.store().publish(asked, address)
        except Exception as error:
            return captions.notice(work.sentence(error)) + links, links
        link = self.desk.address(f"/s/{published.id}", request.url.scheme, request.headers)
        links = _links(published, link) + links
        return links, links


def _links(published: Published, link: str) -> str:
    until = day(published.expires_at)
    return (
        '<div class="p-links" role="status">'
        f"{_link('Link to share', link, 'p-public')}"
        f"{_link('Your private link: votes, and deleting', f'{link}/own/{published.secret}')}"
        f'<p class="p-aside">Published until {until}. {words.KEEP_PRIVATE}</p></div>'
    )


def _link(label: str, address: str, kind: str = "p-private") -> str:
    address = escape(address, quote=True)
    return (
        f'<label>{escape(label)}<input readonly class="{kind}" value="{address}"></label>'
        f'<a class="p-aside" href="{address}" target="_blank" rel="noopener noreferrer">open</a>'
    )


def _consent(days: int) -> str:
    span = f"{days} day{'s' if days > 1 else ''}"
    return f'<p class="p-aside">{escape(words.CONSENT.format(span=span, most=LONGEST_TITLE))}</p>'


def _aside(sentence: str) -> None:
    _html(f'<p class="p-aside">{escape(sentence)}</p>')


def _html(value: str = "", elem_id: str | None = None) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, elem_id=elem_id)
