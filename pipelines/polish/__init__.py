"""The retouch: one file for each dose, and `retouch`, which applies them within the guards."""

from pipelines.polish.retouch import Polished, apply, within

__all__ = [
    "Polished",
    "apply",
    "within",
]
