"""Sharing: the settings as a link, the comparison as a ZIP or as a published page."""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass
from typing import Any

import gradio as gr
from babel.dates import format_date
from gradio.components import Component
from markupsafe import Markup

from pipelines.runtime import slots
from pipelines.runtime.errors import Cancelled
from sharing.link_service import LinkService
from sharing.publication import KEEP_DAYS
from sharing.store import Published
from ui import publishing
from ui.comparison import PageComparison, Photo
from ui.components.html import aside, html, script
from ui.components.results import FILES_KEPT
from ui.file_store import FileStore
from ui.gradio_compat import waiting_check
from ui.text import captions
from ui.text.catalogue import t, translate
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.numbers import decimal
from ui.text.templating import render

_SAVE = """() => setTimeout(() => document.querySelector('#zip a')?.click(), 150)"""
# Answers stand below their buttons, which may be at the lower edge of the window.
_SHOW = """() => setTimeout(() => {
  const answer = document.querySelector('#ANSWER .p-links, #ANSWER p');
  answer?.scrollIntoView({ block: 'nearest' });
  answer?.querySelector('input')?.focus({ preventScroll: true });
}, 150)"""
# It is opened at the lower edge of the window, too. A title that was typed stays over a reload,
# such as for another language.
_OPENED = """() => setTimeout(() => {
  const panel = document.getElementById('share');
  panel.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  const title = panel.querySelector('input[type=text]');
  const keep = () => (sessionStorage.presenceTitle = title.value);
  title.oninput = keep;
  if (title.value || !sessionStorage.presenceTitle) return keep();
  title.value = sessionStorage.presenceTitle;
  title.dispatchEvent(new Event('input', { bubbles: true }));
}, 150)"""
# Marked as sent, so that whoever opens it is asked for a photo instead of shown a sample. Pages
# without HTTPS have no clipboard API, only the deprecated command that copies.
_COPY = """async () => {
  const link = new URL(location.href);
  link.searchParams.set('sent', 1);
  try {
    await navigator.clipboard.writeText(link.href);
  } catch {
    const box = document.createElement('textarea');
    box.value = link.href;
    document.body.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
  return `COPIED`;
}"""


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

    def render(self) -> None:
        """Create the panel: a page to look at first, then the settings alone, then the files."""
        self.screen = gr.State(None, time_to_live=FILES_KEPT)
        # Private links are shown only here, so later events must not remove them.
        self.links = gr.State("")
        with gr.Accordion(t("share.title"), open=False, elem_id="share") as self.box:
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
            self.asks = gr.Checkbox(False, label=t("share.ask"), container=False)
            self.consent = aside(t(f"share.consent_{KEEP_DAYS[1]}"), elem_id="consent")
            self.publish = gr.Button(t("share.publish"), variant="primary", elem_id="publish")
            self.published = html(elem_id="published", js_on_load=script("share"))
            aside(t("share.link"))
            self.copy = gr.Button(t("share.copy"), size="sm")
            self.copied = html(elem_id="copied")
            aside(t("share.zip"))
            self.save = gr.Button(t("share.download"), size="sm")
            self.saved = html(elem_id="zip")
        html(
            render("share", "count", DEFAULT_LANGUAGE),
            js_on_load=script("share_count"),
            visible="hidden",
        )

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
        copied = captions.aside(Markup(t("share.copied")), status=True)
        answers = {
            "copied": self.copy.click(
                None, None, self.copied, js=_COPY.replace("COPIED", copied), **quiet
            )
        }
        self.box.expand(None, None, None, js=_OPENED, api_visibility="private")
        self.days.change(_on_days, [self.days, language], self.consent, queue=False, **quiet)
        answers["zip"] = self.save.click(
            self._save,
            [photo, self.screen, self.title, language],
            self.saved,
            show_progress="minimal",
            api_visibility="private",
        )
        answers["zip"].success(None, None, None, js=_SAVE, api_visibility="private")
        answers["published"] = self.publish.click(
            self._publish,
            [photo, self.screen, self.title, self.days, self.asks, self.links, language],
            [self.published, self.links],
            show_progress="minimal",
            api_visibility="private",
        )
        for name, event in answers.items():
            event.then(None, None, None, js=_SHOW.replace("ANSWER", name), api_visibility="private")

    def _save(
        self, photo: Photo | None, screen: PageComparison | None, title: str, language: str
    ) -> str:
        try:
            with slots.cores().turn():
                data = publishing.zipped(publishing.gather(photo, screen, title, language))
        except Exception as error:
            return captions.error_notice(error, language)
        address = self.file_store.address(self.file_store.write(data, "presence-comparison.zip"))
        return render(
            "share", "saved", language, address, f"{decimal(len(data) / 1e6, language)} MB"
        )

    def _publish(
        self,
        photo: Photo | None,
        screen: PageComparison | None,
        title: str | None,
        days: int,
        asks: bool,
        links: str,
        language: str,
        request: gr.Request,
    ) -> tuple[str, str]:
        someone_waits, title = waiting_check(), title or ""
        try:
            address = request.client.host if request.client else ""
            with slots.cores().turn():
                publication = publishing.gather(
                    photo, screen, title, language, days=days, asks_vote=asks
                )
                published = self.link_service.store().publish(publication, address)
            if not someone_waits():
                # Nobody will see the private link, without which the page cannot be deleted.
                self.link_service.store().delete(published.id, published.secret)
                raise Cancelled
        except Exception as error:
            return captions.error_notice(error, language) + links, links
        link = self.link_service.address(f"/s/{published.id}", request.url.scheme, request.headers)
        links = _links(published, link, title, language) + links
        return links, links


def _links(published: Published, link: str, title: str, language: str) -> str:
    private = f"{link}/own/{published.secret}"
    day = datetime.datetime.fromtimestamp(published.expires_at, datetime.UTC)
    until = translate(language, "share.until", day=format_date(day, "long", locale=language))
    title = title.strip() or translate(language, "share.untitled")
    return render("share", "links", language, link, private, until, title, _qr_code(link))


def _qr_code(link: str) -> str:
    """The QR code of a link as the data URL of a PNG."""
    import cv2

    modules = cv2.QRCodeEncoder.create().encode(link)
    size = 4 * modules.shape[0]
    enlarged = cv2.resize(modules, (size, size), interpolation=cv2.INTER_NEAREST)
    _, data = cv2.imencode(".png", enlarged)
    return f"data:image/png;base64,{base64.b64encode(data.tobytes()).decode()}"


def _on_days(days: int, language: str) -> str:
    return captions.aside(translate(language, f"share.consent_{int(days)}"))
