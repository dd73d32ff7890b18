"""``python -m training.renders --identities N --out DIR``: render people and write truth.json."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2

from training.renders import plan, truth
from training.renders.calibration_people import calibration_people
from training.renders.identities import PEOPLE, Identity
from training.renders.sample_portraits import SAMPLE_PORTRAITS


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and render; a run that was interrupted resumes where it stopped."""
    options = _parser().parse_args(arguments)
    everybody = PEOPLE
    if options.plan == "calibration":
        everybody = calibration_people(options.identities)
    elif options.plan == "samples":
        everybody = tuple(portrait.identity for portrait in SAMPLE_PORTRAITS)
    people = everybody[: options.identities]
    if options.only:
        people = tuple(person for person in everybody if person.name in options.only.split(","))
    options.out.mkdir(parents=True, exist_ok=True)
    plans = [_setups(options.plan, p, everybody.index(p), options.res) for p in people]
    # First every person's first setup, then every second one, so that a run that stops early has
    # all people.
    for number in range(max(map(len, plans), default=0)):
        for person, setups in zip(people, plans, strict=True):
            if number < len(setups):
                _render(person, number, setups[number], options)
    write_truth(options.out)


def write_truth(folder: Path) -> None:
    """Collect the files in ``notes``, one for each setup, into ``truth.json``."""
    notes = sorted((folder / "notes").glob("*.json"))
    images: list[dict[str, Any]] = [x for note in notes for x in json.loads(note.read_text())]
    text = json.dumps(truth.document(images), indent=None, separators=(",", ":"))
    (folder / "truth.json").write_text(text.replace('{"file"', '\n{"file"') + "\n")


def _setups(name: str, person: Identity, index: int, res: int) -> list[plan.Setup]:
    """The setups of a person in the plan of that name."""
    if name == "first":
        return list(plan.first_set(index, res))
    if name == "samples":
        return [portrait.setup(res) for portrait in SAMPLE_PORTRAITS if portrait.identity == person]
    if name == "calibration":
        return list(plan.calibration_set(person, index, res))
    return list(plan.full_set(person, index, res))


def _render(person: Identity, number: int, setup: plan.Setup, options: Any) -> None:
    """Render a setup unless its notes exist; write pictures, notes and ``truth.json``."""
    from training.renders.rendering import render_setup

    note = options.out / "notes" / f"{person.name}_{number}.json"
    if note.exists():
        return
    head, pictures = render_setup(person, setup, _quality(options))
    records = []
    for i, picture in enumerate(pictures):
        file = f"{person.name}_{number}_{i}.jpg"
        bgr = picture.image_u8[..., ::-1]
        cv2.imwrite(str(options.out / file), bgr, [cv2.IMWRITE_JPEG_QUALITY, options.quality])
        records.append(
            truth.record(file, person, setup, picture.pose, head.centers, picture.lids_px)
        )
    note.parent.mkdir(exist_ok=True)
    note.write_text(json.dumps(records))
    write_truth(options.out)


def _quality(options: Any) -> Any:
    from training.renders.rendering import RenderQuality

    face = options.face_samples or max(8, round(0.6 * options.samples))
    return RenderQuality(options.samples, face, options.threads)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.renders", description=__doc__)
    parser.add_argument("--identities", type=int, default=len(PEOPLE), help="how many people")
    parser.add_argument("--only", default="", help="names of people, such as p01,p07")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument(
        "--plan", choices=("first", "full", "samples", "calibration"), default="full"
    )
    parser.add_argument("--res", type=int, default=640, help="side of the pictures, px")
    parser.add_argument("--samples", type=int, default=20, help="Cycles samples a pixel")
    parser.add_argument("--face-samples", type=int, default=0, help="of all but the eyes")
    parser.add_argument("--threads", type=int, default=2, help="of the processor")
    parser.add_argument("--quality", type=int, default=95, help="of the JPEG files")
    return parser


if __name__ == "__main__":
    main()
