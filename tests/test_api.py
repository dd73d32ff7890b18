"""What programs see: the examples of docs/api.md, tools for MCP clients, and no more."""

from __future__ import annotations

import base64
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import app
from pipelines.studio.samples import samples
from tests.serving import ROOT, close, free_port
from ui import tools
from ui.comparison import MOST_LOOKS

HOPPER = samples()[1].path
UNTOUCHED = "region=international&context=id-passport"
WRITTEN_FOR = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("served")))
        environment.delenv(tools.SETTING, raising=False)
        blocks = app.build()
        yield app.launch(blocks, "127.0.0.1", free_port()).rstrip("/")
        close(blocks)


@pytest.fixture
def client(address: str, tmp_path: Path) -> Client:
    return Client(address, verbose=False, download_files=str(tmp_path))


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return json.loads(answer.read())


def examples() -> list[str]:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^## Examples\n(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    return re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("code", examples(), ids=["compare", "measure"])
def test_an_example_of_the_documentation_runs_as_it_stands(
    code: str,
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert WRITTEN_FOR in code
    copyfile(HOPPER, tmp_path / "portrait.jpg")
    monkeypatch.chdir(tmp_path)
    said: dict[str, Any] = {}
    exec(compile(code.replace(WRITTEN_FOR, address), "api.md", "exec"), said)
    printed = capsys.readouterr().out
    if "pictures" in said:
        assert [Path(picture).suffix for picture in said["pictures"]] == [".png", ".png"]
        assert re.search(r"region=nordic&context=actor", printed)
        assert re.search(r"gaze \[-?\d+\.\d+, -?\d+\.\d+\] likeness 0\.\d+", printed)
    else:
        assert re.search(r"\[-?\d+\.\d+, -?\d+\.\d+\] \{'yaw'", printed)


def keys(report: Any) -> set[str]:
    if isinstance(report, dict):
        return set(report).union(*(keys(value) for value in report.values()))
    return set().union(*(keys(one) for one in report)) if isinstance(report, list) else set()


def test_every_key_of_the_report_is_documented(client: Client) -> None:
    _, report = client.predict(
        photo=handle_file(str(HOPPER)), looks="region=japan", api_name="/compare"
    )
    written = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    # Steps and eyes are said in words.
    known = set(re.findall(r"`(\w+)`", written)) | {"before", "after", "target", "error"}
    assert keys({**report, "variants": [{**report["variants"][0], "seconds": {}}]}) <= known


def test_as_many_looks_as_promised_and_not_one_more(client: Client) -> None:
    def compare(count: int) -> tuple[list[str], Any]:
        looks = "\n".join([UNTOUCHED] * count)
        pictures, report = client.predict(
            photo=handle_file(str(HOPPER)), looks=looks, api_name="/compare"
        )
        return pictures, report

    pictures, report = compare(MOST_LOOKS)
    assert len(pictures) == len(report["variants"]) == MOST_LOOKS
    with pytest.raises(AppError, match=rf"at most {MOST_LOOKS}, one on a line"):
        compare(MOST_LOOKS + 1)


@pytest.mark.parametrize("path", ["gradio_api/info", "gradio_api/info?all_endpoints=true"])
def test_nothing_but_the_two_is_listed(address: str, path: str) -> None:
    listed = get(f"{address}/{path}")
    assert set(listed["named_endpoints"]) == {"/compare", "/measure"}
    assert listed["unnamed_endpoints"] == {}


@pytest.mark.parametrize("path", ["monitoring", "monitoring/summary", "monitoring/x"])
def test_nobody_is_watched(address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}/{path}", timeout=20)
    assert refused.value.code == 403


def test_the_page_names_no_folder_of_this_machine(address: str) -> None:
    config = json.dumps(get(f"{address}/config"))
    for folder in (str(ROOT), str(Path.home()), "site-packages"):
        assert folder not in config


@pytest.fixture
def ask(address: str) -> Callable[[Callable[[Any], Any]], Any]:
    """Runs a coroutine with a real MCP session."""
    pytest.importorskip("mcp", reason="mcp is not installed")
    import anyio
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    def run(talk: Callable[[Any], Any]) -> Any:
        async def session() -> Any:
            async with (
                streamable_http_client(f"{address}/gradio_api/mcp/") as (read, write, _),
                ClientSession(read, write) as client,
            ):
                await client.initialize()
                return await talk(client)

        # In a thread of its own: Playwright's loop goes on in this one after its tests.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(anyio.run, session).result()

    return run


def data_url(path: Path) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_the_tools_are_two_and_say_what_they_take(address: str, ask: Any) -> None:
    async def talk(client: Any) -> Any:
        return (
            (await client.list_tools()).tools,
            (await client.list_resources()).resources,
            (await client.list_prompts()).prompts,
        )

    listed, resources, prompts = ask(talk)
    assert {tool.name for tool in listed} == {"compare", "measure"}
    assert resources == prompts == []
    by_name = {tool.name: tool for tool in listed}
    assert set(by_name["compare"].inputSchema["properties"]) == {"photo", "looks"}
    assert set(by_name["measure"].inputSchema["properties"]) == {"photo"}
    for tool in listed:
        assert len(tool.description) > 100
        for field in tool.inputSchema["properties"].values():
            assert len(field["description"]) > 40
    assert "japan" in by_name["compare"].description
    schema = get(f"{address}/gradio_api/mcp/schema")
    assert {tool["name"] for tool in schema} == {"compare", "measure"}


def test_a_tool_gives_pictures_to_see_their_addresses_and_numbers(ask: Any) -> None:
    async def talk(client: Any) -> Any:
        looks = f"region=japan\n{UNTOUCHED}"
        return await client.call_tool("compare", {"photo": data_url(HOPPER), "looks": looks})

    answer = ask(talk)
    assert not answer.isError
    kinds = [part.type for part in answer.content]
    assert kinds == ["image", "text", "image", "text", "text"]
    for picture, text in zip(answer.content[0:4:2], answer.content[1:4:2], strict=True):
        with Image.open(io.BytesIO(base64.b64decode(picture.data))) as seen:
            assert max(seen.size) <= tools.SHOWN_LONG_SIDE
        full = text.text.split("full size: ")[1]
        with Image.open(io.BytesIO(urllib.request.urlopen(full, timeout=20).read())) as image:
            assert image.format == "PNG"
            with Image.open(HOPPER) as original:
                assert image.size == original.size
    report = json.loads(answer.content[4].text)
    assert [one["look"].split("&")[0] for one in report["variants"]] == [
        "region=japan",
        "region=international",
    ]


def test_a_tool_measures(ask: Any) -> None:
    async def talk(client: Any) -> Any:
        return await client.call_tool("measure", {"photo": data_url(HOPPER)})

    (text,) = ask(talk).content
    assert set(json.loads(text.text)) == {"size", "origin", "original", "warnings"}


def test_what_a_tool_cannot_do_it_says_in_words(address: str, ask: Any) -> None:
    calls = {
        "There is no region 'atlantis'": {"photo": data_url(HOPPER), "looks": "region=atlantis"},
        "no picture that we can fetch": {"photo": "/etc/passwd", "looks": ""},
        "not base64, or is cut off": {"photo": data_url(HOPPER)[:5001], "looks": ""},
        "opens without signing in": {"photo": f"{address}/config", "looks": ""},
    }

    async def talk(client: Any) -> list[Any]:
        return [await client.call_tool("compare", call) for call in calls.values()]

    for words, answer in zip(calls, ask(talk), strict=True):
        assert answer.isError
        assert words in answer.content[0].text


def test_the_setting_turns_the_tools_on_and_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "find_spec", lambda name: None)
    monkeypatch.delenv(tools.SETTING, raising=False)
    assert not tools.wanted()
    monkeypatch.setenv(tools.SETTING, "1")
    with pytest.raises(ValueError, match="pip install mcp"):
        tools.wanted()
    monkeypatch.setattr(tools, "find_spec", lambda name: object())
    assert tools.wanted()
    monkeypatch.setenv(tools.SETTING, "0")
    assert not tools.wanted()
    monkeypatch.setenv(tools.SETTING, "yes")
    with pytest.raises(ValueError, match="0 or 1"):
        tools.wanted()
