"""The connection to a Ray cluster, with a stand-in for Ray."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from pipelines.runtime import ray_cluster

ADDRESS = "ray://head.example:10001"


class Cluster:
    """Aborts the first connections."""

    def __init__(self, aborted: int) -> None:
        self.aborted, self.asked = aborted, 0

    def init(self, address: str, **_: object) -> None:
        assert address == ADDRESS
        self.asked += 1
        if self.asked <= self.aborted:
            raise ConnectionAbortedError("Starting Ray client server failed.")


@pytest.mark.parametrize("aborted", [0, 1])
def test_a_server_that_starts_too_slowly_is_asked_once_more(
    aborted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(aborted)
    ray = SimpleNamespace(is_initialized=lambda: False, init=cluster.init)
    monkeypatch.setitem(sys.modules, "ray", ray)
    assert ray_cluster.connect(ADDRESS) is ray
    assert cluster.asked == aborted + 1


def test_a_cluster_that_aborts_twice_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(2)
    ray = SimpleNamespace(is_initialized=lambda: False, init=cluster.init)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(ConnectionError):
        ray_cluster.connect(ADDRESS)
    assert cluster.asked == 2
