"""The two endpoints for programs, `compare` and `measure`, on hidden components."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from pipelines.runtime.errors import Cancelled
from presets import load
from ui import comparison, gradio_compat
from ui.components.events import PROGRESS, WORK
from ui.file_store import FileStore
from ui.text import messages

_COMPARE = (
    "Make looks of a portrait and compare them: the gaze is set to an angle, the skin retouched in "
    "doses, and each result measured against the photo. Returns a picture for each look, in order, "
    "and a report (JSON): the original's measurements, each variant's (gaze in degrees, "
    "likeness, skin texture, skin tone, warnings), the ranking and the best. Smaller identity "
    "distances are better: 0 is the same picture, 0.6 somebody else. Edit only portraits of people "
    "who agree, and say that the result is edited."
)
_MEASURE = (
    "Measure a portrait without changing it. Returns a report (JSON): gaze and head pose in "
    "degrees off the lens (yaw > 0 to the right of the picture, pitch > 0 up), skin tone, and "
    "warnings about the photo. A gaze within 2.6 degrees reads as eye contact. Nothing about the "
    "person is inferred: no identity, age, gender or ethnicity."
)
_EXAMPLE = "region=international&context=linkedin"


@dataclass
class Api:
    """Hidden components for the inputs and outputs of the endpoints."""

    file_store: FileStore

    def render(self) -> None:
        """Create the hidden components."""
        self.photo = gr.File(label="photo", visible=False)
        self.looks = gr.Textbox(_EXAMPLE, lines=2, label="looks", visible=False)
        self.images = gr.File(label="images", file_count="multiple", visible=False)
        self.report = gr.JSON(label="report", visible=False)
        self.compare_button = gr.Button(visible=False)
        self.measure_button = gr.Button(visible=False)

    def listen(self) -> None:
        """Attach the two public endpoints."""
        options = {**WORK, "api_visibility": "public"}
        self.compare_button.click(
            self.compare,
            [self.photo, self.looks],
            [self.images, self.report],
            api_name="compare",
            api_description=_compare_description(),
            **options,
        )
        self.measure_button.click(
            self.measure,
            self.photo,
            self.report,
            api_name="measure",
            api_description=_MEASURE,
            **options,
        )

    # MCP tools take their names and the descriptions of their inputs from these two methods.

    def compare(
        self, photo: str | None, looks: str, progress: gr.Progress = PROGRESS
    ) -> tuple[list[str], dict[str, Any]]:
        """Make looks of a portrait and compare them.

        Args:
            photo: A portrait as a picture file (JPEG, PNG, WebP, HEIC), one face, eyes open.
            looks: One to 8 looks, one on a line, such as region=japan&context=linkedin&gaze=1&polish=0.8. What a line leaves out takes its default. region is who will see it, context what it is for; gaze is none, a strength from 0 to 1, or yaw,pitch in degrees; polish is a strength from 0 to 1; doses such as B:0.3,E:0 set single retouches.
            progress: Told how far it is.
        """  # noqa: E501
        # The docstring has one line for each input, because Gradio reads only the first.
        try:
            parsed = comparison.parse_looks(looks or "")
            progress(0, desc="Reading the photo")
            examined = comparison.examine(self.file_store.register_upload(photo))
            return comparison.compare_to_files(
                examined, parsed, self.file_store, _report_while_awaited(progress)
            )
        except Exception as error:
            raise _public_error(error) from None

    def measure(self, photo: str | None) -> dict[str, Any]:
        """Measure a portrait without changing it.

        Args:
            photo: A portrait as a picture file (JPEG, PNG, WebP, HEIC), one face, eyes open.
        """
        from pipelines.studio import Comparison

        try:
            path = self.file_store.register_upload(photo)
            report = Comparison(comparison.examine(path).analysis, (), ()).report()
        except Exception as error:
            raise _public_error(error) from None
        return {key: report[key] for key in ("size", "origin", "original", "warnings")}


def _compare_description() -> str:
    presets = load()
    return (
        f"{_COMPARE} Regions: {', '.join(presets.regions)}. "
        f"Contexts: {', '.join(presets.contexts)}. Engines: {', '.join(presets.engines)}."
    )


def _report_while_awaited(progress: gr.Progress) -> comparison.Progress:
    """A callback that reports the progress, and raises `Cancelled` once nobody waits for it."""
    someone_waits = gradio_compat.waiting_check()

    def report_progress(share: float, step: str) -> None:
        if not someone_waits():
            raise Cancelled
        progress(share, desc=step)

    return report_progress


def _public_error(error: Exception) -> gr.Error:
    # Gradio shows the text of gr.Error as HTML.
    return gr.Error(escape(messages.error_message(error), quote=False), print_exception=False)
