"""Skin for the sample portraits: uneven colour, pores, and gloss that varies over the face."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from training.renders.identities import Identity
from training.renders.materials import attribute, noise, skin

Array = npt.NDArray[np.float64]


def photo_skin(bpy: Any, identity: Identity) -> Any:
    """The material of :func:`materials.skin` with finer relief, uneven colour and gloss.

    The mesh needs the attribute ``oil`` (0 dry .. 1 the middle of forehead and nose) and those of
    :func:`materials.skin`; ``rest`` is in cm.
    """
    material = skin(bpy, identity)
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    rest = attribute(tree, "rest", "Vector")
    oil = attribute(tree, "oil", "Fac")
    lips = attribute(tree, "lips", "Fac")
    _mottle(tree, shader, rest)
    _gloss(tree, shader, rest, oil, lips)
    _relief(tree, shader, rest, oil, lips, identity.age)
    shader.subsurface_method = "BURLEY"
    shader.inputs["Subsurface Weight"].default_value = 0.9
    shader.inputs["Subsurface Radius"].default_value = (1.0, 0.32, 0.17)
    shader.inputs["Subsurface Scale"].default_value = 0.17
    return material


def _mottle(tree: Any, shader: Any, rest: Any) -> None:
    """Vary blood and pigment on four scales, from centimetres to small spots."""
    socket = shader.inputs["Base Color"].links[0].from_socket
    for scale, red, amount in (
        (0.55, (1.06, 0.93, 0.91), 0.55),
        (1.9, (1.05, 0.92, 0.89), 0.50),
        (5.5, (1.04, 0.91, 0.88), 0.45),
        (14.0, (0.90, 0.86, 0.84), 0.40),
    ):
        mix = tree.nodes.new("ShaderNodeMix")
        mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
        mix.inputs[7].default_value = (*red, 1)
        share = _range(tree, noise(tree, rest, scale, 3), 0.42, 0.68, 0.0, amount)
        tree.links.new(share, mix.inputs[0])
        tree.links.new(socket, mix.inputs[6])
        socket = mix.outputs[2]
    tree.links.new(socket, shader.inputs["Base Color"])


def _gloss(tree: Any, shader: Any, rest: Any, oil: Any, lips: Any) -> None:
    """Vary roughness and specular level with oil, lips and noise."""
    base = shader.inputs["Roughness"].links[0].from_socket
    patchy = _range(tree, noise(tree, rest, 7.0, 4), 0.3, 0.7, -0.07, 0.09)
    rough = _add(tree, base, patchy)
    rough = _add(tree, rough, _range(tree, oil, 0, 1, 0.08, -0.06))
    rough = _add(tree, rough, _range(tree, lips, 0, 1, 0.0, -0.08))
    tree.links.new(rough, shader.inputs["Roughness"])
    level = _range(tree, oil, 0, 1, 0.28, 0.42)
    tree.links.new(level, shader.inputs["Specular IOR Level"])


def _relief(tree: Any, shader: Any, rest: Any, oil: Any, lips: Any, age: float) -> None:
    """Bumps on several scales: a few mm, pores, the net of lines between them, grain; lips."""
    lumps = _bump(tree, noise(tree, rest, 3.2, 2), 0.35, 0.016 + 0.02 * age, None)
    pore = tree.nodes.new("ShaderNodeTexVoronoi")
    pore.feature = "SMOOTH_F1"
    pore.inputs["Scale"].default_value = 11.0
    pore.inputs["Smoothness"].default_value = 0.25
    warped = _warp(tree, rest, 6.0, 0.06)
    tree.links.new(warped, pore.inputs["Vector"])
    pit = _range(tree, pore.outputs["Distance"], 0.04, 0.26, 0.0, 1.0)
    deep = _range(tree, oil, 0, 1, 0.45, 1.0)
    pores = _bump(tree, _times(tree, pit, deep), 0.8, 0.012, lumps)
    net = tree.nodes.new("ShaderNodeTexVoronoi")
    net.feature = "DISTANCE_TO_EDGE"
    net.inputs["Scale"].default_value = 21.0
    tree.links.new(_warp(tree, rest, 11.0, 0.05), net.inputs["Vector"])
    groove = _range(tree, net.outputs["Distance"], 0.0, 0.10, 0.0, 1.0)
    netted = _bump(tree, groove, 0.5, 0.006 + 0.004 * age, pores)
    grainy = _bump(tree, noise(tree, rest, 46.0, 2), 0.5, 0.006, netted)
    # The folds of the lips are vertical lines.
    stretch = tree.nodes.new("ShaderNodeMapping")
    stretch.inputs["Scale"].default_value = (1.0, 0.16, 0.5)
    tree.links.new(rest, stretch.inputs["Vector"])
    lines = _times(tree, noise(tree, stretch.outputs["Vector"], 9.0, 3), lips)
    final = _bump(tree, lines, 0.6, 0.035, grainy)
    tree.links.new(final, shader.inputs["Normal"])


def oil(vertices: Array, lip_height: float) -> Array:
    """Oiliness of the skin, (N,) 0..1: forehead, nose and chin more than cheeks.

    Args:
        vertices: of the head, (N, 3) mm.
        lip_height: mean y of the lips, mm.
    """
    x, y, _ = vertices.T
    forehead = np.exp(-((x / 34) ** 2)) * np.clip((y - 18) / 14, 0, 1)
    nose = np.exp(-((x / 15) ** 2)) * (y < 24) * (y > lip_height + 12)
    chin = np.exp(-((x / 15) ** 2) - ((y - lip_height + 26) / 12) ** 2)
    cheek = 0.45 * np.exp(-(((np.abs(x) - 36) / 17) ** 2) - ((y + 24) / 18) ** 2)
    return np.clip(np.maximum.reduce([0.8 * forehead, nose, 0.6 * chin, cheek]), 0, 1)


def _warp(tree: Any, vector: Any, scale: float, amount: float) -> Any:
    """Distort a vector by noise."""
    node = tree.nodes.new("ShaderNodeTexNoise")
    node.inputs["Scale"].default_value = scale
    tree.links.new(vector, node.inputs["Vector"])
    scaled = tree.nodes.new("ShaderNodeVectorMath")
    scaled.operation = "SCALE"
    scaled.inputs["Scale"].default_value = amount
    tree.links.new(node.outputs["Color"], scaled.inputs[0])
    total = tree.nodes.new("ShaderNodeVectorMath")
    tree.links.new(vector, total.inputs[0])
    tree.links.new(scaled.outputs["Vector"], total.inputs[1])
    return total.outputs["Vector"]


def _bump(tree: Any, height: Any, strength: float, distance: float, under: Any) -> Any:
    node = tree.nodes.new("ShaderNodeBump")
    node.inputs["Strength"].default_value = strength
    node.inputs["Distance"].default_value = distance
    tree.links.new(height, node.inputs["Height"])
    if under is not None:
        tree.links.new(under, node.inputs["Normal"])
    return node.outputs["Normal"]


def _range(tree: Any, value: Any, low: float, high: float, to_low: float, to_high: float) -> Any:
    """Map low..high linearly to to_low..to_high."""
    node = tree.nodes.new("ShaderNodeMapRange")
    for name, number in zip(
        ("From Min", "From Max", "To Min", "To Max"), (low, high, to_low, to_high), strict=True
    ):
        node.inputs[name].default_value = number
    tree.links.new(value, node.inputs["Value"])
    return node.outputs["Result"]


def _add(tree: Any, a: Any, b: Any) -> Any:
    return _math(tree, "ADD", a, b)


def _times(tree: Any, a: Any, b: Any) -> Any:
    return _math(tree, "MULTIPLY", a, b)


def _math(tree: Any, operation: str, a: Any, b: Any) -> Any:
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = operation
    tree.links.new(a, node.inputs[0])
    tree.links.new(b, node.inputs[1])
    return node.outputs["Value"]
