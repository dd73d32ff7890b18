"""The comparison on the page as a publication or a ZIP."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.image.arrays import Image8
from sharing.download import bundle
from sharing.errors import Refused
from sharing.publication import KEEP_DAYS, Picture, Publication, pack
from ui import pictures
from ui.comparison import PageComparison, Photo, look_titles
from ui.result_pictures import ResultPicture
from ui.text import captions, messages
from ui.text.captions import Caption
from ui.text.catalogue import translate


def gather(
    photo: Photo | None,
    screen: PageComparison | None,
    title: str,
    language: str,
    *,
    days: int = KEEP_DAYS[1],
    asks_vote: bool = False,
) -> Publication:
    """Gather the photo and the results on the page, with texts in a language.

    Raises:
        Refused: There are none, they are of another photo, or their files were deleted.
    """
    if photo is None or screen is None or screen.path != photo.path or not screen.rendered:
        raise Refused("nothing-to-share", messages.NOTHING_TO_SHARE)
    described = captions.of_figures(screen.figures, language)
    titles = translate(language, "caption.original"), *look_titles(screen.looks, language)
    return Publication(
        title=title or "",
        days=int(days),
        asks_vote=bool(asks_vote),
        pictures=tuple(
            _picture(photo, one, title, words, language)
            for one, title, words in zip(screen.figures, titles, described, strict=True)
            if isinstance(one, ResultPicture) and words is not None
        ),
        report=screen.report,
        language=language,
        origin=photo.analysis.portrait.origin,
    )


def zipped(publication: Publication) -> bytes:
    """A publication as a ZIP, its pictures without loss.

    Raises:
        Refused: The title is too long.
    """
    packed = pack(publication)
    return bundle(packed.title, packed.document, packed.files.__getitem__)


def _picture(
    photo: Photo, picture: ResultPicture, title: str, words: Caption, language: str
) -> Picture:
    analysis, look = photo.analysis, picture.look
    # Those about the photo stand elsewhere on the page.
    about_photo = [messages.translate_message(language, one) for one in analysis.warnings]
    full = _pixels(picture.path) if look else analysis.portrait.original_u8
    return Picture(
        letter=picture.letter,
        title=title,
        look=look,
        captions=words.plain_lines,
        warnings=_plain(words.warnings if look else about_photo),
        badges=_plain(words.badges),
        full_u8=full,
        close_u8=pictures.close_up(full, analysis.face),
        eyes_u8=pictures.eye_pair(full, analysis.face, analysis.portrait.scale),
        framed_u8=_pixels(picture.saved) if picture.framed else None,
    )


def _plain(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(Markup(line).striptags() if isinstance(line, Markup) else line for line in lines)


def _pixels(path: str) -> Image8:
    try:
        return pictures.read(path)
    except OSError as error:
        raise Refused("nothing-to-share", messages.CLEARED) from error
