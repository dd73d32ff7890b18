"""Measure one picture of an audit in a worker process."""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.audit.columns import Row
from pipelines.runtime.errors import PresenceError


def start() -> None:
    """Prepare this worker process: its libraries use one thread, as the workers share the cores."""
    # Set before NumPy is imported.
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
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
        row = columns.read(headshot.judge(analysis))
    except PresenceError as error:
        return refused(file, error.code, error.sentence)
    except MemoryError:
        return refused(file, "too-large", "There was not enough memory for this picture.")
    face_hash = duplicates.face_hash(analysis.portrait.pixels, analysis.face)
    return {"file": file, "status": "measured", **row, "face_hash": face_hash}


def refused(file: str, code: str, sentence: str) -> Row:
    """The row of a picture that could not be measured."""
    return {"file": file, "status": "refused", "code": code, "sentence": sentence}
