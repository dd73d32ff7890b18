"""Importing diffusers the way Presence needs it: beside a broken torchvision, and without noise."""

from __future__ import annotations

from types import ModuleType

from pipelines.runtime.vision_compat import repair_torchvision


def load() -> ModuleType:
    """Import diffusers; its and transformers' notices for developers and loading bars are off.

    What goes wrong is raised, and told in Presence's own words.
    """
    repair_torchvision()
    import diffusers
    import transformers

    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    return diffusers
