"""Fixtures for stores: SQLite with a folder, a memory file system or a bucket, PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sharing.settings import Settings
from sharing.store import Store
from tests.serving import free_port
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
    """URL of an S3 bucket, of a server that moto runs in this process."""
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: pip install s3fs==2026.9.0")
    server = pytest.importorskip("moto.server", reason='moto is not installed: "moto[server]"')
    with pytest.MonkeyPatch.context() as environment:
        s3 = server.ThreadedMotoServer(port=free_port())
        s3.start()
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            environment.setenv(f"AWS_{name}", "test")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*s3.get_host_and_port()))
        s3fs.S3FileSystem().mkdir("links")
        yield "s3://links"
        s3.stop()


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
