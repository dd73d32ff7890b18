"""Cycles materials: skin, globe, tear film, hair, cloth. Blender is passed in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from training.renders.identities import HAIRS, SKINS, Identity

RGB = tuple[float, float, float]


def linear(colour: RGB) -> npt.NDArray[np.float64]:
    """Convert sRGB 0..1 to linear RGB, (3,) (IEC 61966-2-1)."""
    c = np.array(colour, float)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def skin(bpy: Any, identity: Identity) -> Any:
    """Skin with blood, lips, shaved shadow, pores and subsurface scattering."""
    material, tree, shader = _new(bpy, "skin")
    base = linear(SKINS[identity.skin])
    light = float(base.mean() / 0.5)
    mixer = _Mixer(tree, base)
    rest = attribute(tree, "rest", "Vector")
    mottled = noise(tree, rest, 0.9, 4)
    mixer.shade(mottled, 0.95, 1.05)
    fine = noise(tree, rest, 9.0, 3)
    mixer.shade(fine, 0.90, 1.08)
    mixer.shade(noise(tree, rest, 30.0, 2), 0.93, 1.06)
    red = base * np.array([1.02, 0.70, 0.66])
    mixer.blend(attribute(tree, "blood", "Fac"), red, 0.65 + 0.3 * identity.redness)
    mixer.blend(attribute(tree, "hollow", "Fac"), base * np.array([0.74, 0.62, 0.66]), 0.5)
    mixer.blend(attribute(tree, "thin", "Fac"), base * np.array([0.93, 0.82, 0.80]), 0.5)
    lip = base * np.array([0.80, 0.46, 0.47]) + np.array([0.05, 0.0, 0.004]) * min(light, 1)
    mixer.blend(attribute(tree, "lips", "Fac"), lip, 0.80)
    mixer.blend(attribute(tree, "shaved", "Fac"), base * np.array([0.52, 0.52, 0.56]), 0.5)
    mixer.blend(attribute(tree, "scalp", "Fac"), 0.7 * np.array(HAIRS[identity.hair]), 0.88)
    if identity.freckles:
        spots = _spots(tree, rest, identity.freckles)
        mixer.blend(spots, base * np.array([0.60, 0.42, 0.30]), 0.55)
    dark = np.minimum(base, 0.25) * np.array([0.30, 0.22, 0.20])
    mixer.blend(attribute(tree, "lashline", "Fac"), dark, 0.75)
    wet = np.array([0.55, 0.27, 0.24]) * (0.45 + 0.55 * min(light, 1))
    mixer.blend(attribute(tree, "margin", "Fac"), wet, 0.62)
    mixer.blend(attribute(tree, "inside", "Fac"), wet * [0.9, 0.7, 0.7], 0.8)
    tree.links.new(mixer.socket, shader.inputs["Base Color"])
    shader.inputs["Subsurface Weight"].default_value = 0.55
    shader.inputs["Subsurface Radius"].default_value = (1.0, 0.38, 0.20)
    shader.inputs["Subsurface Scale"].default_value = 0.16
    rough = tree.nodes.new("ShaderNodeMapRange")
    tree.links.new(attribute(tree, "margin", "Fac"), rough.inputs["Value"])
    rough.inputs["To Min"].default_value = 0.47
    rough.inputs["To Max"].default_value = 0.16
    tree.links.new(rough.outputs["Result"], shader.inputs["Roughness"])
    shader.inputs["Specular IOR Level"].default_value = 0.42
    _pores(tree, rest, shader, 0.012 + 0.012 * identity.age)
    return material


def sclera_tint(identity: Identity) -> RGB:
    """Factors of the sclera's colour: slightly darker and warmer with darker skin and with age."""
    dark = 1 - min(float(linear(SKINS[identity.skin]).mean()) / 0.35, 1.0)
    old = identity.age
    return (
        1 - 0.16 * dark - 0.04 * old, 1 - 0.21 * dark - 0.07 * old, 1 - 0.27 * dark - 0.13 * old
    )  # fmt: skip


def globe(bpy: Any, name: str, paint: npt.NDArray[np.float64]) -> Any:
    """The matt material of the eyeball from its texture; the tear film adds the gloss."""
    material, tree, shader = _new(bpy, f"globe {name}")
    size = paint.shape[0]
    image = bpy.data.images.new(f"globe {name}", size, size, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    rgba = np.ones((size, size, 4), np.float32)
    rgba[..., :3] = paint
    image.pixels.foreach_set(rgba.ravel())
    image.pack()
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.6
    shader.inputs["Specular IOR Level"].default_value = 0.1
    shader.inputs["Subsurface Weight"].default_value = 0.0
    return material


def tear_film(bpy: Any) -> Any:
    """The transparent tear film with reflections by Fresnel.

    The index of refraction is 1.5, above the cornea's 1.376, so that highlights remain visible in
    small pictures.
    """
    material, tree, shader = _new(bpy, "tear film")
    tree.nodes.remove(shader)
    fresnel = tree.nodes.new("ShaderNodeFresnel")
    fresnel.inputs["IOR"].default_value = 1.5
    clear = tree.nodes.new("ShaderNodeBsdfTransparent")
    gloss = tree.nodes.new("ShaderNodeBsdfGlossy")
    gloss.inputs["Roughness"].default_value = 0.02
    mix = tree.nodes.new("ShaderNodeMixShader")
    limit = tree.nodes.new("ShaderNodeMath")
    # The grazing reflections of a real eye show mostly skin and lashes, so they are limited.
    limit.operation = "MINIMUM"
    limit.inputs[1].default_value = 0.10
    tree.links.new(fresnel.outputs["Fac"], limit.inputs[0])
    tree.links.new(limit.outputs["Value"], mix.inputs["Fac"])
    tree.links.new(clear.outputs["BSDF"], mix.inputs[1])
    tree.links.new(gloss.outputs["BSDF"], mix.inputs[2])
    output = tree.nodes["Material Output"]
    tree.links.new(mix.outputs["Shader"], output.inputs["Surface"])
    return material


def moist_pink(bpy: Any, identity: Identity) -> Any:
    """The caruncle in the inner corner."""
    tone = 0.55 + 0.45 * min(float(linear(SKINS[identity.skin]).mean()) / 0.35, 1.0)
    material, _, shader = _new(bpy, "moist pink")
    shader.inputs["Base Color"].default_value = (0.50 * tone, 0.27 * tone, 0.23 * tone, 1)
    shader.inputs["Roughness"].default_value = 0.18
    shader.inputs["Subsurface Weight"].default_value = 0.3
    shader.inputs["Subsurface Scale"].default_value = 0.1
    return material


def short_hair(bpy: Any, name: str, colour: RGB) -> Any:
    """Lashes, brows and stubble: nearly matt, because they are too thin for visible reflections."""
    material, _, shader = _new(bpy, name)
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = 0.6
    shader.inputs["Specular IOR Level"].default_value = 0.12
    return material


def hair(bpy: Any, name: str, colour: RGB) -> Any:
    """A principled hair fibre of a given colour."""
    material, tree, shader = _new(bpy, name)
    tree.nodes.remove(shader)
    fibre = tree.nodes.new("ShaderNodeBsdfHairPrincipled")
    fibre.parametrization = "COLOR"
    fibre.inputs["Color"].default_value = (*colour, 1)
    fibre.inputs["Roughness"].default_value = 0.38
    fibre.inputs["Radial Roughness"].default_value = 0.5
    for key in ("Random Color", "Random Roughness"):
        if key in fibre.inputs:
            fibre.inputs[key].default_value = 0.2
    tree.links.new(fibre.outputs["BSDF"], tree.nodes["Material Output"].inputs["Surface"])
    return material


def cloth(bpy: Any, colour: RGB) -> Any:
    """A matt woven fabric, cut off where the attribute ``below`` is negative."""
    material, tree, shader = _new(bpy, "cloth")
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = 0.85
    shader.inputs["Sheen Weight"].default_value = 0.15
    coordinate = tree.nodes.new("ShaderNodeTexCoord")
    weave = tree.nodes.new("ShaderNodeTexNoise")
    weave.inputs["Scale"].default_value = 28.0
    tree.links.new(coordinate.outputs["Object"], weave.inputs["Vector"])
    bump = tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 0.35
    bump.inputs["Distance"].default_value = 0.05
    tree.links.new(weave.outputs["Fac"], bump.inputs["Height"])
    tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    cut = tree.nodes.new("ShaderNodeMath")
    cut.operation = "GREATER_THAN"
    cut.inputs[1].default_value = 0.0
    tree.links.new(attribute(tree, "below", "Fac"), cut.inputs[0])
    tree.links.new(cut.outputs[0], shader.inputs["Alpha"])
    return material


class _Mixer:
    """Colour layers in a node tree, one over the other; ``socket`` is the output of the top one."""

    def __init__(self, tree: Any, base: npt.NDArray[np.float64]) -> None:
        self.tree = tree
        colour = tree.nodes.new("ShaderNodeRGB")
        colour.outputs[0].default_value = (*base, 1)
        self.socket = colour.outputs[0]

    def blend(self, factor: Any, colour: npt.NDArray[np.float64], amount: float) -> None:
        """Mix ``colour`` in by ``factor`` times ``amount``."""
        scale = self.tree.nodes.new("ShaderNodeMath")
        scale.operation = "MULTIPLY"
        scale.use_clamp = True
        scale.inputs[1].default_value = min(amount, 1.0)
        self.tree.links.new(factor, scale.inputs[0])
        mix = self.tree.nodes.new("ShaderNodeMixRGB")
        mix.inputs["Color2"].default_value = (*np.clip(colour, 0, 1), 1)
        self.tree.links.new(scale.outputs[0], mix.inputs["Fac"])
        self.tree.links.new(self.socket, mix.inputs["Color1"])
        self.socket = mix.outputs["Color"]

    def shade(self, factor: Any, low: float, high: float) -> None:
        """Multiply by low..high as ``factor`` (noise around 0.5) goes from 0.25 to 0.75."""
        span = self.tree.nodes.new("ShaderNodeMapRange")
        span.inputs["From Min"].default_value = 0.25
        span.inputs["From Max"].default_value = 0.75
        span.inputs["To Min"].default_value = low
        span.inputs["To Max"].default_value = high
        self.tree.links.new(factor, span.inputs["Value"])
        mix = self.tree.nodes.new("ShaderNodeVectorMath")
        mix.operation = "SCALE"
        self.tree.links.new(self.socket, mix.inputs[0])
        self.tree.links.new(span.outputs["Result"], mix.inputs["Scale"])
        self.socket = mix.outputs["Vector"]


def _new(bpy: Any, name: str) -> tuple[Any, Any, Any]:
    """A new material, its node tree and its Principled BSDF."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    return material, tree, tree.nodes["Principled BSDF"]


def attribute(tree: Any, name: str, output: str) -> Any:
    """Socket of a mesh attribute; ``output`` is ``Fac``, ``Vector`` or ``Color``."""
    node = tree.nodes.new("ShaderNodeAttribute")
    node.attribute_name = name
    return node.outputs[output]


def noise(tree: Any, vector: Any, scale: float, detail: float) -> Any:
    """Socket of Blender's noise texture, 0..1."""
    node = tree.nodes.new("ShaderNodeTexNoise")
    node.inputs["Scale"].default_value = scale
    node.inputs["Detail"].default_value = detail
    tree.links.new(vector, node.inputs["Vector"])
    return node.outputs["Fac"]


def _spots(tree: Any, vector: Any, amount: float) -> Any:
    """Socket of a mask of freckles, 0..1."""
    cells = tree.nodes.new("ShaderNodeTexVoronoi")
    cells.inputs["Scale"].default_value = 3.2
    tree.links.new(vector, cells.inputs["Vector"])
    near = tree.nodes.new("ShaderNodeMapRange")
    near.inputs["From Min"].default_value = 0.16 + 0.14 * amount
    near.inputs["From Max"].default_value = 0.05
    tree.links.new(cells.outputs["Distance"], near.inputs["Value"])
    patch = tree.nodes.new("ShaderNodeMath")
    patch.operation = "MULTIPLY"
    tree.links.new(near.outputs["Result"], patch.inputs[0])
    tree.links.new(noise(tree, vector, 0.7, 2), patch.inputs[1])
    return patch.outputs[0]


def _pores(tree: Any, vector: Any, shader: Any, depth: float) -> None:
    """Connect a bump map of pores to the shader."""
    cells = tree.nodes.new("ShaderNodeTexVoronoi")
    cells.inputs["Scale"].default_value = 11.0
    tree.links.new(vector, cells.inputs["Vector"])
    total = tree.nodes.new("ShaderNodeMath")
    total.operation = "ADD"
    tree.links.new(cells.outputs["Distance"], total.inputs[0])
    tree.links.new(noise(tree, vector, 24.0, 3), total.inputs[1])
    bump = tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 0.5
    bump.inputs["Distance"].default_value = depth
    tree.links.new(total.outputs[0], bump.inputs["Height"])
    tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])
