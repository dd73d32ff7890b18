from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.sequences import Scene
from tests.hostile.site import Site, launched
from tests.hostile.visitor import Page


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with launched() as site:
        yield site


@pytest.fixture(scope="module")
def page(site: Site) -> Page:
    return Page(site.address)


@pytest.fixture
def scene(site: Site, page: Page) -> Iterator[Scene]:
    scene = Scene(site, page)
    yield scene
    scene.leave()
