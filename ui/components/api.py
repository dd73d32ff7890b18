"""The two endpoints for programs: `compare` and `measure`. Nothing of them is seen on the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr

from pipelines.runtime.errors import Cancelled
from presets import load
from ui import visitor, work
from ui.pictures import FileStore

# Gradio puts a tracker of its own in the place of this default, one for each call.
PROGRESS = gr.Progress()

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
    """Hidden components that give the endpoints their inputs and outputs."""

    file_store: FileStore
    photo: gr.File = field(init=False)
    looks: gr.Textbox = field(init=False)
    images: gr.File = field(init=False)
    report: gr.JSON = field(init=False)
    ask_compare: gr.Button = field(init=False)
    ask_measure: gr.Button = field(init=False)

    def render(self) -> None:
        """Everything hidden."""
        self.photo = gr.File(label="photo", visible=False)
        self.looks = gr.Textbox(_EXAMPLE, lines=2, label="looks", visible=False)
        self.images = gr.File(label="images", file_count="multiple", visible=False)
        self.report = gr.JSON(label="report", visible=False)
        self.ask_compare = gr.Button(visible=False)
        self.ask_measure = gr.Button(visible=False)

    def listen(self) -> None:
        """The two public endpoints."""
        work_queue: dict[str, Any] = {"concurrency_id": "work", "concurrency_limit": 2}
        self.ask_compare.click(
            self.compare,
            [self.photo, self.looks],
            [self.images, self.report],
            api_name="compare",
            api_description=_compare_description(),
            **work_queue,
        )
        self.ask_measure.click(
            self.measure,
            self.photo,
            self.report,
            api_name="measure",
            api_description=_MEASURE,
            **work_queue,
        )

    # Tools are called what these two are, and say of their inputs what stands here.

    def compare(
        self, photo: str | None, looks: str, progress: gr.Progress = PROGRESS
    ) -> tuple[list[str], dict[str, Any]]:
        """Make looks of a portrait and compare them.

        Args:
            photo: A portrait as a picture file (JPEG, PNG, WebP, HEIC), one face, eyes open.
            looks: One to 8 looks, one on a line, such as region=japan&context=linkedin&gaze=1&polish=0.8. What a line leaves out takes its default. region is who will see it, context what it is for; gaze is none, a strength from 0 to 1, or yaw,pitch in degrees; polish is a strength from 0 to 1; doses such as B:0.3,E:0 set single retouches.
            progress: Told how far it is.
        """  # noqa: E501
        # One line for each input: that is as far as Gradio reads.
        try:
            asked = work.parse_looks(looks or "")
            progress(0, desc="Reading the photo")
            taken = work.examine(self.file_store.take(photo))
            return work.compared(taken, asked, self.file_store, _told_while_awaited(progress))
        except Exception as error:
            raise _told(error) from None

    def measure(self, photo: str | None) -> dict[str, Any]:
        """Measure a portrait without changing it.

        Args:
            photo: A portrait as a picture file (JPEG, PNG, WebP, HEIC), one face, eyes open.
        """
        from pipelines.studio import Comparison

        try:
            taken = self.file_store.take(photo)
            report = Comparison(work.examine(taken).analysis, (), ()).report()
        except Exception as error:
            raise _told(error) from None
        return {key: report[key] for key in ("size", "original", "warnings")}


def _compare_description() -> str:
    presets = load()
    return (
        f"{_COMPARE} Regions: {', '.join(presets.regions)}. "
        f"Contexts: {', '.join(presets.contexts)}. Engines: {', '.join(presets.engines)}."
    )


def _told_while_awaited(progress: gr.Progress) -> work.Progress:
    """Tells how far it is; ends the work once nobody waits for it any longer."""
    waiting = visitor.waiting()

    def tell(share: float, step: str) -> None:
        if not waiting():
            raise Cancelled
        progress(share, desc=step)

    return tell


def _told(error: Exception) -> gr.Error:
    # gr.Error is shown as HTML.
    return gr.Error(escape(work.sentence(error), quote=False), print_exception=False)
