"""The first answer a visitor gets, in their language from the first paint on.

Gradio writes one page for everybody, and its browser half follows the browser's locale. So the page
is dressed on its way out: markers of texts (see `ui.language.t`) become texts, wherever they stand;
the document's language is set; Gradio's own words (upload, drop) are told to follow it; and what
chat tools show of a link is about Presence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.language import COOKIE, DEFAULT, LANGUAGES, chosen, known, say, texts

ASSETS = Path(__file__).parent.parent / "assets"
MEND = Path(__file__).parent / "js" / "mend.js"
QUEUE = Path(__file__).parent / "js" / "queue.js"
PICTURE = "presence-social.png"
"""What chat tools show beside a link to the page: 1200 x 630."""

_YEAR = 365 * 86_400
_MARKER = re.compile(
    r"__i18n__\{\\\"__type__\\\": \\\"translation_metadata\\\", \\\"key\\\": \\\"([\w.-]+)\\\"\}"
)
_NOT_OURS = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')

# Gradio asks the browser, once, before anything of a page runs.
_FOLLOW = """<script>
for (const [name, value] of [['language', '%s'], ['languages', ['%s']]])
  Object.defineProperty(navigator, name, { get: () => value, configurable: true });
</script>"""

Address = Callable[[HTTPConnection, str], str]


class PageHead:
    """ASGI middleware around Gradio's page; everything else passes through as it is.

    Args:
        app: What answers.
        address: The public address of a path, from the request and the path.
    """

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self._app, self._address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http" or not _is_page(scope):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Dressed(Request(scope), self._address, send))


def routes() -> list[BaseRoute]:
    """The picture that chat tools ask for."""

    async def picture(request: Request) -> FileResponse:
        del request
        return FileResponse(ASSETS / PICTURE, headers={"Cache-Control": "public, max-age=86400"})

    return [Route(f"/{PICTURE}", picture, methods=["GET"])]


def dressed(html: str, language: str, home: str, picture: str) -> str:
    """Gradio's page in one language.

    Args:
        html: As Gradio writes it.
        language: A key of `ui.language.LANGUAGES`.
        home: Public address of the page.
        picture: Public address of its picture.
    """
    html = _MARKER.sub(lambda found: _in_script(say(language, found[1])), html)
    html = html.replace(say("en", "page.full_title"), say(language, "page.full_title"))
    html = _NOT_OURS.sub("", html).replace('lang="en"', f'lang="{language}"', 1)
    return html.replace("<head>", f"<head>{_head(language, home, picture)}", 1)


def _head(language: str, home: str, picture: str) -> str:
    about = {
        "og:type": "website",
        "og:site_name": say(language, "page.title"),
        "og:title": say(language, "page.full_title"),
        "og:description": say(language, "page.lead"),
        "og:url": home,
        "og:image": picture,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": say(language, "page.picture"),
        "og:locale": {"en": "en_US", "ko": "ko_KR"}[language],
    }
    tags = [f'<meta property="{name}" content="{escape(text)}">' for name, text in about.items()]
    others = (f'<link rel="alternate" hreflang="{one}" href="?lang={one}">' for one in LANGUAGES)
    return "\n".join(
        [
            _FOLLOW % (language, language),
            f"<script>{_mend(language)}{_queue(language)}</script>",
            *tags,
            '<meta name="twitter:card" content="summary_large_image">',
            f'<meta name="description" content="{escape(say(language, "page.lead"))}">',
            '<link rel="icon" type="image/png" href="favicon.ico">',
            *others,
        ]
    )


def _mend(language: str) -> str:
    """The script that mends Gradio's own names: English ones by those of a language."""
    names = {
        text: say(language, key, name="{name}")
        for key, text in texts(DEFAULT).items()
        if key.startswith("gradio.")
    }
    script = MEND.read_text(encoding="utf-8")
    return script.replace("NAMES", json.dumps(names, ensure_ascii=False), 1)


def _queue(language: str) -> str:
    """The script that says a visitor's place in the queue in a language."""
    keys = [key for key in texts(DEFAULT) if key.startswith("queue.")]
    blanks = {"place": "{place}", "size": "{size}"}
    words = {key.removeprefix("queue."): say(language, key, **blanks) for key in keys}
    script = QUEUE.read_text(encoding="utf-8")
    return script.replace("WORDS", json.dumps(words, ensure_ascii=False), 1)


def _in_script(text: str) -> str:
    """A text inside a JSON string inside a script element."""
    quoted = json.dumps(text, ensure_ascii=False)[1:-1]
    return quoted.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _is_page(scope: Scope) -> bool:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return scope["method"] == "GET" and path in ("", "/")


class _Dressed:
    """Sends what a page's answer is made of, once all of it is there."""

    def __init__(self, request: Request, address: Address, send: Send) -> None:
        self._request, self._address, self._send = request, address, send
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
            await self._send(self._dressed(self._start))
            await self._send({"type": "http.response.body", "body": bytes(self._body)})
            return
        await self._send(message)

    def _dressed(self, start: Message) -> Message:
        request = self._request
        asked = request.query_params.get("lang")
        language = chosen(
            asked, request.cookies.get(COOKIE), request.headers.get("accept-language")
        )
        page = dressed(
            self._body.decode("utf-8"),
            language,
            self._address(request, "/"),
            self._address(request, f"/{PICTURE}"),
        )
        self._body[:] = page.encode("utf-8")
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(self._body))
        headers.add_vary_header("Accept-Language, Cookie")
        if asked in LANGUAGES:
            headers.append(
                "set-cookie",
                f"{COOKIE}={known(asked)}; Max-Age={_YEAR}; Path=/; SameSite=Lax",
            )
        return {**start, "headers": headers.raw}
