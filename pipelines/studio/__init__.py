"""A photo and looks in, results out: the one door for the page and the command line.

`look` is what a person chose, `planning` what the presets make of it, `analysis` what is learned
from a photo once, `rendering` makes one look, `comparison` ranks several.
"""

from pipelines.studio.analysis import Analysis, analyse, analyse_pixels
from pipelines.studio.comparison import Comparison, compare, each
from pipelines.studio.look import Look
from pipelines.studio.rendering import Progress, Variant, render

__all__ = [
    "Analysis",
    "Comparison",
    "Look",
    "Progress",
    "Variant",
    "analyse",
    "analyse_pixels",
    "compare",
    "each",
    "render",
]
