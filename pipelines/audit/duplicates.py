"""Near-duplicates: the same shot again, resized, cropped, mirrored, brightened or saved anew.

Pairs of hashes within a distance are found exactly, without comparing all. The bits fall into
bands, in one of which two near hashes differ by at most a radius (the pigeonhole principle in its
general form, Qin et al. 2018, ICDE). A band is covered by masks, about half of its bits each: two
hashes that differ by at most the radius agree in all bits of one of them (covering LSH, Pagh 2018,
ACM Trans. Algorithms 14(3)). Groups are the connected components.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.audit.face_hash import SIDE
from pipelines.runtime import slots

MAX_DISTANCE = 40
"""Bits (of 256) by which copies of one shot may differ.

On 229 portraits copies that were mirrored, cropped, brightened, halved or saved at JPEG quality 40
differed by 34 at most, pictures of different people by 56 at least.
"""

BYTES = SIDE * SIDE // 8
"""Length of a hash."""

# Mirroring a picture changes the sign of the cosines of odd order: half of the bits.
_ODD = np.tile(np.arange(SIDE) % 2 == 1, SIDE)
_HALF = SIDE * SIDE // 2
# Bits of a word, and so of a band at most.
_WORD = 64
# Cost of sorting a hash by a mask, in comparisons of a pair, and what a bit of a mask tells of a
# face, in bits (1 if hashes were random; a mask has half of the bits of its band).
_SORTING, _INFORMATION = 10.0, 0.75
# An odd number whose multiples are spread evenly (Knuth, The Art of Computer Programming, 6.4).
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
# Masks of each band by which neighbours are joined before all pairs are looked at.
_FIRST = 4
# Hashes and candidate pairs looked at in one step; they fit the processor's cache.
_BLOCK = 1 << 15
_FEW = 1 << 12
# Pairs found before the components are joined, which bounds the memory.
_MAX_LINKS = 1 << 20

Hashes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Indices = NDArray[np.int32]
Places = NDArray[np.intp]


def number_groups(hashes: Hashes, max_distance: int = MAX_DISTANCE) -> Indices:
    """Number the groups of hashes that are near each other, also mirrored.

    Args:
        hashes: Hashes of `face_hash` as bytes, uint8, shape (n, 32).
        max_distance: Bits by which two of them may differ; at least 1.

    Returns:
        For each hash the number of its group, from 1 in the order of their first members; 0 for
        one that is near no other. Shape (n,).
    """
    rows = np.ascontiguousarray(hashes).view(f"V{BYTES}").ravel()
    _, first, places = np.unique(rows, return_index=True, return_inverse=True)
    labels = _components(hashes[first], max_distance)[places]
    _, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    shared = np.flatnonzero(sizes > 1)
    numbers = np.zeros(len(sizes), np.int32)
    numbers[shared[np.argsort(first[shared])]] = np.arange(1, len(shared) + 1)
    return numbers[labels]


@dataclass(frozen=True)
class _Band:
    """Bits of a half of each hash, in which near pairs differ by at most `radius`.

    Attributes:
        words: The band, shape (n,).
        others: 64 bits of the same half outside of the band, shape (n,).
        width: Number of the band's bits.
        radius: Bits by which near pairs may differ in the band.
        most: Bits by which they may differ in the half, and so in `others`.
        mirrored: Whether they may differ in all bits but so many, too.
    """

    words: Words
    others: Words
    width: int
    radius: int
    most: int
    mirrored: bool

    def near(self, differ: Words, count: int) -> Places:
        """Places of pairs that may be near, of which so many of `count` bits of a half differ."""
        if self.mirrored:
            differ = np.minimum(differ, np.uint64(count) - differ)
        return np.flatnonzero(differ <= self.most)


def _components(hashes: Hashes, max_distance: int) -> Indices:
    """Labels of the connected components of different hashes, from 0."""
    bits = np.unpackbits(hashes, axis=1)
    halves = bits[:, ~_ODD], bits[:, _ODD]
    del bits
    # Near pairs differ by at most half of the distance in the even half, which mirroring leaves as
    # it is, or by less in the odd half, as it is or mirrored.
    most = max_distance // 2, max_distance - max_distance // 2 - 1
    words = np.stack([_packed(part) for half in halves for part in np.hsplit(half, 2)], axis=1)
    links = _Links(words, max_distance)
    # Hashes that are alike mostly lie side by side: most of a large group is joined by that.
    for whole in (False, True):
        for half, distance, mirrored in zip(halves, most, (False, True), strict=True):
            for band in _bands(half[links.order], distance, mirrored):
                masks = _masks(band.width, band.radius)
                with ThreadPoolExecutor(slots.count()) as pool:
                    found = [
                        pool.submit(_find, band, mask, links, whole)
                        for mask in masks[: None if whole else _FIRST]
                    ]
                    for one in found:
                        one.result()  # or what went wrong
        links.sort()
    return links.labels()


def _bands(half: Hashes, distance: int, mirrored: bool) -> Iterator[_Band]:
    """Bands of half a hash, as its bits.

    Two halves that differ by more than each radius in its band differ by at least the sum of
    (radius + 1), which is distance + 1.
    """

    def cost(count: int) -> float:
        masks = sum(2 ** (radius + 1) - 1 for radius in _radii(distance, count))
        return masks * (_SORTING + len(half) / 2 ** (_INFORMATION * _HALF / count / 2))

    count = min(range(_HALF // _WORD, _HALF // 4), key=cost)
    for first, radius in enumerate(_radii(distance, count)):
        if radius >= 0:
            # Neighbouring bits have more in common than distant ones.
            band = half[:, first::count]
            others = np.flatnonzero(np.arange(_HALF) % count != first)[:_WORD]
            words = _packed(band), _packed(half.take(others, axis=1))
            yield _Band(*words, band.shape[1], radius, distance, mirrored)


def _radii(distance: int, count: int) -> list[int]:
    smaller, larger = divmod(distance + 1 - count, count)
    return [smaller + (band < larger) for band in range(count)]


def _packed(bits: Hashes) -> Words:
    """Up to 64 bits of each hash, shape (n, w), as one word."""
    packed = np.zeros((len(bits), _WORD // 8), np.uint8)
    found = np.packbits(bits, axis=1, bitorder="little")
    packed[:, : found.shape[1]] = found
    return packed.view("<u8").astype(np.uint64, copy=False).ravel()


def _masks(width: int, radius: int) -> list[int]:
    """Masks of a band such that any `radius` bits are outside of one of them.

    Each bit gets a code of radius + 1 bits. A mask holds the bits whose code has an odd product
    with a number; any `radius` codes have an even product with some number other than 0. Codes are
    chosen one after another so that as few random pairs as possible agree in a mask: sum of
    2^-(bits of the mask).
    """
    numbers = np.arange(2 ** (radius + 1), dtype=np.uint64)
    odd = (_count_bits(numbers[:, None] & numbers) & 1).astype(bool)
    agree = np.ones(len(numbers))
    agree[0] = 0
    masks = [0] * len(numbers)
    for bit in range(width):
        code = int(np.argmax(odd @ agree))
        agree[odd[code]] /= 2
        for number in np.flatnonzero(odd[code]):
            masks[number] |= 1 << bit
    return masks[1:]


class _Links:
    """Pairs of near hashes, joined to connected components as they are found.

    Attributes:
        order: The hashes in the order in which they are searched, by component, shape (n,).
        sorted_labels: Their components when they were sorted, shape (n,).
    """

    def __init__(self, words: Words, max_distance: int) -> None:
        self._words, self._max_distance = words, max_distance
        self._labels = np.arange(len(words), dtype=np.int32)
        self.order = self.sorted_labels = self._labels
        self._pairs: list[tuple[Indices, Indices]] = []
        self._count, self._lock = 0, threading.Lock()

    def add(self, i: Indices, j: Indices) -> None:
        """Keep those candidate pairs, places in `order`, that are near and not connected yet."""
        i, j = self.order[i], self.order[j]
        differ = _count_bits(self._words[i] ^ self._words[j])
        even, odd = differ[:, 0] + differ[:, 1], differ[:, 2] + differ[:, 3]
        near = np.flatnonzero(even + np.minimum(odd, _HALF - odd) <= self._max_distance)
        i, j = i[near], j[near]
        apart = np.flatnonzero(self._labels[i] != self._labels[j])
        if len(apart):
            with self._lock:
                self._pairs.append((i[apart], j[apart]))
                self._count += len(apart)
                if self._count > _MAX_LINKS:
                    self._join()

    def labels(self) -> Indices:
        """The component of each hash, from 0."""
        with self._lock:
            self._join()
        return self._labels

    def sort(self) -> None:
        """Bring the hashes into the order of their components."""
        labels = self.labels()
        self.order = np.argsort(labels, kind="stable").astype(np.int32)
        self.sorted_labels = labels[self.order]

    def _join(self) -> None:
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        if not self._pairs:
            return
        i, j = (self._labels[np.concatenate(side)] for side in zip(*self._pairs, strict=True))
        size = len(self._labels)
        links = coo_matrix((np.ones(len(i), bool), (i, j)), shape=(size, size))
        self._labels = connected_components(links, directed=False)[1][self._labels]
        self._pairs, self._count = [], 0


def _find(band: _Band, mask: int, links: _Links, whole: bool) -> None:
    """Give the pairs that agree in a mask, and may be near altogether, to `links`.

    Args:
        band: The band of the mask.
        mask: Its bits.
        links: Takes the pairs.
        whole: Whether all pairs of different components are looked at, or neighbours alone.
    """
    keys = band.words & np.uint64(mask)
    if band.mirrored:
        # The same for both: the one whose highest bit is 0.
        highest = np.uint64(mask.bit_length() - 1)
        keys ^= (np.uint64(0) - (keys >> highest)) & np.uint64(mask)
    # Sorted with their places, in as many bits as these leave; others than equal keys may meet.
    shift = np.uint64(max(len(keys) - 1, 1).bit_length())
    keys *= _SPREAD
    keys >>= shift
    keys <<= shift
    keys |= np.arange(len(keys), dtype=np.uint64)
    keys.sort()
    places = (keys & np.uint64((1 << int(shift)) - 1)).astype(np.int32)
    keys >>= shift
    differs = keys[1:] != keys[:-1]
    high = _ends(differs)
    if whole:
        labels = links.sorted_labels[places]
        low = _ends(differs | (labels[1:] != labels[:-1]))
    else:
        low = np.arange(1, len(keys) + 1)
        high = np.minimum(high, low + 1)
    here = np.flatnonzero(low < high)
    words = band.others[places]
    for begin in range(0, len(here), _BLOCK):
        part = here[begin : begin + _BLOCK]
        for i, j in _pairs(part, low[part], high[part]):
            differ = _count_bits(words[i] ^ words[j])
            near = band.near(differ, _WORD)
            i, j = places[i[near]], places[j[near]]
            differ = differ[near] + _count_bits(band.words[i] ^ band.words[j])
            near = band.near(differ, _WORD + band.width)
            if len(near):
                links.add(i[near], j[near])


def _ends(differs: NDArray[np.bool_]) -> Places:
    """For each of n places the end of its run, of whether the next one differs, shape (n - 1,)."""
    ends = np.append(np.flatnonzero(differs) + 1, len(differs) + 1)
    return np.repeat(ends, np.diff(ends, prepend=0))


def _pairs(here: Places, low: Places, high: Places) -> Iterator[tuple[Places, Places]]:
    """Pairs of each of `here` with the places from `low` to before `high`, a block at a time."""
    while len(here) > _FEW:
        more = low < high
        here, low, high = here[more], low[more], high[more]
        yield here, low
        low = low + 1
    counts = high - low
    end = np.cumsum(counts)
    first, done = 0, 0
    while first < len(here) and done < end[-1]:
        last = max(first + 1, int(np.searchsorted(end, done + _BLOCK, side="right")))
        part, size = slice(first, last), int(end[last - 1]) - done
        # From each one's `low` on, wherever its pairs begin in this block.
        others = np.repeat(low[part] - (end[part] - counts[part] - done), counts[part])
        others += np.arange(size)
        yield np.repeat(here[part], counts[part]), others
        first, done = last, int(end[last - 1])


def _count_bits(words: Words) -> Words:
    """Bits that are set in each word, which is overwritten; NumPy counts them from 2.0 on."""
    two, four, eight = (
        np.uint64(mask) for mask in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F)
    )
    part = words >> np.uint64(1)
    part &= two
    words -= part
    np.right_shift(words, np.uint64(2), out=part)
    part &= four
    words &= four
    words += part
    np.right_shift(words, np.uint64(4), out=part)
    words += part
    words &= eight
    words *= np.uint64(0x0101010101010101)
    words >>= np.uint64(56)
    return words
