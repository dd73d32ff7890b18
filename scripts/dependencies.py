"""Report on the dependencies: pins, consistency, licences, known weaknesses. ``make dependencies``.

pip check, pip-licenses and pip-audit find all this out; the script joins their answers. All but
the last works without a network. Where no index with advisories can be reached, the report says so
and nothing fails.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
RUN, DEV = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
# Licences that oblige whoever passes Presence on to more than naming names.
_COPYLEFT = re.compile(r"\bA?GPL|\bLGPL|General Public|\bMPL|\bEUPL|\bSSPL", re.IGNORECASE)
_REQUEST_S, _AUDIT_S = 15, 300


@dataclass(frozen=True)
class Part:
    """One part of the report.

    Attributes:
        title: What was checked.
        wrong: What should be mended, a line each.
        notes: What else is worth knowing, a line each.
        skipped: Why nothing could be checked; "" if it could.
    """

    title: str
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str = ""

    def __str__(self) -> str:
        state = f"{len(self.wrong)} to mend" if self.wrong else self.skipped or "fine"
        lines = (*(f"  ! {line}" for line in self.wrong), *(f"    {line}" for line in self.notes))
        return "\n".join([f"{self.title}: {state}", *lines])


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 1 if something is to be mended."""
    parser = argparse.ArgumentParser(prog="python -m scripts.dependencies", description=__doc__)
    parser.add_argument("--offline", action="store_true", help="ask nobody")
    parser.add_argument("--files", action="store_true", help="compare files with their checksums")
    options = parser.parse_args(arguments)
    installed = {canonicalize_name(one.name): one for one in distributions()}
    parts = [pins(installed), consistency(), licences(closure(pinned(RUN), installed))]
    if options.files:
        parts.append(files(installed.values()))
    if not options.offline:
        parts.append(weaknesses())
    print(*parts, sep="\n")
    return int(any(part.wrong for part in parts))


def pinned(path: Path) -> list[Requirement]:
    """The requirements of a file, without those of files that it includes."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def closure(direct: Iterable[Requirement], installed: dict[Any, Distribution]) -> list[str]:
    """Names of the installed distributions that requirements need, directly or in turn."""
    found, todo = set[str](), list(direct)
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        if name in found or name not in installed:
            continue
        found.add(name)
        for further in map(Requirement, installed[name].requires or ()):
            marker = further.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in one.extras or {""}):
                todo.append(further)
    return sorted(found)


def pins(installed: dict[Any, Distribution]) -> Part:
    """Whether every direct dependency names one version, and that version is installed."""
    wrong, direct = [], [*pinned(RUN), *pinned(DEV)]
    for one in direct:
        exact = re.fullmatch(r"==([\w.!+-]+)", str(one.specifier))
        here = installed.get(canonicalize_name(one.name))
        if exact is None:
            wrong.append(f"{one} names no single version")
        elif here is not None and not one.specifier.contains(here.version, prereleases=True):
            wrong.append(f"{one.name} is {here.version} here, and pinned to {exact[1]}")
    return Part(f"Pins ({len(direct)} direct dependencies)", tuple(wrong))


def consistency() -> Part:
    """Whether the installed distributions fit together, by pip check."""
    checked = _run("pip", "check")
    return Part("pip check", tuple(checked.stdout.splitlines()) if checked.returncode else ())


def licences(names: Iterable[str]) -> Part:
    """Licences of distributions, by pip-licenses; copyleft and unnamed ones one by one."""
    options = ("--format", "json", "--from", "mixed", "--with-system")
    rows = json.loads(_run("piplicenses", *options, "--packages", *names).stdout)
    named = {row["Name"]: row["License"].split("\n")[0][:60] for row in rows}
    counts = Counter(named.values()).most_common(8)
    notes = (
        "most frequent: " + ", ".join(f"{name} {count}" for name, count in counts),
        *(f"with duties: {name}: {text}" for name, text in named.items() if _COPYLEFT.search(text)),
        *(f"{name} does not say its licence" for name, text in named.items() if text == "UNKNOWN"),
    )
    return Part(f"Licences ({len(named)} distributions to run)", notes=notes)


def files(installed: Iterable[Distribution]) -> Part:
    """Whether every installed file has the checksum that a distribution's RECORD names."""
    recorded: dict[Path, list[tuple[str, str]]] = {}
    for one in installed:
        for file in one.files or ():
            path = Path(str(one.locate_file(file)))
            # Python rewrites its compiled files.
            if file.hash is not None and path.is_file() and path.suffix != ".pyc":
                recorded.setdefault(path, []).append((file.hash.mode, file.hash.value))
    # Two distributions may install the same file, as both OpenCVs do: one of them wrote it last.
    wrong = [
        f"{path} has changed since it was installed"
        for path, hashes in recorded.items()
        if not any(_digest(path, mode) == value for mode, value in hashes)
    ]
    return Part(f"Checksums ({len(recorded)} files)", tuple(wrong))


def weaknesses() -> Part:
    """Known weaknesses of the pinned versions, by pip-audit."""
    answers = _audit()
    if not answers:
        why = "skipped, since no index with advisories can be reached from here"
        return Part("Known weaknesses", skipped=why)
    wrong = [
        f"{name}: {one.get('id')}, mended in {', '.join(one.get('fix_versions') or ['no version'])}"
        for name, found in answers.items()
        for one in found
    ]
    title = f"Known weaknesses ({len(answers)} of {len(pinned(RUN))} could be asked)"
    return Part(title, tuple(wrong))


def _audit() -> dict[str, list[dict[str, Any]]]:
    """Weaknesses by name of the distributions about which the index knows anything."""
    options = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    try:
        audited = _run("pip_audit", "-r", str(RUN), *options, "--timeout", str(_REQUEST_S))
        rows = json.loads(audited.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return {}
    return {row["name"]: row["vulns"] for row in rows if "vulns" in row}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        timeout=_AUDIT_S,
        check=False,
    )


def _digest(path: Path, mode: str) -> str:
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, mode).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


if __name__ == "__main__":
    sys.exit(main())
