"""Glasses as Blender curves: two rims, a bridge and temples. Blender is passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.renders.pose import Pose, place

if TYPE_CHECKING:
    from training.renders.head import RestHead

Array = npt.NDArray[np.float64]

STYLES: dict[str, tuple[float, float, float, tuple[float, float, float]]] = {
    "round": (22.5, 21.0, 2.0, (0.10, 0.06, 0.03)),
    "oval": (24.0, 17.0, 2.2, (0.35, 0.33, 0.32)),
    "square": (25.0, 18.5, 4.5, (0.012, 0.012, 0.014)),
}
"""Half width and half height of a rim in mm, its super-ellipse exponent, linear RGB."""


def add(bpy: Any, head: RestHead, vertices: Array, pose: Pose) -> None:
    """Add the identity's glasses to the current scene.

    Args:
        bpy: the Blender module.
        head: the head at rest.
        vertices: its vertices with fitted lids, (N, 3) mm.
        pose: of the head.
    """
    half_w, half_h, power, colour = STYLES[head.identity.glasses]
    frame = bpy.data.materials.new("frame")
    frame.use_nodes = True
    shader = frame.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = 0.25
    pd = head.centers["subject_left"][0]
    front = vertices[np.abs(vertices[:, 0]) < 9]
    bridge_z = front[np.abs(front[:, 1] - 4) < 4][:, 2].max() + 1.5
    plane = max(bridge_z, head.centers["subject_left"][2] + 24.5)
    paths = []
    theta = np.linspace(0, 2 * np.pi, 73)
    for sign in (1, -1):
        c, s = np.cos(theta), np.sin(theta)
        x = np.sign(c) * np.abs(c) ** (2 / power) * half_w
        y = np.sign(s) * np.abs(s) ** (2 / power) * half_h - 2.5
        z = plane - 0.006 * (x * sign + 12) ** 2 * (x * sign > -12)
        paths.append(np.stack([x + sign * (pd + 1.0), y, z], 1))
        hinge = np.array([sign * (pd + 1.0 + half_w), 5.0, z.min()])
        ear = np.array([sign * 80.0, -2.0, head.pivot[2] + 8])
        widest = np.array([sign * 79.0, 4.0, z.min() - 25])
        t = np.linspace(0, 1, 16)[:, None]
        paths.append((1 - t) ** 2 * hinge + 2 * t * (1 - t) * widest + t**2 * ear)
    t = np.linspace(-1, 1, 12)
    half_gap = pd + 1.0 - half_w
    paths.append(np.stack([t * half_gap, 3.0 + 2.5 * (1 - t**2), plane + 0.8 * (1 - t**2)], 1))
    for i, path in enumerate(paths):
        _tube(bpy, f"glasses {i}", place(head, path, np.ones(len(path)), pose), frame)


def _tube(bpy: Any, name: str, path: Array, material: Any) -> None:
    """Add a round tube along a path (n, 3) mm."""
    data = bpy.data.curves.new(name, "CURVE")
    data.dimensions = "3D"
    data.bevel_depth = 0.11
    data.bevel_resolution = 3
    spline = data.splines.new("POLY")
    spline.points.add(len(path) - 1)
    homogeneous = np.concatenate([path * 0.1, np.ones((len(path), 1))], axis=1)
    spline.points.foreach_set("co", homogeneous.astype(np.float32).ravel())
    data.materials.append(material)
    obj = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(obj)
