"""Near-duplicates: the same shot again, resized, cropped, mirrored, brightened or saved anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face
from pipelines.image import crops
from pipelines.image.arrays import Image

_HASH_SIDE = 16
_BITS = _HASH_SIDE * _HASH_SIDE
# Bits (of 256) by which copies of one shot may differ. On 229 portraits copies that were mirrored,
# cropped, brightened, halved or saved at JPEG quality 40 differed by 34 at most, pictures of
# different people by 56 at least.
MAX_DISTANCE = 40
_CROP = (160, 192)
_INTEROCULAR = 64.0
# Pictures compared with all others in one matrix product, which bounds the memory.
_BLOCK = 512


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
    return str(imagehash.phash(Pillow.fromarray(crop_u8), hash_size=_HASH_SIDE))


def groups(hashes: Sequence[str], max_distance: int = MAX_DISTANCE) -> list[list[int]]:
    """Indices of hashes that are near each other, also mirrored; only groups of two and more.

    All pairs are compared, as one matrix product in blocks: 10 000 pictures take about a second and
    bounded memory.

    Args:
        hashes: From `face_hash`.
        max_distance: Bits by which two of them may differ.

    Returns:
        Groups in the order of their first members, members in ascending order.
    """
    from imagehash import hex_to_hash
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if len(hashes) < 2:
        return []
    bits = np.stack([hex_to_hash(text).hash.ravel() for text in hashes])
    # Mirroring a picture changes the sign of the cosines of odd order.
    mirrored = bits ^ np.tile(np.arange(_HASH_SIDE) % 2 == 1, _HASH_SIDE)
    pairs = [_near_pairs(bits, other, max_distance) for other in (bits, mirrored)]
    first, second = np.concatenate(pairs, axis=1)
    links = coo_matrix((np.ones(len(first)), (first, second)), shape=(len(hashes), len(hashes)))
    count, labels = connected_components(links, directed=False)
    sizes = np.bincount(labels, minlength=count)
    found = [np.flatnonzero(labels == label).tolist() for label in np.flatnonzero(sizes > 1)]
    return sorted(found)


def _near_pairs(
    left: NDArray[np.bool_], right: NDArray[np.bool_], max_distance: int
) -> NDArray[np.int64]:
    """Pairs (i, j) of rows that differ by at most `max_distance` bits, shape (2, n)."""
    signs, others = (2 * bits.astype(np.float32) - 1 for bits in (left, right))
    # The product of two rows of signs is the bits that agree less those that differ.
    least = _BITS - 2 * max_distance
    found = []
    for start in range(0, len(signs), _BLOCK):
        i, j = np.nonzero(signs[start : start + _BLOCK] @ others.T >= least)
        found.append(np.stack([i + start, j]))
    return np.concatenate(found, axis=1)
