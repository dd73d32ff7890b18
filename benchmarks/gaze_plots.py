"""Pictures of a gaze benchmark: true against measured angles, the worst estimates and redirects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import eye_strip
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
    worst = sorted(readings, key=lambda reading: -reading.error)[:WORST]
    rows = -(-len(worst) // 2)
    figure = _figure(13, 2.1 * rows)
    for index, reading in enumerate(worst):
        axes = figure.add_subplot(rows, 2, index + 1)
        _show(axes, _eyes(analyses[reading.render.name]))
        axes.set_title(
            f"{reading.render.name}: true {_degrees(reading.render.gaze)}, "
            f"read {_degrees(reading.gaze)}, off by {reading.error:.1f}°",
            fontsize=9,
        )
    figure.tight_layout()
    return figure


def worst_redirects(results: Sequence[Redirected]) -> Figure:
    """The dozen redirects that missed their change most: source, result, truth, difference."""
    worst = sorted(results, key=lambda one: -one.change_error)[:WORST]
    figure = _figure(22, 2.1 * len(worst))
    for row, one in enumerate(worst):
        apart = np.abs(one.eyes.result.astype(int) - one.eyes.truth)
        pictures = {
            f"{one.source.name}, {_degrees(one.source.gaze)}": one.eyes.source,
            f"asked for {_change(one.asked)}, came {_change(one.obtained)}, "
            f"off by {one.change_error:.1f}°": one.eyes.result,
            f"true render of {_degrees(one.target.gaze)}": one.eyes.truth,
            "difference, twofold": np.clip(2 * apart, 0, 255).astype(np.uint8),
        }
        for column, (title, picture) in enumerate(pictures.items()):
            axes = figure.add_subplot(len(worst), 4, 4 * row + column + 1)
            _show(axes, picture)
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


def _eyes(analysis: Analysis) -> Image8:
    factor = 1 / analysis.portrait.scale
    left, right = (eye.scaled(factor) for eye in analysis.face.eyes)
    return eye_strip.strip(analysis.portrait.original_u8, (left, right))


def _show(axes: Axes, picture: Image8) -> None:
    axes.imshow(picture, interpolation="lanczos")
    axes.set_axis_off()


def _degrees(gaze: Gaze) -> str:
    return _change((gaze.yaw, gaze.pitch))


def _change(change: tuple[float, float]) -> str:
    return f"({change[0]:+.1f}°, {change[1]:+.1f}°)"
