"""Two imports that need care: torchvision beside a CPU torch, and controlnet-aux's MediaPipe part.

Nothing heavy is imported with this module; torch and mediapipe come with the first call. The
entry points (`app.py`, `pipelines/__main__.py`, the scripts in training and benchmarks) should set
`OMP_WAIT_POLICY=PASSIVE` before anything imports torch: OpenMP reads it once, when torch loads, and
its default lets idle threads spin, which on a busy machine with few cores costs up to twenty times.
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

# What torchvision's Python side says when its compiled half did not load.
_MISSING_OPERATORS = "operator torchvision::nms does not exist"
_NMS_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_CONTROLNET_AUX = "controlnet_aux"
_MEDIAPIPE_FACE = "controlnet_aux.mediapipe_face"

_lock = threading.RLock()
_state: TorchvisionState | None = None
# torch takes an operator's schema back when its Library is collected, so this one must stay.
_operators: torch.library.Library | None = None


def repair_torchvision() -> TorchvisionState:
    """Make `import torchvision` succeed beside a CPU build of torch; leave it alone otherwise.

    The torchvision of the package registry is compiled for CUDA. Beside a CPU torch its compiled
    half cannot load, and its Python half then stops at the first operator it wants to describe.
    That also breaks `from transformers import CLIPTextModel`, and with it every Stable Diffusion
    pipeline, although none of them runs a torchvision operator. Declaring the two operators
    (without an implementation) is enough for the Python half: transforms and image processors
    work, and only a call of `torchvision.ops.nms` itself would raise.

    Call it before transformers or diffusers are imported. It acts only after seeing that very
    error, and a second call returns the first one's answer.

    Returns:
        "working" if torchvision imports as it is, "repaired" if it needed the declarations,
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
    """Import `controlnet_aux.mediapipe_face.mediapipe_face_common` and nothing beside it.

    The module holds the drawing specs of the MediaPipe face annotation (colours in BGR order,
    line thickness) and `generate_annotation`.

    Raises:
        ImportError: controlnet-aux, torch or OpenCV is not installed.
    """
    return _import_from_controlnet_aux(f"{_MEDIAPIPE_FACE}.mediapipe_face_common")


def mediapipe_detector() -> type:
    """Import the class `controlnet_aux.mediapipe_face.MediapipeFaceDetector`, likewise alone.

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
    """Drop the half-imported modules of a package, so that the next import starts afresh."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def _import_from_controlnet_aux(name: str) -> ModuleType:
    """Import a submodule of controlnet-aux without running the package's own `__init__`.

    That `__init__` imports every detector: three seconds, pages of warnings, and torchvision. A
    module made from the package's spec but never executed has the real `__path__`, which is all
    that importing a submodule asks of its parent.
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
