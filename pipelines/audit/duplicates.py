"""Near-duplicates: the same shot again, resized, cropped, mirrored, brightened or saved anew.

Pairs of hashes within a distance are found exactly, without comparing all: multi-index hashing
(Norouzi, Punjani & Fleet 2014, IEEE TPAMI 36(6)) with a radius of its own for each band (the
pigeonhole principle in its general form, Qin et al. 2018, ICDE). Their groups are the connected
components.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from math import comb

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
# Widest band; its table of buckets has 2^22 entries.
_MAX_WIDTH = 22
# What looking up a bucket costs, in comparisons of a pair, and how much fuller the buckets of
# faces are than those of random bits.
_LOOK_UP, _SKEW = 4.0, 2.5
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
class _Search:
    """One band of bits, in which near pairs differ by at most `radius`.

    Attributes:
        key: The band's bits of each hash as one number, shape (n,).
        width: Number of its bits.
        radius: Bits by which pairs may differ in it.
        mirrored: Whether one of the pair is mirrored, so that the bits are to disagree.
        words: 64 bits of each hash outside of the band, shape (n,).
        most: Bits by which a near pair may differ in `words`.
    """

    key: NDArray[np.uint32]
    width: int
    radius: int
    mirrored: bool
    words: Words
    most: int


def _components(hashes: Hashes, max_distance: int) -> Indices:
    """Labels of the connected components of different hashes, from 0."""
    bits = np.unpackbits(hashes, axis=1)
    # Near pairs differ by at most half of the distance in the even half, which mirroring leaves as
    # it is, or by less in the odd half, as it is or mirrored.
    halves = [np.ascontiguousarray(bits[:, ~_ODD]), np.ascontiguousarray(bits[:, _ODD])]
    words = np.concatenate([np.packbits(half, axis=1).view(np.uint64) for half in halves], axis=1)
    links = _Links(words, max_distance)
    most = (max_distance // 2, max_distance - max_distance // 2 - 1)
    with ThreadPoolExecutor(slots.count()) as pool:
        found = [pool.submit(_find, search, links) for search in _searches(halves, words, most)]
        for one in found:
            one.result()  # or what went wrong
    return links.labels()


def _searches(
    halves: list[NDArray[np.uint8]], words: Words, most: tuple[int, int]
) -> Iterator[_Search]:
    for half, (bits, distance) in enumerate(zip(halves, most, strict=True)):
        for start, end, radius in _bands(distance, len(words)):
            key = np.zeros(len(bits), np.uint32)
            for column in range(start, end):
                key |= bits[:, column].astype(np.uint32) << np.uint32(column - start)
            # Of the half's two words the one that shares fewer bits with the band.
            other = words[:, 2 * half + (start + end < _HALF)]
            for mirrored in (False, True)[: half + 1]:
                yield _Search(key, end - start, radius, mirrored, other, distance)


def _bands(distance: int, hashes: int) -> Iterator[tuple[int, int, int]]:
    """Bands of half a hash: first bit, the bit after the last, and the radius.

    Two halves that differ by more than each radius in its band differ by at least the sum of
    (radius + 1), which is distance + 1. Wide bands have small buckets and many masks.
    """

    def cost(count: int) -> float:
        masks = [(_HALF / count, radius) for radius in _radii(distance, count)]
        return sum(
            sum(comb(round(width), bits) for bits in range(radius + 1))
            * (_LOOK_UP + hashes * _SKEW / 2**width)
            for width, radius in masks
        )

    least = -(-_HALF // _MAX_WIDTH)
    count = min(range(least, max(least, distance + 1) + 1), key=cost)
    edges = np.linspace(0, _HALF, count + 1).round().astype(int).tolist()
    for start, end, radius in zip(edges[:-1], edges[1:], _radii(distance, count), strict=True):
        if radius >= 0:
            yield start, end, radius


def _radii(distance: int, count: int) -> list[int]:
    smaller, larger = divmod(distance + 1 - count, count)
    return [smaller + (band < larger) for band in range(count)]


class _Links:
    """Pairs of near hashes, joined to connected components as they are found."""

    def __init__(self, words: Words, max_distance: int) -> None:
        self._words, self._max_distance = words, max_distance
        self._labels = np.arange(len(words), dtype=np.int32)
        self._pairs: list[tuple[Indices, Indices]] = []
        self._count, self._lock = 0, threading.Lock()

    def add(self, i: Indices, j: Indices) -> None:
        """Keep those candidate pairs that are near and not connected yet."""
        labels = self._labels
        apart = np.flatnonzero(labels[i] != labels[j])
        i, j = i[apart], j[apart]
        differ = _count_bits(self._words[i] ^ self._words[j])
        even, odd = differ[:, :2].sum(axis=1), differ[:, 2:].sum(axis=1)
        near = np.flatnonzero(even + np.minimum(odd, _HALF - odd) <= self._max_distance)
        if len(near):
            with self._lock:
                self._pairs.append((i[near], j[near]))
                self._count += len(near)
                if self._count > _MAX_LINKS:
                    self._join()

    def labels(self) -> Indices:
        """The component of each hash, from 0."""
        with self._lock:
            self._join()
        return self._labels

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


def _find(search: _Search, links: _Links) -> None:
    """Give all pairs that are near in one band, and may be near altogether, to `links`."""
    order = np.argsort(search.key, kind="stable").astype(np.int32)
    keys, words = search.key[order], search.words[order]
    # The hashes whose key is k are those from start[k] to start[k + 1].
    start = np.zeros((1 << search.width) + 1, np.intp)
    np.cumsum(np.bincount(keys, minlength=1 << search.width), out=start[1:])
    disagree = (1 << search.width) - 1 if search.mirrored else 0
    for mask in _masks(search.width, search.radius):
        flip = np.uint32(mask ^ disagree)
        for begin in range(0, len(keys), _BLOCK):
            own = keys[begin : begin + _BLOCK]
            partners = own ^ flip
            # Each pair of buckets once, and of each bucket each pair.
            here = np.flatnonzero(own < partners) if flip else np.arange(len(own))
            low = start[partners[here]] if flip else here + (begin + 1)
            high = start[partners[here] + 1]
            here += begin
            for i, j in _pairs(here, low, high):
                differ = words[i]
                differ ^= words[j]
                if search.mirrored:
                    np.invert(differ, out=differ)
                near = np.flatnonzero(_count_bits(differ) <= search.most)
                if len(near):
                    links.add(order[i[near]], order[j[near]])


def _masks(width: int, radius: int) -> Iterator[int]:
    """All numbers of `width` bits of which at most `radius` are set."""
    for count in range(radius + 1):
        for places in combinations(range(width), count):
            yield sum(1 << place for place in places)


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
