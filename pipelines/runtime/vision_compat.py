"""Import workarounds for torchvision with a CPU build of torch, and for controlnet-aux.

This module imports nothing heavy; torch and mediapipe are imported by the first call. The entry
points (`app.py`, `pipelines/__main__.py`, the scripts in training and benchmarks) should set
`OMP_WAIT_POLICY=PASSIVE` before anything imports torch: OpenMP reads it once, when torch loads, and
its default lets idle threads spin, which on a busy machine with few cores takes up to twenty times
as long.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    import torch

TorchvisionState = Literal["working", "repaired", "absent"]

# torchvision's error when its compiled extension did not load.
_MISSING_OPERATORS = "operator torchvision::nms does not exist"
_NMS_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_CONTROLNET_AUX = "controlnet_aux"
_MEDIAPIPE_FACE = "controlnet_aux.mediapipe_face"

_lock = threading.RLock()
_state: TorchvisionState | None = None
# torch removes an operator's schema when its Library is garbage-collected, so keep a reference.
_operators: torch.library.Library | None = None


def repair_torchvision() -> TorchvisionState:
    """Make `import torchvision` work with a CPU build of torch; change nothing otherwise.

    The torchvision on PyPI is compiled for CUDA. With a CPU build of torch its extension cannot
    load, and its Python code then fails at the first operator for which it registers a fake
    implementation. That also breaks `from transformers import CLIPTextModel`, and with it every
    Stable Diffusion pipeline, although none of them runs a torchvision operator. It is enough to
    declare the two operators without an implementation: transforms and image processors work, and
    only a call of `torchvision.ops.nms` itself raises.

    Call this before transformers or diffusers are imported. It acts only on that very error; a
    second call returns the result of the first.

    Returns:
        "working" if torchvision imports unaided, "repaired" if it needed the declarations,
        "absent" if it is not installed (transformers and diffusers then fall back to Pillow).

    Raises:
        ImportError, RuntimeError: torchvision is broken in another way, or torch is missing.
    """
    global _state
    with _lock:
        if _state is None:
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
            _state = _import_torchvision()
        return _state


def mediapipe_annotator() -> ModuleType:
    """Import `controlnet_aux.mediapipe_face.mediapipe_face_common` without its package.

    The module has the drawing specs of the MediaPipe face annotation (colours in BGR order,
    line thickness) and `generate_annotation`.

    Raises:
        ImportError: controlnet-aux, torch or OpenCV is not installed.
    """
    return _import_from_controlnet_aux(f"{_MEDIAPIPE_FACE}.mediapipe_face_common")


def mediapipe_detector() -> type:
    """Import `controlnet_aux.mediapipe_face.MediapipeFaceDetector` without its package.

    Raises:
        ImportError: controlnet-aux, torch or OpenCV is not installed.
    """
    return cast("type", _import_from_controlnet_aux(_MEDIAPIPE_FACE).MediapipeFaceDetector)


def _import_torchvision() -> TorchvisionState:
    try:
        importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        if error.name != "torchvision":
            raise
        return "absent"
    except RuntimeError as error:
        if _MISSING_OPERATORS not in str(error):
            raise
    else:
        return "working"
    _declare_operators()
    _forget("torchvision")
    importlib.import_module("torchvision")
    return "repaired"


def _declare_operators() -> None:
    global _operators
    import torch

    _operators = torch.library.Library("torchvision", "DEF")
    _operators.define(f"nms{_NMS_SIGNATURE}")
    _operators.define(f"qnms{_NMS_SIGNATURE}")


def _forget(package: str) -> None:
    """Remove a package's partly imported modules, so that the next import starts again."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def _import_from_controlnet_aux(name: str) -> ModuleType:
    """Import a submodule of controlnet-aux without running the package's `__init__`.

    That `__init__` imports every detector, which takes three seconds, prints pages of warnings and
    needs torchvision. A module created from the package's spec but never executed has the real
    `__path__`, which is all that importing a submodule needs of its parent.
    """
    with _lock:
        if _CONTROLNET_AUX not in sys.modules:
            spec = importlib.util.find_spec(_CONTROLNET_AUX)
            if spec is None:
                raise ModuleNotFoundError(
                    "controlnet-aux is not installed: run `pip install -r requirements.txt`.",
                    name=_CONTROLNET_AUX,
                )
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
            sys.modules[_CONTROLNET_AUX] = importlib.util.module_from_spec(spec)
        return importlib.import_module(name)
