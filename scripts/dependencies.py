"""What Presence depends on: pins, wholeness, licences, known weaknesses. ``make dependencies``.

All but the last works without a network. Known weaknesses come from the package index, which
`pip-audit` asks; where nobody answers, that is said, and nothing fails for it.
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
_ASK_S = 15


@dataclass(frozen=True)
class Part:
    """One part of the audit.

    Attributes:
        title: What was looked at.
        wrong: What should be mended, a line each.
        said: What else is worth knowing, a line each.
        skipped: Why nothing could be looked at; "" if it could.
    """

    title: str
    wrong: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    skipped: str = ""

    def __str__(self) -> str:
        state = f"{len(self.wrong)} to mend" if self.wrong else self.skipped or "fine"
        lines = (*(f"  ! {line}" for line in self.wrong), *(f"    {line}" for line in self.said))
        return "\n".join([f"{self.title}: {state}", *lines])


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 1 if something is to be mended."""
    parser = argparse.ArgumentParser(prog="python -m scripts.dependencies", description=__doc__)
    parser.add_argument("--offline", action="store_true", help="ask nobody")
    parser.add_argument("--files", action="store_true", help="compare files with their checksums")
    options = parser.parse_args(arguments)
    installed: dict[str, Distribution] = {
        canonicalize_name(one.name): one for one in distributions()
    }
    needed = closure(pinned(RUN), installed)
    parts = [pins(installed), wholeness(), licences(needed)]
    if options.files:
        parts.append(files(installed.values()))
    if not options.offline:
        parts.append(weaknesses())
    print("\n".join(str(part) for part in parts))
    return int(any(part.wrong for part in parts))


def pinned(path: Path) -> list[Requirement]:
    """The requirements of a file, without those of files that it includes."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def closure(asked: Iterable[Requirement], installed: dict[str, Distribution]) -> list[Distribution]:
    """The distributions that requirements stand for, and all that those need in turn."""
    found: dict[str, Distribution] = {}
    todo = list(asked)
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        if name in found or name not in installed:
            continue
        found[name] = installed[name]
        for text in installed[name].requires or ():
            further = Requirement(text)
            extras = one.extras or {""}
            if further.marker is None or any(
                further.marker.evaluate({"extra": extra}) for extra in extras
            ):
                todo.append(further)
    return [found[name] for name in sorted(found)]


def pins(installed: dict[str, Distribution]) -> Part:
    """Every direct dependency names one version, and that is the one that is installed."""
    wrong = []
    asked = [*pinned(RUN), *pinned(DEV)]
    for one in asked:
        exact = re.fullmatch(r"==([\w.!+-]+)", str(one.specifier))
        there = installed.get(canonicalize_name(one.name))
        if exact is None:
            wrong.append(f"{one} names no single version")
        elif there is not None and not one.specifier.contains(there.version, prereleases=True):
            wrong.append(f"{one.name} is {there.version} here, and pinned to {exact[1]}")
    return Part(f"Pins ({len(asked)} direct dependencies)", tuple(wrong))


def wholeness() -> Part:
    """What is installed fits together."""
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    lines = checked.stdout.splitlines()
    return Part("pip check", tuple(lines) if checked.returncode else ())


def licences(needed: Iterable[Distribution]) -> Part:
    """The licences of all that Presence runs on; those that oblige to more, or are not said."""
    named = {one.name: licence(one) for one in needed}
    counts = Counter(named.values())
    strict = [f"{name}: {said}" for name, said in named.items() if _COPYLEFT.search(said)]
    silent = [f"{name} does not say its licence" for name, said in named.items() if not said]
    usual = ", ".join(f"{said or 'not said'} {count}" for said, count in counts.most_common(8))
    said = (f"most frequent: {usual}", *(f"with duties: {one}" for one in strict), *silent)
    return Part(f"Licences ({len(named)} distributions to run)", (), said)


def licence(one: Distribution) -> str:
    """The licence that a distribution names, in its own words, shortened; "" if it names none."""
    said = _field(one, "License-Expression")
    if not said:
        kinds = one.metadata.get_all("Classifier") or []
        said = ", ".join(
            kind.rsplit(" :: ", 1)[-1] for kind in kinds if kind.startswith("License :: ")
        )
    return (said or _field(one, "License").split("\n")[0])[:60]


def _field(one: Distribution, name: str) -> str:
    return str(one.metadata[name]).strip() if name in one.metadata else ""


def files(installed: Iterable[Distribution]) -> Part:
    """Every installed file still is what a distribution's RECORD says of it."""
    promised: dict[Path, list[tuple[str, str]]] = {}
    for one in installed:
        for file in one.files or ():
            path = Path(str(one.locate_file(file)))
            # Python writes its own files anew.
            if file.hash is not None and path.is_file() and path.suffix != ".pyc":
                promised.setdefault(path, []).append((file.hash.mode, file.hash.value))
    # Two distributions may bring the same file, as both OpenCVs do: one of them wrote it last.
    wrong = [
        f"{path} has changed since it was installed"
        for path, hashes in promised.items()
        if not any(_digest(path, mode) == value for mode, value in hashes)
    ]
    return Part(f"Checksums ({len(promised)} files)", tuple(wrong))


def _digest(path: Path, mode: str) -> str:
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, mode).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def weaknesses() -> Part:
    """Known weaknesses of the pinned versions, where the index can be asked for them."""
    asked = pinned(RUN)
    # One first: an index without advisories, or none at all, answers nothing about the others.
    if not _audited(asked[:1]):
        why = "skipped, since no index with advisories can be reached from here"
        return Part("Known weaknesses", skipped=why)
    answers = _audited(asked)
    wrong = [
        f"{name}: {one.get('id')}, mended in {', '.join(one.get('fix_versions') or ['no version'])}"
        for name, found in answers.items()
        for one in found
    ]
    return Part(f"Known weaknesses ({len(answers)} of {len(asked)} could be asked)", tuple(wrong))


def _audited(asked: list[Requirement]) -> dict[str, list[dict[str, Any]]]:
    """Weaknesses by name, of those distributions about which there was an answer."""
    command = [
        *(sys.executable, "-m", "pip_audit", "-r", "/dev/stdin", "--no-deps", "--disable-pip"),
        *("--format", "json", "--progress-spinner", "off", "--timeout", str(_ASK_S)),
    ]
    lines = "\n".join(str(one) for one in asked)
    try:
        done = subprocess.run(
            command, input=lines, capture_output=True, text=True, timeout=20 * _ASK_S, check=False
        )
        told = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return {}
    return {one["name"]: one["vulns"] for one in told if "vulns" in one}


if __name__ == "__main__":
    sys.exit(main())
