"""The dropdowns as data: audiences (regions), uses of a portrait (contexts) and engines."""

from presets.schema import (
    Confidence,
    Context,
    Doses,
    Engine,
    HubFile,
    PresetError,
    Presets,
    Region,
    Source,
    load,
)
from presets.translations import translated

__all__ = [
    "Confidence",
    "Context",
    "Doses",
    "Engine",
    "HubFile",
    "PresetError",
    "Presets",
    "Region",
    "Source",
    "load",
    "translated",
]
