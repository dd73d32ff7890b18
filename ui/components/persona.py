"""Invent a persona: faces that are nobody's, in the pose of the portrait on the page."""

from __future__ import annotations

from dataclasses import dataclass, field

import gradio as gr

from pipelines.runtime.errors import Cancelled
from pipelines.studio import Look
from pipelines.studio.look import LARGEST_SEED
from presets import load
from ui import captions, work
from ui.cancellation import Cancellations, key
from ui.language import t
from ui.pictures import FileStore
from ui.sentences import told

# Gradio puts a tracker of its own in the place of this default, one for each call.
PROGRESS = gr.Progress()


@dataclass
class PersonaPanel:
    """A closed section under the looks."""

    file_store: FileStore
    cancellations: Cancellations
    region: gr.Dropdown = field(init=False)
    context: gr.Dropdown = field(init=False)
    engine: gr.Dropdown = field(init=False)
    count: gr.Slider = field(init=False)
    seed: gr.Number = field(init=False)
    invent: gr.Button = field(init=False)
    made: gr.HTML = field(init=False)

    def render(self) -> None:
        """Everything in one accordion."""
        presets = load()
        able = [one for one in presets.engines.values() if one.weights == "hub"]
        with gr.Accordion(t("persona.title"), open=False, elem_id="persona", visible=bool(able)):
            gr.HTML(f'<p class="p-aside">{t("persona.lead")}</p>', apply_default_css=False)
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
                [(t(f"engine.{one.id}"), one.id) for one in able],
                value=able[0].id if able else None,
                label=t("persona.engine"),
            )
            self.count = gr.Slider(1, 8, 4, step=1, label=t("persona.count"), buttons=[])
            self.seed = gr.Number(
                0, label=t("persona.seed"), precision=0, minimum=0, maximum=LARGEST_SEED
            )
            self.invent = gr.Button(t("persona.invent"), size="sm", elem_id="invent")
            self.made = gr.HTML("", apply_default_css=False)

    def listen(self, portrait: gr.components.Component, language: gr.State) -> None:
        """Inventing takes the portrait on the page as the pose."""
        self.invent.click(
            self._invent,
            [portrait, self.region, self.context, self.engine, self.count, self.seed, language],
            self.made,
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
        look = Look(region=region, context=context, engine=engine, seed=int(seed or 0))
        try:
            with self.cancellations.running(key(str(request.session_hash), "persona")) as check:

                def tell(share: float, step: str) -> None:
                    check()
                    progress(share, desc=told(language, step))

                made = work.invent(work.examine(path), look, int(count), tell)
        except Exception as error:
            return captions.notice(
                work.sentence(error, language), quiet=isinstance(error, Cancelled)
            )
        return captions.persona(made, work.candidates(made, self.file_store), language)
