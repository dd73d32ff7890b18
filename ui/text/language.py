"""The languages of the page, and which of them a visitor reads."""

from __future__ import annotations

import gradio as gr
from starlette.requests import Request

from sharing.translations import preferred

LANGUAGES = {
    "en": "English",
    "ko": "한국어",
    "ja": "日本語",
    "de": "Deutsch",
    "es": "Español",
}
"""Names of the languages by code, each in its own language; the first is the default."""

DEFAULT_LANGUAGE = next(iter(LANGUAGES))

COOKIE = "presence-lang"
"""Name of the cookie that remembers the choice for a year."""


def known_language(language: object) -> str:
    """The language code itself if the page has it, else `DEFAULT_LANGUAGE`."""
    return language if isinstance(language, str) and language in LANGUAGES else DEFAULT_LANGUAGE


def language_of(request: gr.Request | Request) -> str:
    """The language of a visitor, by address, cookie and browser; see `preferred_language`."""
    return preferred_language(
        request.query_params.get("lang"),
        request.cookies.get(COOKIE),
        request.headers.get("accept-language"),
    )


def preferred_language(query: str | None, cookie: str | None, accept_language: str | None) -> str:
    """The language of the address, else of the cookie, else the one that the browser prefers.

    Args:
        query: ``lang`` of the address.
        cookie: Value of the cookie `COOKIE`.
        accept_language: The header ``Accept-Language``, such as ``ko-KR,ko;q=0.9,en;q=0.8``.
    """
    for choice in (query, cookie):
        if choice in LANGUAGES:
            return known_language(choice)
    return preferred(accept_language or "", LANGUAGES)
