"""``python -m training.renders.publish DIR``: write sample portraits into the app's folder.

Run it in the app's environment: each picture is loaded as an uploaded photo is, so that the
committed files are upright sRGB without metadata.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

from training.renders.sample_portraits import SAMPLE_PORTRAITS

FOLDER = Path(__file__).parents[2] / "assets/samples"
CAPTIONS = "captions.json"


def publish(source: Path, target: Path, names: tuple[str, ...]) -> list[Path]:
    """Convert the sample portraits of a folder of renders and write their captions.

    Args:
        source: folder that ``python -m training.renders --plan samples`` has written.
        target: the app's folder of samples.
        names: identities to publish, such as ``("s01", "s05")``.

    Returns:
        The files written, in the order of ``SAMPLE_PORTRAITS``.
    """
    from PIL import Image

    from pipelines.image import loading

    entries = json.loads((source / "truth.json").read_text())["images"]
    truth: dict[str, dict[str, Any]] = {entry["identity"]: entry for entry in entries}
    target.mkdir(parents=True, exist_ok=True)
    captions, files = [], []
    for sample in SAMPLE_PORTRAITS:
        entry = truth.get(sample.identity.name)
        if entry is None or sample.identity.name not in names:
            continue
        pixels = loading.load(source / entry["file"]).original_u8
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, "JPEG", quality=92, subsampling=0, optimize=True)
        file = target / f"{sample.file}.jpg"
        file.write_bytes(data.getvalue())
        files.append(file)
        captions.append(
            {
                "file": file.name,
                "alt": sample.alt,
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
    parser.add_argument(
        "--only", default=",".join(sample.identity.name for sample in SAMPLE_PORTRAITS)
    )
    options = parser.parse_args(arguments)
    for file in publish(options.source, options.out, tuple(options.only.split(","))):
        print(f"{file.name}: {file.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
