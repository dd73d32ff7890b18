"""Render every portrait of a folder in several processes, going on where an earlier run stopped."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.audit import files, journal
from pipelines.audit.columns import Row
from pipelines.audit.journal import Journal
from pipelines.audit.run import Stopped, measure_each
from pipelines.batch import worker
from pipelines.batch.worker import Task
from pipelines.image.metadata import FORMS
from pipelines.runtime import slots

JOURNAL = "batch.journal.jsonl"


@dataclass(frozen=True)
class BatchRun:
    """The rows of a folder.

    Attributes:
        rows: One per picture, in alphabetical order of the files.
        others: Further files of the folder that are no pictures.
        remembered: How many an earlier run had rendered.
    """

    rows: tuple[Row, ...]
    others: tuple[str, ...]
    remembered: int


def render(folder: Path, task: Task, ending: str, workers: int | None = None) -> BatchRun:
    """Render the pictures of a folder that have no result of this look yet.

    Args:
        folder: Where the portraits lie.
        task: What is done to each.
        ending: Ending of the results, such as ``.png``; "" for that of each photo.
        workers: Number of processes; one per core if None.

    Raises:
        PresenceError: ``no-folder``.
        Stopped: Ctrl-C.
    """
    from tqdm import tqdm

    pictures, others = files.walk(folder, task.out)
    task.out.mkdir(parents=True, exist_ok=True)
    names = result_names(pictures, ending)
    settings = f"{journal.version()} {task.look} {task.wishes} {ending}"
    known = Journal(task.out / JOURNAL, hashlib.sha256(settings.encode()).hexdigest()[:16])
    keys = [key for file in pictures if (key := journal.key_of(folder, file)) is not None]
    missing = [
        key
        for key in keys
        if key not in known.rows
        or (known.rows[key]["status"] == "rendered" and not (task.out / names[key.file]).is_file())
    ]
    remembered = len(keys) - len(missing)
    interval_s = 0.3 if sys.stderr.isatty() else 10.0
    progress = tqdm(total=len(keys), initial=remembered, unit=" photos", mininterval=interval_s)
    try:
        with progress:
            tasks = ((key, (str(folder), key.file, task, names[key.file])) for key in missing)
            for key, row in measure_each(tasks, workers or slots.count(), worker.render):
                known.add(key, row)
                progress.update()
    except KeyboardInterrupt:
        raise Stopped(progress.n, len(keys)) from None
    known.compact(keys)
    return BatchRun(tuple(known.rows.values()), others, remembered)


def result_names(pictures: Sequence[str], ending: str) -> dict[str, str]:
    """Names of the results by those of the photos.

    A photo keeps its name, and its ending if files of this kind are written. Where two would get
    the same name, as ``a.jpg`` and ``a.png`` in one format, both keep their whole names before the
    ending.

    Args:
        pictures: Paths inside the folder.
        ending: Ending of the results; "" for that of each photo.
    """
    wanted = {file: _renamed(file, ending) for file in pictures}
    count = Counter(name.lower() for name in wanted.values())
    return {
        file: name if count[name.lower()] == 1 else f"{file}{PurePosixPath(name).suffix}"
        for file, name in wanted.items()
    }


def _renamed(file: str, ending: str) -> str:
    path = PurePosixPath(file)
    if not ending and path.suffix.lower() in FORMS:
        return file
    return str(path.with_suffix(ending or ".jpg"))
