"""The database: SQLite in WAL mode or PostgreSQL, migrated to the current tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
_NOW = {
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400"),
    "postgresql": text("SELECT extract(epoch FROM clock_timestamp())"),
}
# Bytes that an SQLite file keeps free inside, for votes and deletions on a full disk.
_ROOM = 4_000_000
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
        self._kept: sqlite3.Connection | None = None
        try:
            address = _address(url)
            self.engine = self._engine(address)
            self._migrate(address)
            self._keep_open(address)
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

    def now(self, session: Session) -> float:
        """The database's clock, in seconds since 1970."""
        return float(session.scalar(_NOW[self.engine.dialect.name]) or 0.0)

    def keep_room(self) -> None:
        """Let an SQLite file keep free pages inside, so that a full disk does not stop all writing.

        Its write-ahead log becomes as long, and is then used again from its start.
        """
        if self._kept is None:
            return
        with suppress(sqlite3.Error):
            (pages,) = self._kept.execute("PRAGMA freelist_count").fetchone()
            (size,) = self._kept.execute("PRAGMA page_size").fetchone()
            if pages * size >= _ROOM // 2:
                return
            self._kept.execute("BEGIN IMMEDIATE")
            self._kept.execute("CREATE TABLE room (bytes BLOB)")
            self._kept.execute("INSERT INTO room VALUES (zeroblob(?))", (_ROOM,))
            self._kept.execute("DROP TABLE room")
            self._kept.execute("COMMIT")
            self._kept.execute("PRAGMA wal_checkpoint(PASSIVE)")
        if self._kept.in_transaction:
            self._kept.execute("ROLLBACK")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        if self._kept is not None:
            self._kept.close()

    def _keep_open(self, address: URL) -> None:
        # The last connection to be closed removes the log, and none can be opened on a full disk.
        if address.get_backend_name() == "sqlite":
            path = Path(address.database or "").absolute()
            self._kept = _connect(path, self._patience)
            self._kept.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self.keep_room()

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
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _begin(connection: Connection) -> None:
    # SQLite refuses to upgrade a read transaction to a write if another connection wrote meanwhile.
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")
