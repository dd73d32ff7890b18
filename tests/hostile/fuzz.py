"""Coverage-guided fuzzing: ``python -m tests.hostile.fuzz loader|looks --seconds 60``.

libFuzzer mutates inputs and keeps those that reach new code (atheris). Every input has to end in a
result or in one of our own errors; anything else stops the run and leaves the input in the folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pipelines", "PIL", "pillow_heif", "sharing.options"]):
    import pipelines.image.loading
    import pipelines.studio.look
    import sharing.options
    from pipelines.runtime.errors import LookError, Refusal

LARGEST = 20_000


def loader(data: bytes) -> None:
    """Any bytes are a portrait or a refusal."""
    try:
        pipelines.image.loading.load(data)
    except Refusal:
        return


def looks(data: bytes) -> None:
    """Any text is a look that survives the round trip, or an error; any address opens."""
    text = data.decode("utf-8", "replace")
    sharing.options.read([text], 4)
    try:
        look = pipelines.studio.look.Look.parse(text)
    except LookError:
        return
    if pipelines.studio.look.Look.parse(str(look)) != look:
        raise AssertionError(f"{text!r} comes back as another look")


TARGETS: dict[str, Callable[[bytes], None]] = {"loader": loader, "looks": looks}


def main() -> None:
    """Fuzz one target for a while; libFuzzer prints its statistics and sets the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--findings", type=Path, help="where inputs that fail are kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as seeds:
        _sow(options.target, Path(seeds))
        arguments = [sys.argv[0], seeds, f"-max_total_time={options.seconds}"]
        arguments += [f"-max_len={LARGEST}", "-timeout=10", "-rss_limit_mb=3000"]
        arguments += ["-print_final_stats=1", "-verbosity=0"]
        if options.findings:
            options.findings.mkdir(parents=True, exist_ok=True)
            arguments.append(f"-artifact_prefix={options.findings}/")
        atheris.Setup(arguments, TARGETS[options.target])
        atheris.Fuzz()


def _sow(target: str, folder: Path) -> None:
    """Good and hostile inputs to begin with."""
    from tests.hostile import files

    if target == "looks":
        looks = (
            "region=japan&context=linkedin&gaze=1&polish=0.8&engine=geometry&seed=7",
            "region=keep&context=actor&gaze=-4.5,2&doses=B:0.3,E:1",
        )
        inputs = [text.encode() for text in looks]
    else:
        kinds = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
        inputs = [files.saved(files.portrait(64), kind) for kind in kinds]
    for number, data in enumerate(inputs):
        (folder / str(number)).write_bytes(data)


if __name__ == "__main__":
    main()
