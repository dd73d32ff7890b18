"""Import workarounds, each tested in a new process because a module is imported only once."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]

HIDE_TORCHVISION = """
import importlib.machinery as machinery
find = machinery.PathFinder.find_spec
machinery.PathFinder.find_spec = lambda name, *rest: (
    None if name.partition(".")[0] == "torchvision" else find(name, *rest)
)
"""

# Both register fake operators at import, as torchvision does. The compiled extension that would
# have declared them is missing in the first and replaced in the second.
BROKEN_TORCHVISION = """
import torch
import torchvision.early

@torch.library.register_fake("torchvision::nms")
def nms(dets, scores, iou_threshold):
    return dets

@torch.library.register_fake("torchvision::qnms")
def qnms(dets, scores, iou_threshold):
    return dets
"""
WORKING_TORCHVISION = """
import torch
library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
""" + BROKEN_TORCHVISION.replace("import torchvision.early", "")


def run(code: str, *paths: Path) -> Any:
    """Run code in a new interpreter and return the JSON that it printed.

    It must print nothing else, and nothing to stderr.
    """
    search_path = os.pathsep.join(str(path) for path in (*paths, ROOT))
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": search_path, "OMP_NUM_THREADS": "1"},
        timeout=120,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    return json.loads(process.stdout)


def fake_torchvision(folder: Path, source: str) -> Path:
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(source)
    (package / "early.py").write_text("")
    return folder


def test_importing_the_module_imports_nothing_heavy() -> None:
    heavy = run(
        """
        import json, sys
        import pipelines.runtime.vision_compat
        heavy = {"torch", "torchvision", "mediapipe", "cv2", "controlnet_aux", "transformers"}
        print(json.dumps(sorted(heavy & set(sys.modules))))
        """
    )
    assert heavy == []


def test_clip_imports_with_the_installed_torchvision() -> None:
    result = run(
        """
        import json, os, subprocess, sys
        plain = subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True)
        from pipelines.runtime.vision_compat import repair_torchvision
        states = [repair_torchvision(), repair_torchvision()]
        from transformers import CLIPTextModel
        import torch
        from torchvision.transforms import functional
        print(json.dumps({
            "plain_import_failed": plain.returncode != 0,
            "states": states,
            "clip": CLIPTextModel.__name__,
            "resized": list(functional.resize(torch.zeros(3, 8, 6), [4, 3]).shape),
            "omp": os.environ["OMP_WAIT_POLICY"],
        }))
        """
    )
    assert result["clip"] == "CLIPTextModel"
    assert result["states"] == [("repaired" if result["plain_import_failed"] else "working")] * 2
    assert result["resized"] == [3, 4, 3]
    assert result["omp"] == os.environ.get("OMP_WAIT_POLICY", "PASSIVE")


def test_a_broken_torchvision_stays_repaired(tmp_path: Path) -> None:
    folder = fake_torchvision(tmp_path, BROKEN_TORCHVISION)
    result = run(
        """
        import gc, json, sys
        from pipelines.runtime.vision_compat import repair_torchvision
        state = repair_torchvision()
        gc.collect()
        import torch, torchvision
        kept = "iou_threshold" in str(torch.ops.torchvision.nms.default._schema)
        print(json.dumps([state, torchvision.__file__, torchvision.early.__name__, kept]))
        """,
        folder,
    )
    init = str(folder / "torchvision" / "__init__.py")
    assert result == ["repaired", init, "torchvision.early", True]


def test_a_working_torchvision_is_left_alone(tmp_path: Path) -> None:
    result = run(
        """
        import json, sys
        from pipelines.runtime import vision_compat
        state = vision_compat.repair_torchvision()
        print(json.dumps([state, vision_compat._operators is None]))
        """,
        fake_torchvision(tmp_path, WORKING_TORCHVISION),
    )
    assert result == ["working", True]


def test_clip_imports_without_torchvision() -> None:
    result = run(
        HIDE_TORCHVISION
        + textwrap.dedent(
            """
            import json
            from pipelines.runtime.vision_compat import repair_torchvision
            state = repair_torchvision()
            from transformers import CLIPTextModel
            print(json.dumps([state, CLIPTextModel.__name__]))
            """
        )
    )
    assert result == ["absent", "CLIPTextModel"]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('raise RuntimeError("libcudart.so is damaged")', "damaged"),
        ("import a_module_that_is_not_there", "a_module_that_is_not_there"),
    ],
    ids=["another-error", "another-module-missing"],
)
def test_other_import_errors_are_raised(tmp_path: Path, source: str, word: str) -> None:
    result = run(
        """
        import json
        from pipelines.runtime import vision_compat
        try:
            vision_compat.repair_torchvision()
        except (RuntimeError, ImportError) as error:
            print(json.dumps([str(error), vision_compat._operators is None]))
        """,
        fake_torchvision(tmp_path, source),
    )
    message, untouched = result
    assert word in message
    assert untouched


def test_the_annotator_is_imported_silently_and_without_its_package() -> None:
    result = run(
        """
        import json, sys
        from pipelines.runtime.vision_compat import mediapipe_annotator, mediapipe_detector
        annotator = mediapipe_annotator()
        print(json.dumps({
            "name": annotator.__name__,
            "same": annotator is mediapipe_annotator(),
            "callable": callable(annotator.generate_annotation),
            "pupil": list(annotator.left_iris_draw.color),
            "detector": mediapipe_detector().__name__,
            "others": sorted(
                name for name in sys.modules
                if name == "torchvision"
                or name.startswith("controlnet_aux.") and "mediapipe" not in name
            ),
        }))
        """
    )
    assert result == {
        "name": "controlnet_aux.mediapipe_face.mediapipe_face_common",
        "same": True,
        "callable": True,
        "pupil": [250, 200, 10],
        "detector": "MediapipeFaceDetector",
        "others": ["controlnet_aux.util"],
    }
