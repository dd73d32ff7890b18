"""Looks rendered by a Ray cluster of this machine: same bytes, nothing lost, stopped when asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipelines import studio
from pipelines.runtime.errors import Cancelled, EngineFailed, LookError
from pipelines.studio import Analysis, Look, Variant, rendering

ROOT = Path(__file__).parents[3]
LOOK = "region=nordic&context=linkedin&engine=geometry"


def test_without_workers_ray_is_not_imported() -> None:
    code = (
        "import sys, skimage.data\n"
        "from pipelines import studio\n"
        "analysis = studio.analyse_pixels(skimage.data.astronaut())\n"
        f"studio.render(analysis, studio.Look.parse('{LOOK}'))\n"
        "assert 'ray' not in sys.modules\n"
    )
    environment = {**os.environ, "PRESENCE_WORKERS": ""}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Two workers on this machine, as `make cluster` starts them."""
    pytest.importorskip("ray.serve", reason="pip install -r requirements-ray.txt")
    line = [sys.executable, "-m", "scripts.cluster", "--workers", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PRESENCE_WORKERS": ""}
    with subprocess.Popen(
        line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert any("Workers are up" in printed for printed in process.stdout)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PRESENCE_WORKERS", "ray")
                yield
        finally:
            import ray

            ray.shutdown()
            process.send_signal(signal.SIGTERM)


@dataclass
class Load:
    """Looks asked for at once, each by a thread of its own."""

    analysis: Analysis
    done: list[Variant] = field(default_factory=list)
    failed: list[Exception] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, first: int, count: int) -> None:
        looks = [Look.parse(f"{LOOK}&polish={0.3 + (first + n) / 200}") for n in range(count)]
        self.threads = [threading.Thread(target=self._render, args=(look,)) for look in looks]
        for thread in self.threads:
            thread.start()

    def wait(self) -> None:
        for thread in self.threads:
            thread.join()

    def _render(self, look: Look) -> None:
        try:
            self.done.append(studio.render(self.analysis, look))
        except Exception as error:
            self.failed.append(error)


def replicas() -> list[psutil.Process]:
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if "ServeReplica:presence-cpu" in " ".join(one.info["cmdline"] or ())
    ]


@pytest.mark.long
def test_a_worker_gives_the_same_bytes(cluster: None, astronaut_analysis: Analysis) -> None:
    steps: list[tuple[float, str]] = []
    there = studio.render(
        astronaut_analysis, Look.parse(LOOK), lambda share, name: steps.append((share, name))
    )
    here = rendering.render(astronaut_analysis, Look.parse(LOOK))
    assert np.array_equal(there.image_u8, here.image_u8)
    assert there.warnings == here.warnings
    assert [share for share, _ in steps] == sorted(share for share, _ in steps)


@pytest.mark.long
def test_every_look_of_a_comparison_goes_there(
    cluster: None, astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "render", None)
    looks = [Look.parse(f"{LOOK}&polish={polish}") for polish in (0.1, 0.2)]
    assert len(studio.compare(astronaut_analysis, looks).variants) == 2


@pytest.mark.long
def test_a_refusal_keeps_its_words(cluster: None, astronaut_analysis: Analysis) -> None:
    with pytest.raises(LookError, match="unknown-region"):
        studio.render(astronaut_analysis, Look.parse("region=nowhere"))


@pytest.mark.long
def test_more_than_can_wait_are_told_to_come_again(
    cluster: None, astronaut_analysis: Analysis
) -> None:
    load = Load(astronaut_analysis)
    load.start(0, 30)
    load.wait()
    assert len(load.done) >= 16
    assert load.failed
    for error in load.failed:
        assert isinstance(error, EngineFailed)
        assert error.code == "workers-busy"


@pytest.mark.long
def test_stop_reaches_the_worker(cluster: None, astronaut_analysis: Analysis) -> None:
    begun = threading.Event()

    def stop(share: float, name: str) -> None:
        if name == "Polishing" or share > 0.1:
            begun.set()
            raise Cancelled

    # All faces of a large photo would take long; a stopped look frees its worker at once.
    with pytest.raises(Cancelled):
        studio.render(astronaut_analysis, Look.parse("region=japan&polish=0.71"), stop)
    assert begun.is_set()
    load = Load(astronaut_analysis)
    load.start(60, 2)
    load.wait()
    assert len(load.done) == 2


@pytest.mark.long
def test_a_killed_worker_loses_nothing(cluster: None, astronaut_analysis: Analysis) -> None:
    load = Load(astronaut_analysis)
    load.start(100, 8)
    time.sleep(1.0)
    replicas()[0].kill()
    load.wait()
    assert load.failed == []
    assert len(load.done) == 8
