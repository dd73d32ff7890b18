"""Encode a comparison for publishing: a JSON document, and picture files in several sizes."""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from pipelines.image import metadata
from pipelines.image.arrays import Image8
from pipelines.image.encoding import Encoding
from pipelines.image.origin import Origin
from pipelines.runtime.messages import Message
from pipelines.studio import Look, marking
from sharing.errors import Refused, TooLarge
from sharing.preview import preview
from sharing.settings import MB

KEEP_DAYS = (1, 7, 30)
LONGEST_TITLE = 120
MOST_PICTURES = 9
VIEW_LONG_SIDE = 1200

Size = Literal["full", "close", "whole", "eyes", "framed"]

_VIEW = Encoding("JPEG", 90)
# Encodings of the full-size pictures in order of preference; the first that fits the quota is used.
_FULL_SIZE_ENCODINGS = Encoding("PNG"), Encoding("JPEG", 95), Encoding("JPEG", 88)
_ENDINGS = {"PNG": "png", "JPEG": "jpg"}


@dataclass(frozen=True)
class Picture:
    """One picture to publish.

    Attributes:
        letter: "A" to "D", or "" for the original.
        title: Title of the look, such as ``Japan · LinkedIn``.
        look: The look; None for the original.
        captions: What is said about it, one line each.
        warnings: Sentences to show about it.
        badges: What sets it apart from the other looks.
        full_u8: The picture at full size, uint8 sRGB, (H, W, 3).
        close_u8: Crop to head and shoulders.
        eyes_u8: Crop to both eyes, enlarged.
        framed_u8: The picture in its look's frame, as it is saved; None without one.
    """

    letter: str
    title: str
    look: Look | None
    captions: tuple[str, ...]
    warnings: tuple[str, ...]
    badges: tuple[str, ...]
    full_u8: Image8
    close_u8: Image8
    eyes_u8: Image8
    framed_u8: Image8 | None = None


@dataclass(frozen=True)
class Publication:
    """A request to publish a comparison.

    Attributes:
        title: Free text; `pack` cleans it.
        days: Days until it expires, one of `KEEP_DAYS`.
        asks_vote: Whether visitors are asked for a blind vote.
        pictures: The pictures, the original first.
        report: Measurements, see `studio.Comparison.report`.
        language: Of the texts in it, in which its page is shown.
        origin: Where the photo comes from.
    """

    title: str
    days: int
    asks_vote: bool
    pictures: tuple[Picture, ...]
    report: Mapping[str, Any]
    language: str = "en"
    origin: Origin = marking.NO_ORIGIN


@dataclass(frozen=True)
class PublishedPicture:
    """One picture of a published comparison, without its pixels.

    Attributes:
        key: Random name for URLs and votes, which does not reveal the look.
        letter: "A" to "D", or "" for the original.
        title: Title of the look.
        look: The look's canonical text, "" for the original.
        captions: What is said about it, one line each.
        warnings: Sentences to show about it.
        badges: What sets it apart from the other looks.
        files: File names by size: full, close, whole, eyes, and framed if its look has a frame.
        dimensions: Width and height in pixels by size.
    """

    key: str
    letter: str
    title: str
    look: str
    captions: tuple[str, ...]
    warnings: tuple[str, ...]
    badges: tuple[str, ...]
    files: dict[Size, str]
    dimensions: dict[Size, tuple[int, int]]

    @property
    def name(self) -> str:
        """Letter and title, such as ``A · Japan · LinkedIn``."""
        return f"{self.letter} · {self.title}" if self.letter else self.title


@dataclass(frozen=True)
class ComparisonDocument:
    """A published comparison without its files.

    Attributes:
        pictures: The pictures, the original first.
        report: Measurements.
        language: As in `Publication`.
    """

    pictures: tuple[PublishedPicture, ...]
    report: dict[str, Any]
    language: str = "en"

    def text(self) -> str:
        """The document as JSON."""
        return json.dumps(
            {
                "pictures": [asdict(picture) for picture in self.pictures],
                "report": self.report,
                "language": self.language,
            }
        )

    @classmethod
    def parse(cls, text: str) -> ComparisonDocument:
        """Parse the JSON of `text`."""
        data = json.loads(text)
        pictures = tuple(_picture_from_json(one) for one in data["pictures"])
        # Comparisons from before there were languages are English.
        return cls(pictures, data["report"], data.get("language", "en"))


@dataclass(frozen=True)
class Packed:
    """An encoded publication, ready for the store.

    Attributes:
        title: The cleaned title.
        document: The document for the database.
        files: Bytes of the files by name.
    """

    title: str
    document: ComparisonDocument
    files: dict[str, bytes]

    @property
    def bytes(self) -> int:
        """Total size of all files."""
        return sum(len(data) for data in self.files.values())


def pack(publication: Publication, most_bytes: int | None = None) -> Packed:
    """Encode all pictures of a publication, with metadata that says how they were made.

    Args:
        publication: The publication.
        most_bytes: The most bytes of all files together; if None, the full-size pictures are
            encoded without loss.

    Raises:
        Refused: The title is too long, `days` is not one of `KEEP_DAYS`, or the number of pictures
            is wrong.
        TooLarge: The files are larger than `most_bytes` even at the strongest compression.
    """
    title = clean(publication.title)
    _check(publication, title)
    original = metadata.pixel_hash(publication.pictures[0].full_u8)
    prepared = [_prepare(picture) for picture in publication.pictures]
    views = {
        f"{one.key}-{size}.jpg": marking.encode(
            view, one.look, original=original, encoding=_VIEW, origin=publication.origin
        )
        for one in prepared
        for size, view in one.views.items()
    }
    views["preview.jpg"] = marking.encode(
        preview(
            [one.views["close"] for one in prepared],
            [picture.title for picture in publication.pictures],
            title,
            publication.language,
            blind=publication.asks_vote,
        ),
        None,
        original=original,
        encoding=_VIEW,
        origin=publication.origin,
        source=marking.source_type_of(one.look for one in prepared),
    )
    room = (most_bytes or 10**12) - sum(len(data) for data in views.values())
    attempts = (
        _encode_full_size(prepared, original, encoding, publication.origin, room)
        for encoding in _FULL_SIZE_ENCODINGS
    )
    full_size = next(filter(None, attempts), None)
    if full_size is None:
        raise TooLarge(
            "too-large",
            Message(
                "These pictures are too large to publish together; there is room for {most} MB. "
                "Take fewer looks, or a smaller photo.",
                most=(most_bytes or 0) // MB,
            ),
        )
    document = ComparisonDocument(
        tuple(_published_picture(one, full_size) for one in prepared),
        dict(publication.report),
        publication.language,
    )
    return Packed(title, document, views | full_size)


def clean(text: str, *, lines: bool = False) -> str:
    """Remove control characters and lone surrogates from untrusted text, and strip it.

    Args:
        text: Any text.
        lines: Whether to keep line breaks; otherwise they become spaces.
    """
    text = text.encode("utf-8", "ignore").decode()
    letters = (
        letter
        if (lines and letter == "\n") or not _is_control(letter)
        else " " * (letter in "\r\n\t\v\f\u2028\u2029")
        for letter in text.replace("\r\n", "\n")
    )
    return "".join(letters).strip()


def _is_control(letter: str) -> bool:
    # Of category Cf only the characters that change the direction of the following text, and the
    # byte order mark, count: some scripts and emoji need its joiners.
    return unicodedata.category(letter) in ("Cc", "Zl", "Zp") or letter in (
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )


def _check(publication: Publication, title: str) -> None:
    if len(title) > LONGEST_TITLE:
        raise Refused(
            "title-too-long",
            Message(
                "The title has {length:,} characters; there is room for {most}. "
                "Shorten it and publish again.",
                length=len(title),
                most=LONGEST_TITLE,
            ),
        )
    if publication.days not in KEEP_DAYS:
        raise Refused("bad-days", "A comparison is kept for 1, 7 or 30 days. Choose one of them.")
    if not 2 <= len(publication.pictures) <= MOST_PICTURES:
        raise Refused("no-pictures", "There is nothing to publish yet. Compare some looks first.")


@dataclass(frozen=True)
class _Prepared:
    """A picture with its key and its views at screen size."""

    key: str
    picture: Picture
    views: dict[Size, Image8]

    @property
    def look(self) -> Look | None:
        return self.picture.look


def _prepare(picture: Picture) -> _Prepared:
    views: dict[Size, Image8] = {
        "close": _reduce(picture.close_u8),
        "whole": _reduce(picture.full_u8),
        "eyes": _reduce(picture.eyes_u8),
    }
    if picture.framed_u8 is not None:
        # Frames are small enough as they are.
        views["framed"] = picture.framed_u8
    return _Prepared(secrets.token_hex(6), picture, views)


def _encode_full_size(
    prepared: Sequence[_Prepared], original: str, encoding: Encoding, origin: Origin, room: int
) -> dict[str, bytes] | None:
    """Encode all pictures at full size; None if they take more than `room` bytes."""
    files = {}
    for one in prepared:
        data = marking.encode(
            one.picture.full_u8, one.look, original=original, encoding=encoding, origin=origin
        )
        room -= len(data)
        if room < 0:
            return None
        files[f"{one.key}-full.{_ENDINGS[encoding.form]}"] = data
    return files


def _published_picture(one: _Prepared, full_size: Mapping[str, bytes]) -> PublishedPicture:
    picture = one.picture
    full = next(name for name in full_size if name.startswith(one.key))
    views: dict[Size, Image8] = {"full": picture.full_u8, **one.views}
    return PublishedPicture(
        key=one.key,
        letter=picture.letter,
        title=picture.title,
        look=str(picture.look) if picture.look else "",
        captions=picture.captions,
        warnings=picture.warnings,
        badges=picture.badges,
        files={size: full if size == "full" else f"{one.key}-{size}.jpg" for size in views},
        dimensions={size: (view.shape[1], view.shape[0]) for size, view in views.items()},
    )


def _reduce(image_u8: Image8) -> Image8:
    image = Image.fromarray(image_u8)
    if max(image.size) <= VIEW_LONG_SIDE:
        return image_u8
    # The reducing gap makes this several times faster on large photos, with no visible difference.
    image.thumbnail((VIEW_LONG_SIDE,) * 2, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(image)


def _picture_from_json(data: Mapping[str, Any]) -> PublishedPicture:
    dimensions: Mapping[Size, Sequence[int]] = data["dimensions"]
    # Pictures from before there were badges have a mark of another meaning.
    known = {name: value for name, value in data.items() if name != "best"}
    return PublishedPicture(
        **{
            **known,
            "captions": tuple(data["captions"]),
            "warnings": tuple(data["warnings"]),
            "badges": tuple(data.get("badges", ())),
            "dimensions": {size: (pair[0], pair[1]) for size, pair in dimensions.items()},
        }
    )
