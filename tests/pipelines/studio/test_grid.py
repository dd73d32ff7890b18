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
from pipelines.__main__ import main
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
    return cells.small(hopper_analysis)


@pytest.fixture(scope="module")
def four(small: Analysis) -> tuple[Grid, list[CellResult]]:
    asked = laid(small, "yaw=-9,9", "polish=0,1")
    return asked, list(cells.render(small, asked, workers=3))


def laid(small: Analysis, columns: str, rows: str = "nothing", base: Look = GEOMETRY) -> Grid:
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
    ("text", "code", "said"),
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
def test_wrong_values_are_refused_in_words(text: str, code: str, said: str) -> None:
    with pytest.raises(LookError) as refused:
        axis.parse(text)
    assert refused.value.code == code
    assert said in refused.value.sentence


def test_what_is_tried_unasked_differs() -> None:
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
def test_sides_that_do_not_go_together(columns: str, rows: str, code: str) -> None:
    with pytest.raises(LookError) as refused:
        cells.check_sides(axis.parse(columns), axis.parse(rows))
    assert refused.value.code == code


def test_48_cells_are_not_too_many() -> None:
    assert cells.check_sides(axis.parse("seed=1..8"), axis.parse("polish=0..1 step 0.2")) == 48


def test_every_cell_has_its_look(small: Analysis) -> None:
    base = Look(region="korea", context="actor", polish=0.3, engine="geometry", seed=4)
    cells = laid(small, "regions=japan,keep", "polish=0,1", base).cells
    assert [(cell.row, cell.column) for cell in cells] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [str(cell.look) for cell in cells] == [
        f"region={region}&context=actor&gaze=1&polish={polish}&engine=geometry&seed=4"
        for polish in (0, 1)
        for region in ("japan", "keep")
    ]


def test_the_angle_that_does_not_vary_stays_the_looks(small: Analysis) -> None:
    explicit = laid(small, "yaw=3,6", base=Look(gaze=Gaze(1, -2), engine="geometry"))
    assert [cell.look.gaze for cell in explicit.cells] == [Gaze(3, -2), Gaze(6, -2)]
    # Of a region too, on the side that this head gives it.
    for_region = laid(small, "pitch=3", base=GEOMETRY).cells[0].look.gaze
    assert isinstance(for_region, Gaze)
    assert (abs(for_region.yaw), for_region.pitch) == (15, 3)
    both = laid(small, "yaw=1,2", "pitch=3,4")
    assert both.rows.values == (4, 3)
    assert [cell.look.gaze for cell in both.cells][1:3] == [Gaze(2, 4), Gaze(1, 3)]


def test_sharing_changes_not_one_byte(small: Analysis, four: tuple[Grid, list[CellResult]]) -> None:
    asked, made = four
    assert {one.cell for one in made} == set(asked.cells)
    for outcome in made:
        alone = studio.render(small, outcome.cell.look)
        assert outcome.variant is not None
        assert np.array_equal(outcome.variant.image_u8, alone.image_u8)
        # A mean's last bits depend on where in memory its values lie.
        assert _figures(outcome.variant) == _figures(alone)
        assert outcome.variant.warnings == alone.warnings


def _figures(variant: Variant) -> dict[str, Any]:
    return {key: value for key, value in variant.report().items() if key != "seconds"}


def test_regions_with_one_gaze_are_worked_out_once(
    small: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []
    real = measurements.measure

    def counted(*given: object, **more: object) -> object:
        measured.append(given)
        return real(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(measurements, "measure", counted)
    made = list(
        cells.render(
            small, laid(small, "regions=nordic,direct,japan", base=replace(GEOMETRY, polish=0))
        )
    )
    assert len(measured) == 2
    looks = {one.cell.look.region: one.variant for one in made}
    nordic, direct = looks["nordic"], looks["direct"]
    assert nordic is not None
    assert direct is not None
    assert nordic.image_u8 is direct.image_u8
    assert (nordic.look.region, direct.look.region) == ("nordic", "direct")


def test_a_cell_that_fails_says_why_and_the_others_are_made(small: Analysis) -> None:
    # The strength is a hub engine's; the other cell's engine draws no skin.
    base = Look(polish=0.0, engine="sd15-mediapipe-face", generative=0.2)
    asked = Grid(base, Axis("engine", ("sd15-mediapipe-face", "geometry")), axis.NOTHING)
    fine = Grid(GEOMETRY, Axis("context", ("actor", "id-passport")), axis.NOTHING)
    failed = list(cells.render(small, asked))
    assert all(isinstance(one.error, PresenceError) for one in failed)
    assert "draws no skin" in str(next(one.error for one in failed if one.cell.column == 1))
    mixed = Grid(Look(engine="geometry", doses=(("B", 0.5),)), fine.columns, axis.NOTHING)
    outcomes = sorted(cells.render(small, mixed), key=lambda one: one.cell.place)
    assert outcomes[0].variant is not None
    assert outcomes[1].variant is None
    assert "allows no retouching" in str(outcomes[1].error)
    report = cells.report(small, mixed, outcomes)
    assert [cell["error"] is None for cell in report["cells"]] == [True, False]


def test_a_grid_ends_when_it_is_stopped(small: Analysis) -> None:
    steps = []
    stop = threading.Event()

    def check() -> None:
        steps.append(1)
        if stop.is_set():
            raise Cancelled

    made = cells.render(small, laid(small, "yaw=-12..12 step 4"), check=check, workers=2)
    assert next(made).variant is not None
    stop.set()
    before = len(steps)
    with pytest.raises(Cancelled):
        list(made)
    # Each worker was told within the step that it was at.
    assert len(steps) - before <= 2


def test_a_grid_that_nobody_reads_any_more_ends(small: Analysis) -> None:
    made = cells.render(small, laid(small, "yaw=-12..12 step 4"), workers=1)
    next(made)
    made.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("grid")]


def test_marks_are_for_the_nearest_that_arrived(four: tuple[Grid, list[CellResult]]) -> None:
    _, outcomes = four
    marks = cells.mark(outcomes)
    arrived = [one.variant for one in outcomes if one.variant and one.variant.reached]
    least = min(one.measurements.identity.distance for one in arrived)
    best = {
        one.cell.place
        for one in outcomes
        if one.variant
        and one.variant.reached
        and one.variant.measurements.identity.distance - least <= comparison.TIE
    }
    assert marks.best == best
    assert cells.mark([CellResult(Cell(0, 0, GEOMETRY), None, Cancelled())]).best == frozenset()


def test_a_cell_is_head_and_shoulders_at_its_size(hopper: Image8) -> None:
    large = np.asarray(
        np.pad(hopper, ((300, 100), (700, 700), (0, 0)), mode="edge").repeat(2, 0).repeat(2, 1)
    )
    photo = studio.analyse_pixels(large)
    small = cells.small(photo)
    assert max(small.portrait.original_u8.shape) == cells.LONG_SIDE
    assert small.face.width / small.portrait.original_u8.shape[1] > 0.3
    assert small.gaze == photo.gaze


def test_the_picture_of_a_grid_has_its_titles(
    small: Analysis, four: tuple[Grid, list[CellResult]]
) -> None:
    asked, outcomes = four
    whole = sheet.draw(small, asked, outcomes)
    part = sheet.draw(small, asked, outcomes[:1])
    assert whole.shape == part.shape
    # Titles on top and beside are written whether or not their cells are done.
    assert np.array_equal(whole[:60], part[:60])
    assert whole[:60].min() < 100
    assert np.array_equal(whole[60:, :120], part[60:, :120])
    assert (whole != part).any()
    with pytest.raises(ValueError, match="no cell"):
        sheet.draw(small, asked, [])


def test_the_command_writes_picture_and_numbers(
    hopper_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, numbers = tmp_path / "grid.png", tmp_path / "grid.json"
    sides = ["--x", "contexts=actor,id-passport", "--y", "polish=0"]
    base = "region=japan&engine=geometry"
    arguments = ["grid", str(hopper_path), *sides, "--base", base]
    assert main([*arguments, "--out", str(out), "--json", str(numbers)]) == 0
    assert load(out).original_u8.shape[1] > 800
    report = json.loads(numbers.read_text())
    assert [cell["look"].split("&")[1] for cell in report["cells"]] == [
        "context=actor",
        "context=id-passport",
    ]
    assert report["best"]
    assert main([*arguments[:2], "--x", "mood", "--out", str(out)]) == 2
    assert "'mood'" in capsys.readouterr().err


def test_what_fails_is_made_anew() -> None:
    once, tries = Cache(), []

    def fail() -> int:
        tries.append(1)
        raise Refusal("no-face", "No.")

    for _ in range(2):
        with pytest.raises(Refusal):
            once.get("a", fail)
    assert once.get("a", lambda: 5) == once.get("a", lambda: 6) == 5
    assert len(tries) == 2
    assert Cache(root=once).root is once.root is once
