"""Portraits one click away: two photographs of the public domain, then our own renders, if any."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "assets" / "samples"


@dataclass(frozen=True)
class Sample:
    """A portrait that everybody may use.

    Attributes:
        path: The file.
        title: Who is to be seen.
        credit: Where it comes from.
    """

    path: Path
    title: str
    credit: str


@cache
def samples() -> tuple[Sample, ...]:
    """All samples that are here, photographs first; the page opens with the first one."""
    public = (
        _of_package(
            "skimage",
            "data/astronaut.png",
            "Eileen Collins, astronaut",
            "NASA, public domain",
        ),
        _of_package(
            "matplotlib",
            "mpl-data/sample_data/grace_hopper.jpg",
            "Grace Hopper, computer scientist",
            "US Navy, public domain",
        ),
    )
    return (*(sample for sample in public if sample), *renders(FOLDER))


def renders(folder: Path) -> tuple[Sample, ...]:
    """Our own renders in ``folder``, in the order of its ``captions.json``; none without it.

    Args:
        folder: with the pictures and a list of ``{"file": name, "alt": what is to be seen, ...}``.
    """
    captions = folder / "captions.json"
    if not captions.is_file():
        return ()
    return tuple(
        Sample(folder / entry["file"], entry["alt"], "own render")
        for entry in json.loads(captions.read_text(encoding="utf-8"))
    )


def _of_package(package: str, file: str, title: str, credit: str) -> Sample | None:
    # Only the package's folder is wanted, not the seconds that importing it takes.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / file
    return Sample(path, title, credit) if path.is_file() else None
