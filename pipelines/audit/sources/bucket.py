"""A folder of a bucket, through fsspec."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.audit.journal import Key, place
from pipelines.audit.sources.source import MAX_BYTES, is_picture, too_large
from pipelines.runtime.errors import PresenceError, Refusal

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PROTOCOLS = ("s3", "gs", "hf", "abfs", "memory")
"""Protocols of fsspec that hold folders of pictures."""

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs"}
# What stores say of a file that changes with it, the surest first.
_STAMPS = ("ETag", "etag", "blob_id", "md5Hash", "LastModified", "updated", "mtime", "created")


@dataclass(frozen=True)
class Bucket:
    """A folder of a bucket with its subfolders, except hidden files and folders.

    Attributes:
        url: Such as ``s3://name/folder``.
    """

    url: str

    @property
    def name(self) -> str:
        """Its last part."""
        return self.url.rpartition("/")[2]

    def walk(self) -> Iterator[Key | str]:
        """See `Source.walk`; a picture is known by its ending, as nothing is fetched for it."""
        with _reading():
            files, root = open_files(self.url)
            if not files.isdir(root):
                raise PresenceError(
                    "no-folder", "There is no such folder in the bucket, or it may not be read."
                )
            yield from _below(files, root.rstrip("/"), "")

    def read(self, file: str) -> bytes:
        """The bytes of a picture."""
        return fetch(f"{self.url}/{file}")


def fetch(url: str) -> bytes:
    """The bytes of a file in a bucket.

    Raises:
        Refusal: ``not-found``, ``too-large`` or ``unreachable``.
    """
    try:
        files, path = open_files(url)
        with files.open(path, "rb") as file:
            if (file.size or 0) > MAX_BYTES:
                raise too_large()
            data: bytes = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Refusal("not-found", "There is no picture at this address.") from None
    except PresenceError:
        raise
    except Exception as error:  # each store has exceptions of its own
        kind = type(error).__name__
        raise Refusal("unreachable", f"The bucket did not give this picture ({kind}).") from None
    if len(data) > MAX_BYTES:
        raise too_large()
    return data


def open_files(url: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address, and the path in it.

    Raises:
        PresenceError: ``needs-package``.
    """
    from fsspec.core import url_to_fs

    try:
        # Listings are not kept: those of a large bucket would fill the memory.
        found: tuple[AbstractFileSystem, str] = url_to_fs(url, use_listings_cache=False)
    except ImportError:
        import fsspec

        protocol = url.partition("://")[0]
        package = _PACKAGES.get(protocol, protocol)
        raise PresenceError(
            "needs-package",
            f"{protocol}:// needs a package: pip install {package}=={fsspec.__version__}",
        ) from None
    return found


@contextmanager
def _reading() -> Iterator[None]:
    """Turn what a store raises into words; each store has exceptions of its own."""
    try:
        yield
    except (PresenceError, KeyboardInterrupt, GeneratorExit):
        raise
    except Exception as error:
        raise PresenceError(
            "no-access",
            f"The bucket cannot be read ({type(error).__name__}). Check its name, and the "
            "credentials in the environment.",
        ) from error


def _below(files: AbstractFileSystem, folder: str, inside: str) -> Iterator[Key | str]:
    found = {}
    for info in files.ls(folder, detail=True):
        path = info["name"].rstrip("/")
        name = path.rpartition("/")[2]
        # Some stores list a folder as a file of itself.
        if path.strip("/") != folder.strip("/") and not name.startswith("."):
            found[name + "/" * (info["type"] == "directory")] = info
    for name in sorted(found, key=place):
        info, file = found[name], inside + name
        if name.endswith("/"):
            yield from _below(files, info["name"].rstrip("/"), file)
        elif is_picture(name):
            yield Key(file, info.get("size") or 0, _stamp(info))
        else:
            yield file


def _stamp(info: dict[str, Any]) -> int:
    """A number that changes when the file does, in place of a time in nanoseconds."""
    state = next((info[name] for name in _STAMPS if info.get(name)), "")
    digest = hashlib.blake2b(str(state).encode("utf-8", "replace"), digest_size=7)
    return int.from_bytes(digest.digest())
