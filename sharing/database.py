"""The records' database: SQLite in WAL mode or PostgreSQL, migrated to today's tables."""

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
# One number for everybody who migrates or publishes; any other program's locks use other numbers.
_LOCK = 0x50524553
_WRITES = "presence_writes"


class Database:
    """Sessions on the records."""

    def __init__(self, url: str, patience: float = 5.0) -> None:
        """Open the database and bring its tables to today's form.

        Args:
            url: ``sqlite:///file`` or ``postgresql://...``.
            patience: Seconds to wait for a lock.

        Raises:
            Unavailable: It cannot be opened.
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
        """A session that only reads.

        Raises:
            Unavailable: The database cannot be reached.
        """
        with self._told(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction, committed at the end; one writer at a time.

        Raises:
            Unavailable: The database cannot be reached, or stays locked.
            Full: Its disk is full.
        """
        engine = self.engine.execution_options(**{_WRITES: True})
        with self._told(), Session(engine, expire_on_commit=False) as session, session.begin():
            if self.engine.dialect.name == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield session

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            words = str(error.__cause__).lower()
            if "disk is full" in words or "no space left" in words:
                raise Full from error
            raise Unavailable from error

    def _engine(self, address: URL) -> Engine:
        if address.get_backend_name() != "sqlite":
            return create_engine(
                address,
                pool_pre_ping=True,
                # Titles and comments stay out of errors' texts.
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
            # Votes and comments are nobody else's to read.
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create(path, self._patience)
        engine = self.engine.execution_options(**{_WRITES: True})
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


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
    # mode=rw: a database that is gone is an error, not a new and empty one.
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=patience, isolation_level=None
    )
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _begin(connection: Connection) -> None:
    # A transaction that begins by reading and then writes would fail where another one wrote.
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")
