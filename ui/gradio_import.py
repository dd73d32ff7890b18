"""Import Gradio without the stub files that it writes beside the classes of its components.

They are for editors, and reading and writing them takes a third of the import. Gradio writes none
for a class without a source file.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any
from unittest.mock import patch

_getfile = inspect.getfile


def import_gradio() -> None:
    """Import Gradio; do it before any other module does."""
    with patch.object(inspect, "getfile", _file_of):
        importlib.import_module("gradio")


def _file_of(thing: Any) -> str:
    if isinstance(thing, type) and thing.__module__.startswith("gradio."):
        raise OSError("no source file")
    return _getfile(thing)
