from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from pipelines.face import framing
from pipelines.runtime.errors import LookError
from pipelines.studio import Analysis, Look
from pipelines.studio.grid import axis, cells
from pipelines.studio.grid.axis import Axis
from pipelines.studio.grid.cells import Cell, CellResult, Grid, Marks
from ui import grid_table
from ui.components.events import Values
from ui.components.grid_panel import Side
from ui.file_store import FileStore
from ui.grid_table import GridView

ASKED = Grid(
    Look(engine="geometry", polish=0), axis.parse("yaw=-4,4"), axis.parse("contexts=actor")
)


@pytest.fixture(scope="module")
def shown(hopper_analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> GridView:
    small = cells.at_cell_size(hopper_analysis)
    asked = cells.lay_out(small, ASKED.base, ASKED.columns, ASKED.rows)
    window = framing.head(small.face, small.portrait.original_u8.shape)
    shown = grid_table.empty("photo.png", asked, window)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("files")))
        file_store = FileStore()
        made = next(cells.render(small, Grid(asked.base, Axis("yaw", (-4.0,)), asked.rows)))
        shown = shown.with_tile(grid_table.tile(made, window, file_store))
        assert all(Path(path).stat().st_size < 150_000 for path in file_store.paths)
    refused = LookError("bad-value", "No <such> look.")
    failed = CellResult(Cell(0, 1, asked.base), None, refused)
    return shown.with_tile(grid_table.tile(failed, window, file_store))


def test_a_cell_is_a_button_with_its_caption_in_the_fixed_order(
    shown: GridView,
) -> None:
    html = grid_table.table(shown)
    assert html.count("<button") == 1
    assert html.count('scope="col"') == 2
    assert html.count('scope="row"') == 1
    assert 'alt="4° to the left, Actor headshot"' in html
    cell = html[html.index("<button") : html.index("</button>")]
    assert cell.index("° ") < cell.index("change of the face") < cell.index("texture")
    assert 'class="p-warning p-cell-blank">No &lt;such&gt; look.' in html


def test_a_cell_says_what_was_generated(shown: GridView) -> None:
    tile = replace(shown.tiles[(0, 0)], message="Clothes are <generated>.")
    html = grid_table.table(shown.with_tile(tile))
    assert '<span class="p-warning">Clothes are &lt;generated&gt;.' in html


def test_a_picture_that_is_there_stays_as_it_is_when_more_come(shown: GridView) -> None:
    first, second = shown.tiles[(0, 0)], shown.tiles[(0, 1)]
    before = grid_table.table(replace(shown, tiles={}).with_tile(first))
    after = grid_table.table(replace(shown, tiles={}).with_tile(first).with_tile(second))
    cell = before[before.index("<button") : before.index("</button>")]
    assert first.address in cell
    # Gradio replaces only what differs.
    assert cell in after
    assert before != after


def test_at_most_one_badge_a_cell(shown: GridView) -> None:
    here = frozenset({(0, 0)})
    best = grid_table.table(shown.marked(Marks(here, frozenset())))
    assert "least changed of those on target" in best
    both = grid_table.table(shown.marked(Marks(here, here)))
    assert "★" not in both
    assert "Over-polished" in both


def test_only_a_cell_with_a_picture_can_be_picked(shown: GridView) -> None:
    tile = shown.at(0)
    assert tile is not None
    assert shown.at(1) is None
    assert shown.at(7) is None
    html = grid_table.picked_cell(shown, tile)
    assert 'data-index="0"' in html
    assert "<b>4° to the left, Actor headshot</b>" in html


def test_titles_are_in_the_visitors_language() -> None:
    regions = axis.parse("regions=japan")
    assert grid_table.title(regions, "japan", "en") == "Japan"
    assert grid_table.title(regions, "japan", "ko") == "일본"
    assert grid_table.title(axis.NOTHING, "") == ""


def test_another_setting_brings_its_usual_values() -> None:
    side = Side("rows", "polish")
    named, typed = side.on_along("region", "en")
    assert named["visible"]
    assert "japan" in named["value"]
    assert not typed["visible"]
    named, typed = side.on_along("yaw", "en")
    assert not named["visible"]
    assert axis.read("yaw", typed["value"]).values[0] == -15
    named, typed = side.on_along("nothing", "en")
    assert not named["visible"]
    assert not typed["visible"]


def test_typed_numbers_are_written_as_in_the_language() -> None:
    side = Side("rows", "polish")
    with gr.Blocks():
        side.render()
    _, typed = side.on_along("polish", "de")
    assert typed["value"] == "0; 0,5; 1"
    for text in ("0; 0,5; 1", "0, 0,5, 1", "0,0..1 step 0,5"):
        values: Values = {side.along: "polish", side.named: [], side.typed: text}
        assert side.read(values, "de") == Axis("polish", (0.0, 0.5, 1.0))
    assert grid_table.title(axis.parse("polish=0.25"), 0.25, "de").endswith(" 0,25")
