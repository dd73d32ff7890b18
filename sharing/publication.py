"""What is published: plain values on the way in, a document and files on the way to the store."""

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
from pipelines.runtime.messages import Message
from pipelines.studio import Look, marking
from sharing.errors import Refused, TooLarge
from sharing.preview import preview
from sharing.settings import MB

KEEP_DAYS = (1, 7, 30)
LONGEST_TITLE = 120
MOST_PICTURES = 9
VIEW_LONG_SIDE = 1200

Size = Literal["full", "close", "whole", "eyes"]
SIZES: tuple[Size, ...] = ("full", "close", "whole", "eyes")

_VIEW_QUALITY = 90
# Full size without loss if it fits, else with as little as fits; never smaller.
_FULL: tuple[tuple[metadata.Form, int], ...] = (("PNG", 100), ("JPEG", 95), ("JPEG", 88))
_ENDINGS = {"PNG": "png", "JPEG": "jpg"}


@dataclass(frozen=True)
class Picture:
    """One picture to publish.

    Attributes:
        letter: "A" to "D", or "" for the original.
        title: What the look is, such as ``Japan · LinkedIn``.
        look: How it was made; None for the original.
        captions: Gaze, likeness, texture: a line each.
        warnings: What a person should know about it, in sentences.
        best: Whether it is the most recognisable, or tied for it.
        full_u8: At full size, uint8 sRGB, (H, W, 3).
        close_u8: Head and shoulders.
        eyes_u8: Both eyes, enlarged.
    """

    letter: str
    title: str
    look: Look | None
    captions: tuple[str, ...]
    warnings: tuple[str, ...]
    best: bool
    full_u8: Image8
    close_u8: Image8
    eyes_u8: Image8


@dataclass(frozen=True)
class Publication:
    """A comparison as a person wants to publish it.

    Attributes:
        title: Free text, cleaned by `clean`.
        days: For how long, one of `KEEP_DAYS`.
        asks_vote: Whether visitors are asked, blind, which one is really them.
        pictures: The original first.
        report: The comparison's measurements, see `studio.Comparison.report`.
    """

    title: str
    days: int
    asks_vote: bool
    pictures: tuple[Picture, ...]
    report: Mapping[str, Any]


@dataclass(frozen=True)
class PublishedPicture:
    """One picture of a published comparison, as its document has it.

    Attributes:
        key: Names it in addresses and votes, and says nothing about what it is.
        letter: "A" to "D", or "" for the original.
        title: What the look is.
        look: The look's canonical text, "" for the original.
        captions: Gaze, likeness, texture.
        warnings: Sentences.
        best: Most recognisable, or tied for it.
        files: File names by size: full, close, whole, eyes.
        dimensions: Width and height in pixels by size.
    """

    key: str
    letter: str
    title: str
    look: str
    captions: tuple[str, ...]
    warnings: tuple[str, ...]
    best: bool
    files: dict[Size, str]
    dimensions: dict[Size, tuple[int, int]]

    @property
    def name(self) -> str:
        """Letter and title together."""
        return f"{self.letter} · {self.title}" if self.letter else self.title


@dataclass(frozen=True)
class ComparisonDocument:
    """A published comparison without its files.

    Attributes:
        pictures: The original first.
        report: Its measurements.
    """

    pictures: tuple[PublishedPicture, ...]
    report: dict[str, Any]

    def text(self) -> str:
        """As JSON."""
        return json.dumps(
            {"pictures": [asdict(one) for one in self.pictures], "report": self.report}
        )

    @classmethod
    def parse(cls, text: str) -> ComparisonDocument:
        """Back from `text`."""
        plain = json.loads(text)
        return cls(tuple(_shown(one) for one in plain["pictures"]), plain["report"])


@dataclass(frozen=True)
class Packed:
    """A publication ready for the store.

    Attributes:
        title: Cleaned.
        document: What is written into the record.
        files: Bytes by file name.
    """

    title: str
    document: ComparisonDocument
    files: dict[str, bytes]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(len(data) for data in self.files.values())


def pack(publication: Publication, most_bytes: int | None = None) -> Packed:
    """Encode all pictures, marked with where they come from.

    Args:
        publication: What to pack.
        most_bytes: What it may weigh; without it, full size is always without loss.

    Raises:
        Refused: The title is too long, or the days are none of `KEEP_DAYS`.
        TooLarge: Even with the strongest compression that we do it is over `most_bytes`.
    """
    title = clean(publication.title)
    _check(publication, title)
    original = metadata.pixel_hash(publication.pictures[0].full_u8)
    ready = [_prepared(picture) for picture in publication.pictures]
    views = {
        f"{one.key}-{size}.jpg": marking.marked(
            view, one.look, original=original, form="JPEG", quality=_VIEW_QUALITY
        )
        for one in ready
        for size, view in one.views.items()
    }
    views["preview.jpg"] = marking.marked(
        preview(
            [one.views["close"] for one in ready],
            [one.title for one in publication.pictures],
            title,
            blind=publication.asks_vote,
        ),
        None,
        original=original,
        form="JPEG",
        quality=_VIEW_QUALITY,
        source=marking.source_type_of(one.look for one in ready),
    )
    room = (most_bytes or 10**12) - sum(len(data) for data in views.values())
    fulls = next(filter(None, (_fulls(ready, original, *how, room) for how in _FULL)), None)
    if fulls is None:
        raise TooLarge(
            "too-large",
            Message(
                "These pictures are too large to publish together; there is room for {most} MB. "
                "Take fewer looks, or a smaller photo.",
                most=(most_bytes or 0) // MB,
            ),
        )
    document = ComparisonDocument(
        tuple(_described(one, fulls) for one in ready), dict(publication.report)
    )
    return Packed(title, document, views | fulls)


def clean(text: str, *, lines: bool = False) -> str:
    """A stranger's text without control characters, which databases and pages trip over.

    Args:
        text: Anything.
        lines: Whether line ends stay.
    """
    text = text.encode("utf-8", "ignore").decode()
    kept = (
        letter
        if (lines and letter == "\n") or not _troublesome(letter)
        else " " * (letter in "\r\n\t\v\f\u2028\u2029")
        for letter in text.replace("\r\n", "\n")
    )
    return "".join(kept).strip()


def _troublesome(letter: str) -> bool:
    # Cf also holds the joiners that some scripts and emoji need; only those that turn the
    # direction of everything after them are taken out.
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
class _Ready:
    """A picture with its key and its views at the size of a screen."""

    key: str
    picture: Picture
    views: dict[Size, Image8]

    @property
    def look(self) -> Look | None:
        return self.picture.look


def _prepared(picture: Picture) -> _Ready:
    views: dict[Size, Image8] = {
        "close": _within(picture.close_u8),
        "whole": _within(picture.full_u8),
        "eyes": _within(picture.eyes_u8),
    }
    return _Ready(secrets.token_hex(6), picture, views)


def _fulls(
    ready: Sequence[_Ready], original: str, form: metadata.Form, quality: int, room: int
) -> dict[str, bytes] | None:
    """All pictures at full size in one format; None as soon as they are over `room` bytes."""
    files = {}
    for one in ready:
        data = marking.marked(
            one.picture.full_u8, one.look, original=original, form=form, quality=quality
        )
        room -= len(data)
        if room < 0:
            return None
        files[f"{one.key}-full.{_ENDINGS[form]}"] = data
    return files


def _described(one: _Ready, fulls: Mapping[str, bytes]) -> PublishedPicture:
    picture = one.picture
    full = next(name for name in fulls if name.startswith(one.key))
    views = {"full": picture.full_u8, **one.views}
    return PublishedPicture(
        key=one.key,
        letter=picture.letter,
        title=picture.title,
        look=str(picture.look) if picture.look else "",
        captions=picture.captions,
        warnings=picture.warnings,
        best=picture.best,
        files={size: full if size == "full" else f"{one.key}-{size}.jpg" for size in SIZES},
        dimensions={size: (views[size].shape[1], views[size].shape[0]) for size in SIZES},
    )


def _within(image_u8: Image8) -> Image8:
    image = Image.fromarray(image_u8)
    if max(image.size) <= VIEW_LONG_SIDE:
        return image_u8
    # Reduced in two steps: as good to the eye, and several times faster on large photos.
    image.thumbnail((VIEW_LONG_SIDE,) * 2, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(image)


def _shown(plain: Mapping[str, Any]) -> PublishedPicture:
    pairs: Mapping[Size, Sequence[int]] = plain["dimensions"]
    return PublishedPicture(
        **{
            **plain,
            "captions": tuple(plain["captions"]),
            "warnings": tuple(plain["warnings"]),
            "dimensions": {size: (pair[0], pair[1]) for size, pair in pairs.items()},
        }
    )
