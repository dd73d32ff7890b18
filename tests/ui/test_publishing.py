from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from pipelines.studio import Analysis, Look
from sharing.publication import ComparisonDocument, pack
from tests.ui.reports import text
from ui import comparison, publishing
from ui.comparison import Photo
from ui.file_store import FileStore
from ui.text import captions

LOOKS = [
    Look(region="keep", context="linkedin", polish=0),
    Look(region="off-camera", context="linkedin", polish=0, frame="1x1"),
]


@pytest.fixture
def published(
    astronaut_analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ComparisonDocument, str]:
    """A published comparison, and the pictures of the page it was made on."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    photo = Photo("astronaut.png", astronaut_analysis)
    screen = comparison.compare(photo, LOOKS, "AB", FileStore(), lambda *_: None)
    packed = pack(publishing.gather(photo, screen, "", "en"))
    return packed.document, captions.strip(screen.figures)


def test_a_shared_page_says_of_a_picture_what_the_page_says(
    published: tuple[ComparisonDocument, str],
) -> None:
    document, page = published
    _, first, second = document.pictures
    assert first.badges == ("least changed",)
    assert second.badges == ()
    for line in (*first.captions, *second.captions, *second.warnings, *first.badges):
        assert line in text(page)


def test_a_framed_look_is_published_as_it_is_saved(
    published: tuple[ComparisonDocument, str],
) -> None:
    original, first, second = published[0].pictures
    assert "framed" not in {**original.files, **first.files}
    width, height = second.dimensions["framed"]
    assert second.files["framed"].endswith("-framed.jpg")
    assert width == height < second.dimensions["full"][1]


def test_a_page_from_before_there_were_badges_is_still_read(
    published: tuple[ComparisonDocument, str],
) -> None:
    document, _ = published
    old = json.loads(document.text())
    for picture in old["pictures"]:
        del picture["badges"]
        picture["best"] = True
    read = ComparisonDocument.parse(json.dumps(old))
    assert [one.badges for one in read.pictures] == [()] * 3
    assert asdict(read.pictures[1])["captions"] == document.pictures[1].captions
