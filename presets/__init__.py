"""The dropdowns as data: who will see a portrait, what it is for, and how the eyes are moved."""

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
from presets.spoken import spoken

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
    "spoken",
]
