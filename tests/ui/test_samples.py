"""The portraits one click away: photographs first, renders with their captions, nothing missing."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import gradio as gr
import pytest
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError
from gradio.processing_utils import move_files_to_cache
from PIL import Image

import app
from pipelines.studio.samples import FOLDER, renders, samples
from tests.serving import close, free_port

PICTURE, META = gr.Image(render=False), {"_type": "gradio.FileData"}


def test_the_page_opens_with_a_photograph() -> None:
    credits = [sample.credit for sample in samples()]
    assert "public domain" in credits[0]
    assert sorted(credits, key=lambda credit: credit == "own render") == credits


def test_every_sample_is_a_picture_with_a_title_of_its_own() -> None:
    titles = [sample.title for sample in samples()]
    assert len(set(titles)) == len(titles) >= 2
    for sample in samples():
        with Image.open(sample.path) as picture:
            assert min(picture.size) >= 400


def test_renders_come_in_the_order_of_their_captions(tmp_path: Path) -> None:
    entries = [
        {"file": f"{name}.jpg", "alt": f"A person, {name}", "gaze_yaw": 3, "gaze_pitch": -1}
        for name in ("b", "a")
    ]
    (tmp_path / "captions.json").write_text(json.dumps(entries))
    assert [sample.path.name for sample in renders(tmp_path)] == ["b.jpg", "a.jpg"]
    assert renders(tmp_path)[0].title == "A person, b"


def test_a_folder_without_captions_has_no_renders(tmp_path: Path) -> None:
    assert renders(tmp_path) == ()
    assert renders(tmp_path / "nowhere") == ()


def test_committed_renders_are_light_and_carry_no_metadata() -> None:
    pictures = sorted(FOLDER.glob("*.jpg"))
    assert {path.name for path in pictures} == {sample.path.name for sample in renders(FOLDER)}
    assert sum(path.stat().st_size for path in pictures) < 4e6
    for path in pictures:
        with Image.open(path) as picture:
            assert not picture.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(picture.info)


def test_samples_open_wherever_their_packages_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("work", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    other = tmp_path / "other.png"
    Image.new("RGB", (8, 8)).save(other)
    blocks = app.build()
    # Gradio takes files of the working directory and the temporary one; ours lie in neither.
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    app.launch(blocks, "127.0.0.1", free_port())
    context = LocalContext.blocks.set(blocks)
    try:
        for sample in samples():
            shown = move_files_to_cache({"path": str(sample.path), "meta": META}, PICTURE, True)
            assert Path(shown["path"]).read_bytes() == sample.path.read_bytes()
        with pytest.raises(InvalidPathError):
            move_files_to_cache({"path": str(other), "meta": META}, PICTURE, True)
    finally:
        LocalContext.blocks.reset(context)
        close(blocks)
