"""Storage of the pictures: a folder on the local disk or any file system of fsspec."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath

from sharing.errors import Full, NotFound, SharingError, Unavailable

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Blobs:
    """Folders of files. A folder's name holds its creation time, for finding leftovers."""

    def __init__(self, url: str) -> None:
        """Open the storage.

        Args:
            url: A local path, or an fsspec URL such as ``s3://bucket/folder``.

        Raises:
            Unavailable: fsspec cannot open such a URL.
        """
        from fsspec.core import url_to_fs

        with _sharing_errors():
            self._files, root = url_to_fs(url)
            self._root = root.rstrip("/")
        self._local = "file" in self._files.protocol

    def put(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Write all files of a new folder; on a local disk they are flushed.

        Raises:
            Full: The storage is full.
            Unavailable: The files cannot be written.
        """
        with _sharing_errors():
            if self._local:
                # Faces must not be readable by other users of the machine.
                os.makedirs(self._path(folder), mode=0o700)  # noqa: PTH103 - fsspec gives strings
            for name, data in files.items():
                with self._files.open(self._path(folder, name), "wb") as file:
                    file.write(data)
                    if self._local:
                        file.flush()
                        os.fsync(file.fileno())

    def get(self, folder: str, name: str) -> bytes:
        """Read one file.

        Raises:
            NotFound: There is no such file.
            Unavailable: The storage cannot be reached.
        """
        with _sharing_errors():
            return bytes(self._files.cat_file(self._path(folder, name)))

    def remove(self, folder: str) -> None:
        """Remove a folder with all its files; does nothing if there is no such folder.

        Raises:
            Unavailable: The folder cannot be removed.
        """
        with suppress(NotFound), _sharing_errors():
            self._files.rm(self._path(folder), recursive=True)

    def folders(self) -> list[str]:
        """Names of all folders.

        Raises:
            Unavailable: The storage cannot be reached.
        """
        with _sharing_errors():
            self._files.invalidate_cache()
            try:
                paths = self._files.ls(self._root, detail=False)
            except FileNotFoundError:
                return []
            return [PurePosixPath(path.rstrip("/")).name for path in paths]

    def _path(self, *parts: str) -> str:
        return "/".join((self._root, *parts))


def new_folder(now: int) -> str:
    """A unique name for a folder created at `now`, in seconds since 1970."""
    return f"{now}-{secrets.token_hex(12)}"


def creation_time(folder: str) -> int | None:
    """Creation time of a folder in seconds since 1970; None if `new_folder` did not name it."""
    start, dash, rest = folder.partition("-")
    if not dash or not start.isascii() or not start.isdigit() or len(rest) != 24:
        return None
    return int(start)


@contextmanager
def _sharing_errors() -> Iterator[None]:
    """Convert errors of the file system to `NotFound`, `Full` or `Unavailable`."""
    try:
        yield
    except SharingError:
        raise
    except FileNotFoundError as error:
        raise NotFound from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Full from error
        raise Unavailable from error
    except Exception as error:
        # Each backend of fsspec raises its own error types.
        raise Unavailable from error
