from __future__ import annotations

import threading
import time
from pathlib import Path

import gradio as gr
import pytest
from gradio.route_utils import delete_files_created_by_app

from ui.file_store import FileOwners, FileStore
from ui.gradio_compat import PathSet, clean_up


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "picture.png"
    path.write_bytes(b"x")
    return str(path)


def leave(owners: FileOwners, visitor: str) -> list[str]:
    gone: list[str] = []
    owners.release(visitor, None, gone.extend)
    return gone


def test_a_file_goes_with_the_last_who_needs_it(file: str) -> None:
    owners = FileOwners()
    for visitor in ("one", "two", "one"):
        owners.add(visitor, file)
    assert leave(owners, "one") == []
    assert Path(file).exists()
    assert leave(owners, "two") == [file]
    assert not Path(file).exists()
    assert leave(owners, "two") == []


def test_what_is_made_for_nobody_stays(file: str) -> None:
    owners = FileOwners()
    owners.add(None, file)
    assert leave(owners, "None") == []
    assert Path(file).exists()


def test_a_photo_that_was_just_uploaded_again_stays(file: str) -> None:
    owners = FileOwners()
    owners.add("one", file, uploaded=True)
    time.sleep(0.05)
    Path(file).write_bytes(b"the same, by somebody else")
    assert leave(owners, "one") == []
    assert Path(file).exists()


def test_cleaning_goes_on_while_others_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with gr.Blocks() as blocks:
        gr.Textbox()
    file_store = FileStore()
    clean_up(blocks, file_store.paths)
    broken = tmp_path / "tmphalf"
    broken.write_bytes(b"half a photo")
    mine = file_store.write(b"mine", "mine.png")
    assert all(isinstance(some, PathSet) for some in blocks.temp_file_sets[:-1])
    end = threading.Event()

    def upload() -> None:
        number = 0
        while not end.is_set():
            number += 1
            blocks.upload_file_set.update([f"/nowhere/{number % 5000}"])

    uploading = threading.Thread(target=upload)
    uploading.start()
    try:
        for _ in range(20):
            delete_files_created_by_app(blocks, 0)
    finally:
        end.set()
        uploading.join()
    assert not broken.exists()
    assert not Path(mine).exists()
    assert not file_store.paths
