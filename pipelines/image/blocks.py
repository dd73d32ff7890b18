"""A picture in blocks of rows that fit into the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

# Pixels per block.
_PIXELS = 1 << 17


def rows(shape: tuple[int, ...]) -> Iterator[slice]:
    """The rows of a picture of shape (H, W, ...), block by block."""
    step = max(1, _PIXELS // max(shape[1], 1))
    return (slice(top, min(top + step, shape[0])) for top in range(0, shape[0], step))
