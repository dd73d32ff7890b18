"""A process that publishes without end in a child of its own, to be killed at any moment."""

from __future__ import annotations

import os
import signal
import sys
import time

from sharing.settings import Settings
from sharing.store import Store
from tests.sharing.publications import publication


def main() -> None:
    """Print how long one takes; then for every line on stdin start a child and print its id."""
    store = Store(Settings(sys.argv[1], sys.argv[2], publications_an_hour=10**6))
    asked = publication(side=16)
    store.publish(asked)
    start = time.perf_counter()
    store.publish(asked)
    print(time.perf_counter() - start, flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            while True:
                store.publish(asked)
        print(child, flush=True)


if __name__ == "__main__":
    main()
