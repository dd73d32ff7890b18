"""Keep native libraries that write to the process's stderr quiet for a moment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silenced() -> Iterator[None]:
    """Send file descriptor 2 nowhere while the block runs.

    MediaPipe's C++ logging starts before any of its settings can reach it, so a setting does not
    quieten it. What other threads write to stderr meanwhile is lost too: use it for start-up only.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        # There is no stderr at all (a windowed process): nothing can be heard.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
