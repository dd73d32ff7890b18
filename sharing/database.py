"""The database: SQLite in WAL mode or PostgreSQL, migrated to the current tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sharing.errors import Full, Unavailable

MIGRATIONS = Path(__file__).with_name("migrations")
# Key of the PostgreSQL advisory lock that serialises all writers and migrations of Presence.
_LOCK_KEY = 0x50524553
# Execution option of connections that write.
_WRITES = "presence_writes"


class Database:
    """Opens sessions on the database."""

    def __init__(self, url: str, patience: float) -> None:
        """Open the database and migrate its tables.

        Args:
            url: ``sqlite:///file`` or ``postgresql://...``.
            patience: Seconds to wait for a lock.

        Raises:
            Unavailable: The database cannot be opened.
        """
        self._patience = patience
        try:
            address = _address(url)
            self.engine = self._engine(address)
            self._migrate(address)
        except (SQLAlchemyError, OSError, sqlite3.Error) as error:
            raise Unavailable from error

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session for reading.

        Raises:
            Unavailable: The database cannot be reached.
        """
        with _sharing_errors(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session in one transaction, committed at the end; only one writer at a time.

        Raises:
            Unavailable: The database cannot be reached, or stays locked.
            Full: The disk of the database is full.
        """
        engine = self.engine.execution_options(**{_WRITES: True})
        with (
            _sharing_errors(),
            Session(engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            if self.engine.dialect.name == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK_KEY})
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _engine(self, address: URL) -> Engine:
        if address.get_backend_name() != "sqlite":
            return create_engine(
                address,
                pool_pre_ping=True,
                # Keeps titles and comments out of error messages.
                hide_parameters=True,
                connect_args={
                    "connect_timeout": max(2, round(self._patience)),
                    "options": f"-c lock_timeout={round(self._patience * 1000)}",
                },
            )
        path = Path(address.database or "").absolute()
        engine = create_engine(
            address,
            poolclass=NullPool,
            hide_parameters=True,
            creator=lambda: _connect(path, self._patience),
        )
        event.listen(engine, "begin", _begin)
        return engine

    def _migrate(self, address: URL) -> None:
        from alembic import command
        from alembic.config import Config

        if address.get_backend_name() == "sqlite":
            path = Path(address.database or "").absolute()
            # Votes and comments must not be readable by other users of the machine.
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create(path, self._patience)
        engine = self.engine.execution_options(**{_WRITES: True})
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK_KEY})
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


@contextmanager
def _sharing_errors() -> Iterator[None]:
    """Convert SQLAlchemy errors to `Full` or `Unavailable`."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = str(error.__cause__).lower()
        if "disk is full" in cause or "no space left" in cause:
            raise Full from error
        raise Unavailable from error


def _address(url: str) -> URL:
    address = make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        return address.set(drivername="postgresql+psycopg")
    return address


def _create(path: Path, patience: float) -> None:
    connection = sqlite3.connect(path, timeout=patience)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    # With mode=rw a missing database is an error; the default would create an empty one.
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=patience, isolation_level=None
    )
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _begin(connection: Connection) -> None:
    # SQLite refuses to upgrade a read transaction to a write if another connection wrote meanwhile.
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")
