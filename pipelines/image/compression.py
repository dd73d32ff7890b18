"""The blocks that strong JPEG compression leaves, and how they are taken away again."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image, JpegImagePlugin

from pipelines.image import blocks
from pipelines.image.arrays import Image8
from pipelines.image.colour import luma_of
from pipelines.image.filters import smoothstep
from pipelines.image.formats import DECODER_ERRORS

# Mean step of the luma table from which blocks can be seen at 100 %, and from which all of them are
# taken away: of the tables in annex K of the standard, those of qualities 75 and 50. Less than the
# share after them is not worth it.
_SEEN_STEP, _COARSE_STEP, _LEAST_SHARE = 29.0, 57.0, 0.1
# Shares of the change of luma and of chroma. Coloured blocks are the ugliest, and hold no detail;
# of luma a half is nearest to the photo before it was compressed (PSNR over 20 pictures of
# qualities 20 to 80), and less keeps more of the texture of skin.
_LUMA, _CHROMA = 0.35, 1.0
# Offsets of the grid of 8 x 8 pixels, in rows and columns; each row and column once.
_SHIFTS = ((0, 0), (1, 5), (2, 2), (3, 7), (4, 4), (5, 1), (6, 6), (7, 3))


@dataclass(frozen=True)
class Compression:
    """How a JPEG file was compressed.

    Attributes:
        tables: Quantisation tables by number, 64 steps each.
        subsampling: Pillow's number of the chroma subsampling: 0 for 4:4:4, 1 for 4:2:2, 2 for
            4:2:0, -1 for another or none.
        share: Share of the blocks that is worth taking away, 0..1; 0 for fine quantisation.
    """

    tables: dict[int, list[int]] = field(repr=False)
    subsampling: int
    share: float


def read(data: bytes) -> Compression | None:
    """How a file was compressed; None if it is no JPEG, or its tables cannot be used.

    Args:
        data: The file.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            tables = dict(getattr(image, "quantization", {}))
            subsampling = JpegImagePlugin.get_sampling(image) if tables else -1
    except DECODER_ERRORS:
        return None
    if 0 not in tables or len(tables) > 2:
        return None
    share = float(smoothstep(float(np.mean(tables[0])), _SEEN_STEP, _COARSE_STEP))
    return Compression(tables, subsampling, share if share >= _LEAST_SHARE else 0.0)


def mended(image_u8: Image8, compression: Compression) -> Image8:
    """A picture without the blocks and the ringing of its compression.

    It is compressed again with its own tables on shifted grids, and the mean is taken, which keeps
    what the tables keep wherever the grid lies (Nosratinia 2001, "Enhancement of JPEG-compressed
    images by re-application of JPEG", J. VLSI Signal Processing 27). Nothing is added.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
        compression: Of its file.

    Returns:
        The same shape; the picture itself where the share is 0.
    """
    if not compression.share:
        return image_u8
    height, width = image_u8.shape[:2]
    total = np.zeros(image_u8.shape, np.uint16)
    for row, column in _SHIFTS:
        shifted = cv2.copyMakeBorder(image_u8, row, 0, column, 0, cv2.BORDER_REFLECT_101)
        again = _compressed_again(np.asarray(shifted, np.uint8), compression)
        total += again[row : row + height, column : column + width]
    result = np.empty_like(image_u8)
    for part in blocks.rows(image_u8.shape):
        before = image_u8[part].astype(np.float32)
        change = total[part] / np.float32(len(_SHIFTS)) - before
        grey = luma_of(change)[..., None]
        change = _LUMA * grey + _CHROMA * (change - grey)
        result[part] = np.rint(np.clip(before + compression.share * change, 0, 255))
    return result


def _compressed_again(image_u8: Image8, compression: Compression) -> Image8:
    buffer, subsampling = io.BytesIO(), max(0, compression.subsampling)
    Image.fromarray(image_u8).save(
        buffer, "JPEG", qtables=compression.tables, subsampling=subsampling
    )
    return np.asarray(Image.open(buffer).convert("RGB"))
