"""The pictures' folder, on this machine's disk or wherever fsspec reaches."""

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
    """Folders of files. A folder's name carries its birth, so that leftovers can be told."""

    def __init__(self, url: str) -> None:
        """Open the place.

        Args:
            url: A local path, or an fsspec address such as ``s3://bucket/folder``.

        Raises:
            Unavailable: There is no way to such an address.
        """
        from fsspec.core import url_to_fs

        with _told():
            self._files, root = url_to_fs(url)
            self._root = root.rstrip("/")
        self._local = "file" in self._files.protocol

    def put(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Write all files of a new folder, and flush them to disk where there is one.

        Raises:
            Full: There is no room.
            Unavailable: They cannot be written.
        """
        with _told():
            if self._local:
                # Faces are nobody else's to read.
                os.makedirs(self._path(folder), mode=0o700)  # noqa: PTH103 - fsspec gives strings
            for name, data in files.items():
                with self._files.open(self._path(folder, name), "wb") as file:
                    file.write(data)
                    if self._local:
                        file.flush()
                        os.fsync(file.fileno())

    def get(self, folder: str, name: str) -> bytes:
        """One file.

        Raises:
            NotFound: It is not there.
            Unavailable: It cannot be reached.
        """
        with _told():
            return bytes(self._files.cat_file(self._path(folder, name)))

    def remove(self, folder: str) -> None:
        """Remove a folder with all its files; one that is not there is fine.

        Raises:
            Unavailable: It cannot be removed.
        """
        with suppress(NotFound), _told():
            self._files.rm(self._path(folder), recursive=True)

    def folders(self) -> list[str]:
        """Names of all folders.

        Raises:
            Unavailable: The place cannot be reached.
        """
        with _told():
            self._files.invalidate_cache()
            try:
                found = self._files.ls(self._root, detail=False)
            except FileNotFoundError:
                return []
            return [PurePosixPath(path.rstrip("/")).name for path in found]

    def _path(self, *parts: str) -> str:
        return "/".join((self._root, *parts))


def new_folder(now: int) -> str:
    """A name for a new folder, born at `now` in seconds since 1970."""
    return f"{now}-{secrets.token_hex(12)}"


def born(folder: str) -> int | None:
    """When a folder was made, in seconds since 1970; None if its name is not one of ours."""
    start, dash, rest = folder.partition("-")
    if not dash or not start.isascii() or not start.isdigit() or len(rest) != 24:
        return None
    return int(start)


@contextmanager
def _told() -> Iterator[None]:
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
        # Every backend of fsspec has error types of its own.
        raise Unavailable from error
