"""Rendering looks of a photo and comparing them; used by the page and by the command line.

`look` is what a person chose, `planning` what the presets make of it for one photo, `analysis` what
is measured on a photo before any look, `rendering` renders one look, `workers` has that done on
other machines where there are any, `comparison` ranks several.
"""

from pipelines.studio.analysis import Analysis, analyse, analyse_pixels
from pipelines.studio.comparison import Comparison, compare, render_each
from pipelines.studio.framing import Framed
from pipelines.studio.look import Look
from pipelines.studio.rendering import Variant, framed
from pipelines.studio.turning import Progress
from pipelines.studio.workers import render

__all__ = [
    "Analysis",
    "Comparison",
    "Framed",
    "Look",
    "Progress",
    "Variant",
    "analyse",
    "analyse_pixels",
    "compare",
    "framed",
    "render",
    "render_each",
]
