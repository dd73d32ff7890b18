"""Connect this process to a Ray cluster, or start one on this machine."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from pipelines.runtime.errors import needs_package


def connect(address: str, cores: int | None = None) -> Any:
    """Connect this process, unless it is connected already.

    Args:
        address: ``ray`` or ``auto`` for the cluster that runs on this machine, ``ray://host:port``
            or ``host:port`` for another, ``local`` for a new one that ends with this process.
        cores: Cores of a new one.

    Returns:
        The package ``ray``, whose `init` needs not be called any more.

    Raises:
        PresenceError: ``needs-package``.
        ConnectionError: There is no cluster at the address, or it does not let us in.
    """
    # Ray reports usage to its makers unless it is told not to.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # A cluster asks for this token, which Ray shows of its own accord on this machine only.
    here = address in ("ray", "auto", "local")
    if not here and (Path.home() / ".ray" / "auth_token").is_file():
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
    except ImportError:
        raise needs_package("Workers and audits on Ray", "requirements-ray.txt") from None
    if not ray.is_initialized():
        new: dict[str, Any] = {"num_cpus": cores, "include_dashboard": False}
        init = functools.partial(
            ray.init,
            "auto" if address == "ray" else address,
            **(new if address == "local" else {}),
            log_to_driver=False,
            logging_level="error",
        )
        try:
            init()
        except ConnectionAbortedError:
            # A cluster gives the server that it starts for a client 30 s. On a busy machine that
            # has just started, only the second one is up by then.
            init()
    return ray
