"""What is on the page as something to publish or to download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.image.arrays import Image8
from pipelines.studio.captions import original
from sharing.download import bundle
from sharing.errors import Refused
from sharing.publication import KEEP_DAYS, Picture, Publication, pack
from ui import pictures, words
from ui.work import Kept, OnScreen, Photo


def publication(
    photo: Photo | None,
    screen: OnScreen | None,
    title: str,
    *,
    days: int = KEEP_DAYS[1],
    asks_vote: bool = False,
) -> Publication:
    """Gather the photo and the results on the page.

    Raises:
        Refused: There are none, they are of another photo, or their files have been cleared.
    """
    if photo is None or screen is None or screen.path != photo.path or not screen.kept:
        raise Refused("nothing-to-share", words.NOTHING_TO_SHARE)
    first = _picture(photo, photo.analysis.portrait.original_u8, None)
    return Publication(
        title=title or "",
        days=int(days),
        asks_vote=bool(asks_vote),
        pictures=(first, *(_picture(photo, _pixels(one), one) for one in screen.kept)),
        report=screen.report,
    )


def zipped(asked: Publication) -> bytes:
    """Everything as a ZIP, the pictures without loss.

    Raises:
        Refused: The title is too long.
    """
    packed = pack(asked)
    return bundle(packed.title, packed.document, packed.files.__getitem__)


def _picture(photo: Photo, full: Image8, kept: Kept | None) -> Picture:
    analysis = photo.analysis
    return Picture(
        letter=kept.letter if kept else "",
        title=kept.title if kept else "Original",
        look=kept.look if kept else None,
        captions=kept.captions if kept else original(analysis),
        warnings=kept.warnings if kept else analysis.warnings,
        best=kept.best if kept else False,
        full_u8=full,
        close_u8=pictures.close_up(full, analysis.face),
        eyes_u8=pictures.eyes(full, analysis.face, analysis.portrait.scale),
    )


def _pixels(kept: Kept) -> Image8:
    try:
        with Image.open(Path(kept.path)) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise Refused("nothing-to-share", words.CLEARED) from error
