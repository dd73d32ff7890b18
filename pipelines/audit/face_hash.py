"""The perceptual hash by which near-duplicates are told."""

from __future__ import annotations

import numpy as np

from pipelines.face import Face
from pipelines.image import crops
from pipelines.image.arrays import Image

SIDE = 16
"""Cosines of a hash in each direction; a bit for each of SIDE² of them, row by row."""
_CROP = (160, 192)
_INTEROCULAR = 64.0


def face_hash(pixels: Image, face: Face) -> str:
    """Perceptual hash of the upright face, 64 hexadecimal digits.

    A DCT hash (imagehash's `phash`, 256 bits) of the face alone, so that another crop or size of
    the same shot hashes alike. It does not measure likeness: two shots of one person hash apart.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
    """
    import imagehash
    from PIL import Image as Pillow

    scale = _INTEROCULAR / max(face.interocular, 1e-6)
    middle = (face.oval.min(axis=0) + face.oval.max(axis=0)) / 2
    crop = crops.cut(pixels, crops.upright(middle, face.head.roll, scale, _CROP), _CROP)
    crop_u8 = np.rint(np.clip(crop, 0, 1) * 255).astype(np.uint8)
    return str(imagehash.phash(Pillow.fromarray(crop_u8), hash_size=SIDE))
