"""``python -m pipelines``: the command line."""

from __future__ import annotations

import sys

from pipelines.runtime import allocation, slots

# Before NumPy is imported.
slots.limit_threads()
allocation.keep()

from pipelines.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
