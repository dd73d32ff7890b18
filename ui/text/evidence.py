"""HTML of the evidence cards: a preset's reason, counter-evidence, confidence and sources."""

from __future__ import annotations

from presets import Context, Region
from ui.text import numbers
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.templating import render


def region_note(region: Region, language: str = DEFAULT_LANGUAGE) -> str:
    """A region's reason and confidence; the summary "why" opens the whole card."""
    fits = None
    if region.gaze is not None:
        fits = tuple(numbers.degrees(angle, 0) for angle in region.range)
    return render("evidence", "region", language, region, fits)


def context_note(context: Context, language: str = DEFAULT_LANGUAGE) -> str:
    """A context's reason, wardrobe and background; the summary "why" opens the whole card."""
    floor = numbers.percent(context.texture_floor)
    return render("evidence", "context", language, context, floor)
