"""Freed memory is used again by the next array, in any thread."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Counts the pages that the system clears for the second of two arrays of 20 MB.
_PROGRAM = """
import resource, threading
import numpy as np
{keep}
def pages():
    np.ones(20 << 20, np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(20 << 20, np.uint8)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
thread = threading.Thread(target=pages)
thread.start()
thread.join()
"""
_KEEP = "from pipelines.runtime import allocation; allocation.keep()"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_freed_memory_is_used_again() -> None:
    kept = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(keep=_KEEP)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(kept.stdout) < 100
