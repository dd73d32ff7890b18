"""Files of results as their photo came: its colours, its depth, its rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.image import compression, decoding, delivery, metadata, spaces
from pipelines.image.arrays import Image8
from pipelines.image.decoding import Decoded
from pipelines.image.encoding import DEEP, Encoding
from pipelines.image.metadata import Form
from pipelines.image.spaces import ColourSpace, Values
from pipelines.studio import marking
from pipelines.studio.analysis import Analysis
from pipelines.studio.look import Look
from pipelines.studio.marking import Keep

QUALITY = 95


@dataclass(frozen=True)
class Wishes:
    """How a result is to be saved.

    Attributes:
        profile: The photo's own colour space, or sRGB.
        depth: Bits per channel: the photo's, 8, or 16; formats that have 8 alone get 8.
        quality: Quality of lossy formats, 1..100; None for the photo's where both are JPEG.
        keep: Which of the photo's metadata to keep.
    """

    profile: Literal["keep", "srgb"] = "keep"
    depth: Literal["keep", "8", "16"] = "keep"
    quality: int | None = None
    keep: Keep = "rights"


def save(
    photo: bytes, analysis: Analysis, image_u8: Image8, look: Look, form: Form, wishes: Wishes
) -> bytes:
    """The file of a result.

    Pixels that were not edited are those of the photo's file to the bit, where the file has its
    colour space and depth and is without loss. A framed result, which has another size, is saved in
    sRGB with 8 bits.

    Args:
        photo: The photo's file.
        analysis: The photo, analysed.
        image_u8: The result, uint8 sRGB.
        look: What it was rendered with.
        form: The format to write.
        wishes: How to save it.

    Raises:
        Refusal: The photo's file cannot be read any more.
        ProvenanceError: ``c2pa-certificate``.
    """
    original = analysis.portrait.original_u8
    values: Values = image_u8
    space = spaces.srgb()
    if image_u8.shape == original.shape:
        decoded = decoding.decode(photo)
        keeps = wishes.profile == "keep" or decoded.space.is_srgb
        space = decoded.space if keeps else spaces.srgb()
        values = _values(decoded, original, image_u8, space, _kind(decoded, form, wishes))
    return marking.encode(
        values,
        look,
        original=metadata.pixel_hash(original),
        encoding=_encoding(photo, form, space, wishes),
        origin=analysis.portrait.origin,
        keep=wishes.keep,
        photo=photo,
    )


def _kind(decoded: Decoded, form: Form, wishes: Wishes) -> type[np.uint8] | type[np.uint16]:
    deep = decoded.values.dtype == np.uint16 if wishes.depth == "keep" else wishes.depth == "16"
    return np.uint16 if deep and form in DEEP else np.uint8


def _values(
    decoded: Decoded,
    original: Image8,
    result: Image8,
    space: ColourSpace,
    kind: type[np.uint8] | type[np.uint16],
) -> Values:
    if space.is_srgb and kind is np.uint8:
        return result
    return spaces.in_depth(delivery.in_space(decoded, original, result, space), kind)


def _encoding(photo: bytes, form: Form, space: ColourSpace, wishes: Wishes) -> Encoding:
    if form == "JPEG" and wishes.quality is None:
        found = compression.read(photo)
        # Coarse tables would put back the blocks that a look may have taken away.
        if found and not found.share and found.subsampling >= 0 and len(found.tables) > 1:
            return Encoding(form, tables=found.tables, subsampling=found.subsampling, space=space)
    return Encoding(form, wishes.quality or QUALITY, space=space)
