"""Start the workers that render looks on a Ray cluster (see `pipelines.studio.workers`).

``python -m scripts.cluster`` starts a cluster of this machine and keeps it until it is stopped;
with ``--address`` it deploys to one that runs, and returns.
"""

from __future__ import annotations

import argparse
import signal
import threading

from pipelines.runtime import ray_cluster
from pipelines.studio import workers


def main() -> None:
    """Start the cluster and its workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2, help="workers on CPUs")
    parser.add_argument("--address", help="of a cluster that runs, such as auto")
    chosen = parser.parse_args()
    try:
        ray = ray_cluster.connect(chosen.address or "local", chosen.workers)
    except ConnectionError as error:
        parser.exit(1, f"No Ray cluster lets us in at {chosen.address}: {error}\n")
    names = workers.deploy(chosen.workers)
    print(
        f"Workers are up: {', '.join(names)}. Start the page with PRESENCE_WORKERS=ray.", flush=True
    )
    if not chosen.address:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        stopped.wait()
        ray.shutdown()


if __name__ == "__main__":
    main()
