"""Silence native libraries that write to the process's stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silenced() -> Iterator[None]:
    """Redirect file descriptor 2 to the null device while the block runs.

    MediaPipe's C++ code logs before any of its settings takes effect. Whatever other threads write
    to stderr meanwhile is lost too, so use this only while something starts up.
    """
    sys.stderr.flush()
    try:
        original = os.dup(2)
    except OSError:
        # The process has no stderr (a windowed application).
        yield
        return
    null_device = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null_device, 2)
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
        os.close(null_device)
