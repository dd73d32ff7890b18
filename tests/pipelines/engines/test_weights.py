"""Weights: what is said where they are missing or damaged, and fetching them from a hub."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipelines.engines import fetching, weights
from pipelines.runtime.errors import EngineFailed, EngineUnavailable
from presets.schema import Engine, HubFile, load

ENGINES = load().engines
HUB = ENGINES["sd15-mediapipe-face"]
REVISION = "0123456789abcdef0123456789abcdef01234567"


def tensors(values: int = 64) -> bytes:
    """A safetensors file with one tensor of bytes."""
    header = json.dumps({"a": {"dtype": "U8", "shape": [values], "data_offsets": [0, values]}})
    return len(header).to_bytes(8, "little") + header.encode() + bytes(range(values))


@dataclass
class Hub:
    """A hub of our own, with one repository; `cut` stops its first answer for a file half way.

    `refusal` is the status and the header with which it refuses every file.
    """

    files: dict[str, bytes]
    cut: set[str] = field(default_factory=set)
    lies: set[str] = field(default_factory=set)
    ranges: list[str] = field(default_factory=list)
    address: str = ""
    refusal: tuple[int, str, str] | None = None


@pytest.fixture
def hub() -> Iterator[Hub]:
    state = Hub({"config.json": b"{}", "part/model.safetensors": tensors()})

    class Answer(BaseHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def list_files(self) -> None:
            siblings = [{"rfilename": name} for name in state.files]
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
                for name, data in state.files.items()
            ]
            found = {"id": "owner/name", "sha": REVISION, "siblings": siblings}
            data = json.dumps(tree if "/tree/" in self.path else found).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def answer(self, *, body: bool) -> None:
            if self.path.startswith("/api/models/"):
                self.list_files()
                return
            if state.refusal is not None:
                status, header, value = state.refusal
                self.send_response(status)
                self.send_header(header, value)
                self.end_headers()
                return
            name = self.path.partition(f"/resolve/{REVISION}/")[2]
            data = state.files.get(name)
            if data is None:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.end_headers()
                return
            first = 0
            if begins := self.headers.get("Range"):
                state.ranges.append(begins)
                first = int(begins.removeprefix("bytes=").split("-")[0])
            promised = data if name not in state.lies else data[::-1]
            self.send_response(206 if first else 200)
            self.send_header("ETag", f'"{hashlib.sha256(promised).hexdigest()}"')
            self.send_header("X-Repo-Commit", REVISION)
            self.send_header("Content-Length", str(len(data) - first))
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            if body and name in state.cut:
                state.cut.discard(name)
                self.wfile.write(data[first : len(data) // 2])
                self.wfile.flush()
                self.connection.close()
            elif body:
                self.wfile.write(data[first:])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(weights.MODELS, str(tmp_path))
    # The library reads the environment once, when it is imported: the hub here is a local one.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return tmp_path


def tiny() -> Engine:
    names = ("config.json", "part/model.safetensors")
    source = HubFile(
        role="base", repo="owner/name", revision=REVISION, files=names, size_mb=1, licence="MIT"
    )
    return HUB.model_copy(update={"files": (source,)})


def test_missing_weights_are_said_with_size_licence_place_and_command(models: Path) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        weights.require(HUB)
    assert caught.value.code == "weights-missing"
    said = caught.value.sentence
    for source in HUB.files:
        assert source.repo in said
        assert source.licence in said
    for part in ("6.2 GB", "python -m pipelines fetch sd15-mediapipe-face", "PRESENCE_MODELS"):
        assert part in said
    assert str(models) not in said


def test_the_packaged_files_are_what_a_pipeline_with_a_safety_checker_needs() -> None:
    base = next(source for source in HUB.files if source.role == "base")
    assert "safety_checker/model.fp16.safetensors" in base.files
    assert "feature_extractor/preprocessor_config.json" in base.files


def test_fetch_brings_every_file_and_then_nothing_is_missing(hub: Hub, models: Path) -> None:
    told: list[str] = []
    fetching.fetch(tiny(), told.append, hub.address)
    for name, data in hub.files.items():
        assert (models / "owner/name" / name).read_bytes() == data
    weights.require(tiny())
    assert any("MIT" in line for line in told)


def test_without_a_folder_of_models_the_hubs_own_cache_is_used(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.delenv(weights.MODELS, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    assert "Hugging Face cache" in weights.missing_sentence(tiny())
    fetching.fetch(tiny(), lambda _: None, hub.address)
    weights.require(tiny())
    root = weights.root(tiny(), "base")
    assert (root / "part/model.safetensors").read_bytes() == tensors()
    assert root.name == REVISION
    (root / "part/model.safetensors").resolve().write_bytes(tensors()[:-1])
    fetching.fetch(tiny(), lambda _: None, hub.address)
    weights.require(tiny())
    (root / "part/model.safetensors").resolve().write_bytes(b"")
    hub.lies = {"part/model.safetensors"}
    with pytest.raises(EngineFailed):
        fetching.fetch(tiny(), lambda _: None, hub.address)


def test_fetch_goes_on_where_a_broken_connection_stopped(
    hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    # It keeps whole pieces of what has arrived, usually of ten megabytes.
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 8)
    hub.cut = {"part/model.safetensors"}
    fetching.fetch(tiny(), lambda _: None, hub.address)
    assert (models / "owner/name/part/model.safetensors").read_bytes() == tensors()
    (resumed,) = hub.ranges
    assert 0 < int(resumed.removeprefix("bytes=").split("-")[0]) <= len(tensors()) // 2


def test_a_file_that_is_not_the_announced_one_is_thrown_away(hub: Hub, models: Path) -> None:
    hub.lies = {"part/model.safetensors"}
    with pytest.raises(EngineFailed, match=r"part/model\.safetensors"):
        fetching.fetch(tiny(), lambda _: None, hub.address)
    assert not (models / "owner/name/part/model.safetensors").exists()


def test_a_file_that_the_hub_does_not_have_is_said(hub: Hub, models: Path) -> None:
    del hub.files["config.json"]
    with pytest.raises(EngineUnavailable, match="did not hand out config"):
        fetching.fetch(tiny(), lambda _: None, hub.address)


@pytest.mark.parametrize(
    ("refusal", "code", "advice"),
    [
        ((403, "X-Error-Code", "GatedRepo"), "licence-not-accepted", "Accept it on https://"),
        (
            (401, "X-Error-Message", "Invalid credentials in Authorization header"),
            "token-refused",
            "hf auth login",
        ),
    ],
)
def test_what_the_hub_wants_first_is_said(
    refusal: tuple[int, str, str], code: str, advice: str, hub: Hub, models: Path
) -> None:
    hub.refusal = refusal
    with pytest.raises(EngineUnavailable, match=advice) as caught:
        fetching.fetch(tiny(), lambda _: None, hub.address)
    assert caught.value.code == code
    assert not list((models / "owner/name").rglob("*.safetensors"))


def test_an_index_of_tensors_names_the_file_that_lacks_them(tmp_path: Path) -> None:
    (tmp_path / "model-1.safetensors").write_bytes(tensors())
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2"}}))
    assert weights.damage(index) is None
    index.write_text(json.dumps({"weight_map": {"b": "model-1.safetensors"}}))
    assert "model-1.safetensors" in str(weights.damage(index))


def test_without_a_network_fetch_says_so(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EngineUnavailable) as caught:
        fetching.fetch(tiny(), lambda _: None)
    assert caught.value.code == "no-network"


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "is empty"),
        (tensors()[:-1], "cut off"),
        (tensors()[:20], "cut off"),
        (tensors() + b"x", "longer"),
        (b"\x08\0\0\0\0\0\0\0not json", "can't be read"),
        (tensors(), None),
    ],
)
def test_a_safetensors_file_tells_its_own_damage(
    data: bytes, wrong: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    found = weights.damage(path)
    assert found is None if wrong is None else wrong in str(found)


def test_a_truncated_file_is_named_and_not_loaded(hub: Hub, models: Path) -> None:
    fetching.fetch(tiny(), lambda _: None, hub.address)
    path = models / "owner/name/part/model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(EngineUnavailable) as caught:
        weights.require(tiny())
    assert caught.value.code == "weights-damaged"
    assert "part/model.safetensors of owner/name is cut off" in caught.value.sentence
    fetching.fetch(tiny(), lambda _: None, hub.address)
    weights.require(tiny())


def test_states(hub: Hub, models: Path) -> None:
    def unasked() -> bool:
        raise AssertionError("asking loads torch")

    assert weights.state(ENGINES["geometry"], unasked) == "ready"
    assert weights.state(tiny(), unasked) == "download"
    fetching.fetch(tiny(), lambda _: None, hub.address)
    assert weights.state(tiny(), lambda: False) == "slow"
    assert weights.state(tiny(), lambda: True) == "ready"
