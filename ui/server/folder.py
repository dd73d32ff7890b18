"""A temporary folder for all files of a server, removed when the server ends.

A server that is killed cannot remove its folder. So each server holds a lock in its folder, which
the operating system releases with the process, and the next server to start removes folders whose
lock is free.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "presence-files-"
_LOCK = "in-use.lock"


@contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """A folder of this server, removed at the end; first removes those of killed servers.

    Args:
        parent: The folder to create it in.

    Raises:
        OSError: It cannot be created.
    """
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    lock = FileLock(folder / _LOCK)
    lock.acquire()
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> int:
    """Remove the folders of servers that no longer run; returns how many there were."""
    return sum(_remove_if_free(folder) for folder in parent.glob(f"{PREFIX}*"))


def _remove_if_free(folder: Path) -> bool:
    # Temporary folders are shared between users, so folders of others and links are left alone. A
    # folder without a lock file is just being created.
    if folder.is_symlink() or not _is_ours(folder) or not (folder / _LOCK).is_file():
        return False
    try:
        with FileLock(folder / _LOCK, timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
    except (Timeout, OSError):
        return False
    return True


def _is_ours(folder: Path) -> bool:
    if not hasattr(os, "getuid"):
        return True
    try:
        return folder.stat().st_uid == os.getuid()
    except OSError:
        return False
