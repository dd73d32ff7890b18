"""Publish in a loop in child processes, which `test_kill` kills at random moments."""

from __future__ import annotations

import os
import signal
import sys
import time

from sharing.settings import Settings
from sharing.store import Store
from tests.sharing.publications import publication


def main() -> None:
    """Print the seconds of one publication; then start a child per line of stdin, print its pid."""
    store = Store(Settings(sys.argv[1], sys.argv[2], publications_an_hour=10**6))
    request = publication(side=16)
    store.publish(request)
    start = time.perf_counter()
    store.publish(request)
    print(time.perf_counter() - start, flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            while True:
                store.publish(request)
        print(child, flush=True)


if __name__ == "__main__":
    main()
