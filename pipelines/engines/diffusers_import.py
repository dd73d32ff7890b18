"""Import diffusers with a broken torchvision repaired, and without log messages."""

from __future__ import annotations

from types import ModuleType

from pipelines.runtime.vision_compat import repair_torchvision


def load() -> ModuleType:
    """Import diffusers, with the warnings and progress bars of it and of transformers turned off.

    Errors are still raised as exceptions.
    """
    repair_torchvision()
    import diffusers
    import transformers

    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    return diffusers
