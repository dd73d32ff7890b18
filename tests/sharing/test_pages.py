from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pipelines.image import metadata
from sharing import link_service
from sharing.blobs import Blobs
from sharing.database import Database
from sharing.link_service import LinkService
from sharing.publication import Size
from sharing.settings import Settings
from sharing.store import DAY, Published, Store
from sharing.web.jpeg_metadata import strip_metadata
from sharing.web.routes import VISITOR, routes
from tests.sharing.conftest import Clock
from tests.sharing.publications import TITLES, publication

MARKUP = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
SMALL: tuple[Size, ...] = ("close", "whole", "eyes")

Visit = Callable[..., TestClient]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        f"sqlite:///{tmp_path / 'links.sqlite'}", str(tmp_path / "pictures"), patience=0.3
    )


@pytest.fixture
def store(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    opened = Store(settings, clock)
    monkeypatch.setattr(link_service, "_open_store", lambda _: opened)
    yield opened
    opened.close()


@pytest.fixture
def visit(settings: Settings, store: Store) -> Visit:
    """A new visitor, with cookies of their own."""

    def visitor(root: str = "") -> TestClient:
        app = Starlette(routes=routes(LinkService(settings, root)))
        return TestClient(app, base_url="https://example.org", raise_server_exceptions=False)

    return visitor


def publish(store: Store, title: str = "Autumn portraits", **more: Any) -> Published:
    return store.publish(publication(title, **more))


def token(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]+)"', page)
    assert found
    return found.group(1)


def form(store: Store, page: str, published: Published, **more: str) -> dict[str, str]:
    keys = [picture.key for picture in store.find(published.id).document.pictures]
    answers = {"likeness": keys[1], "trust": keys[2], "purpose": keys[1]}
    return {"token": token(page), **answers, "comment": "", **more}


def vote(visitor: TestClient, store: Store, published: Published, **more: str) -> Any:
    page = visitor.get(f"/s/{published.id}").text
    return visitor.post(f"/s/{published.id}/vote", data=form(store, page, published, **more))


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.tobytes()


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    """All tags of a page as a browser reads them."""
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(page)
    return found


def assert_nothing_private(text: str, *private: str) -> None:
    for forbidden in ("Traceback", 'File "', "/tmp", ".py", "sqlite", *private):
        assert forbidden not in text


# -- what is shown --


def test_without_a_vote_labels_and_measurements_are_shown_at_once(
    visit: Visit, store: Store
) -> None:
    published = publish(store, asks_vote=False)
    answer = visit().get(f"/s/{published.id}")
    assert answer.status_code == 200
    for expected in (
        *TITLES,
        "3.4° soft",
        "texture 94%, floor 88%",
        "Over-polished",
    ):
        assert expected in answer.text
    # That would sway whoever is asked to choose.
    assert "least changed" not in answer.text
    link = re.search(r'href="([^"]+sent=1)"', answer.text)
    assert link
    assert link.group(1).startswith("/?look=region%3Djapan%26context%3Dlinkedin")
    assert link.group(1).count("look=") == 3


def test_several_warnings_of_a_picture_are_folded(visit: Visit, store: Store) -> None:
    given = publication(asks_vote=False)
    first, second = given.pictures[1:3]
    many = replace(first, warnings=("Too tight.", "Not enlarged."))
    one = replace(second, warnings=("Too small.",))
    changed = replace(given, pictures=(given.pictures[0], many, one))
    page = visit().get(f"/s/{store.publish(changed).id}").text
    folded = page.index("<details><summary>More notes: 1<")
    assert page.index("Too tight.") < folded < page.index("Not enlarged.")
    assert page.count("More notes: ") == 1


def test_headers_and_metadata_keep_the_page_private_and_give_a_preview(
    visit: Visit, store: Store
) -> None:
    published = publish(store, MARKUP)
    answer = visit().get(f"/s/{published.id}")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex' in answer.text
    for tag, attributes in tags(answer.text):
        assert tag != "style"
        assert tag != "script" or attributes.get("src") == "/s/-/share.js"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    # Everything is loaded from this site; only the metadata for chat tools has full URLs.
    fetched = re.findall(r'(?:src|href|action)="([^"]+)"', answer.text)
    assert all(address.startswith("/") for address in fetched)
    image = re.search(r'og:image" content="([^"]+)"', answer.text)
    assert image
    assert image.group(1) == f"https://example.org/s/{published.id}/preview.jpg"
    for tag in ("og:title", "og:description", "og:url", "twitter:card", "twitter:image"):
        assert f'"{tag}"' in answer.text
    preview = visit().get(f"/s/{published.id}/preview.jpg")
    assert Image.open(io.BytesIO(preview.content)).size == (1200, 630)
    assert "<script>alert" not in answer.text


def test_pictures_are_served_and_must_be_revalidated(visit: Visit, store: Store) -> None:
    published = publish(store, asks_vote=False)
    visitor, shown = visit(), store.find(published.id).document.pictures[1]
    address = f"/s/{published.id}/p/{shown.files['full']}"
    answer = visitor.get(address)
    assert answer.headers["content-type"] == "image/png"
    assert "no-cache" in answer.headers["cache-control"]
    assert "vary" not in answer.headers
    again = {"If-None-Match": answer.headers["etag"]}
    assert visitor.get(address, headers=again).status_code == 304
    store.delete(published.id, published.secret)
    assert visitor.get(address, headers=again).status_code == 404


def test_all_links_start_with_the_path_of_the_proxy(visit: Visit, store: Store) -> None:
    published = publish(store)
    page = visit("/presence").get(f"/s/{published.id}")
    addresses = re.findall(r'(?:src|href|action)="(/[^"]*)"', page.text)
    assert addresses
    assert all(address.startswith("/presence/") for address in addresses)
    assert f"https://example.org/presence/s/{published.id}/preview.jpg" in page.text
    assert "Path=/presence/s/" in page.headers["set-cookie"]
    whole = visit("https://faces.example.net/presence").get(f"/s/{published.id}")
    assert f'"https://faces.example.net/presence/s/{published.id}"' in whole.text


def test_the_url_of_the_preview_has_the_host_and_scheme_of_the_proxy(
    visit: Visit, store: Store
) -> None:
    published = publish(store)
    proxied = {"X-Forwarded-Host": "a.example, b.example", "X-Forwarded-Proto": "https"}
    page = visit().get(f"http://inner/s/{published.id}", headers=proxied)
    assert f"https://a.example/s/{published.id}/preview.jpg" in page.text
    assert "Secure" in page.headers["set-cookie"]


def test_the_download_contains_pictures_measurements_report_and_looks(
    visit: Visit, store: Store
) -> None:
    published = publish(store, '=cmd|"/C calc"!A0', asks_vote=False)
    answer = visit().get(f"/s/{published.id}/download.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        report = json.loads(archive.read("comparison.json"))
        rows = list(csv.DictReader(io.StringIO(archive.read("comparison.csv").decode())))
        page = archive.read("report.html").decode()
        look = archive.read("looks/A-japan-linkedin.txt").decode().strip()
        with Image.open(io.BytesIO(archive.read("A-japan-linkedin.png"))) as image:
            assert image.size == (64, 64)
    assert {"original.png", "C-as-it-is-id-or-passport-framed.jpg"} <= set(names)
    assert [one["file"] for one in report["pictures"]] == [one["file"] for one in rows]
    assert all(one["file"] in names for one in report["pictures"])
    assert look.startswith("region=japan&context=linkedin")
    assert rows[1]["likeness"] == "0.071"
    assert rows[1]["most_like_them"] == "True"
    assert page.count("data:image/jpeg;base64,") == 4
    assert not re.search(r'(?:src|href)="(?!data:)', page)


# -- votes --


def test_labels_are_hidden_until_the_vote(visit: Visit, store: Store) -> None:
    published = publish(store)
    visitor = visit()
    blind = visitor.get(f"/s/{published.id}")
    assert blind.status_code == 200
    for label in (*TITLES, "Original", "★", "likeness 0.07", "region%3D", "region="):
        assert label not in blind.text
    cookie = blind.headers["set-cookie"]
    for part in (VISITOR, "HttpOnly", "SameSite=lax", "Secure", "Path=/s/"):
        assert part in cookie
    assert visitor.get(f"/s/{published.id}").text == blind.text, "the order changed"
    answer = visitor.post(f"/s/{published.id}/vote", data=form(store, blind.text, published))
    assert answer.status_code == 200
    assert answer.url.query == b"voted"
    for expected in (*TITLES, "Thank you", "You chose A · Japan", "One answer."):
        assert expected in answer.text


def test_before_the_vote_no_file_reveals_its_look(visit: Visit, store: Store) -> None:
    published = publish(store)
    visitor, shared = visit(), store.find(published.id)
    visitor.get(f"/s/{published.id}")
    for size in SMALL:
        heads = set()
        for shown in shared.document.pictures:
            answer = visitor.get(f"/s/{published.id}/p/{shown.files[size]}")
            stored = store.file(shared, shown.files[size])
            assert answer.status_code == 200
            assert b"presence:" not in answer.content
            assert b"xmp" not in answer.content.lower()
            assert pixels(answer.content) == pixels(stored)
            assert answer.headers["vary"] == "Cookie"
            heads.add(answer.content.partition(b"\xff\xda")[0])
        # All files are equal up to the pixels, including that of the original.
        assert len(heads) == 1
    names = [one.files["full"] for one in shared.document.pictures]
    # A frame would tell the look.
    for name in (*names, shared.document.pictures[3].files["framed"]):
        address = f"/s/{published.id}/p/{name}"
        known = {"If-None-Match": f'"{name}"'}
        for answer in (visitor.get(address), visit().get(address, headers=known)):
            assert answer.status_code == 403
            assert "These pictures are shown in full after the vote." in answer.text
    assert visitor.get(f"/s/{published.id}/download.zip").status_code == 403
    assert visitor.get(f"/s/{published.id}/p/x-full.png").status_code == 404


@pytest.mark.parametrize("way", ["vote", "labels"])
def test_metadata_and_full_size_are_served_once_the_labels_are_shown(
    visit: Visit, store: Store, way: str
) -> None:
    published = publish(store)
    visitor, shared = visit(), store.find(published.id)
    shown = shared.document.pictures[1]
    address = f"/s/{published.id}/p/{shown.files['close']}"
    data = form(store, visitor.get(f"/s/{published.id}").text, published)
    blind = visitor.get(address)
    again = {"If-None-Match": blind.headers["etag"]}
    assert visitor.get(address, headers=again).status_code == 304
    assert visitor.post(f"/s/{published.id}/{way}", data=data).status_code == 200
    # The file cached by the browser before the vote is not valid any more.
    answer = visitor.get(address, headers=again)
    assert answer.status_code == 200
    assert answer.headers["vary"] == "Cookie"
    assert answer.content == store.file(shared, shown.files["close"])
    assert metadata.read(answer.content).look == shown.look
    full = visitor.get(f"/s/{published.id}/p/{shown.files['full']}")
    assert metadata.read(full.content).look == shown.look
    assert visitor.get(f"/s/{published.id}/download.zip").status_code == 200
    # For another visitor it is still hidden, even if the request has this visitor's ETag.
    known = {"If-None-Match": answer.headers["etag"]}
    assert visit().get(address, headers=known).content == blind.content


@pytest.mark.parametrize("progressive", [False, True])
def test_stripping_keeps_pixels_and_colours_and_removes_the_rest(progressive: bool) -> None:
    picture = Image.effect_noise((48, 40), 60).convert("RGB")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "secret Exif"
    buffer = io.BytesIO()
    picture.save(
        buffer,
        "JPEG",
        progressive=progressive,
        restart_marker_rows=1,
        icc_profile=profile,
        comment=b"secret comment",
        xmp=b"secret xmp",
        exif=exif,
    )
    data = buffer.getvalue()
    for marker in (0xEB, 0xED, 0xE2):
        data = data[:2] + bytes((0xFF, marker, 0, 10)) + b"a secret" + data[2:]
    # Comments may also follow the pixels, and any data may follow the end marker.
    late = b"\xff\xfe\0\x08secret"
    done = strip_metadata(data[:-2] + late + data[-2:] + b"secret")
    assert b"secret" in data
    assert b"secret" not in done
    assert pixels(done) == pixels(data)
    with Image.open(io.BytesIO(done)) as image:
        assert image.info["icc_profile"] == profile
        assert image.info["jfif"]
    assert strip_metadata(done) == done


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe1\xff\xffpresence:",
        b"\xff\xd8\xff\xe1\0\1",
        b"\xff\xd8presence:\xff\xd9",
        b"\xff\xd8\xff\xda\0\x02presence:",
        b"\xff\xd8\xff\x02\0\x0apresence\xff\xd9",
    ],
)
def test_broken_files_are_not_stripped(broken: bytes) -> None:
    with pytest.raises(ValueError, match=r"JPEG|marker|cut off"):
        strip_metadata(broken)


def test_each_visitor_sees_a_different_order(visit: Visit, store: Store) -> None:
    published = publish(store)
    orders = {
        tuple(re.findall(r"/p/(\w+)-close", visit().get(f"/s/{published.id}").text))
        for _ in range(12)
    }
    assert len(orders) > 3


def test_a_vote_sent_three_times_counts_once(visit: Visit, store: Store) -> None:
    published = publish(store)
    visitor = visit()
    page = visitor.get(f"/s/{published.id}").text
    data = form(store, page, published)
    codes = [
        visitor.post(f"/s/{published.id}/vote", data=data, follow_redirects=False).status_code
        for _ in range(3)
    ]
    assert codes == [303, 409, 409]
    assert len(store.ballots(store.find(published.id))) == 1


def test_forged_forms_are_refused(visit: Visit, store: Store) -> None:
    published = publish(store)
    path = f"/s/{published.id}/vote"
    page = visit().get(f"/s/{published.id}").text
    data = form(store, page, published)
    # Without the cookie, with another visitor's cookie, with an invented token, from another site.
    assert visit().post(path, data=data).status_code == 403
    other = visit()
    other.get(f"/s/{published.id}")
    assert other.post(path, data=data).status_code == 403
    mine = visit()
    data = form(store, mine.get(f"/s/{published.id}").text, published)
    assert mine.post(path, data=data | {"token": "0" * 64}).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert mine.post(path, data=data, headers=foreign).status_code == 403
    assert store.ballots(store.find(published.id)) == []


def test_a_visitor_who_has_seen_the_labels_cannot_vote(visit: Visit, store: Store) -> None:
    published = publish(store)
    visitor = visit()
    data = form(store, visitor.get(f"/s/{published.id}").text, published)
    shown = visitor.post(f"/s/{published.id}/labels", data=data)
    assert TITLES[0] in shown.text
    assert "would not be a blind one" in shown.text
    assert visitor.post(f"/s/{published.id}/vote", data=data).status_code == 409
    elsewhere = publish(store)
    assert "Picture 1" in visitor.get(f"/s/{elsewhere.id}").text


def test_a_long_comment_is_refused_and_shown_again(visit: Visit, store: Store) -> None:
    published = publish(store)
    visitor = visit()
    answer = vote(visitor, store, published, comment="wordy " * 1700)
    assert answer.status_code == 422
    assert "room for 1,000" in answer.text
    assert "wordy wordy" in answer.text
    assert answer.text.count(" checked>") == 3
    far = visitor.post(f"/s/{published.id}/vote", content=b"comment=" + b"x" * 100_000)
    assert far.status_code == 413
    missing = vote(visitor, store, published, trust="")
    assert missing.status_code == 422
    assert "still open: Most trustworthy" in missing.text
    assert vote(visitor, store, published, comment="shorter").status_code == 200


def test_too_many_votes_from_one_address(
    settings: Settings, clock: Clock, store: Store, visit: Visit
) -> None:
    published = publish(store)
    object.__setattr__(store.settings, "votes_an_hour", 1)
    assert vote(visit(), store, published).status_code == 200
    answer = vote(visit(), store, published, comment="Mine to keep")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3600"
    assert "Mine to keep" in answer.text


def test_with_labels_there_is_one_question_and_its_answer_counts_once(
    visit: Visit, store: Store
) -> None:
    published = publish(store, asks_vote=False)
    visitor = visit()
    page = visitor.get(f"/s/{published.id}").text
    # The looks are for different uses.
    assert "For: " not in page
    assert "Which one would you choose?" in page
    data = form(store, page, published, comment="She looks at me.")
    answered = visitor.post(f"/s/{published.id}/vote", data=data)
    assert "You chose A · Japan · LinkedIn." in answered.text
    assert "1 of 1" in answered.text
    assert 'name="purpose"' not in answered.text
    assert visitor.post(f"/s/{published.id}/vote", data=data).status_code == 409
    (ballot,) = store.ballots(store.find(published.id))
    assert (ballot.likeness, ballot.trust, ballot.comment) == ("", "", "She looks at me.")
    # Nobody sees the answers of others before their own.
    assert "1 of 1" not in visit().get(f"/s/{published.id}").text
    own = visit().get(f"/s/{published.id}/own/{published.secret}").text
    assert "Which do they choose?" in own
    assert "She looks at me." in own


def test_a_page_speaks_the_language_of_who_published_it(visit: Visit, store: Store) -> None:
    published = store.publish(replace(publication("", asks_vote=False), language="de"))
    page = visit().get(f"/s/{published.id}").text
    assert '<html lang="de">' in page
    assert "Welches würden Sie wählen?" in page
    assert "15. Januar 2027" in page
    assert "Which" not in page
    with zipfile.ZipFile(io.BytesIO(visit().get(f"/s/{published.id}/download.zip").content)) as zip:
        assert "Erstellt mit Presence" in zip.read("report.html").decode()


# -- the publisher's page --


def test_the_private_page_shows_votes_and_comments(visit: Visit, store: Store) -> None:
    published = publish(store, MARKUP)
    for comment in ("=HYPERLINK(1)", MARKUP, ""):
        assert vote(visit(), store, published, comment=comment).status_code == 200
    own = f"/s/{published.id}/own/{published.secret}"
    page = visit().get(own)
    assert "3 answers" in page.text
    assert "3 of 3" in page.text
    # So few votes are counted, but no shares are made of them.
    assert "44–100 %" not in page.text
    assert "Chose A · Japan · LinkedIn" in page.text
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
    rows = list(csv.DictReader(io.StringIO(visit().get(f"{own}/votes.csv").text)))
    assert [row["comment"] for row in rows] == ["'=HYPERLINK(1)", MARKUP, ""]
    assert {row["most_like"] for row in rows} == {"A · Japan · LinkedIn"}


def test_who_cannot_tell_says_so_and_counts(visit: Visit, store: Store) -> None:
    published = publish(store)
    unsure = dict.fromkeys(("likeness", "trust", "purpose"), "unsure")
    answered = vote(visit(), store, published, **unsure)
    assert "can’t tell (Best for the purpose)" in answered.text
    assert answered.text.count("1 of 1") == 3
    own = f"/s/{published.id}/own/{published.secret}"
    assert visit().get(own).status_code == 200
    (row,) = csv.DictReader(io.StringIO(visit().get(f"{own}/votes.csv").text))
    assert row["most_like"] == "unsure"
    # Where the labels are shown, one of the pictures is chosen.
    published = publish(store, asks_vote=False)
    assert vote(visit(), store, published, **unsure).status_code == 422


def test_a_comment_about_a_number_can_be_understood(visit: Visit, store: Store) -> None:
    published = publish(store)

    def numbers(page: str) -> dict[str, str]:
        found = re.findall(r'value="(\w+)" required aria-label="Picture (\d)', page)
        return dict(found)

    pages = [visit().get(f"/s/{published.id}").text for _ in range(6)]
    seen = numbers(pages[0])
    assert len(set(seen.values())) == 4
    # Everybody has them in an order of their own, but under the same numbers.
    assert all(numbers(page) == seen for page in pages)
    assert len({tuple(numbers(page)) for page in pages}) > 1
    vote(visit(), store, published, comment="2 is distant")
    own = visit().get(f"/s/{published.id}/own/{published.secret}").text
    for picture in store.find(published.id).document.pictures:
        assert f"Picture {seen[picture.key]}: {picture.name}" in own


def test_the_private_page_deletes_the_comparison(
    visit: Visit, store: Store, settings: Settings
) -> None:
    published = publish(store)
    visitor = visit()
    page = visitor.get(f"/s/{published.id}").text
    late = form(store, page, published)
    own = f"/s/{published.id}/own/{published.secret}"
    # Only a form deletes, because chat tools open links to preview them.
    assert visit().get(f"{own}/delete").status_code in (404, 405)
    assert visit().get(own).status_code == 200
    answer = visit().post(f"{own}/delete")
    assert answer.status_code == 200
    assert "Taken back" in answer.text
    assert Blobs(settings.blob_url).folders() == []
    for path in ("", "/preview.jpg", "/download.zip", f"/own/{published.secret}", "/p/x-full.png"):
        assert visit().get(f"/s/{published.id}{path}").status_code == 404
    assert visitor.post(f"/s/{published.id}/vote", data=late).status_code == 404
    assert visit().post(f"{own}/delete").status_code == 404


def test_the_secret_of_another_comparison_opens_and_deletes_nothing(
    visit: Visit, store: Store
) -> None:
    mine, other = publish(store), publish(store)
    for path in ("", "/votes.csv"):
        answer = visit().get(f"/s/{mine.id}/own/{other.secret}{path}")
        assert answer.status_code == 403
        assert_nothing_private(answer.text, "Autumn")
    assert visit().post(f"/s/{mine.id}/own/{other.secret}/delete").status_code == 403
    assert visit().get(f"/s/{mine.id}").status_code == 200


# -- wrong links, and errors of the server --


@pytest.mark.parametrize(
    "path",
    [
        "x",
        "a" * 22,
        "a" * 5000,
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "-/share.py",
        "-/..%2froutes.py",
        "",
    ],
)
def test_malformed_links_are_answered_with_a_sentence(visit: Visit, path: str) -> None:
    answer = visit().get(f"/s/{path}")
    assert answer.status_code == 404
    assert "nothing under this link" in answer.text
    assert_nothing_private(answer.text)


@pytest.mark.parametrize(
    ("accepted", "heading"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "Hier ist nichts"),
        ("fr,ko-KR;q=0.5", "아무것도 없어요"),
        ("fr", "Nothing here"),
        ("; ,,", "Nothing here"),
    ],
)
def test_an_error_speaks_the_visitors_language(visit: Visit, accepted: str, heading: str) -> None:
    answer = visit().get("/s/x", headers={"Accept-Language": accepted})
    assert f"<h1>{heading}</h1>" in answer.text


def test_an_expired_link_says_so(visit: Visit, store: Store, clock: Clock) -> None:
    published = publish(store, days=1)
    visitor = visit()
    late = form(store, visitor.get(f"/s/{published.id}").text, published)
    clock.now += DAY
    for path in ("", "/preview.jpg", "/download.zip", f"/own/{published.secret}"):
        answer = visitor.get(f"/s/{published.id}{path}")
        assert answer.status_code == 410
        assert_nothing_private(answer.text, "Autumn")
    assert visitor.post(f"/s/{published.id}/vote", data=late).status_code == 410


def test_a_missing_database_is_answered_with_a_sentence(
    visit: Visit, store: Store, tmp_path: Path
) -> None:
    published = publish(store)
    for path in tmp_path.glob("links.sqlite*"):
        path.unlink()
    answer = visit().get(f"/s/{published.id}")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert_nothing_private(answer.text, str(tmp_path))


def test_unexpected_errors_reveal_nothing(
    visit: Visit, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    published = publish(store, "A name")

    def fail(*_: object) -> None:
        raise RuntimeError("could not read /srv/secret.py of A name")

    monkeypatch.setattr(Database, "reading", fail)
    answer = visit().get(f"/s/{published.id}")
    assert answer.status_code == 500
    assert_nothing_private(answer.text, "secret", "A name")
    assert "A name" not in caplog.text
    assert "RuntimeError" in caplog.text


def test_logs_contain_no_titles_ids_or_addresses(
    visit: Visit, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "presence")
    published = store.publish(publication("A name"), "203.0.113.9")
    vote(visit(), store, published, comment="My words")
    visit().post(f"/s/{published.id}/own/{published.secret}/delete")
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("presence"))
    assert "published one comparison" in ours
    for private in ("A name", published.id, published.secret, "203.0.113.9", "My words"):
        assert private not in ours
