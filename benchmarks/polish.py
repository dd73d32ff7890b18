"""How far the polish goes in every context: doses, guards and seconds, photo by photo.

JSON:
    contexts: for each context n, the number of photos; texture_min, the smallest share of skin
        texture that was kept, and texture_floor, the share that the context keeps; the largest
        ita_shift_max (degrees), delta_e00_max, clipped_max, halo_max, sharpening_max and
        eyes_over_skin_max of the guards; identity_mean and identity_max, distance to the original;
        held_back_share of photos whose doses were reduced; broken, photos that exceed a bound all
        the same; seconds_median of a photo.
    bounds: the guards' bounds. refused: photo -> code of the refusal.
    photos: one row for each photo and context: asked, the context's doses, and given, what was
        applied of them; held_back, by how much and why; notes on what was left out; ita, Individual
        Typology Angle of the skin before, and lightening, its change (degrees), with
        lightening_in_light, without what the light did, and lightening_lit, that of the part of
        the face that was lit; done, what was done; the guards.
    planted: with --planted, see `benchmarks.planted`.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from tqdm import tqdm

from benchmarks.reports import Report, text_table
from pipelines import face as faces
from pipelines import polish
from pipelines.face import closeup
from pipelines.image import delivery, loading
from pipelines.image.arrays import Image8
from pipelines.image.colour import Tone
from pipelines.measure import guards
from pipelines.measure.guards import HeldBack, Readings
from pipelines.runtime.errors import Refusal
from presets.schema import Context, Doses, Presets

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".tif", ".tiff")
# The contact sheet shows faces with this many pixels between the eyes.
_SHEET_INTEROCULAR = 110.0
_LABEL = 18
_LIMITED = ("clipped", "halo", "sharpening", "eyes_over_skin")
_KEYS = (
    *("n", "texture_min", "texture_floor", "ita_shift_max", "identity_mean", "identity_max"),
    *("delta_e00_max", "halo_max", "sharpening_max", "held_back_share", "broken"),
    "seconds_median",
)


@dataclass(frozen=True)
class Result:
    """One photo in one context.

    Attributes:
        photo: The file's name.
        context: Id of the context.
        ita: Individual Typology Angle of the skin before, in degrees; None without colour.
        lightening: Change of that angle, in degrees, lighter > 0; 0 without colour.
        lightening_in_light: Change of that angle against the original in the light of the result.
        lightening_lit: Change of that angle on the part of the face that was lit.
        done: What was done, as plain data.
        asked: The context's doses.
        given: The doses applied: left-out ones are 0, held-back ones smaller.
        floor: Share of the texture that the context keeps.
        readings: The guards' measurements of the 8-bit result.
        held_back: By how much and why; None if the full doses were applied.
        notes: What was left out because of the photo.
        seconds: For the retouch, its guards, the delivery at full size and the final measurement.
        picture: Close-up of the result's face.
    """

    photo: str
    context: str
    ita: float | None
    lightening: float
    lightening_in_light: float
    lightening_lit: float
    done: tuple[dict[str, Any], ...]
    asked: Doses
    given: Doses
    floor: float
    readings: Readings
    held_back: HeldBack | None
    notes: tuple[str, ...]
    seconds: float
    picture: Image8

    @property
    def broken(self) -> list[guards.Guard]:
        """Guards that exceed their bound on the result, although it was held back."""
        return self.readings.broken(self.floor)


@dataclass(frozen=True)
class PolishRun:
    """All results of a folder.

    Attributes:
        results: Photo by photo, contexts in the presets' order.
        refused: Names of photos that cannot be used, with the reason's code.
        originals: Name of the photo -> close-up of its face.
    """

    results: list[Result]
    refused: dict[str, str]
    originals: dict[str, Image8]


def photo_files(folder: Path) -> list[Path]:
    """The photos of a folder, sorted; other files and sub-folders are ignored.

    Raises:
        FileNotFoundError: There is no photo in the folder.
    """
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise FileNotFoundError(f"there is no photo in {folder.name}")
    return files


def run(folder: Path, presets: Presets, contexts: Sequence[str] | None = None) -> PolishRun:
    """Polish every photo of a folder in every context; the gaze is left alone.

    Args:
        folder: Photos; other files and sub-folders are ignored.
        presets: Where the contexts are.
        contexts: Ids of the contexts; all if None.

    Raises:
        FileNotFoundError: There is no photo in the folder.
        KeyError: There is no context of this id.
    """
    files = photo_files(folder)
    chosen = [presets.contexts[name] for name in contexts or presets.contexts]
    results: list[Result] = []
    refused: dict[str, str] = {}
    originals: dict[str, Image8] = {}
    for file in tqdm(files, desc="Polishing", disable=None):
        try:
            original, *polished = _photo(file, chosen)
        except Refusal as refusal:
            refused[file.name] = refusal.code
            continue
        originals[file.name] = original.picture
        results += polished
    return PolishRun(results, refused, originals)


def report(done: PolishRun) -> Report:
    """Plain data for JSON; the keys are stable."""
    names = list(dict.fromkeys(result.context for result in done.results))
    return {
        "contexts": {
            name: _summary([each for each in done.results if each.context == name])
            for name in names
        },
        "bounds": {
            "ita_shift": guards.MOST_ITA_SHIFT,
            "delta_e00_mean": guards.MOST_DELTA_E,
            "identity": guards.MOST_DISTANCE,
            "clipped": guards.MOST_CLIPPED,
            "halo": guards.MOST_HALO,
            "sharpening": guards.MOST_SHARPER,
            "eyes_over_skin": guards.MOST_EYES_OVER_SKIN,
        },
        "refused": done.refused,
        "photos": [_row(result) for result in done.results],
    }


def table(report: Report) -> str:
    """The summary as text, a line for each context."""
    lines = [text_table("context", report["contexts"], _KEYS, transpose=True)]
    if report["refused"]:
        counts = sorted(Counter(report["refused"].values()).items())
        lines.append("not usable: " + ", ".join(f"{count} {code}" for code, count in counts))
    return "\n".join(lines)


def contact_sheet(done: PolishRun) -> Image8:
    """The faces, a row for each photo: the original, then every context."""
    height, width, _ = np.max([picture.shape for picture in done.originals.values()], axis=0)
    rows = {
        photo: [_labelled(picture, "original", width, height)]
        for photo, picture in done.originals.items()
    }
    for each in done.results:
        held = each.held_back
        text = f"{each.context} {each.readings.texture:.2f}" + (
            "" if held is None else f" held {held.share:.0%} {held.guard}"
        )
        rows[each.photo].append(_labelled(each.picture, text, width, height))
    return np.vstack([np.hstack(row) for row in rows.values()])


def _labelled(picture: Image8, text: str, width: int, height: int) -> Image8:
    cell = Pillow.new("RGB", (width, height + _LABEL), (128, 128, 128))
    cell.paste(Pillow.fromarray(picture))
    font = ImageFont.load_default(12)
    ImageDraw.Draw(cell).text((3, height), text, fill="white", font=font)
    return np.asarray(cell)


def _photo(file: Path, contexts: Sequence[Context]) -> Iterator[Result]:
    """Yield the original first, as a result of no context; then one for each context."""
    photo = loading.load(file)
    face = faces.find(photo.pixels)
    before = guards.reference(photo.pixels, face)
    nothing = Doses(**dict.fromkeys(Doses.model_fields, 0.0))
    ita = None if before.tone is None else before.tone.ita
    for context in (None, *contexts):
        doses = nothing if context is None else context.doses
        floor = 0.0 if context is None else context.texture_floor
        start = time.perf_counter()
        polished = polish.within(photo.pixels, face, doses, before, floor)
        result = delivery.deliver(photo.original_u8, photo.pixels, polished.pixels)
        working = loading.to_working(result)
        in_light = guards.in_light(before, polished.in_new_light)
        readings, seen = guards.read(in_light, working)
        seconds = time.perf_counter() - start
        near = closeup.cut(working, face, 0.3, _SHEET_INTEROCULAR)
        share = 1.0 if polished.held_back is None else polished.held_back.share
        given = {name: round(dose * share, 4) for name, dose in polished.doses.model_dump().items()}
        yield Result(
            photo=file.name,
            context="" if context is None else context.id,
            ita=ita,
            lightening=_angle_between(before.tone, seen.tone),
            lightening_in_light=_angle_between(in_light.tone, seen.tone),
            lightening_lit=_angle_between(before.appearance.lit, seen.lit),
            done=tuple(polished.done.report()),
            asked=doses,
            given=Doses(**given),
            floor=floor,
            readings=readings,
            held_back=polished.held_back,
            notes=polished.notes,
            seconds=seconds,
            picture=np.rint(near.pixels * 255).astype(np.uint8),
        )


def _angle_between(before: Tone | None, after: Tone | None) -> float:
    if before is None or before.ita is None or after is None:
        return 0.0
    return after.angle - before.ita


def _summary(results: Sequence[Result]) -> Report:
    readings = [result.readings for result in results]
    distances = [each.distance or 0.0 for each in readings]
    figures = {
        "texture_min": min(each.texture for each in readings),
        "ita_shift_max": max(each.ita_shift for each in readings),
        "identity_mean": statistics.fmean(distances),
        "identity_max": max(distances),
        "held_back_share": np.mean([result.held_back is not None for result in results]),
        "seconds_median": statistics.median(result.seconds for result in results),
        "delta_e00_max": max(each.delta_e00_mean for each in readings),
        **{f"{name}_max": max(getattr(each, name) for each in readings) for name in _LIMITED},
    }
    return {
        "n": len(results),
        "texture_floor": results[0].floor,
        **{name: _rounded(value) for name, value in figures.items()},
        "broken": sum(bool(result.broken) for result in results),
    }


def _row(result: Result) -> Report:
    readings = result.readings
    measured = {name: getattr(readings, name) for name in ("texture", "delta_e00_mean", *_LIMITED)}
    figures = {
        **measured,
        "identity": readings.distance or 0.0,
        "lightening": result.lightening,
        "lightening_in_light": result.lightening_in_light,
        "lightening_lit": result.lightening_lit,
        "seconds": result.seconds,
    }
    return {
        "photo": result.photo,
        "context": result.context,
        "asked": result.asked.model_dump(),
        "given": result.given.model_dump(),
        "held_back": None if result.held_back is None else result.held_back.report(),
        "notes": list(result.notes),
        "done": list(result.done),
        "ita": None if result.ita is None else _rounded(result.ita),
        **{name: _rounded(value) for name, value in figures.items()},
        "broken": list(result.broken),
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)
