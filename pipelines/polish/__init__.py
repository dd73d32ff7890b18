"""The retouch: one file for each dose, and how they work together."""

from pipelines.polish.retouch import Polished, apply, within

__all__ = [
    "Polished",
    "apply",
    "within",
]
