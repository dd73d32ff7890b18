"""Rows of the corpus: what was expected of a case, what came of it, and what it took."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests import hostile
from tests.hostile.cases import Trial, Trials

HANG_S = 10.0
MOST_MB = 2_000.0
_KB_IN_MB = 1e3

Family = Callable[[], AbstractContextManager[Trials]]


@dataclass(frozen=True)
class Row:
    """One case.

    Attributes:
        family: The corpus's part that it is of.
        name: What it is.
        expected: What may come of it.
        got: What came of it.
        seconds: How long it took.
        memory_mb: The most memory over that of the idle process; None where nobody can say.
    """

    family: str
    name: str
    expected: tuple[str, ...]
    got: str
    seconds: float
    memory_mb: float | None

    @property
    def fine(self) -> bool:
        """Whether it came out as expected, soon and in little memory."""
        soon, little = self.seconds < HANG_S, (self.memory_mb or 0.0) < MOST_MB
        return self.got in self.expected and soon and little

    def cells(self) -> tuple[str, ...]:
        """Family, case, expected, got, seconds, memory, verdict."""
        memory = "-" if self.memory_mb is None else f"{self.memory_mb:.0f}"
        verdict = "as expected" if self.fine else "WRONG"
        expected = ", ".join(_short(self.expected))
        return (
            *(self.family, self.name, expected, self.got),
            *(f"{self.seconds:.2f}", memory, verdict),
        )

    def line(self) -> str:
        """The row in a terminal."""
        family, name, expected, got, seconds, memory, verdict = self.cells()
        mark = "" if self.fine else f"  {verdict}"
        return (
            f"{family:10} {name[:44]:44} {expected[:28]:28} {got[:28]:28} "
            f"{seconds:>6} s {memory:>5} MB{mark}"
        )


def families() -> dict[str, Family]:
    """All modules of the corpus that have a `trials`, by name."""
    names = sorted(one.name for one in pkgutil.iter_modules(hostile.__path__))
    # Tests, and what needs a library of its own, are no families.
    apart = {"__main__", "fuzz", "table"}
    named = [name for name in names if name not in apart and not name.startswith("test_")]
    modules = {name: importlib.import_module(f"{hostile.__name__}.{name}") for name in named}
    return {name: one.trials for name, one in modules.items() if hasattr(one, "trials")}


def tried(name: str, family: Family) -> Iterator[Row]:
    """Try one family, case by case.

    Args:
        name: The family's.
        family: Its `trials`.
    """
    with family() as trials:
        idle = _memory(trials.process, "VmRSS")
        for trial in trials.each:
            yield _tried(name, trial, trials.process, idle)


def totals(rows: Sequence[Row]) -> str:
    """How it ended, in a few lines."""
    counts = Counter(row.family for row in rows)
    wrong = [row for row in rows if not row.fine]
    slowest = max(rows, key=lambda row: row.seconds)
    lines = [
        f"{len(rows)} cases ({', '.join(f'{n} {name}' for name, n in counts.items())}): "
        f"{len(rows) - len(wrong)} as expected, {len(wrong)} wrong.",
        f"Slowest: {slowest.seconds:.2f} s, {slowest.name} (a hang is {HANG_S:.0f} s).",
    ]
    known = [row for row in rows if row.memory_mb is not None]
    if known:
        most = max(known, key=lambda row: row.memory_mb or 0.0)
        lines.append(
            f"Most memory over idle: {most.memory_mb:.0f} MB, {most.name} (limit {MOST_MB:.0f} MB)."
        )
    return "\n".join(lines)


def markdown(rows: Sequence[Row]) -> str:
    """The whole table."""
    head = ("family", "case", "expected", "got", "seconds", "MB over idle", "verdict")
    lines = [head, ("---",) * 4 + ("---:",) * 2 + ("---",), *(row.cells() for row in rows)]
    body = "\n".join(
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in one)} |" for one in lines
    )
    return f"# Hostile input\n\n{totals(rows)}\n\n{body}\n"


def _tried(family: str, trial: Trial, process: int, idle: float | None) -> Row:
    _forget_peak(process)
    start = time.monotonic()
    try:
        got = trial.run()
    except Exception as error:  # whatever gets out is what the case is there to find
        got = f"{type(error).__name__}: {error}"[:120]
    seconds, peak = time.monotonic() - start, _memory(process, "VmHWM")
    memory = None if peak is None or idle is None else max(0.0, peak - idle)
    return Row(family, trial.name, trial.expected, got, seconds, memory)


def _memory(process: int, name: str) -> float | None:
    """Resident memory in MB as Linux says: now (``VmRSS``), or the most since it was forgotten."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = next((line.split()[1] for line in lines if line.startswith(f"{name}:")), None)
    return None if found is None else int(found) / _KB_IN_MB


def _forget_peak(process: int) -> None:
    """Let `VmHWM` begin anew; 5 is what Linux wants to be told for that (proc(5))."""
    path = Path(f"/proc/{process}/clear_refs")
    if path.exists():
        path.write_text("5", encoding="ascii")


def _short(expected: tuple[str, ...]) -> list[str]:
    """Many statuses as their hundreds."""
    if len(expected) <= 4:
        return list(expected)
    return list(dict.fromkeys(f"{one[0]}xx" if one.isdigit() else one for one in expected))
