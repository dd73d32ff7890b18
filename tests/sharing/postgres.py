"""Start a PostgreSQL server for tests, if its binaries are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALLED = Path("/usr/lib/postgresql")


def binary(name: str) -> str | None:
    """Path of a PostgreSQL program; None if it is not installed."""
    found = sorted(INSTALLED.glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextmanager
def server() -> Iterator[str]:
    """Start a server on a Unix socket; yields its URL with ``{name}`` for the database."""
    # Not tmp_path: the path of a socket must be short, and the server's user needs access.
    folder = Path(tempfile.mkdtemp(prefix="presence-pg-", dir="/tmp"))
    user = _user()
    if user is not None:
        os.chown(folder, *pwd.getpwnam(user)[2:4])
    data = folder / "data"
    try:
        _run([str(binary("initdb")), "-D", str(data), "-U", "postgres", "-A", "trust", "-N"], user)
        process = subprocess.Popen(
            [
                *(str(binary("postgres")), "-D", str(data), "-k", str(folder)),
                *("-c", "listen_addresses=", "-c", "fsync=off"),
            ],
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(folder)
            yield f"postgresql://postgres@/{{name}}?host={folder}"
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """The user to run the server as if the tests run as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(command: list[str], user: str | None) -> None:
    subprocess.run(command, user=user, cwd="/", check=True, capture_output=True, timeout=60)


def _wait(folder: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(f"host={folder} user=postgres dbname=postgres"):
                return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
