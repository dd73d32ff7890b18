from __future__ import annotations

import itertools
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import studio
from pipelines.cli.app import main
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8
from pipelines.image.loading import load
from pipelines.measure import measurements
from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import Cancelled, LookError, PresenceError, Refusal
from pipelines.studio import Analysis, Look, Variant, comparison
from pipelines.studio.grid import axis, cells, sheet
from pipelines.studio.grid.axis import Axis
from pipelines.studio.grid.cells import Cell, CellResult, Grid
from presets import load as presets

GEOMETRY = Look(region="off-camera", engine="geometry")


@pytest.fixture(scope="module")
def small(hopper_analysis: Analysis) -> Analysis:
    return cells.at_cell_size(hopper_analysis)


@pytest.fixture(scope="module")
def four(small: Analysis) -> tuple[Grid, list[CellResult]]:
    grid = lay_out(small, "yaw=-9,9", "polish=0,1")
    return grid, list(cells.render(small, grid, workers=3))


def lay_out(small: Analysis, columns: str, rows: str = "nothing", base: Look = GEOMETRY) -> Grid:
    return cells.lay_out(small, base, axis.parse(columns), axis.parse(rows))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("yaw=-10..10 step 5", (-10, -5, 0, 5, 10)),
        ("yaw=-10..10", (-10, -5, 0, 5, 10)),
        ("pitch=4..-4 step 4", (4, 0, -4)),
        ("polish=0, 0.5,1, 0.5", (0, 0.5, 1)),
        ("polish=0..1 step 0.3", (0, 0.3, 0.6, 0.9)),
        ("seed=1..2, 7", (1, 2, 7)),
        ("yaw=−3", (-3,)),
        ("Regions=japan, keep", ("japan", "keep")),
        ("nothing", ("",)),
    ],
)
def test_values_are_lists_and_ranges(text: str, values: tuple[object, ...]) -> None:
    assert axis.parse(text).values == values


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("mood", "unknown-side", "'mood'"),
        ("regions=atlantis", "unknown-value", "'atlantis'"),
        ("regions=", "bad-values", "at least one"),
        ("yaw=left", "bad-values", "'left'"),
        ("yaw=1..", "bad-values", "''"),
        ("yaw=nan", "bad-values", "'nan'"),
        ("yaw=-50..0", "bad-values", "'-50'"),
        ("polish=0..1 step 0", "bad-values", "'0'"),
        ("polish=0..1 step -1", "bad-values", "'-1'"),
        ("seed=0.5", "bad-values", "whole number"),
        ("seed=0..1000000", "bad-values", "48 at most"),
    ],
)
def test_wrong_values_are_refused_with_a_sentence(text: str, code: str, words: str) -> None:
    with pytest.raises(LookError) as refused:
        axis.parse(text)
    assert refused.value.code == code
    assert words in refused.value.sentence


def test_default_values_differ() -> None:
    regions = [presets().regions[str(name)].gaze for name in axis.parse("regions").values]
    assert len(set(regions)) == len(regions) == 4
    contexts = [presets().contexts[str(name)].doses for name in axis.parse("contexts").values]
    assert len(contexts) == 4
    assert all(one != other for one, other in itertools.pairwise(contexts))


@pytest.mark.parametrize(
    ("columns", "rows", "code"),
    [
        ("yaw=0..12 step 2", "polish=0..1 step 0.15", "too-many-cells"),
        ("yaw", "yaw=1", "same-side"),
        ("regions", "pitch", "sides-clash"),
    ],
)
def test_sides_that_exclude_each_other_are_refused(columns: str, rows: str, code: str) -> None:
    with pytest.raises(LookError) as refused:
        cells.check_sides(axis.parse(columns), axis.parse(rows))
    assert refused.value.code == code


def test_48_cells_are_allowed() -> None:
    assert cells.check_sides(axis.parse("seed=1..8"), axis.parse("polish=0..1 step 0.2")) == 48


def test_every_cell_has_its_look(small: Analysis) -> None:
    base = Look(region="korea", context="actor", polish=0.3, engine="geometry", seed=4)
    cells = lay_out(small, "regions=japan,keep", "polish=0,1", base).cells
    assert [(cell.row, cell.column) for cell in cells] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [str(cell.look) for cell in cells] == [
        f"region={region}&context=actor&gaze=1&polish={polish}&engine=geometry&seed=4"
        for polish in (0, 1)
        for region in ("japan", "keep")
    ]


def test_the_angle_that_does_not_vary_is_that_of_the_base_look(small: Analysis) -> None:
    explicit = lay_out(small, "yaw=3,6", base=Look(gaze=Gaze(1, -2), engine="geometry"))
    assert [cell.look.gaze for cell in explicit.cells] == [Gaze(3, -2), Gaze(6, -2)]
    # The gaze of a region lies on the side that depends on the head.
    for_region = lay_out(small, "pitch=3", base=GEOMETRY).cells[0].look.gaze
    assert isinstance(for_region, Gaze)
    assert (abs(for_region.yaw), for_region.pitch) == (15, 3)
    both = lay_out(small, "yaw=1,2", "pitch=3,4")
    assert both.rows.values == (4, 3)
    assert [cell.look.gaze for cell in both.cells][1:3] == [Gaze(2, 4), Gaze(1, 3)]


def test_a_cell_has_the_same_bytes_as_a_single_render(
    small: Analysis, four: tuple[Grid, list[CellResult]]
) -> None:
    grid, outcomes = four
    assert {outcome.cell for outcome in outcomes} == set(grid.cells)
    for outcome in outcomes:
        alone = studio.render(small, outcome.cell.look)
        assert outcome.variant is not None
        assert np.array_equal(outcome.variant.image_u8, alone.image_u8)
        # Reports are compared, whose numbers are rounded: the last bits of a mean depend on where
        # in memory its values are.
        assert _without_seconds(outcome.variant) == _without_seconds(alone)
        assert outcome.variant.warnings == alone.warnings


def _without_seconds(variant: Variant) -> dict[str, Any]:
    return {key: value for key, value in variant.report().items() if key != "seconds"}


def test_regions_with_the_same_gaze_are_rendered_once(
    small: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = measurements.measure

    def counted(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(measurements, "measure", counted)
    outcomes = list(
        cells.render(
            small, lay_out(small, "regions=nordic,direct,japan", base=replace(GEOMETRY, polish=0))
        )
    )
    assert len(calls) == 2
    variants = {outcome.cell.look.region: outcome.variant for outcome in outcomes}
    nordic, direct = variants["nordic"], variants["direct"]
    assert nordic is not None
    assert direct is not None
    assert nordic.image_u8 is direct.image_u8
    assert (nordic.look.region, direct.look.region) == ("nordic", "direct")


def test_a_failed_cell_has_its_error_and_the_others_are_rendered(small: Analysis) -> None:
    # Only hub engines accept a generative strength; geometry draws no skin.
    base = Look(polish=0.0, engine="sd15-mediapipe-face", generative=0.2)
    engines = Grid(base, Axis("engine", ("sd15-mediapipe-face", "geometry")), axis.NOTHING)
    failed = list(cells.render(small, engines))
    assert all(isinstance(one.error, PresenceError) for one in failed)
    assert "draws no skin" in str(next(one.error for one in failed if one.cell.column == 1))
    contexts = Axis("context", ("actor", "id-passport"))
    mixed = Grid(Look(engine="geometry", doses=(("B", 0.5),)), contexts, axis.NOTHING)
    outcomes = sorted(cells.render(small, mixed), key=lambda one: one.cell.place)
    assert outcomes[0].variant is not None
    assert outcomes[1].variant is None
    assert "allows no retouching" in str(outcomes[1].error)
    report = cells.report(small, mixed, outcomes)
    assert [cell["error"] is None for cell in report["cells"]] == [True, False]


def test_an_exception_in_check_stops_the_grid(small: Analysis) -> None:
    steps = []
    stop = threading.Event()

    def check() -> None:
        steps.append(1)
        if stop.is_set():
            raise Cancelled

    outcomes = cells.render(small, lay_out(small, "yaw=-12..12 step 4"), check=check, workers=2)
    assert next(outcomes).variant is not None
    stop.set()
    before = len(steps)
    with pytest.raises(Cancelled):
        list(outcomes)
    # Each worker stops at its next step.
    assert len(steps) - before <= 2


def test_closing_the_iterator_stops_the_grid(small: Analysis) -> None:
    outcomes = cells.render(small, lay_out(small, "yaw=-12..12 step 4"), workers=1)
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("grid")]


def test_the_best_cells_are_the_most_recognisable_that_reached_their_gaze(
    four: tuple[Grid, list[CellResult]],
) -> None:
    _, outcomes = four
    marks = cells.mark(outcomes)
    reached = [one.variant for one in outcomes if one.variant and one.variant.reached]
    least = min(variant.measurements.identity.distance for variant in reached)
    best = {
        one.cell.place
        for one in outcomes
        if one.variant
        and one.variant.reached
        and one.variant.measurements.identity.distance - least <= comparison.TIE
    }
    assert marks.best == best
    assert cells.mark([CellResult(Cell(0, 0, GEOMETRY), None, Cancelled())]).best == frozenset()


def test_a_cell_shows_head_and_shoulders_at_its_size(hopper: Image8) -> None:
    large = np.asarray(
        np.pad(hopper, ((300, 100), (700, 700), (0, 0)), mode="edge").repeat(2, 0).repeat(2, 1)
    )
    photo = studio.analyse_pixels(large)
    small = cells.at_cell_size(photo)
    assert max(small.portrait.original_u8.shape) == cells.LONG_SIDE
    assert small.face.width / small.portrait.original_u8.shape[1] > 0.3
    assert small.gaze == photo.gaze


def test_the_picture_of_a_grid_has_headings(
    small: Analysis, four: tuple[Grid, list[CellResult]]
) -> None:
    grid, outcomes = four
    whole = sheet.draw(small, grid, outcomes)
    # One cell of each row, because a row is as high as its longest caption.
    part = sheet.draw(small, grid, [outcomes[0], outcomes[3]])
    assert whole.shape == part.shape
    # Headings are drawn whether or not their cells are done.
    assert np.array_equal(whole[:60], part[:60])
    assert whole[:60].min() < 100
    assert np.array_equal(whole[60:, :120], part[60:, :120])
    assert (whole != part).any()
    with pytest.raises(ValueError, match="no cell"):
        sheet.draw(small, grid, [])


def test_the_command_writes_a_picture_and_measurements(
    hopper_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report_path = tmp_path / "grid.png", tmp_path / "grid.json"
    sides = ["--x", "contexts=actor,id-passport", "--y", "polish=0"]
    base = "region=japan&engine=geometry"
    arguments = ["grid", str(hopper_path), *sides, "--base", base]
    assert main([*arguments, "--out", str(out), "--json", str(report_path)]) == 0
    assert load(out).original_u8.shape[1] > 800
    report = json.loads(report_path.read_text())
    assert [cell["look"].split("&")[1] for cell in report["cells"]] == [
        "context=actor",
        "context=id-passport",
    ]
    assert report["best"]
    assert main([*arguments[:2], "--x", "mood", "--out", str(out)]) == 2
    assert "'mood'" in capsys.readouterr().err


def test_an_error_is_not_cached() -> None:
    cache, tries = Cache(), []

    def fail() -> int:
        tries.append(1)
        raise Refusal("no-face", "No.")

    for _ in range(2):
        with pytest.raises(Refusal):
            cache.get("a", fail)
    assert cache.get("a", lambda: 5) == cache.get("a", lambda: 6) == 5
    assert len(tries) == 2
    assert Cache(root=cache).root is cache.root is cache
