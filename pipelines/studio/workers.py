"""Render on other machines: the same `render`, sent to Ray Serve where PRESENCE_WORKERS is set.

`deploy` starts the deployments (``python -m scripts.cluster`` calls it): one for the engines that
run on a CPU, one for each that wants a GPU where there are GPUs. A look travels as the analysis of
its photo, which Ray's object store sends to each machine once; a replica keeps the last few, by the
photo's hash, with what their looks share. There are no batches: a look takes all of a core, or of a
GPU, from its beginning to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.engines import weights
from pipelines.image import metadata
from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import Cancelled, EngineFailed, PresenceError
from pipelines.runtime.settings import WorkerSettings
from pipelines.studio import rendering
from pipelines.studio.look import Look
from presets.schema import Presets, load

if TYPE_CHECKING:
    from pipelines.studio.analysis import Analysis
    from pipelines.studio.rendering import Variant
    from pipelines.studio.turning import Progress

CPU = "cpu"
"""Name of the deployment of all engines that run on a CPU; the others have their engine's name."""

_APP = "presence-"
# Looks that may wait for each replica before the next is told to come again.
_WAITING = 8
# Photos that a replica keeps.
_PHOTOS = 4
_BEAT_S = 0.5
# Longest work on one look, a generation on a slow GPU included, and longest silence of a worker.
_MOST_S = 900.0
_TRIES = 2


def render(
    analysis: Analysis,
    look: Look,
    progress: Progress | None = None,
    presets: Presets | None = None,
    cache: Cache | None = None,
) -> Variant:
    """Render one look, here or on a worker; see `rendering.render`.

    On a worker the presets are its own and the cache stays there. A look whose worker is lost is
    tried once more on another.

    Raises:
        EngineFailed: ``workers-busy``, ``workers-lost`` or ``workers-slow``; as `rendering.render`
            otherwise.
    """
    address = WorkerSettings.read().workers
    if not address or presets is not None:
        return rendering.render(analysis, look, progress, presets, cache)
    return _cluster(address).render(analysis, look, progress or (lambda *_: None))


class _Step(NamedTuple):
    """What a worker says while it works; without a name it only lives."""

    share: float
    name: str


class _Renderer:
    """One worker: a replica of a deployment."""

    def __init__(self) -> None:
        self._photos = Cache(most=_PHOTOS)

    def check_health(self) -> None:
        """Called by Serve from time to time; a replica that cannot answer is replaced."""

    async def render(
        self, key: str, photo: list[Any], look: str
    ) -> AsyncIterator[_Step | Variant | PresenceError]:
        """Render a look, and yield its steps, then the result or what is wrong.

        Args:
            key: Hash of the photo and its face.
            photo: A reference to its analysis, fetched only if it is not known here.
            look: The look.
        """
        steps: list[_Step] = []
        stopped = threading.Event()

        def report(share: float, name: str) -> None:
            if stopped.is_set():
                raise Cancelled
            steps.append(_Step(share, name))

        work = asyncio.create_task(asyncio.to_thread(self._render, key, photo, look, report))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_BEAT_S)
                yield steps[-1] if steps else _Step(0.0, "")
            yield work.result()
        finally:
            # Whoever asked has gone, or was told to stop.
            stopped.set()

    def _render(
        self, key: str, photo: list[Any], look: str, progress: Callable[[float, str], None]
    ) -> Variant | PresenceError:
        import ray

        try:
            analysis, shared = self._photos.get(key, lambda: (ray.get(photo[0]), Cache()))
            return rendering.render(analysis, Look.parse(look), progress, cache=shared)
        except PresenceError as error:
            return error


def deploy(replicas: int) -> tuple[str, ...]:
    """Start the deployments on the cluster that this process is connected to.

    Args:
        replicas: Workers for the engines that run on a CPU, a core each. An engine that wants a GPU
            has a worker for each GPU of the cluster, if its weights are installed here.

    Returns:
        The names of the deployments.
    """
    import ray
    from ray import serve

    # Nothing is served to the network; looks come through Ray alone.
    serve.start(proxy_location="Disabled")
    gpus = int(ray.cluster_resources().get("GPU", 0))
    engines = load().engines if gpus else {}
    wanted = {CPU: (replicas, {"num_cpus": 1})}
    for name, engine in engines.items():
        if engine.weights == "hub" and weights.state(engine, lambda: True) == "ready":
            wanted[name] = (gpus, {"num_cpus": 1, "num_gpus": 1})
    for name, (count, resources) in wanted.items():
        deployment = serve.deployment(_Renderer).options(
            name=name,
            num_replicas=count,
            max_ongoing_requests=1,
            max_queued_requests=_WAITING * count,
            ray_actor_options=resources,
            health_check_period_s=10,
            health_check_timeout_s=60,
        )
        serve.run(deployment.bind(), name=_APP + name, route_prefix=None)
    return tuple(wanted)


class _Cluster:
    """Ray, connected to a cluster, with the photos that were sent to it.

    Args:
        address: ``ray`` for the cluster of this machine, or ``ray://host:port``.

    Raises:
        EngineFailed: ``workers-lost``.
    """

    def __init__(self, address: str) -> None:
        import ray

        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._ray = ray
        self._sent: dict[int, tuple[str, Any]] = {}
        if not ray.is_initialized():
            try:
                ray.init("auto" if address == "ray" else address, log_to_driver=False)
            except ConnectionError as error:
                raise _lost() from error

    def render(self, analysis: Analysis, look: Look, progress: Progress) -> Variant:
        """See `render`."""
        from ray.exceptions import RayActorError
        from ray.serve.exceptions import BackPressureError, RayServeException

        key, photo = self._send(analysis)
        engine = load().engines[look.checked(load()).engine]
        name = look.engine if engine.weights == "hub" else CPU
        for attempt in range(1, _TRIES + 1):
            try:
                renderer = self._ray.serve.get_app_handle(_APP + name).options(stream=True)
                stream = renderer.render.remote(key, [photo], str(look))
                return _result(stream, progress)
            except BackPressureError:
                raise EngineFailed(
                    "workers-busy", "All workers are busy right now. Try again in a moment."
                ) from None
            except (RayActorError, RayServeException) as error:
                if attempt == _TRIES:
                    raise _lost() from error
        raise AssertionError("the last attempt returns or raises")

    def _send(self, analysis: Analysis) -> tuple[str, Any]:
        """Hash of a photo and its face, and the reference to its analysis, kept as long as it."""
        place = id(analysis)
        if place not in self._sent:
            pixels = metadata.pixel_hash(analysis.portrait.original_u8)
            key = f"{pixels} {analysis.face.number} {analysis.population}"
            self._sent[place] = key, self._ray.put(analysis)
            weakref.finalize(analysis, self._sent.pop, place, None)
        return self._sent[place]


@cache
def _cluster(address: str) -> _Cluster:
    return _Cluster(address)


def _result(stream: Any, progress: Progress) -> Variant:
    """The result in what a worker says; `progress` is called meanwhile, and may raise."""
    items: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        try:
            for item in stream:
                items.put(item)
        except BaseException as error:
            items.put(error)

    # The stream's own waiting cannot be given up.
    threading.Thread(target=listen, daemon=True).start()
    deadline = time.monotonic() + _MOST_S
    step = _Step(0.0, "Waiting for a turn")
    try:
        while True:
            progress(*step)
            with contextlib.suppress(queue.Empty):
                item = items.get(timeout=_BEAT_S)
                if isinstance(item, BaseException):
                    raise item
                if not isinstance(item, _Step):
                    return item
                step = item
            if time.monotonic() > deadline:
                raise EngineFailed(
                    "workers-slow", "The worker took too long and was told to stop. Try again."
                )
    except BaseException:
        stream.cancel()
        raise


def _lost() -> EngineFailed:
    return EngineFailed(
        "workers-lost", "The workers can't be reached right now. Try again in a minute."
    )
