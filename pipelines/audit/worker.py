"""One picture of an audit, measured in a process of its own."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from pipelines.audit.columns import Value
from pipelines.runtime.errors import PresenceError

Row = dict[str, Value]


def start() -> None:
    """Make this process a quiet worker: one thread, deaf to Ctrl-C, gone with its parent."""
    # Set before NumPy is imported. One thread a worker: the workers share the cores already.
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # Ctrl-C reaches every process of the terminal; the parent alone decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(1)


def measure(folder: str, file: str) -> Row:
    """Measure one picture.

    Args:
        folder: The folder of the audit.
        file: Path inside it.

    Returns:
        The columns of a measured picture, or those of a refusal.
    """
    from pipelines import studio
    from pipelines.audit import columns, duplicates
    from pipelines.studio import headshot

    try:
        analysis = studio.analyse(Path(folder) / file)
        judged = columns.read(headshot.judge(analysis))
    except PresenceError as error:
        return refused(file, error.code, error.sentence)
    except MemoryError:
        return refused(file, "too-large", "There was not enough memory for this picture.")
    return {
        "file": file,
        "status": "measured",
        **judged,
        "face_hash": duplicates.face_hash(analysis.portrait.pixels, analysis.face),
    }


def refused(file: str, code: str, sentence: str) -> Row:
    """The row of a picture that could not be measured."""
    return {"file": file, "status": "refused", "code": code, "sentence": sentence}


def _leave_with_parent() -> None:
    """A parent that is killed cannot stop its workers, and they would wait for work for ever."""
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
