"""How far the polish goes in every context: doses, guards and seconds, photo by photo."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from pipelines import face as faces
from pipelines import polish
from pipelines.face import closeup
from pipelines.image import delivery, loading
from pipelines.image.arrays import Image8
from pipelines.measure import guards
from pipelines.measure.guards import HeldBack, Readings
from pipelines.runtime.errors import Refusal
from presets.schema import Context, Doses, Presets

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".tif", ".tiff")
# The contact sheet shows faces with this many pixels between the eyes.
_SHEET_INTEROCULAR = 110.0
_LABEL = 18


@dataclass(frozen=True)
class Result:
    """One photo in one context.

    Attributes:
        photo: The file's name.
        context: Id of the context.
        ita: Individual Typology Angle of the skin before, in degrees; None without colour.
        lightening: Change of that angle, in degrees, lighter > 0; 0 without colour.
        asked: The context's doses.
        given: What of them was given: left-out doses are 0, held-back ones smaller.
        floor: Share of the texture that the context keeps.
        readings: The guards on the 8-bit result.
        held_back: By how much and why; None if all was given.
        notes: What was left out because of the photo.
        seconds: For the retouch, its guards, the delivery at full size and the final reading.
        picture: The face of the result, for looking.
    """

    photo: str
    context: str
    ita: float | None
    lightening: float
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
        """Guards over their bound on the result, although it was held back."""
        return self.readings.broken(self.floor)


@dataclass(frozen=True)
class PolishRun:
    """All results of a folder.

    Attributes:
        results: Photo by photo, contexts in the presets' order.
        refused: Names of photos that cannot be used, with the reason's code.
        originals: Name of the photo -> its face, for looking.
    """

    results: list[Result]
    refused: dict[str, str]
    originals: dict[str, Image8]


def run(
    folder: Path,
    presets: Presets,
    contexts: Sequence[str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> PolishRun:
    """Polish every photo of a folder in every context; the gaze is left alone.

    Args:
        folder: Photos; other files and sub-folders are passed over.
        presets: Where the contexts are.
        contexts: Ids of the contexts; all if None.
        tell: Called with the name of every photo.

    Raises:
        FileNotFoundError: There is no photo in the folder.
        KeyError: There is no context of this id.
    """
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise FileNotFoundError(f"there is no photo in {folder.name}")
    chosen = [presets.contexts[name] for name in contexts or presets.contexts]
    results: list[Result] = []
    refused: dict[str, str] = {}
    originals: dict[str, Image8] = {}
    for file in files:
        if tell:
            tell(file.name)
        try:
            made = list(_photo(file, chosen))
        except Refusal as refusal:
            refused[file.name] = refusal.code
            continue
        originals[file.name] = made[0].picture
        results += made[1:]
    return PolishRun(results, refused, originals)


def report(done: PolishRun) -> dict[str, Any]:
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


def table(made: dict[str, Any]) -> str:
    """The summary as text, a line for each context."""
    head = (
        f"{'context':20}{'n':>5}{'texture':>9}{'floor':>7}{'ITA max':>9}{'likeness':>10}{'max':>7}"
        f"{'dE00 max':>10}{'halo':>7}{'sharper':>9}{'held back':>11}{'broken':>8}{'seconds':>9}"
    )
    lines = [head]
    for name, row in made["contexts"].items():
        lines.append(
            f"{name:20}{row['n']:5}{row['texture_min']:9.3f}{row['texture_floor']:7.2f}"
            f"{row['ita_shift_max']:9.2f}{row['identity_mean']:10.3f}{row['identity_max']:7.3f}"
            f"{row['delta_e00_max']:10.2f}{row['halo_max']:7.2f}{row['sharpening_max']:9.2f}"
            f"{row['held_back_share']:11.1%}{row['broken']:8}{row['seconds_median']:9.2f}"
        )
    refused = made["refused"]
    if refused:
        reasons = sorted(set(refused.values()))
        counts = ", ".join(f"{list(refused.values()).count(each)} {each}" for each in reasons)
        lines.append(f"not usable: {counts}")
    return "\n".join(lines)


def contact_sheet(done: PolishRun) -> Image8:
    """The faces, a row for each photo: the original, then every context."""
    names = list(dict.fromkeys(result.context for result in done.results))
    cells = {(each.photo, each.context): each for each in done.results}
    width = max(picture.shape[1] for picture in done.originals.values())
    height = max(picture.shape[0] for picture in done.originals.values()) + _LABEL
    size = (width * (1 + len(names)), height * len(done.originals))
    sheet = Pillow.new("RGB", size, (128, 128, 128))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for row, (photo, original) in enumerate(done.originals.items()):
        sheet.paste(Pillow.fromarray(original), (0, row * height))
        draw.text((3, (row + 1) * height - _LABEL), "original", fill="white", font=font)
        for column, name in enumerate(names, start=1):
            cell = cells[photo, name]
            sheet.paste(Pillow.fromarray(cell.picture), (column * width, row * height))
            draw.text(
                (column * width + 3, (row + 1) * height - _LABEL),
                f"{name} {cell.readings.texture:.2f}{_held(cell.held_back)}",
                fill="white",
                font=font,
            )
    return np.asarray(sheet)


def _photo(file: Path, contexts: Sequence[Context]) -> Iterator[Result]:
    """The original first, as a result of no context; then one for each context."""
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
        readings, tone = guards.read(before, working)
        seconds = time.perf_counter() - start
        near = closeup.cut(working, face, 0.3, _SHEET_INTEROCULAR)
        share = 1.0 if polished.held_back is None else polished.held_back.share
        given = {name: round(dose * share, 4) for name, dose in polished.doses.model_dump().items()}
        yield Result(
            photo=file.name,
            context="" if context is None else context.id,
            ita=ita,
            lightening=0.0 if ita is None or tone is None else tone.angle - ita,
            asked=doses,
            given=Doses(**given),
            floor=floor,
            readings=readings,
            held_back=polished.held_back,
            notes=polished.notes,
            seconds=seconds,
            picture=np.rint(near.pixels * 255).astype(np.uint8),
        )


def _summary(results: Sequence[Result]) -> dict[str, Any]:
    read = [result.readings for result in results]
    distances = [each.distance or 0.0 for each in read]
    return {
        "n": len(results),
        "texture_min": _rounded(min(each.texture for each in read)),
        "texture_floor": results[0].floor,
        "ita_shift_max": _rounded(max(each.ita_shift for each in read)),
        "identity_mean": _rounded(statistics.fmean(distances)),
        "identity_max": _rounded(max(distances)),
        "held_back_share": _rounded(
            sum(result.held_back is not None for result in results) / len(results)
        ),
        "seconds_median": _rounded(statistics.median(result.seconds for result in results)),
        "delta_e00_max": _rounded(max(each.delta_e00_mean for each in read)),
        "clipped_max": _rounded(max(each.clipped for each in read)),
        "halo_max": _rounded(max(each.halo for each in read)),
        "sharpening_max": _rounded(max(each.sharpening for each in read)),
        "eyes_over_skin_max": _rounded(max(each.eyes_over_skin for each in read)),
        "broken": sum(bool(result.broken) for result in results),
    }


def _row(result: Result) -> dict[str, Any]:
    read = result.readings
    return {
        "photo": result.photo,
        "context": result.context,
        "asked": result.asked.model_dump(),
        "given": result.given.model_dump(),
        "held_back": None if result.held_back is None else result.held_back.report(),
        "notes": list(result.notes),
        "ita": None if result.ita is None else _rounded(result.ita),
        "lightening": _rounded(result.lightening),
        "texture": _rounded(read.texture),
        "delta_e00_mean": _rounded(read.delta_e00_mean),
        "identity": _rounded(read.distance or 0.0),
        "clipped": _rounded(read.clipped),
        "halo": _rounded(read.halo),
        "sharpening": _rounded(read.sharpening),
        "eyes_over_skin": _rounded(read.eyes_over_skin),
        "broken": list(result.broken),
        "seconds": _rounded(result.seconds),
    }


def _held(held_back: HeldBack | None) -> str:
    return "" if held_back is None else f" held {held_back.share:.0%} {held_back.guard}"


def _rounded(value: float) -> float:
    return round(float(value), 4)
