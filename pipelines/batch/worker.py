"""Render one picture of a batch in a worker process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.audit import files
from pipelines.audit.columns import Row
from pipelines.audit.worker import refused
from pipelines.runtime.errors import PresenceError
from pipelines.studio import Look
from pipelines.studio.saving import Wishes


@dataclass(frozen=True)
class Task:
    """What is done to each picture.

    Attributes:
        look: The look.
        wishes: How the results are saved.
        out: Folder of the results.
    """

    look: Look
    wishes: Wishes
    out: Path


def render(folder: str, file: str, task: Task, name: str) -> Row:
    """Render one picture, and write its result.

    Args:
        folder: The folder of the batch.
        file: Path inside it.
        task: What is done.
        name: Path of the result inside the task's folder.

    Returns:
        The columns of the table, or those of a refusal.
    """
    from pipelines import studio
    from pipelines.image import loading, metadata
    from pipelines.studio import captions, saving

    path, out = Path(folder) / file, task.out / name
    try:
        analysis = studio.analyse(path, face=task.look.face)
        variant = studio.render(analysis, task.look)
        framed = studio.framed(variant)
        data = saving.save(
            loading.read(path), analysis, framed.image_u8, variant.look, metadata.form_of(out),
            task.wishes,
        )  # fmt: skip
    except PresenceError as error:
        return refused(file, error.code, error.sentence)
    except MemoryError:
        return refused(file, "too-large", "There was not enough memory for this picture.")
    out.parent.mkdir(parents=True, exist_ok=True)
    files.replace(out, data)
    gaze, report = variant.measurements.gaze, variant.report()
    return {
        "file": file,
        "status": "rendered",
        "result": name,
        "width": framed.image_u8.shape[1],
        "height": framed.image_u8.shape[0],
        "gaze_before": round(gaze.before.gaze.off_lens, 2),
        "gaze": round(gaze.after.gaze.off_lens, 2),
        "gaze_word": gaze.after.gaze.word,
        "missed": None if gaze.error is None else round(gaze.error, 2),
        "likeness": round(variant.distance, 4),
        "texture": round(report["texture_retention"], 4),
        "done": captions.done_line(variant),
        "warnings": " ".join((*analysis.warnings, *variant.warnings, *framed.notes)),
    }
