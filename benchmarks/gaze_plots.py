"""Plots of a gaze benchmark: true against measured angles, the worst estimates and redirects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import gaze_redirect
from benchmarks.gaze import GazeRun
from benchmarks.gaze_estimator import AXES, EstimatorReading
from benchmarks.gaze_redirect import Redirected
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8
from pipelines.studio import Analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WORST = 12


def write(done: GazeRun, folder: Path) -> list[Path]:
    """Draw what there is to draw into a folder, which is made if it is missing.

    Returns:
        The pictures written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, Figure] = {}
    if done.ours:
        drawn["true_against_measured.png"] = scatter(done.ours)
        drawn["worst_estimates.png"] = worst_estimates(done.ours, done.analyses)
    for engine, (results, _) in done.redirects.items():
        if results:
            drawn[f"worst_redirects_{engine}.png"] = worst_redirects(results)
    for name, figure in drawn.items():
        figure.savefig(folder / name, dpi=100, bbox_inches="tight")
    return [folder / name for name in drawn]


def scatter(readings: Sequence[EstimatorReading]) -> Figure:
    """Measured over true angles, a panel for yaw and one for pitch, a colour a person."""
    from matplotlib import colormaps

    figure = _figure(13, 6.6)
    people = sorted({reading.render.identity for reading in readings})
    colours = colormaps["turbo"](np.linspace(0.03, 0.97, len(people)))
    for column, word in enumerate(AXES):
        axes = figure.add_subplot(1, 2, column + 1)
        for person, colour in zip(people, colours, strict=True):
            own = [reading for reading in readings if reading.render.identity == person]
            true = [getattr(reading.render.gaze, word) for reading in own]
            seen = [getattr(reading.gaze, word) for reading in own]
            axes.scatter(true, seen, s=28, color=colour, label=person, alpha=0.85, linewidths=0)
        _square(axes, readings, word)
    figure.axes[1].legend(
        loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, title="person", fontsize=8
    )
    figure.tight_layout()
    return figure


def worst_estimates(readings: Sequence[EstimatorReading], analyses: dict[str, Analysis]) -> Figure:
    """The dozen pictures that were read worst, with their eyes."""
    pictures = []
    for reading in sorted(readings, key=lambda reading: -reading.error)[:WORST]:
        analysis = analyses[reading.render.name]
        title = (
            f"{reading.render.name}: true {_degrees(reading.render.gaze)}, "
            f"read {_degrees(reading.gaze)}, off by {reading.error:.1f}°"
        )
        eyes = gaze_redirect.full_size(analysis).eyes
        pictures.append((title, gaze_redirect.eye_strip(analysis.portrait.original_u8, eyes)))
    return _sheet(pictures, columns=2, width=13)


def worst_redirects(results: Sequence[Redirected]) -> Figure:
    """The dozen redirects that missed their change most: source, result, truth, difference."""
    pictures = []
    for one in sorted(results, key=lambda one: -one.change_error)[:WORST]:
        source, result, truth = one.eyes
        missed = f"off by {one.change_error:.1f}°"
        difference = np.clip(2 * np.abs(result.astype(int) - truth), 0, 255).astype(np.uint8)
        pictures += [
            (f"{one.source.name}, {_degrees(one.source.gaze)}", source),
            (f"asked {_change(one.asked)}, obtained {_change(one.obtained)}, {missed}", result),
            (f"true render of {_degrees(one.target.gaze)}", truth),
            ("difference, twofold", difference),
        ]
    return _sheet(pictures, columns=4, width=22)


def _sheet(pictures: Sequence[tuple[str, Image8]], columns: int, width: float) -> Figure:
    rows = -(-len(pictures) // columns)
    figure = _figure(width, 2.1 * rows)
    for place, (title, picture) in enumerate(pictures, start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(picture, interpolation="lanczos")
        axes.set_axis_off()
        axes.set_title(title, fontsize=9)
    figure.tight_layout()
    return figure


def _figure(width: float, height: float) -> Figure:
    """A figure of its own, drawn without a window or any global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _square(axes: Axes, readings: Sequence[EstimatorReading], word: str) -> None:
    angles: list[Any] = [getattr(reading.gaze, word) for reading in readings]
    angles += [getattr(reading.render.gaze, word) for reading in readings]
    most = 5 * np.ceil((max(np.abs(angles)) + 1) / 5)
    axes.plot([-most, most], [-most, most], color="0.6", linewidth=1, zorder=0)
    axes.set(
        xlim=(-most, most),
        ylim=(-most, most),
        aspect="equal",
        title=word,
        xlabel="true, degrees",
        ylabel="measured, degrees",
    )
    axes.grid(color="0.92")
    axes.set_axisbelow(True)


def _degrees(gaze: Gaze) -> str:
    return _change((gaze.yaw, gaze.pitch))


def _change(change: tuple[float, float]) -> str:
    return f"({change[0]:+.1f}°, {change[1]:+.1f}°)"
