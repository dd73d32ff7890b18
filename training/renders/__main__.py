"""``python -m training.renders --identities N --out DIR``: make pictures and their truth.json."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2

from training.renders import plan, truth
from training.renders.identities import PEOPLE, Identity
from training.renders.sitters import SITTERS
from training.renders.strangers import strangers


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and render; pictures that exist are kept, so a run can go on."""
    options = _parser().parse_args(arguments)
    everybody = PEOPLE
    if options.plan == "calibration":
        everybody = strangers(options.identities)
    elif options.plan == "samples":
        everybody = tuple(sitter.identity for sitter in SITTERS)
    people = everybody[: options.identities]
    if options.only:
        people = tuple(person for person in everybody if person.name in options.only.split(","))
    options.out.mkdir(parents=True, exist_ok=True)
    plans = [_sittings(options.plan, p, everybody.index(p), options.res) for p in people]
    # Everybody's first sitting, then everybody's second: a run that stops early has all people.
    for number in range(max(map(len, plans), default=0)):
        for person, sittings in zip(people, plans, strict=True):
            if number < len(sittings):
                _take(person, number, sittings[number], options)
    write_truth(options.out)


def write_truth(folder: Path) -> None:
    """Gather the notes that lie beside the pictures into ``truth.json``."""
    notes = sorted((folder / "notes").glob("*.json"))
    images: list[dict[str, Any]] = [x for note in notes for x in json.loads(note.read_text())]
    text = json.dumps(truth.document(images), indent=None, separators=(",", ":"))
    (folder / "truth.json").write_text(text.replace('{"file"', '\n{"file"') + "\n")


def _sittings(name: str, person: Identity, index: int, res: int) -> list[plan.Sitting]:
    if name == "first":
        return list(plan.first_set(index, res))
    if name == "samples":
        return [sitter.sitting(res) for sitter in SITTERS if sitter.identity == person]
    if name == "calibration":
        return list(plan.calibration_set(person, index, res))
    return list(plan.full_set(person, index, res))


def _take(person: Identity, number: int, sitting: plan.Sitting, options: Any) -> None:
    from training.renders.sitting import shots

    note = options.out / "notes" / f"{person.name}_{number}.json"
    if note.exists():
        return
    head, pictures = shots(person, sitting, _quality(options))
    records = []
    for i, shot in enumerate(pictures):
        file = f"{person.name}_{number}_{i}.jpg"
        bgr = shot.image_u8[..., ::-1]
        cv2.imwrite(str(options.out / file), bgr, [cv2.IMWRITE_JPEG_QUALITY, options.quality])
        records.append(truth.record(file, person, sitting, shot.pose, head.centers, shot.lids_px))
    note.parent.mkdir(exist_ok=True)
    note.write_text(json.dumps(records))
    write_truth(options.out)


def _quality(options: Any) -> Any:
    from training.renders.sitting import RenderQuality

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
