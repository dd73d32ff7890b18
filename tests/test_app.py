from __future__ import annotations

import re
import signal
import socket
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import app
from pipelines import studio
from pipelines.studio.samples import samples
from tests.serving import close, free_port, served
from ui.text import messages
from ui.text.catalogue import translate

LOOKS = "region=japan&context=linkedin\nregion=nordic&context=actor"
ASTRONAUT, HOPPER = (sample.path for sample in samples()[:2])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as environment:
        folder = tmp_path_factory.mktemp("served")
        environment.setenv("GRADIO_TEMP_DIR", str(folder))
        blocks = app.build()
        yield app.launch(blocks, "127.0.0.1", free_port())
        close(blocks)


@pytest.fixture
def client(address: str, tmp_path: Path) -> Client:
    return visitor(address, tmp_path)


def visitor(address: str, folder: Path) -> Client:
    return Client(address, verbose=False, download_files=str(folder))


def compare(client: Client, photo: Path, looks: str = LOOKS) -> tuple[list[str], Any]:
    images, report = client.predict(photo=handle_file(str(photo)), looks=looks, api_name="/compare")
    return images, report


def pixels(path: str | Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def refused(client: Client, photo: Path, looks: str = LOOKS) -> str:
    with pytest.raises(AppError) as caught:
        compare(client, photo, looks)
    text = str(caught.value)
    for forbidden in ("Traceback", 'File "', str(photo.parent), ".py"):
        assert forbidden not in text
    return text


def test_the_page_answers(address: str) -> None:
    with urllib.request.urlopen(address, timeout=20) as answer:
        page = answer.read().decode()
    assert translate("en", "page.lead") in page
    assert re.search(r'"run_history":\s*false', page)
    assert re.search(r'"analytics_enabled":\s*false', page)


def test_the_page_speaks_what_the_visitor_does(address: str) -> None:
    def ask(query: str = "", **headers: str) -> tuple[str, str]:
        request = urllib.request.Request(address + query, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode(), answer.headers.get("Set-Cookie", "")

    korean, cookie = ask(**{"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"})
    assert 'lang="ko"' in korean and translate("ko", "page.lead") in korean and not cookie
    assert "translation_metadata" not in korean
    assert f'content="{address}presence-social.png"' in korean
    english, cookie = ask("?lang=en", **{"Accept-Language": "ko", "Cookie": "presence-lang=ko"})
    assert 'lang="en"' in english and cookie.startswith("presence-lang=en;")
    assert "translation_metadata" not in english
    with urllib.request.urlopen(address + "presence-social.png", timeout=20) as answer:
        assert answer.headers["Content-Type"] == "image/png"


def test_there_are_two_endpoints_and_no_more(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert set(endpoints["named_endpoints"]) == {"/compare", "/measure"}
    assert endpoints["unnamed_endpoints"] == {}


@pytest.mark.parametrize("photo", [ASTRONAUT, HOPPER], ids=lambda path: path.stem)
def test_compare_gives_a_picture_and_a_report_for_each_look(client: Client, photo: Path) -> None:
    images, report = compare(client, photo)
    assert [Path(image).suffix for image in images] == [".png", ".png"]
    assert [one["look"].split("&")[0] for one in report["variants"]] == [
        "region=japan",
        "region=nordic",
    ]
    original = pixels(photo)
    first, second = (pixels(image) for image in images)
    assert first.shape == second.shape == original.shape
    assert not np.array_equal(first, original)
    assert not np.array_equal(first, second)


def test_a_passport_photo_comes_back_untouched(client: Client) -> None:
    images, _ = compare(client, ASTRONAUT, "region=international&context=id-passport")
    assert np.array_equal(pixels(images[0]), pixels(ASTRONAUT))


@pytest.mark.parametrize("photo", [ASTRONAUT, HOPPER], ids=lambda path: path.stem)
def test_measure_reports_the_original(client: Client, photo: Path) -> None:
    report = client.predict(photo=handle_file(str(photo)), api_name="/measure")
    assert set(report) == {"size", "original", "warnings", "origin"}
    assert report["size"] == list(pixels(photo).shape[1::-1])
    yaw, pitch = report["original"]["gaze"]
    assert abs(yaw) < 30
    assert abs(pitch) < 30
    assert set(report["original"]["head"]) == {"yaw", "pitch", "roll"}


def test_a_photo_without_a_face_is_refused_in_words(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    Image.new("RGB", (320, 240), (120, 130, 140)).save(path)
    assert "can't find a face" in refused(client, path)


def test_a_truncated_photo_is_refused_in_words(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "half.jpg"
    data = HOPPER.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "damaged or cut off" in refused(client, path)


def test_an_unknown_region_is_named_and_cannot_be_markup(client: Client) -> None:
    text = refused(client, ASTRONAUT, "region=<b>atlantis")
    assert "There is no region" in text
    assert "&lt;b&gt;atlantis" in text
    assert "<b>" not in text


def test_no_look_and_too_many_are_refused(client: Client) -> None:
    assert "There is no look yet" in refused(client, ASTRONAUT, "  \n ")
    assert "more looks than we compare" in refused(client, ASTRONAUT, "region=japan\n" * 20)


def test_an_unexpected_error_tells_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: object) -> None:
        raise RuntimeError(f"could not open {source} in /srv/secret.py")

    monkeypatch.setattr(studio, "analyse", fail)
    assert refused(client, ASTRONAUT) == messages.OUR_FAULT


def test_two_visitors_at_once_get_their_own_pictures(address: str, tmp_path: Path) -> None:
    photos = [ASTRONAUT, HOPPER]

    def ask(index: int) -> list[bytes]:
        folder = tmp_path / f"{index}"
        folder.mkdir()
        images, _ = compare(visitor(address, folder), photos[index % 2])
        return [Path(image).read_bytes() for image in images]

    alone = [ask(0), ask(1)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(ask, (2, 3)))
    assert together == alone
    assert alone[0] != alone[1]


def test_it_starts_by_hand_and_ends_on_sigterm_with_a_visitor_connected() -> None:
    with served() as page:
        assert f"http://127.0.0.1:{page.port}" in page.line
        with socket.create_connection(("127.0.0.1", page.port), timeout=10) as visitor_:
            visitor_.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert visitor_.recv(64).startswith(b"HTTP/1.1 200")
            page.process.send_signal(signal.SIGTERM)
            assert page.process.wait(timeout=30) == 0
