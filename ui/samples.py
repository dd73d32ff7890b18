"""Portraits one click away: two of the public domain, and our own renders where they ship."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "assets" / "samples"


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
    """All samples that are here, the first one chosen when the page opens."""
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
    own = (
        Sample(path, path.stem.replace("-", " ").replace("_", " ").capitalize(), "own render")
        for path in sorted(_FOLDER.glob("*.jpg"))
    )
    return (*(sample for sample in public if sample), *own)


def _of_package(package: str, file: str, title: str, credit: str) -> Sample | None:
    # Only the package's folder is wanted, not the seconds that importing it takes.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / file
    return Sample(path, title, credit) if path.is_file() else None
