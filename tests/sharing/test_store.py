from __future__ import annotations

import errno
import io
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from pipelines.image import metadata
from sharing.blobs import Blobs, new_folder
from sharing.errors import (
    AlreadyVoted,
    Full,
    Gone,
    NotFound,
    Refused,
    SharingError,
    TooLarge,
    TooMany,
    Unavailable,
    WrongSecret,
)
from sharing.publication import pack
from sharing.settings import Settings
from sharing.store import (
    DAY,
    HOUR,
    LEFTOVER_AGE,
    LONGEST_PUBLISHING,
    TOMBSTONES_KEPT,
    Published,
    SharedComparison,
    Store,
)
from sharing.visitors import new_token
from sharing.votes import LONGEST_COMMENT, Ballot
from tests.serving import ROOT
from tests.sharing.conftest import BACKENDS, Clock
from tests.sharing.publications import publication

DRAWN = "compositeWithTrainedAlgorithmicMedia"

OpenStore = Callable[..., Store]
# For behaviour that does not depend on the backend.
SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
EVERYWHERE = pytest.mark.parametrize("settings", BACKENDS, indirect=True)


def folders(settings: Settings) -> list[str]:
    return Blobs(settings.blob_url).folders()


def dump(store: Store) -> str:
    """The contents of all tables as one text."""
    tables = ("comparisons", "votes", "uses", "secrets")
    with store._database.engine.connect() as connection:
        rows = [connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables]
    return repr(rows)


def shared(store: Store, **more: Any) -> tuple[Published, SharedComparison]:
    published = store.publish(publication(**more))
    return published, store.find(published.id)


def ballot(found: SharedComparison, *, comment: str = "") -> Ballot:
    keys = [picture.key for picture in found.document.pictures]
    return Ballot(keys[0], keys[1], keys[1], comment)


# -- publishing --


@EVERYWHERE
def test_a_published_comparison_is_found_unchanged(store: Store) -> None:
    asked = publication("Autumn <b>portraits</b>")
    published = store.publish(asked)
    found = store.find(published.id)
    assert found.title == "Autumn <b>portraits</b>"
    assert found.expires_at - found.created_at == 7 * DAY
    assert found.document.report["best"] == [0]
    for shown, picture in zip(found.document.pictures, asked.pictures, strict=True):
        assert (shown.letter, shown.title, shown.captions) == (
            picture.letter,
            picture.title,
            picture.captions,
        )
        data = store.file(found, shown.files["full"])
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), picture.full_u8)
        for size, name in shown.files.items():
            with Image.open(io.BytesIO(store.file(found, name))) as image:
                assert image.size == shown.dimensions[size]
    with Image.open(io.BytesIO(store.file(found, "preview.jpg"))) as preview:
        assert preview.size == (1200, 630)


@SQLITE
def test_every_published_picture_has_metadata_about_its_look(store: Store) -> None:
    _, found = shared(store)
    _, edited, _, passport = found.document.pictures
    for name in edited.files.values():
        statement = metadata.read(store.file(found, name))
        assert (statement.source_type, statement.look) == (DRAWN, edited.look)
    assert metadata.read(store.file(found, passport.files["full"])).source_type == ""
    preview = metadata.read(store.file(found, "preview.jpg"))
    assert preview.source_type == DRAWN


def test_ids_and_secrets_are_long_and_secrets_are_not_stored(store: Store) -> None:
    many = [store.publish(publication()) for _ in range(3)]
    names = {one.id for one in many} | {one.secret for one in many}
    assert len(names) == 6
    # 22 characters of 6 bits each hold 128 random bits.
    assert {len(name) for name in names} == {22}
    stored = dump(store)
    for one in many:
        assert one.id in stored
        assert one.secret not in stored


@SQLITE
def test_only_files_of_the_comparison_can_be_read(store: Store) -> None:
    _, found = shared(store)
    for name in ("../links.sqlite", "", "..", "preview.png", found.folder):
        with pytest.raises(NotFound):
            store.file(found, name)


@SQLITE
@pytest.mark.parametrize(
    "id_", ["", "a", "a" * 22, "é" * 22, "../" * 7 + "a", "a" * 5000, "\0" * 22]
)
def test_guessed_and_malformed_ids_find_nothing(store: Store, id_: str) -> None:
    with pytest.raises(NotFound):
        store.find(id_)


@SQLITE
@pytest.mark.parametrize("title", ["t" * 121, "x" * 10_000])
def test_a_long_title_is_refused_with_a_sentence(
    store: Store, settings: Settings, title: str
) -> None:
    with pytest.raises(Refused, match="room for 120"):
        store.publish(publication(title))
    assert folders(settings) == []


def test_control_characters_are_removed_from_the_title(store: Store) -> None:
    found = store.find(store.publish(publication("A\0B\u202e\ud800C\n\t 한국")).id)
    assert found.title == "ABC   한국"


def test_replicas_share_comparisons_and_keys(open_store: OpenStore) -> None:
    one, other = open_store(), open_store()
    published, found = shared(one)
    assert other.find(published.id) == found
    assert other.file(found, "preview.jpg") == one.file(found, "preview.jpg")
    assert other.form_key() == one.form_key()
    other.delete(published.id, published.secret)
    with pytest.raises(NotFound):
        one.find(published.id)


# -- deleting and expiring --


@EVERYWHERE
def test_deleting_removes_record_files_and_votes(store: Store, settings: Settings) -> None:
    published, found = shared(store)
    store.vote(found, new_token(), ballot(found, comment="a comment"))
    store.delete(published.id, published.secret)
    assert folders(settings) == []
    stored = dump(store)
    for forgotten in (published.id, found.title, "a comment"):
        assert forgotten not in stored
    for ask in (
        lambda: store.find(published.id),
        lambda: store.owned(published.id, published.secret),
        lambda: store.delete(published.id, published.secret),
        lambda: store.vote(found, new_token(), ballot(found)),
        lambda: store.file(found, "preview.jpg"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_the_secret_of_another_comparison_deletes_nothing(store: Store) -> None:
    one, _ = shared(store)
    other, _ = shared(store)
    for secret in (other.secret, one.id, "", "x" * 22, "'; DROP TABLE votes; --"):
        with pytest.raises(WrongSecret):
            store.delete(one.id, secret)
    assert store.find(one.id)


@pytest.mark.parametrize("days", [1, 30])
def test_a_comparison_expires_after_its_days(
    store: Store, settings: Settings, clock: Clock, days: int
) -> None:
    published, found = shared(store, days=days)
    clock.now += days * DAY - 1
    assert store.find(published.id)
    clock.now += 1
    with pytest.raises(Gone):
        store.find(published.id)
    assert folders(settings) == []
    assert found.title not in dump(store)
    with pytest.raises(Gone):
        store.vote(found, new_token(), ballot(found))
    clock.now += TOMBSTONES_KEPT
    store.sweep()
    clock.now += DAY
    store.sweep()
    with pytest.raises(NotFound):
        store.find(published.id)


@SQLITE
def test_other_numbers_of_days_are_refused(store: Store) -> None:
    with pytest.raises(Refused):
        store.publish(publication(days=365))


def test_the_sweep_removes_expired_comparisons_that_nobody_opened(
    store: Store, settings: Settings, clock: Clock
) -> None:
    shared(store, days=1)
    kept, _ = shared(store, days=30)
    clock.now += 2 * DAY
    store.sweep()
    assert folders(settings) == [store.find(kept.id).folder]


def test_the_sweep_finishes_an_interrupted_deletion(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    published, _ = shared(store)
    with monkeypatch.context() as broken:
        broken.setattr(Blobs, "remove", _raise(Unavailable()))
        with pytest.raises(Unavailable):
            store.delete(published.id, published.secret)
    with pytest.raises(NotFound):
        store.find(published.id)
    assert len(folders(settings)) == 1
    store.sweep()
    assert folders(settings) == []
    assert published.id not in dump(store)


# -- publishing is atomic --


@EVERYWHERE
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_raises_full_and_keeps_other_comparisons(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    published, found = shared(store)
    files = store._blobs._files
    opened, real = [], files.open

    def sometimes(path: str, mode: str = "rb", **more: Any) -> Any:
        opened.append(path)
        if len(opened) > 3:
            raise OSError(number, "No space left on device", path)
        return real(path, mode, **more)

    with monkeypatch.context() as full:
        full.setattr(files, "open", sometimes)
        with pytest.raises(Full, match="no room left") as caught:
            store.publish(publication())
    assert "/" not in caught.value.sentence
    assert len(opened) == 4
    assert folders(settings) == [found.folder]
    assert store.find(published.id) == found


def test_the_sweep_removes_the_folder_if_the_record_was_not_written(
    store: Store, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, found = shared(store)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "_used_bytes", _raise_at(2, Store._used_bytes, Unavailable()))
        with pytest.raises(Unavailable):
            store.publish(publication())
    assert len(folders(settings)) == 2
    clock.now += LEFTOVER_AGE
    store.sweep()
    assert len(folders(settings)) == 2, "another replica could still be publishing it"
    clock.now += 1
    store.sweep()
    assert folders(settings) == [found.folder]
    assert store.find(kept.id) == found


def test_publishing_is_aborted_before_the_sweep_could_remove_its_folder(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Blobs.put

    def slowly(self: Blobs, *what: Any) -> None:
        put(self, *what)
        clock.now += LONGEST_PUBLISHING + 1

    monkeypatch.setattr(Blobs, "put", slowly)
    assert LONGEST_PUBLISHING < LEFTOVER_AGE / 2
    with pytest.raises(Unavailable):
        store.publish(publication())
    assert "portraits" not in dump(store)


@EVERYWHERE
def test_the_sweep_keeps_folders_with_other_names(
    store: Store, settings: Settings, clock: Clock
) -> None:
    blobs = Blobs(settings.blob_url)
    for name in ("holiday", "123", "1-x", f"x{new_folder(5)}"):
        blobs.put(name, {"a.txt": b"a"})
    blobs.put(new_folder(5), {"a.txt": b"a"})
    clock.now += 10 * DAY
    store.sweep()
    assert len(folders(settings)) == 4


# -- quotas --


@SQLITE
def test_large_pictures_are_compressed_or_refused(open_store: OpenStore) -> None:
    asked = publication(side=256)
    lossless = pack(asked)
    store = open_store(most_bytes=lossless.bytes * 98 // 100)
    first = store.find(store.publish(asked).id).document.pictures[0]
    assert lossless.document.pictures[0].files["full"].endswith(".png")
    assert first.files["full"].endswith(".jpg")
    assert first.dimensions["full"] == (256, 256)
    with pytest.raises(TooLarge, match="too large to publish"):
        open_store(most_bytes=100_000).publish(asked)


def test_an_address_has_a_quota_of_publications_per_hour(
    open_store: OpenStore, clock: Clock
) -> None:
    store = open_store(publications_an_hour=2)
    for _ in range(2):
        store.publish(publication(), "203.0.113.7")
    with pytest.raises(TooMany, match="2 comparisons"):
        store.publish(publication(), "203.0.113.7")
    store.publish(publication(), "203.0.113.8")
    assert "203.0.113" not in dump(store)
    clock.now += HOUR + 1
    store.publish(publication(), "203.0.113.7")
    store.sweep()
    clock.now += HOUR + 1
    store.sweep()
    assert "publish" not in dump(store)


def test_publications_at_once_stay_within_the_quota(
    open_store: OpenStore, settings: Settings
) -> None:
    stores = [open_store(publications_an_hour=3, patience=10) for _ in range(2)]

    def publish(number: int) -> bool:
        try:
            stores[number % 2].publish(publication(), "203.0.113.7")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(publish, range(12))) == 3
    assert len(folders(settings)) == 3


def test_a_replica_whose_clock_is_ahead_takes_nothing_away(settings: Settings) -> None:
    with closing(Store(settings)) as store:
        published = store.publish(publication())
        # Of somebody who is publishing just now.
        started = new_folder(int(time.time()))
        Blobs(settings.blob_url).put(started, {"x": b"x"})
        replica = f"""
import time
right = time.time
time.time = lambda: right() + {40 * DAY}
from sharing.settings import Settings
from sharing.store import Store
Store({settings!r}).sweep()
Store({settings!r}).find({published.id!r})
"""
        subprocess.run([sys.executable, "-c", replica], check=True, cwd=ROOT)
        assert store.find(published.id).id == published.id
    assert started in folders(settings)


def test_only_the_oldest_expired_comparison_is_removed_to_make_room(
    open_store: OpenStore, settings: Settings, clock: Clock
) -> None:
    first, _ = shared(open_store(), days=1)
    clock.now += 10
    second, _ = shared(open_store(), days=1)
    living, _ = shared(open_store(), days=30)
    size = sum(len(data) for data in _files(open_store(), living.id).values())
    store = open_store(total_bytes=int(size * 3.5))
    with pytest.raises(Full):
        store.publish(publication())
    assert len(folders(settings)) == 3
    clock.now += DAY + 10
    store.publish(publication())
    assert len(folders(settings)) == 3
    with store._database.reading() as session:
        rows = session.execute(text("SELECT id, state FROM comparisons")).all()
    states = {row.id: row.state for row in rows}
    assert (states[first.id], states[second.id], states[living.id]) == ("gone", "live", "live")


# -- votes --


def test_a_visitor_votes_once(store: Store) -> None:
    _, found = shared(store)
    visitor = new_token()
    store.vote(found, visitor, ballot(found, comment="Line one\nline <two>"))
    with pytest.raises(AlreadyVoted):
        store.vote(found, visitor, ballot(found))
    mine = store.ballot_of(found, visitor)
    assert mine is not None
    assert mine.comment == "Line one\nline <two>"
    assert len(store.ballots(found)) == 1
    assert visitor not in dump(store)


def test_a_vote_sent_twice_at_once_counts_once(store: Store) -> None:
    _, found = shared(store)
    visitor = new_token()

    def send(_: int) -> str:
        try:
            store.vote(found, visitor, ballot(found))
        except SharingError as error:
            return error.code
        return "counted"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(8)))
    assert sorted(answers) == ["already-voted"] * 7 + ["counted"]
    assert len(store.ballots(found)) == 1


@SQLITE
def test_votes_need_all_answers_and_a_short_comment(store: Store) -> None:
    _, found = shared(store)
    good = ballot(found)
    for bad, says in (
        (replace(good, trust=""), "Most trustworthy"),
        (replace(good, likeness="elsewhere"), "Most like the person"),
        (replace(good, comment="x" * 10_000), "10,000 characters"),
        (replace(good, comment="x" * (LONGEST_COMMENT + 1)), "room for 1,000"),
    ):
        with pytest.raises(Refused, match=says):
            store.vote(found, new_token(), bad)
    assert store.ballots(found) == []


@SQLITE
def test_where_labels_are_shown_only_the_choice_is_kept(store: Store) -> None:
    _, found = shared(store, asks_vote=False)
    store.vote(found, new_token(), ballot(found))
    (kept,) = store.ballots(found)
    assert (kept.likeness, kept.trust) == ("", "")
    assert kept.purpose == ballot(found).purpose
    with pytest.raises(Refused):
        store.vote(found, new_token(), replace(ballot(found), purpose=""))


def test_an_address_has_a_quota_of_votes_per_hour(open_store: OpenStore) -> None:
    store = open_store(votes_an_hour=2)
    _, found = shared(store)
    for _ in range(2):
        store.vote(found, new_token(), ballot(found), "2001:db8::1")
    # Other addresses in the same /64 network count as the same address.
    with pytest.raises(TooMany):
        store.vote(found, new_token(), ballot(found), "2001:db8::2")
    store.vote(found, new_token(), ballot(found), "2001:db8:0:1::1")


# -- unavailable database or pictures --


@SQLITE
def test_a_locked_database_raises_unavailable_and_nothing_is_lost(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    published, found = shared(store)
    other = sqlite3.connect(tmp_path / "links.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as caught:
        store.vote(found, new_token(), ballot(found))
    with pytest.raises(Unavailable):
        store.publish(publication())
    assert str(tmp_path) not in caught.value.sentence
    assert store.find(published.id) == found, "reading must work during a write"
    other.execute("ROLLBACK")
    other.close()
    store.vote(found, new_token(), ballot(found))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.long
def test_on_a_full_disk_one_can_read_vote_and_delete_and_is_told_that_it_is_full(
    small_disk: Path,
) -> None:
    settings = Settings(f"sqlite:///{small_disk / 'links.sqlite'}", str(small_disk / "pictures"))
    store = Store(settings)
    (one, found), (other, _) = shared(store), shared(store)
    with (
        (small_disk / "others").open("wb", buffering=0) as file,
        pytest.raises(OSError, match="28"),
    ):
        while True:
            file.write(b"0" * 4096)
    for number in range(100):
        store.vote(found, new_token(), ballot(found, comment="x" * 900), f"203.0.113.{number}")
    assert len(store.ballots(store.find(one.id))) == 100
    with pytest.raises(Full):
        store.publish(publication())
    # A start on the full disk, too.
    again = Store(settings)
    again.delete(other.id, other.secret)
    with pytest.raises(NotFound):
        again.find(other.id)
    assert again.file(found, "preview.jpg")
    for opened in (store, again):
        opened.close()


@SQLITE
def test_a_missing_database_is_not_created_again(store: Store, tmp_path: Path) -> None:
    published, _ = shared(store)
    for path in tmp_path.glob("links.sqlite*"):
        path.unlink()
    with pytest.raises(Unavailable):
        store.find(published.id)
    assert not (tmp_path / "links.sqlite").exists()


@SQLITE
def test_a_folder_that_cannot_be_written_raises_unavailable(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    published, found = shared(store)
    # A file instead of the folder, because permissions do not restrict root.
    (tmp_path / "file").write_text("x")
    other = Store(replace(settings, blob_url=str(tmp_path / "file" / "pictures")))
    with pytest.raises(Unavailable) as caught:
        other.publish(publication())
    assert str(tmp_path) not in caught.value.sentence
    assert store.find(published.id) == found
    other.close()


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/nowhere/links.sqlite", "postgresql://127.0.0.1:1/x", "nonsense"]
)
def test_a_store_that_cannot_be_opened_raises_unavailable(tmp_path: Path, url: str) -> None:
    with pytest.raises(Unavailable):
        Store(Settings(url, str(tmp_path), patience=0.2))
    with pytest.raises(Unavailable):
        Store(Settings(f"sqlite:///{tmp_path}/a.sqlite", "nosuchprotocol://x"))


def _files(store: Store, id_: str) -> dict[str, bytes]:
    found = store.find(id_)
    names = [name for one in found.document.pictures for name in one.files.values()]
    return {name: store.file(found, name) for name in [*names, "preview.jpg"]}


def _raise(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> None:
        raise error

    return fail


def _raise_at(call: int, real: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    calls = []

    def sometimes(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == call:
            raise error
        return real(*arguments)

    return sometimes
