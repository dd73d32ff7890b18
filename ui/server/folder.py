"""One folder for everything that a server keeps while it runs, and nothing of it afterwards.

A server that ends in order removes its folder. One that is killed cannot, so each holds a lock on
its own folder, which the system lets go of with the process whatever ends it: a folder whose lock
is free belongs to nobody, and the next server to start removes it.
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
    """A folder that goes when we go; those of servers that were killed go first.

    Args:
        parent: Where to make it.

    Raises:
        OSError: It cannot be made.
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
    """Remove the folders of servers that are no more; says how many there were."""
    return sum(_removed(folder) for folder in parent.glob(f"{PREFIX}*"))


def _removed(folder: Path) -> bool:
    # In a folder for everybody, what is not ours is not ours to open; a folder without a lock is
    # just being made.
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
