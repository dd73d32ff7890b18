"""What other programs rely on: flags, keys, endpoints, addresses, environment variables.

`contract.json` holds all of it. A name may be added there; one that is taken out breaks somebody.
``python -m tests.test_contract`` writes the file anew.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.routing import Route

import app
from pipelines.cli.app import main
from pipelines.runtime import settings
from pipelines.studio.look import KEYS
from sharing.web.routes import routes
from ui import page_head
from ui.server.middleware import middleware

ROOT = Path(__file__).parents[1]
RECORD = Path(__file__).with_name("contract.json")
COMMANDS = ("render", "compare", "batch", "grid", "measure", "audit", "inspect", "persona", "fetch")
SMALL = "region=off-camera&context=linkedin&engine=geometry"


def run(*arguments: str | Path) -> str:
    """What a command prints; whatever it ends with."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main([str(argument) for argument in arguments])
    return out.getvalue()


def flags() -> dict[str, list[str]]:
    """The flags of every command, as its help names them."""
    return {
        name: sorted(set(re.findall(r"(?<![\w-])--[a-z-]+", run(name, "--help"))))
        for name in COMMANDS
    }


def paths(report: Any, at: str = "") -> Iterator[str]:
    """Every key of a report with the keys that it lies under, such as ``gaze.before``."""
    if isinstance(report, list):
        for one in report:
            yield from paths(one, f"{at}[]")
    elif isinstance(report, dict):
        for key, value in report.items():
            here = f"{at}.{key}" if at else key
            yield here
            yield from paths(value, here)


def keys(file: Path) -> list[str]:
    return sorted(set(paths(json.loads(file.read_text(encoding="utf-8")))))


def reports(folder: Path) -> dict[str, list[str]]:
    """The keys of every file of numbers that the command line writes."""
    import skimage.data

    photos = folder / "photos"
    photos.mkdir()
    photo, made = photos / "photo.png", folder / "made.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    (photos / "broken.jpg").write_text("not a picture")
    run("render", photo, "--look", SMALL, "--out", made, "--report", folder / "render.json")
    run("compare", photo, "--look", SMALL, "--look", "polish=0", "--out", folder / "compare")
    run("grid", photo, "--x", "polish=0", "--base", SMALL, "--out", folder / "grid.png",
        "--json", folder / "grid.json")  # fmt: skip
    run("measure", photo, "--json", folder / "alone.json")
    run("measure", made, "--original", photo, "--json", folder / "measure.json")
    run("audit", photos, "--out", folder, "--keep", "gaze<=2.6", "--workers", "1")
    with (folder / "audit.csv").open(encoding="utf-8", newline="") as table:
        columns = next(csv.reader(table))
    return {
        "render": keys(folder / "render.json"),
        "compare": keys(folder / "compare" / "comparison.json"),
        "grid": keys(folder / "grid.json"),
        "measure": keys(folder / "measure.json"),
        "audit": keys(folder / "audit.json"),
        "audit.csv": columns,
    }


def endpoints() -> dict[str, Any]:
    """Names, inputs and outputs of what programs can call."""
    listed = app.build().get_api_info()
    assert listed is not None
    return {
        name: {
            "takes": {one["parameter_name"]: one["component"] for one in endpoint["parameters"]},
            "gives": [one["component"] for one in endpoint["returns"]],
        }
        for name, endpoint in listed["named_endpoints"].items()
    }


def addresses() -> list[str]:
    link_service = app.link_service()
    _, served = middleware(link_service, settings.ServerSettings(metrics="1"))
    return sorted(
        f"{' '.join(sorted(route.methods or ()))} {route.path}"
        for route in (*served, *routes(link_service), *page_head.routes())
        if isinstance(route, Route)
    )


def variables() -> list[str]:
    """Environment variables that the page and the command line read."""
    return sorted(name for name, *_ in settings.rows())


def contract(folder: Path) -> dict[str, Any]:
    return {
        "flags": flags(),
        "reports": reports(folder),
        "look": list(KEYS),
        "endpoints": endpoints(),
        "addresses": addresses(),
        "variables": variables(),
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return contract(tmp_path_factory.mktemp("contract"))


def leaves(tree: Any, at: str = "") -> set[str]:
    if isinstance(tree, dict):
        return set().union(*(leaves(value, f"{at}/{key}") for key, value in tree.items()))
    if isinstance(tree, list):
        return {f"{at}/{value}" for value in tree}
    return {f"{at}/{tree}"}


PARTS = ("flags", "reports", "look", "endpoints", "addresses", "variables")


@pytest.mark.parametrize("part", PARTS)
def test_what_others_rely_on_is_still_there(part: str, found: dict[str, Any]) -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert leaves(record[part]) - leaves(found[part]) == set()


def test_a_missing_name_would_be_seen() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    less = json.loads(RECORD.read_text(encoding="utf-8"))
    less["reports"]["render"].remove("gaze.after")
    assert leaves(record) - leaves(less) == {"/reports/render/gaze.after"}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        text = json.dumps(contract(Path(name)), indent=1, ensure_ascii=False)
    RECORD.write_text(text + "\n", encoding="utf-8")
