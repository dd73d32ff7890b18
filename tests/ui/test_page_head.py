from __future__ import annotations

import json

import pytest

from ui.page_head import NOTE, OPENING, localise
from ui.text.catalogue import t, translate
from ui.text.explanations import evidence
from ui.text.language import LANGUAGES


def test_markers_become_texts_anywhere_in_the_page() -> None:
    marker = str(t("portrait.drop")).replace('"', '\\"')
    page = localise(
        '<html lang="en"><head><meta property="og:image" content="https://example.org/g.png" />'
        f'</head><script>x = "{marker} and {marker}"; t = "{translate("en", "page.full_title")}"'
        "</script></html>",
        "ko",
        "https://example.org/",
        "https://example.org/own.png",
    )
    assert "__i18n__" not in page
    assert page.count(translate("ko", "portrait.drop").replace("\n", "\\n")) == 2
    assert '<html lang="ko">' in page
    assert "g.png" not in page and "own.png" in page
    assert translate("en", "page.full_title") not in page
    assert "'language', 'ko'" in page


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_queue_is_said_in_the_visitors_language(code: str) -> None:
    html = localise("<head></head>", code, "http://x/", "http://x/p.png")
    said = html.partition("const PLACE")[0].rpartition("const words = ")[2]
    assert all(
        translate(code, f"queue.{key}", place="{place}", size="{size}") in said
        for key in ("place", "next", "busy", "title")
    )


def test_the_first_pictures_come_with_the_page_as_a_string_of_its_script() -> None:
    mark = json.dumps(OPENING).replace("<", "\\u003c").replace(">", "\\u003e")
    page = f'<head></head><script>config = {{"value": {mark}}}</script>'
    sent = localise(page, "en", "http://x/", "http://x/p.png", '<p title="a">Hi</p></script>')
    value = sent.rpartition("config = ")[2].removesuffix("</script>")
    assert json.loads(value) == {"value": f'{OPENING}<p title="a">Hi</p></script>'}


def test_notes_of_presets_come_with_the_page_in_its_language() -> None:
    mark = json.dumps(NOTE.format(kind="region", name="japan"))
    mark = mark.replace("<", "\\u003c").replace(">", "\\u003e")
    page = f'<head></head><script>config = {{"one": {mark}, "two": {mark}}}</script>'
    sent = localise(page, "de", "http://x/", "http://x/p.png")
    values = json.loads(sent.rpartition("config = ")[2].removesuffix("</script>"))
    assert values == dict.fromkeys(("one", "two"), evidence("region", "japan", "de"))
