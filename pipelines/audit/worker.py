"""Measure one picture of an audit in a worker process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipelines.audit.columns import Row
from pipelines.runtime import allocation
from pipelines.runtime.errors import PresenceError

if TYPE_CHECKING:
    from pipelines.audit.sources import Source


def start() -> None:
    """Prepare this worker process: its libraries use one thread, as the workers share the cores."""
    # Set before NumPy is imported.
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    allocation.keep()
    import cv2

    cv2.setNumThreads(1)


def measure(source: Source, file: str) -> Row:
    """Measure one picture.

    Args:
        source: Where the pictures of the audit come from.
        file: Its name there.

    Returns:
        The columns of a measured picture, or those of a refusal.
    """
    from pipelines import studio
    from pipelines.audit import columns
    from pipelines.audit.face_hash import face_hash
    from pipelines.studio import headshot

    try:
        analysis = studio.analyse(source.read(file))
        row = columns.read(headshot.judge(analysis))
    except PresenceError as error:
        return refused(file, error.code, error.sentence)
    except MemoryError:
        return refused(file, "too-large", "There was not enough memory for this picture.")
    hashed = face_hash(analysis.portrait.pixels, analysis.face)
    return {"file": file, "status": "measured", **row, "face_hash": hashed}


def refused(file: str, code: str, sentence: str) -> Row:
    """The row of a picture that could not be measured."""
    return {"file": file, "status": "refused", "code": code, "sentence": sentence}
