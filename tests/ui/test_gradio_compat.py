"""What `ui.gradio_compat` relies on in Gradio; a failure says what a new version has changed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import gradio as gr
import pytest
from gradio import component_meta, mcp, queueing, server_messages
from gradio.context import LocalContext
from gradio.data_classes import ImageData
from gradio.i18n import I18nData

from ui import gradio_compat, launching
from ui.page_head import localise


@pytest.fixture(scope="module")
def page() -> gr.Blocks:
    return launching.build()


def _parameters(function: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(function).parameters)


def test_events_carry_their_fields() -> None:
    event = gr.EventData(None, {"frame": 3})
    assert gradio_compat.event_fields(event) == {"frame": 3}, "EventData keeps them elsewhere."
    assert gradio_compat.event_fields(gr.EventData(None, None)) == {}


def test_a_component_without_a_source_file_gets_no_stub_file() -> None:
    with (
        patch.object(inspect, "getfile", side_effect=OSError),
        patch.object(Path, "read_text", side_effect=AssertionError("Stubs are written otherwise.")),
    ):
        component_meta.create_or_modify_pyi(gr.Image, "Image", [])


def test_the_page_is_sent_with_markers_that_are_found() -> None:
    marker = str(I18nData("grid.title")).replace("\\", "\\\\").replace('"', '\\"')
    assert gradio_compat.MARKER.findall(marker) == ["grid.title"], "Markers look differently."
    assert "__i18n__" not in localise(f"<head>{marker}", "ko", "/", "/picture.png")


def test_a_file_is_passed_on_unopened_also_where_a_session_made_the_component_anew(
    page: gr.Blocks,
) -> None:
    (image,) = (one for one in page.blocks.values() if isinstance(one, gradio_compat.UnopenedImage))
    assert image.get_config()["elem_id"] == "portrait"
    assert image.get_block_name() == "image", "The browser would look for another component."
    # As Gradio does for every update, even one that changes nothing.
    again = image.__class__(**{**image.constructor_args, "render": False})
    for one in (image, again):
        assert one.preprocess(ImageData(path="/no/such/letter.jpg")) == "/no/such/letter.jpg"
        assert one.preprocess(None) is None


def test_outside_of_an_event_there_is_no_session_and_nobody_waits_in_line() -> None:
    for name in ("request", "blocks", "event_id"):
        assert hasattr(LocalContext, name), f"LocalContext.{name} is gone: who calls is unknown."
    assert gradio_compat.current_session() is None
    assert gradio_compat.ahead("work") == 0
    assert gradio_compat.waiting_check()()


def test_the_queue_has_what_is_overridden_and_read(page: gr.Blocks) -> None:
    queue = page._queue
    assert isinstance(queue, gradio_compat.FairQueue), "Blocks keeps its queue elsewhere."
    for name in (
        "event_queue_per_concurrency_id",
        "event_ids_to_events",
        "pending_event_ids_session",
        "pending_messages_per_session",
        "active_jobs",
        "delete_lock",
        "send_message",
        "process_events",
        "_asyncio_tasks",
    ):
        assert hasattr(queue, name), f"Queue.{name} is gone."
    assert _parameters(queueing.Queue.push) == {"self", "body", "request", "username"}
    assert {"alive", "enqueue_time", "session_hash", "fn", "data", "_id"} <= set(
        vars(queueing.Event("s", page.fns[0], None, "user"))  # type: ignore[arg-type]
    ), "Events in the queue are described differently."
    assert {"output", "success"} <= server_messages.ProcessCompletedMessage.model_fields.keys()


def test_a_result_that_nobody_asked_for_is_not_awaited(page: gr.Blocks) -> None:
    page._queue.pending_event_ids_session["visitor"] = {"one"}
    assert gradio_compat.session_of_event(page, "one") == "visitor"
    assert gradio_compat.session_of_event(page, "other") is None
    page._queue.pending_event_ids_session.clear()


def test_the_sets_of_files_are_those_that_gradio_cleans(page: gr.Blocks) -> None:
    assert page.temp_file_sets[0] is page.upload_file_set
    assert all(isinstance(one.temp_files, gradio_compat.PathSet) for one in page.blocks.values())


def test_the_tool_server_has_the_methods_that_are_replaced() -> None:
    server = mcp.GradioMCPServer
    assert _parameters(server.convert_strings_to_filedata) == {
        "self",
        "value",
        "filedata_positions",
    }
    assert {"self", "data", "root_url"} <= _parameters(server.postprocess_output_data)
