"""Visitors who come at random, each for one look: how long they wait, beside the queueing model.

In `load`, each visitor asks again once they are answered, so a slow server is asked less. Here the
arrivals are a Poisson process of a fixed rate, as on a page that many people open.

JSON: what one thing costs the server, and an entry for each load.
    look_s, page_s: processor seconds of one look and of one loaded page; page_mb: megabytes sent.
    capacity: looks a minute when there is always one waiting; cv: coefficient of variation of the
        service time.
    runs: load (share of the capacity), arrivals, refused, wait_s: seconds from the request until
        the work began (mean, p95), model_s: the mean of the model, latency_s (p50, p95).

The model is M/G/c with Allen and Cunneen's approximation: the wait of M/M/c times (1 + cv²) / 2.
Source: Allen, Probability, Statistics and Queueing Theory, 2nd ed. (1990), 5.2.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean, stdev

import httpx
import psutil

from benchmarks.reports import Report, text_table
from benchmarks.serving import Server, served
from benchmarks.visitor import Visitor, VisitorRefused, client_address
from pipelines.runtime import slots
from pipelines.studio.samples import samples

KEYS = (
    *("arrivals", "refused", "wait_s.mean", "model_s", "wait_s.p95"),
    *("latency_s.p50", "latency_s.p95"),
)
_COST_OF, _CAPACITY_OF = 20, 40


def run(loads: Sequence[float], minutes: float, engine: str, seed: int = 0) -> Report:
    """Measure the costs and the capacity, and let visitors come at each load.

    Args:
        loads: Shares of the capacity.
        minutes: How long they come.
        engine: Engine of their looks.
        seed: Of the arrivals.
    """
    photo, places = samples()[0].path, slots.count()
    with served() as server:
        _visit(server, photo, 0, engine)
        page_s, page_mb = _page_cost(server)
        before = _processor_s(server)
        alone = [_visit(server, photo, number, engine)[1] for number in range(_COST_OF)]
        look_s = (_processor_s(server) - before) / _COST_OF
        start = time.monotonic()
        with ThreadPoolExecutor(2 * places) as pool:
            numbers = range(_COST_OF, _COST_OF + _CAPACITY_OF)
            list(pool.map(lambda number: _visit(server, photo, number, engine), numbers))
        rate = _CAPACITY_OF / (time.monotonic() - start)
        cv = stdev(alone) / fmean(alone)
        runs = [
            {"load": load, "model_s": round(mean_wait(load * rate, rate / places, places, cv), 2)}
            | _arrive(server, photo, engine, load * rate, minutes, random.Random(seed))
            for load in loads
        ]
    return {
        "engine": engine,
        "places": places,
        "look_s": round(look_s, 2),
        "page_s": round(page_s, 3),
        "page_mb": round(page_mb, 2),
        "capacity": round(60 * rate, 1),
        "cv": round(cv, 2),
        "runs": runs,
    }


def mean_wait(arrivals: float, services: float, places: int, cv: float) -> float:
    """Mean seconds in the queue of M/G/c.

    Args:
        arrivals: Arrivals a second.
        services: What one place serves in a second.
        places: How many places there are.
        cv: Coefficient of variation of the service time.

    Returns:
        Infinity where more arrive than can be served.
    """
    offered = arrivals / services
    if offered >= places:
        return math.inf
    # Erlang's C: the probability that all places are taken.
    full = offered**places / math.factorial(places) * places / (places - offered)
    some = sum(offered**count / math.factorial(count) for count in range(places))
    return full / (some + full) / (places * services - arrivals) * (1 + cv**2) / 2


def table(report: Report) -> str:
    """The costs on a line, and a column for each load."""
    costs = ", ".join(f"{key} {value}" for key, value in report.items() if key != "runs")
    columns = {f"{run['load']:.0%}": run for run in report["runs"]}
    return f"{costs}\n{text_table('load', columns, KEYS, transpose=True)}"


def _arrive(
    server: Server, photo: Path, engine: str, rate: float, minutes: float, chance: random.Random
) -> Report:
    waits, latencies, refused = list[float](), list[float](), 0
    with ThreadPoolExecutor(256) as pool:
        came, end, number = [], time.monotonic() + 60 * minutes, 1_000
        while time.monotonic() < end:
            came.append(pool.submit(_visit, server, photo, number, engine))
            number += 1
            time.sleep(chance.expovariate(rate))
        for one in came:
            try:
                waited, latency = one.result()
            except VisitorRefused:
                refused += 1
            else:
                waits.append(waited)
                latencies.append(latency)
    return {
        "arrivals": len(came),
        "refused": refused,
        "wait_s": {"mean": round(fmean(waits), 2), "p95": _quantile(waits, 0.95)},
        "latency_s": {"p50": _quantile(latencies, 0.5), "p95": _quantile(latencies, 0.95)},
    }


def _visit(server: Server, photo: Path, number: int, engine: str) -> tuple[float, float]:
    """Seconds until the work began, and until the answer."""
    with Visitor(server.address, client_address(number)) as visitor:
        start = time.monotonic()
        look = f"region=international&context=linkedin&engine={engine}"
        _, waited = visitor.compare(photo, look)
        return waited, time.monotonic() - start


def _page_cost(server: Server) -> tuple[float, float]:
    """Processor seconds and megabytes of the page's HTML and configuration."""
    before = _processor_s(server)
    with httpx.Client(base_url=server.address) as client:
        for _ in range(_COST_OF):
            sent = [client.get("/"), client.get("/config")]
    megabytes = sum(one.num_bytes_downloaded for one in sent) / 1e6
    return (_processor_s(server) - before) / _COST_OF, megabytes


def _processor_s(server: Server) -> float:
    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


def _quantile(values: Sequence[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 2)
