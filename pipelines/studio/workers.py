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
import queue
import threading
import time
import uuid
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.engines import weights
from pipelines.image import metadata
from pipelines.runtime import ray_cluster
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
# A page outside of the cluster that asks no more has gone.
_SILENT_S = 30.0


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
        PresenceError: ``needs-package``: Ray is not installed here.
    """
    address = WorkerSettings.read().workers
    if not address or presets is not None:
        return rendering.render(analysis, look, progress, presets, cache)
    try:
        return _cluster(address).render(analysis, look, progress or (lambda *_: None))
    except ConnectionError as error:
        # The next look connects anew.
        _disconnect()
        raise _lost() from error


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
        try:
            self._ray = ray_cluster.connect(address)
        except ConnectionError as error:
            raise _lost() from error
        self._sent: dict[int, tuple[str, Any]] = {}
        self._forwarder: Any = None
        if self._ray.util.client.ray.is_connected():
            # It ends with this connection.
            options = {"num_cpus": 0, "max_concurrency": 64, "max_restarts": -1}
            self._forwarder = self._ray.remote(_Forwarder).options(**options).remote()

    def render(self, analysis: Analysis, look: Look, progress: Progress) -> Variant:
        """See `render`."""
        key, photo = self._send(analysis)
        return self.ask(key, [photo], look, progress)

    def ask(self, key: str, photo: list[Any], look: Look, progress: Progress) -> Variant:
        """Have a look rendered; the arguments are those of `_Renderer.render`."""
        from ray.exceptions import RayActorError
        from ray.serve.exceptions import BackPressureError, RayServeException

        for attempt in range(1, _TRIES + 1):
            try:
                return _result(self._stream(key, photo, look), progress)
            except BackPressureError:
                raise EngineFailed(
                    "workers-busy", "All workers are busy right now. Try again in a moment."
                ) from None
            except (RayActorError, RayServeException) as error:
                if attempt == _TRIES:
                    raise _lost() from error
        raise AssertionError("the last attempt returns or raises")

    def _stream(self, key: str, photo: list[Any], look: Look) -> Any:
        from ray import serve

        if self._forwarder is not None:
            return _Polled(self._ray, self._forwarder, key, photo, look)
        engine = load().engines[look.checked(load()).engine]
        name = _APP + (look.engine if engine.weights == "hub" else CPU)
        renderer = serve.get_app_handle(name).options(stream=True)
        return renderer.render.remote(key, photo, str(look))

    def _send(self, analysis: Analysis) -> tuple[str, Any]:
        """Hash of a photo and its face, and the reference to its analysis, kept as long as it."""
        place = id(analysis)
        if place not in self._sent:
            pixels = metadata.pixel_hash(analysis.portrait.original_u8)
            key = f"{pixels} {analysis.face.number} {analysis.population}"
            self._sent[place] = key, self._ray.put(analysis)
            weakref.finalize(analysis, self._sent.pop, place, None)
        return self._sent[place]


class _Polled:
    """What a worker says, for a process outside of the cluster (``ray://``).

    Serve has no streams there; a `_Forwarder` inside listens in its place and is asked.
    """

    def __init__(self, ray: Any, forwarder: Any, key: str, photo: list[Any], look: Look) -> None:
        self._ray, self._forwarder, self._name = ray, forwarder, uuid.uuid4().hex
        ray.get(self._forwarder.start.remote(self._name, key, photo, look))

    def __iter__(self) -> Iterator[_Step | Variant | PresenceError]:
        while True:
            said = self._ray.get(self._forwarder.poll.remote(self._name))
            yield said
            if not isinstance(said, _Step):
                return

    def cancel(self) -> None:
        """Tell the worker to stop."""
        self._forwarder.stop.remote(self._name)


class _Forwarder:
    """Asks the deployments on behalf of processes outside of the cluster."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def start(self, name: str, key: str, photo: list[Any], look: Look) -> None:
        """Begin to ask for a look."""
        self._runs[name] = run = _Run()
        threading.Thread(target=run.work, args=(key, photo, look), daemon=True).start()

    def poll(self, name: str) -> _Step | Variant | PresenceError:
        """The last step, or what came out in the end, which can be had once."""
        run = self._runs[name]
        run.polled = time.monotonic()
        if not run.finished.wait(_BEAT_S):
            return run.step
        del self._runs[name]
        return run.outcome

    def stop(self, name: str) -> None:
        """Stop a look; whoever asked has gone."""
        run = self._runs.pop(name, None)
        if run is not None:
            run.stopped = True


class _Run:
    """One look that a `_Forwarder` asks for."""

    def __init__(self) -> None:
        self.step, self.stopped = _Step(0.0, ""), False
        self.outcome: Variant | PresenceError = Cancelled()
        self.finished, self.polled = threading.Event(), time.monotonic()

    def work(self, key: str, photo: list[Any], look: Look) -> None:
        try:
            self.outcome = _cluster("ray").ask(key, photo, look, self._progress)
        except PresenceError as error:
            self.outcome = error
        finally:
            self.finished.set()

    def _progress(self, share: float, name: str) -> None:
        self.step = _Step(share, name)
        if self.stopped or time.monotonic() > self.polled + _SILENT_S:
            raise Cancelled


# Also when the first looks of several visitors come at once, only one of them connects.
_clusters = Cache()


def _cluster(address: str) -> _Cluster:
    return _clusters.get(address, lambda: _Cluster(address))


def _disconnect() -> None:
    import ray

    _clusters.clear()
    with contextlib.suppress(Exception):  # there may be nothing left to end properly
        ray.shutdown()


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
