"""The panel that invents a persona: generated faces in the pose of the portrait."""

from __future__ import annotations

from dataclasses import dataclass, field

import gradio as gr

from pipelines.engines import weights
from pipelines.studio import Look
from pipelines.studio.look import LARGEST_SEED
from presets import load
from ui import comparison
from ui.cancellation import Cancellations, task_key
from ui.components.events import PROGRESS
from ui.components.html import aside, html
from ui.file_store import FileStore
from ui.text import captions
from ui.text.catalogue import t
from ui.text.messages import translate_message


@dataclass
class PersonaPanel:
    """An accordion under the looks, closed at first; a sentence where no engine is installed."""

    file_store: FileStore
    cancellations: Cancellations
    invent: gr.Button | None = field(init=False, default=None)

    def render(self) -> None:
        """Create the accordion."""
        presets = load()
        engines = [
            one
            for one in presets.engines.values()
            if one.invents and weights.state(one, lambda: True) == "ready"
        ]
        with gr.Accordion(t("persona.title"), open=False, elem_id="persona"):
            if not engines:
                aside(t("persona.absent"))
                return
            aside(t("persona.lead"))
            self.context = gr.Dropdown(
                [
                    (t(f"context.{one.id}"), one.id)
                    for one in presets.contexts.values()
                    if not one.untouched
                ],
                value="service-bot",
                label=t("persona.context"),
            )
            self.region = gr.Dropdown(
                [(t(f"region.{one.id}"), one.id) for one in presets.regions.values()],
                value="international",
                label=t("persona.region"),
            )
            self.engine = gr.Dropdown(
                [(t(f"engine.{one.id}"), one.id) for one in engines],
                value=engines[0].id,
                label=t("persona.engine"),
            )
            self.count = gr.Slider(1, 8, 4, step=1, label=t("persona.count"), buttons=[])
            self.seed = gr.Number(
                0, label=t("persona.seed"), precision=0, minimum=0, maximum=LARGEST_SEED
            )
            self.invent = gr.Button(t("persona.invent"), size="sm", elem_id="invent")
            self.results = html()

    def listen(self, portrait: gr.components.Component, language: gr.State) -> None:
        """Attach the handler of the button.

        Args:
            portrait: The portrait, whose pose the faces take.
            language: Holds the visitor's language.
        """
        if self.invent is None:
            return
        self.invent.click(
            self._invent,
            [portrait, self.region, self.context, self.engine, self.count, self.seed, language],
            self.results,
            show_progress="full",
            api_visibility="private",
            concurrency_id="device",
            concurrency_limit=1,
        )

    def _invent(
        self,
        path: str | None,
        region: str,
        context: str,
        engine: str,
        count: float,
        seed: float | None,
        language: str,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> str:
        from pipelines.studio import persona

        look = Look(region=region, context=context, engine=engine, seed=int(seed or 0))
        try:
            with self.cancellations.running(
                task_key(str(request.session_hash), "persona")
            ) as check:

                def report_progress(share: float, step: str) -> None:
                    check()
                    progress(share, desc=translate_message(language, step))

                analysis = comparison.examine(path).analysis
                invented = persona.invent(analysis, look, int(count), report_progress)
        except Exception as error:
            return captions.error_notice(error, language)
        addresses = comparison.save_candidates(invented, self.file_store)
        return captions.candidates(invented, addresses, language)
