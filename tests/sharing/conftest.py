"""Fixtures for stores: SQLite with a folder, a memory file system or a bucket, PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sharing.settings import Settings
from sharing.store import Store
from tests import buckets
from tests.sharing import postgres


class Clock:
    """A clock that tests can advance."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if not all(postgres.binary(name) for name in ("initdb", "postgres")):
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    with postgres.server() as address:
        yield address


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    with buckets.bucket("links") as url:
        yield url


S3 = pytest.param("sqlite-s3", marks=pytest.mark.long)
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.long)
BACKENDS = ("sqlite", "sqlite-memory-blobs", S3, POSTGRESQL)


@pytest.fixture(params=["sqlite", POSTGRESQL])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty store."""
    name = f"t{uuid.uuid4().hex}"
    blobs = str(tmp_path / "pictures")
    if request.param == "sqlite-memory-blobs":
        blobs = f"memory://{name}/pictures"
    if request.param == "sqlite-s3":
        blobs = f"{request.getfixturevalue('bucket')}/{name}"
    if request.param != "postgresql":
        return Settings(f"sqlite:///{tmp_path / 'links.sqlite'}", blobs, patience=0.5)
    import psycopg

    address = request.getfixturevalue("postgres_server")
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return Settings(address.format(name=name), blobs, patience=0.5)


@pytest.fixture
def open_store(settings: Settings, clock: Clock) -> Iterator[Callable[..., Store]]:
    """Opens a replica of the store, optionally with changed settings."""
    opened: list[Store] = []

    def open_one(**more: int) -> Store:
        store = Store(Settings(**{**vars(settings), **more}), clock)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()
