"""Near-duplicates: the same shot again, resized, cropped, mirrored, brightened or saved anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face
from pipelines.image import crops
from pipelines.image.arrays import Image

_SIDE = 16
_BITS = _SIDE * _SIDE
# Bits (of 256) by which copies of one shot may differ. On 229 portraits copies that were mirrored,
# cropped, brightened, halved or saved at JPEG quality 40 differed by 34 at most, pictures of
# different people by 56 at least.
NEAR = 40
_CROP = (160, 192)
_INTEROCULAR = 64.0
# Pictures compared with all others at once, which bounds the memory.
_BLOCK = 512


def face_hash(pixels: Image, face: Face) -> str:
    """Perceptual hash of the upright face, 64 hexadecimal digits.

    A DCT hash (imagehash's `phash`, 256 bits) of the face alone, so that another crop or size of
    the same shot hashes alike. It is no likeness: two shots of one person hash apart.

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
    return str(imagehash.phash(Pillow.fromarray(crop_u8), hash_size=_SIDE))


def groups(hashes: Sequence[str], near: int = NEAR) -> list[list[int]]:
    """Indices of hashes that are near each other, also mirrored; only groups of two and more.

    All pairs are compared, as one matrix product in blocks: 10 000 pictures take about a second and
    bounded memory.

    Args:
        hashes: From `face_hash`.
        near: Bits by which two of them may differ.

    Returns:
        Groups in the order of their first members, members in ascending order.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if len(hashes) < 2:
        return []
    plain = np.stack([_bits(text) for text in hashes])
    pairs = [_near_pairs(plain, other, near) for other in (plain, _mirrored(plain))]
    first, second = np.concatenate(pairs, axis=1)
    links = coo_matrix((np.ones(len(first)), (first, second)), shape=(len(hashes), len(hashes)))
    _, labels = connected_components(links, directed=False)
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order])) + 1
    found = [part.tolist() for part in np.split(order, starts) if len(part) > 1]
    return sorted(found)


def distance(a: str, b: str) -> int:
    """Bits by which two hashes differ, the second as it is or mirrored, whichever is nearer."""
    x, y = _bits(a)[None], _bits(b)[None]
    return int(min(np.sum(x != y), np.sum(x != _mirrored(y))))


def _bits(text: str) -> NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(bytes.fromhex(text.zfill(_BITS // 4)), np.uint8))


def _mirrored(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Hashes of the mirrored pictures: the cosines of odd order change their sign."""
    return bits ^ np.tile(np.arange(_SIDE, dtype=np.uint8) % 2, _SIDE)


def _near_pairs(left: NDArray[np.uint8], right: NDArray[np.uint8], near: int) -> NDArray[np.int64]:
    """Pairs (i, j) at most `near` bits apart, shape (2, n)."""
    signs, others = (2 * bits.astype(np.float32) - 1 for bits in (left, right))
    # The product of two rows of signs is the bits that agree less those that differ.
    least = _BITS - 2 * near
    found = []
    for start in range(0, len(signs), _BLOCK):
        i, j = np.nonzero(signs[start : start + _BLOCK] @ others.T >= least)
        found.append(np.stack([i + start, j]))
    return np.concatenate(found, axis=1)
