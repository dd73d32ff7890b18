"""Nobody sees what is somebody else's, and what is a visitor's goes when they go."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pipelines.studio.samples import samples
from tests.hostile.sequences import Scene
from tests.hostile.site import FORGET_S, Site
from tests.hostile.visitor import PATIENCE_S, Visitor

pytestmark = pytest.mark.long

GONE = {403, 404}
FILE = re.compile(r"file=([^\"\\]+?\.(?:png|jpg|zip))")


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def first_word(visitor: Visitor, session: str) -> Any:
    """What somebody is told who listens for a session's messages."""
    where = f"/gradio_api/queue/data?session_hash={session}"
    with visitor.client.stream("GET", where) as stream:
        line = next(line for line in stream.iter_lines() if line.startswith("data: "))
    return json.loads(line.removeprefix("data: "))


def files(*messages: Any) -> set[str]:
    """Paths of all files that answers name."""
    return set(FILE.findall(json.dumps(messages)))


def compare(visitor: Visitor) -> set[str]:
    """Compare, and remember it as the page does; what belongs to it."""
    made = visitor.work(visitor.page.event("settle", "click"))
    noted = visitor.work(visitor.page.event("strip", "change"))
    return files(made, noted)


def own(scene: Scene, photo: bytes) -> tuple[Visitor, str, set[str]]:
    """Somebody with a photo of their own: where it lies, and what was made of it."""
    visitor = scene.visitor(photo)
    upload = str(visitor.set_to["portrait"]["path"])
    return visitor, upload, compare(visitor)


def test_two_visitors_get_their_own_and_nothing_of_each_other(scene: Scene, site: Site) -> None:
    one, first, made = own(scene, scene.photo())
    other, second, more = own(scene, scene.photo())
    assert first != second
    assert made and more and not made & more
    saved = other.work(scene.page.event("publish", "click"))
    assert not (made | {first}) & files(saved)
    # What a session holds is reached by its own name only.
    for guess in ("", "a", other.session[:-1], other.session.upper()):
        assert first_word(other, guess)["session_not_found"] is True
    assert one.session not in httpx.get(f"{site.address}/config", timeout=PATIENCE_S).text


def test_files_go_with_their_visit_and_nobody_elses_do(scene: Scene, site: Site) -> None:
    scene.stranger()
    before = site.files()
    one, upload, made = own(scene, scene.photo())
    other, _, theirs = own(scene, scene.photo())
    assert all(other.status(path) == 200 for path in (upload, *made))
    one.close()
    until(lambda: other.status(upload) in GONE)
    until(lambda: {other.status(path) for path in made} <= GONE)
    assert all(other.status(path) == 200 for path in theirs)
    assert one.session not in site.blocks.app.state_holder.session_data
    other.close()
    until(lambda: site.files() <= before)


def test_the_same_photo_in_two_tabs_stays_until_both_are_closed(scene: Scene, site: Site) -> None:
    photo = scene.photo()
    (one, upload, made), (other, again, same) = own(scene, photo), own(scene, photo)
    assert upload == again and made & same
    one.close()
    until(lambda: one.session not in site.blocks.app.state_holder.session_data)
    time.sleep(FORGET_S)
    assert all(other.status(path) == 200 for path in (upload, *same))
    assert compare(other) == same
    other.close()
    asker = scene.stranger()
    until(lambda: {asker.status(path) for path in (upload, *same)} <= GONE)


def test_a_lost_connection_is_not_yet_the_end(scene: Scene, site: Site) -> None:
    one, upload, made = own(scene, scene.photo())
    one.lose()
    end = time.monotonic() + 2 * FORGET_S
    while time.monotonic() < end:
        one.do(scene.page.named("on_context"))
        assert one.status(upload) == 200
        assert site.blocks.app.state_holder.session_data[one.session].state_data
    until(lambda: {one.status(path) for path in (upload, *made)} <= GONE)


def test_clearing_the_history_makes_its_addresses_useless_at_once(scene: Scene) -> None:
    one, _, old = own(scene, scene.photo())
    one.set_to[scene.page.targets(scene.page.named("on_move"), "dropdown")[0]] = "nordic"
    new = compare(one)
    only_old = old - new
    assert only_old and all(one.status(path) == 200 for path in only_old)
    cleared = one.work(scene.page.event("history", "click"), {"frame": 0})
    assert not only_old & files(cleared)
    assert {one.status(path) for path in only_old} <= GONE
    assert all(one.status(path) == 200 for path in new - old)


def test_samples_are_everybodys_and_stay(scene: Scene) -> None:
    one = scene.stranger()
    path = one.upload(samples()[1].path.read_bytes(), "sample.jpg")
    one.choose(path)
    one.work(scene.page.event("settle", "click"))
    other = scene.stranger()
    one.close()
    time.sleep(3 * FORGET_S)
    assert other.status(path) == 200


def test_no_cache_keeps_a_picture(scene: Scene) -> None:
    one = scene.stranger()
    path = one.upload(scene.photo())
    answer = one.client.get(f"/gradio_api/file={path}")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_upload_that_breaks_off_is_cleared(scene: Scene, site: Site) -> None:
    url = httpx.URL(site.address)
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="files"; filename="me.jpg"\r\n\r\n'
    )
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as line:
        line.sendall(head.encode() + scene.photo()[:20_000])
        until(lambda: any(site.folder.glob("tmp*")))
    (left,) = site.folder.glob("tmp*")
    # Gradio's own cleaning takes it: it goes through all of these.
    assert any(str(left) in some for some in map(list, site.blocks.temp_file_sets))
