"""Middleware that translates Gradio's page and sets its metadata, so that no text changes later.

Gradio sends the same page to everybody, and its script follows the browser's locale. The middleware
replaces the markers of texts (see `ui.text.catalogue.t`), puts the first comparison in, sets the
document's language, makes Gradio's own texts (upload, drop) follow it, and adds what chat tools
show of a link.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from babel.core import get_global
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.gradio_compat import ENDPOINTS, LOGIN_PAGE, MARKER, META
from ui.text import captions
from ui.text.catalogue import texts, translate
from ui.text.explanations import evidence
from ui.text.language import COOKIE, DEFAULT_LANGUAGE, LANGUAGES, known_language, language_of
from ui.text.templating import render

ASSETS = Path(__file__).parent.parent / "assets"
SCRIPTS = Path(__file__).parent / "js"
PICTURE = "presence-social.png"
"""Picture for link previews, 1200 x 630 pixels."""

OPENING = "<!--opening-->"
"""Stands in the page for the pictures that it opens with."""

NOTE = "<!--{kind}:{name}-->"
"""Stands in the page for the note of a region or context."""

# As in a string of a script.
_NOTES = re.compile(r"\\u003c!--(region|context):([a-z-]+)--\\u003e")
_YEAR = 365 * 86_400

Address = Callable[[HTTPConnection, str], str]
Opening = Callable[[str], str]


class PageHead:
    """ASGI middleware that translates Gradio's page; other answers pass unchanged.

    Args:
        app: The application.
        address: Gives the public address of a path, from the request and the path.
        opening: Gives the HTML of the pictures that the page opens with, from the language.
    """

    def __init__(self, app: ASGIApp, address: Address, opening: Opening) -> None:
        self._app, self._address, self._opening = app, address, opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or not _is_page(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        # The looks of an address are not those of the first comparison.
        own = not {"look", "sent"} & request.query_params.keys()
        opening = self._opening if own else lambda _: ""
        await self._app(scope, receive, _PageSender(request, self._address, opening, send))


def routes() -> list[BaseRoute]:
    """The route of the picture for link previews."""

    async def picture(request: Request) -> FileResponse:
        del request
        return FileResponse(ASSETS / PICTURE, headers={"Cache-Control": "public, max-age=86400"})

    return [Route(f"/{PICTURE}", picture, methods=["GET"])]


def localise(html: str, language: str, home: str, picture: str, opening: str = "") -> str:
    """Gradio's page in one language, with our metadata.

    Args:
        html: The page as Gradio sends it.
        language: A key of `ui.text.language.LANGUAGES`.
        home: Public address of the page.
        picture: Public address of its picture.
        opening: HTML of the pictures that the page opens with.
    """
    if LOGIN_PAGE in html:
        html = ENDPOINTS.sub(r"\1{}\2", html)
    # The mark stays: until the page has opened, nothing of it can be shared or gone back to.
    html = html.replace(_in_script(OPENING), _in_script(OPENING + opening), 1)
    html = _NOTES.sub(lambda match: _in_script(evidence(match[1], match[2], language)), html)
    html = MARKER.sub(lambda match: _in_script(translate(language, match[1])), html)
    html = html.replace(translate("en", "page.full_title"), translate(language, "page.full_title"))
    html = META.sub("", html).replace('lang="en"', f'lang="{language}"', 1)
    return html.replace("<head>", f"<head>{_head(language, home, picture)}", 1)


def _head(language: str, home: str, picture: str) -> str:
    # Such as ko_Kore_KR.
    territory = get_global("likely_subtags")[language].rpartition("_")[2]
    keys = texts(DEFAULT_LANGUAGE)
    # Gradio's untranslated English names, with ours.
    names = {
        keys[key]: translate(language, key, name="{name}")
        for key in keys
        if key.startswith("gradio.")
    }
    unfilled = {name: f"{{{name}}}" for name in ("place", "size", "count")}
    words = {
        key.removeprefix("queue."): translate(language, key, **unfilled)
        for key in keys
        if key.startswith("queue.")
    }
    scripts = (
        _script("storage"),
        _script("mend").replace("NAMES", json.dumps(names, ensure_ascii=False), 1),
        _script("queue").replace("WORDS", json.dumps(words, ensure_ascii=False), 1),
    )
    return render("head", "head", language, language, territory, LANGUAGES, home, picture, scripts)


def _script(name: str) -> str:
    return (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")


def _in_script(text: str) -> str:
    """Escape a text for a JSON string inside a script element."""
    quoted = json.dumps(text, ensure_ascii=False)[1:-1]
    return quoted.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _is_page(scope: Scope) -> bool:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return scope["method"] == "GET" and path in ("", "/")


class _PageSender:
    """Collects the body of the page, and sends it translated once it is complete."""

    def __init__(self, request: Request, address: Address, opening: Opening, send: Send) -> None:
        self._request, self._address, self._opening = request, address, opening
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            if kind.startswith("text/html"):
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            await self._send(self._translate(self._start))
            await self._send({"type": "http.response.body", "body": bytes(self._body)})
            return
        await self._send(message)

    def _translate(self, start: Message) -> Message:
        """Translate the body, and return the start of the answer with matching headers."""
        request = self._request
        choice = request.query_params.get("lang")
        language = language_of(request)
        page = localise(
            self._body.decode("utf-8"),
            language,
            self._address(request, "/"),
            self._address(request, f"/{PICTURE}"),
            self._opening(language) or captions.waiting_strip(language),
        )
        self._body[:] = page.encode("utf-8")
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(self._body))
        headers.add_vary_header("Accept-Language, Cookie")
        if choice in LANGUAGES:
            headers.append(
                "set-cookie",
                f"{COOKIE}={known_language(choice)}; Max-Age={_YEAR}; Path=/; SameSite=Lax",
            )
        return {**start, "headers": headers.raw}
