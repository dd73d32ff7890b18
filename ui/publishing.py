"""The comparison on the page as a publication or a ZIP."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.image.arrays import Image8
from pipelines.studio.captions import original
from sharing.download import bundle
from sharing.errors import Refused
from sharing.publication import KEEP_DAYS, Picture, Publication, pack
from ui import pictures
from ui.comparison import ComparedLook, PageComparison, Photo
from ui.text import messages


def gather(
    photo: Photo | None,
    screen: PageComparison | None,
    title: str,
    *,
    days: int = KEEP_DAYS[1],
    asks_vote: bool = False,
) -> Publication:
    """Gather the photo and the results on the page.

    Raises:
        Refused: There are none, they are of another photo, or their files were deleted.
    """
    if photo is None or screen is None or screen.path != photo.path or not screen.rendered:
        raise Refused("nothing-to-share", messages.NOTHING_TO_SHARE)
    first = _picture(photo, photo.analysis.portrait.original_u8, None)
    return Publication(
        title=title or "",
        days=int(days),
        asks_vote=bool(asks_vote),
        pictures=(first, *(_picture(photo, _pixels(one), one) for one in screen.rendered)),
        report=screen.report,
        origin=photo.analysis.portrait.origin,
    )


def zipped(publication: Publication) -> bytes:
    """A publication as a ZIP, its pictures without loss.

    Raises:
        Refused: The title is too long.
    """
    packed = pack(publication)
    return bundle(packed.title, packed.document, packed.files.__getitem__)


def _picture(photo: Photo, full: Image8, compared: ComparedLook | None) -> Picture:
    analysis = photo.analysis
    return Picture(
        letter=compared.letter if compared else "",
        title=compared.title if compared else "Original",
        look=compared.look if compared else None,
        captions=compared.captions if compared else original(analysis),
        warnings=compared.warnings if compared else analysis.warnings,
        best=compared.best if compared else False,
        full_u8=full,
        close_u8=pictures.close_up(full, analysis.face),
        eyes_u8=pictures.eyes(full, analysis.face, analysis.portrait.scale),
    )


def _pixels(compared: ComparedLook) -> Image8:
    try:
        with Image.open(Path(compared.path)) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise Refused("nothing-to-share", messages.CLEARED) from error
