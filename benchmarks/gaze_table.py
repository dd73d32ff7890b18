"""The gaze benchmark's report as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_FIGURES = ("mae", "median", "bias", "slope")
_REDIRECT = {
    "pairs": "pairs",
    "mean_true_error": "true err",
    "median_true_error": "median",
    "share_within_cone": "in cone",
    "mean_change_error": "change err",
    "mean_second_error": "2nd err",
    "change_bias_yaw": "bias yaw",
    "change_bias_pitch": "bias pitch",
    "psnr": "psnr",
    "ssim": "ssim",
    "gradient_similarity": "gms",
    "identity_mean": "identity",
    "outside_pixels": "outside",
    "seconds_median": "seconds",
}


def table(report: Mapping[str, Any]) -> str:
    """Lay a report out for a terminal."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    ours = report["estimator"]
    yield from _refused(report["refused"])
    if ours:
        yield from _estimator(ours, report["estimator_others"])
    judge = report["judge"]
    if judge["n"] and report["redirect"]:
        yield ""
        yield (
            f"The redirects' judge, irises on true eyeballs, errs by {judge['mean_error']:.2f}° "
            "on the untouched pictures."
        )
    for engine, figures in report["redirect"].items():
        yield ""
        yield from _redirect(engine, figures)


def _refused(refused: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if refused:
        yield f"{len(refused)} not read:"
        yield from (f"  {one['file']}: {one['sentence']}" for one in refused)
        yield ""


def _estimator(ours: Mapping[str, Any], others: Mapping[str, Any]) -> Iterator[str]:
    head = "".join(f"{name:>16}" for name in _FIGURES)
    yield f"{'degrees (yaw, pitch)':26}{'n':>5}{head}"
    yield _row("presence", ours)
    low_high = ours["intervals"]
    if low_high["mae_yaw"]:
        yield _interval_row("  95 %, yaw", low_high, "yaw")
        yield _interval_row("  95 %, pitch", low_high, "pitch")
    yield from (_row(name, figures) for name, figures in others.items())
    yield ""
    yield "Presence by kind"
    for kind, parts in ours["by"].items():
        yield from (_row(f"  {kind}: {name}", figures) for name, figures in parts.items())
    within = ours["within_person"]
    yield ""
    for word in ("yaw", "pitch"):
        yield (
            f"Within a person, {word}: slope {_number(within[f'slope_{word}'])}, "
            f"error {_number(within[f'mae_{word}'])}° once the person's own constant is out; "
            f"constants spread by {_number(within[f'constant_spread_{word}'])}°"
        )
    yield f"A photo takes {ours['seconds_median']:.2f} s to read."


def _row(name: str, figures: Mapping[str, Any]) -> str:
    cells = "".join(
        f"{_number(figures[f'{key}_yaw']):>8}{_number(figures[f'{key}_pitch']):>8}"
        for key in _FIGURES
    )
    return f"{name:26}{figures['n']:5d}{cells}"


def _interval_row(name: str, intervals: Mapping[str, Any], word: str) -> str:
    return f"{name:26}{'':5}" + "".join(
        f"{_between(intervals[f'{key}_{word}']):>16}" for key in _FIGURES
    )


def _redirect(engine: str, figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"redirect: {engine} (2nd err: by a second estimate)"
    yield f"{'change, degrees':>16}" + "".join(f"{short:>11}" for short in _REDIRECT.values())
    for size, row in figures["by_size"].items():
        yield f"{size:>16}" + "".join(f"{_figure(row[key]):>11}" for key in _REDIRECT)
        done_nothing = row["untouched"]
        yield f"{'left as it was':>16}" + "".join(
            f"{_figure(done_nothing[key]) if key in done_nothing else '':>11}" for key in _REDIRECT
        )
    for name in ("mean_true_error", "mean_change_error"):
        spans = [
            f"{size} {_between(row['intervals'][name])}" for size, row in figures["by_size"].items()
        ]
        yield f"95 % of {name}: " + ", ".join(spans)
    if figures["lost"]:
        yield f"{len(figures['lost'])} not judged:"
        yield from (
            f"  {one['source']} to {one['target']}: {one['why']}" for one in figures["lost"]
        )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _between(span: Sequence[float] | None) -> str:
    return "–" if span is None else f"{span[0]:.2f}..{span[1]:.2f}"
