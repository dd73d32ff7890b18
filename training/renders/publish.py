"""``python -m training.renders.publish DIR``: put finished samples into the app's folder.

Runs where the app runs: each picture goes through the app's own door, so that what is committed is
upright sRGB without metadata.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

from training.renders.sitters import SITTERS

FOLDER = Path(__file__).parents[2] / "assets/samples"
CAPTIONS = "captions.json"


def publish(source: Path, target: Path, names: tuple[str, ...]) -> list[Path]:
    """Copy the sitters' pictures from a folder of renders and write their captions.

    Args:
        source: folder that ``--plan samples`` filled.
        target: where the app looks for samples.
        names: identities to take, such as ``("s01", "s05")``; the others stay out.

    Returns:
        The files written, in the order of the sitters.
    """
    from PIL import Image

    from pipelines.image import loading

    entries = json.loads((source / "truth.json").read_text())["images"]
    truth: dict[str, dict[str, Any]] = {entry["identity"]: entry for entry in entries}
    target.mkdir(parents=True, exist_ok=True)
    captions, files = [], []
    for sitter in SITTERS:
        entry = truth.get(sitter.identity.name)
        if entry is None or sitter.identity.name not in names:
            continue
        pixels = loading.load(source / entry["file"]).original_u8
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, "JPEG", quality=92, subsampling=0, optimize=True)
        file = target / f"{sitter.file}.jpg"
        file.write_bytes(data.getvalue())
        files.append(file)
        captions.append(
            {
                "file": file.name,
                "alt": sitter.alt,
                "gaze_yaw": entry["gaze_yaw"],
                "gaze_pitch": entry["gaze_pitch"],
            }
        )
    (target / CAPTIONS).write_text(json.dumps(captions, indent=2) + "\n")
    return files


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and publish."""
    parser = argparse.ArgumentParser(prog="python -m training.renders.publish", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--only", default=",".join(s.identity.name for s in SITTERS))
    options = parser.parse_args(arguments)
    for file in publish(options.source, options.out, tuple(options.only.split(","))):
        print(f"{file.name}: {file.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
