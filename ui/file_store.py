"""Files for visitors, which are deleted when no session needs them any more."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.studio.samples import recognised
from ui.gradio_compat import PathSet, current_session, get_upload_folder, hash_bytes


class FileStore:
    """Files written for visitors, in Gradio's upload folder.

    A file is deleted when the last session that needs it ends, or by Gradio once it is old.

    Attributes:
        root: Path that a proxy serves the page under, such as ``/presence``, or "".
        folder: A subfolder, so that the files of two stores are never the same ones, or "".
        owners: Which sessions need which files.
        paths: Every file of this store that was not deleted yet.
    """

    def __init__(self, root: str = "", folder: str = "") -> None:
        self.root, self.folder = root.rstrip("/"), folder
        self.owners = FileOwners()
        self.paths: set[str] = PathSet()

    def write_png(self, image_u8: NDArray[np.uint8], name: str) -> str:
        """Write a PNG and return its path; equal pictures of one name share a file."""
        buffer = io.BytesIO()
        Image.fromarray(image_u8).save(buffer, "PNG", compress_level=1)
        return self.write(buffer.getvalue(), f"{name}.png")

    def write_jpeg(self, image_u8: NDArray[np.uint8], name: str) -> str:
        """Write a JPEG whose loss cannot be seen, a tenth of the work of a PNG; as `write_png`."""
        buffer = io.BytesIO()
        Image.fromarray(image_u8).save(buffer, "JPEG", quality=95, subsampling="4:4:4")
        return self.write(buffer.getvalue(), f"{name}.jpg")

    def write(self, data: bytes, name: str) -> str:
        """Write a file and return its path; equal files of one name are written once."""
        path = Path(get_upload_folder(), self.folder, hash_bytes(data), name)
        self.owners.add(current_session(), str(path))
        if path.exists():
            # Gradio deletes by modification time.
            path.touch()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
                unfinished.write(data)
            # Atomic, so that nobody is ever served half a file.
            Path(unfinished.name).replace(path)
        self.paths.add(str(path))
        return str(path)

    def register_upload(self, path: str | None) -> str | None:
        """Assign an uploaded file to the current session, and return its path.

        The browser names the file, so it may be a sample or a file of another session, which are
        left alone.
        """
        if path and self.is_upload(path) and not recognised(path):
            self.owners.add(current_session(), path, uploaded=True)
        return path

    def is_upload(self, path: str) -> bool:
        """Whether a file was uploaded, rather than written by this or another store."""
        folder = Path(get_upload_folder()).resolve()
        return path not in self.paths and Path(path).resolve().parent.parent == folder

    def release(self, paths: Iterable[str]) -> None:
        """Delete those of these files that the current session needed, and no other session."""
        session = current_session()
        if session is not None:
            self.owners.release(session, paths, self.paths.difference_update)

    def end_session(self, session: str) -> None:
        """Delete the files of a session that no other session needs."""
        self.owners.release(session, None, self.paths.difference_update)

    def address(self, path: str) -> str:
        """The address from which the page loads a file of this store."""
        route = f"gradio_api/file={quote(path)}"
        return f"{self.root}/{route}" if self.root else route


class FileOwners:
    """Counts the sessions that need a file; equal files of several sessions are one file."""

    def __init__(self) -> None:
        # The files of each session; for an upload, when it was registered.
        self._files: dict[str, dict[str, float | None]] = {}
        self._owner_count: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, session: str | None, path: str, *, uploaded: bool = False) -> None:
        """Record that a session needs a file.

        Call it before checking whether the file exists, so that nobody deletes it in between.
        """
        if session is None:
            return
        with self._lock:
            files = self._files.setdefault(session, {})
            self._owner_count[path] += path not in files
            files[path] = time.time() if uploaded else None

    def release(
        self,
        session: str,
        paths: Iterable[str] | None,
        on_deleted: Callable[[Iterable[str]], None],
    ) -> None:
        """Delete files of a session that no other session needs.

        Args:
            session: The session.
            paths: Its files that it needs no longer; None for all of them.
            on_deleted: Called with the paths of the deleted files.
        """
        with self._lock:
            files = self._files.get(session, {})
            deleted = []
            for path in list(files) if paths is None else files.keys() & set(paths):
                registered_at = files.pop(path)
                self._owner_count[path] -= 1
                if self._owner_count[path] > 0:
                    continue
                del self._owner_count[path]
                if not _uploaded_since(path, registered_at):
                    deleted.append(path)
                    Path(path).unlink(missing_ok=True)
            if not files:
                self._files.pop(session, None)
            on_deleted(deleted)


def _uploaded_since(path: str, registered_at: float | None) -> bool:
    """Whether the same photo was uploaded again by a session that has not registered it yet."""
    try:
        return registered_at is not None and Path(path).stat().st_ctime > registered_at
    except OSError:
        return False
