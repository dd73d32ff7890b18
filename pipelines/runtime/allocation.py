"""How the C library hands out memory for pictures."""

from __future__ import annotations

import ctypes
import sys

# Options of mallopt(3), numbered as in malloc.h. M_MMAP_THRESHOLD: arrays of up to 64 MB come from
# the heap; M_TRIM_THRESHOLD: 256 MB of it are kept; M_ARENA_MAX: all threads share it.
_OPTIONS = ((-3, 64 << 20), (-1, 256 << 20), (-8, 1))


def keep() -> None:
    """Keep freed memory for the next array, where the C library is glibc.

    By default most arrays of a picture are given back to the system when they are freed, which
    clears each page of the next one anew: a tenth of the time of a look. Call it before threads
    start.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        # Where the first option is refused, the others would do harm.
        if mallopt is not None:
            all(mallopt(*option) for option in _OPTIONS)
