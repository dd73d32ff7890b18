"""The two endpoints for programs: `compare` and `measure`. Nothing of them is seen on the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr

from pipelines.provenance import pixel_hash
from ui import work
from ui.pictures import Shelf

# Gradio puts a tracker of its own in the place of this default, one for each call.
PROGRESS = gr.Progress()

_COMPARE = (
    "Make looks of a portrait and compare them. photo: a picture file. looks: one look on a line, "
    "such as region=japan&context=linkedin&gaze=1&polish=0.8. Returns a PNG for each look, in "
    "order, and a report: the original's measurements, each variant's, the ranking and the best."
)
_MEASURE = (
    "Measure a portrait without changing it. photo: a picture file. Returns gaze and head pose in "
    "degrees, skin tone and more."
)


@dataclass
class Door:
    """Hidden components that give the endpoints their inputs and outputs."""

    shelf: Shelf
    photo: gr.File = field(init=False)
    looks: gr.Textbox = field(init=False)
    images: gr.File = field(init=False)
    report: gr.JSON = field(init=False)
    compare: gr.Button = field(init=False)
    measure: gr.Button = field(init=False)

    def render(self) -> None:
        """Everything hidden."""
        self.photo = gr.File(label="photo", visible=False)
        self.looks = gr.Textbox(
            "region=international&context=linkedin", lines=2, label="looks", visible=False
        )
        self.images = gr.File(label="images", file_count="multiple", visible=False)
        self.report = gr.JSON(label="report", visible=False)
        self.compare = gr.Button(visible=False)
        self.measure = gr.Button(visible=False)

    def listen(self) -> None:
        """The two public endpoints."""
        self.compare.click(
            self._compare,
            [self.photo, self.looks],
            [self.images, self.report],
            api_name="compare",
            api_description=_COMPARE,
            concurrency_id="work",
            concurrency_limit=2,
        )
        self.measure.click(
            _measure,
            self.photo,
            self.report,
            api_name="measure",
            api_description=_MEASURE,
            concurrency_id="work",
            concurrency_limit=2,
        )

    def _compare(
        self, photo: str | None, looks: str, progress: gr.Progress = PROGRESS
    ) -> tuple[list[str], dict[str, Any]]:
        try:
            asked = work.parse_looks(looks or "")
            progress(0, desc="Reading the photo")
            comparison = work.compare(
                work.examine(photo), asked, lambda share, step: progress(share, desc=step)
            )
            original = pixel_hash(comparison.analysis.portrait.original_u8)
            images = [
                work.save(variant, self.shelf, original, f"{number}")
                for number, variant in enumerate(comparison.variants, start=1)
            ]
        except Exception as error:
            raise _told(error) from None
        return images, comparison.report()


def _measure(photo: str | None) -> dict[str, Any]:
    from pipelines.studio import Comparison

    try:
        report = Comparison(work.examine(photo).analysis, (), ()).report()
    except Exception as error:
        raise _told(error) from None
    return {key: report[key] for key in ("size", "original", "warnings")}


def _told(error: Exception) -> gr.Error:
    # gr.Error is shown as HTML.
    return gr.Error(escape(work.sentence(error), quote=False), print_exception=False)
