"""Lighting set-ups from Blender's CC0 environment maps and area lamps. Blender is passed in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CM = 0.1


@dataclass(frozen=True)
class Lamp:
    """An area lamp: position (mm, world), size (mm), watts, linear colour, round or square."""

    at: tuple[float, float, float]
    size: float
    power: float
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    round: bool = False


@dataclass(frozen=True)
class Light:
    """A lighting set-up.

    Attributes:
        name: its name in ``truth.json``.
        world: name of an environment map of Blender, or "" for plain grey.
        turn: rotation of the map about the vertical, degrees.
        strength: strength of the map.
        lamps: area lamps.
        ring: radius in mm of a ring light around the lens, 0 for none.
        backdrop: linear RGB of a wall behind the person, or None for the map itself.
        wall_mm: distance of that wall behind the eyes.
    """

    name: str
    world: str = "studio"
    turn: float = 0.0
    strength: float = 1.0
    lamps: tuple[Lamp, ...] = ()
    ring: float = 0.0
    backdrop: tuple[float, float, float] | None = None
    wall_mm: float = 260.0


LIGHTS: dict[str, Light] = {
    light.name: light
    for light in (
        Light("studio-soft", "studio", 0, 0.14,
              (Lamp((-600, 560, 950), 650, 46), Lamp((900, 200, 700), 900, 13)),
              backdrop=(0.32, 0.33, 0.35)),
        Light("window-left", "interior", 60, 0.30, (Lamp((-1100, 250, 700), 900, 95),),
              backdrop=(0.42, 0.40, 0.37)),
        Light("courtyard", "courtyard", 30, 1.0),
        Light("forest", "forest", 120, 1.0),
        Light("city", "city", 200, 1.0),
        Light("interior", "interior", 0, 1.0),
        Light("sunset", "sunset", 90, 1.0, (Lamp((600, 500, 1200), 900, 14, (1.0, 0.93, 0.85)),)),
        Light("hard-side", "studio", 0, 0.10, (Lamp((1200, 500, 700), 130, 60),),
              backdrop=(0.10, 0.10, 0.11)),
        Light("ring", "studio", 90, 0.12, (), ring=230.0, backdrop=(0.55, 0.55, 0.56)),
        Light("beauty", "studio", 45, 0.12,
              (Lamp((0, 620, 950), 600, 50), Lamp((0, -650, 800), 600, 12)),
              backdrop=(0.22, 0.25, 0.30)),
        # For sample portraits: one large soft source, little ambient light, a wall out of focus.
        Light("window", "interior", 60, 0.16, (Lamp((-950, 330, 620), 800, 70, (0.94, 0.97, 1.0)),),
              backdrop=(0.10, 0.095, 0.09), wall_mm=1100),
        Light("window-right", "interior", 240, 0.20, (Lamp((950, 300, 700), 850, 70),),
              backdrop=(0.20, 0.205, 0.20), wall_mm=1100),
        Light("studio", "studio", 0, 0.07, (Lamp((-650, 620, 800), 600, 52),
              Lamp((900, 250, -500), 350, 24, (1.0, 0.95, 0.9))),
              backdrop=(0.13, 0.135, 0.14), wall_mm=1000),
        Light("shade", "courtyard", 200, 0.8, (Lamp((-700, 700, 900), 1100, 30),)),
        Light("late", "sunset", 150, 0.6, (Lamp((800, 380, 650), 450, 46, (1.0, 0.86, 0.68)),)),
    )
}  # fmt: skip
"""All lighting set-ups by name."""


def set_light(bpy: Any, light: Light, distance_mm: float = 600.0) -> None:
    """Add a lighting set-up to Blender's current, empty scene."""
    _world(bpy, light)
    for i, lamp in enumerate(light.lamps):
        _lamp(bpy, f"lamp {i}", lamp)
    if light.ring:
        _ring(bpy, light.ring, distance_mm)
    if light.backdrop is not None:
        _backdrop(bpy, light.backdrop, light.wall_mm)


def _world(bpy: Any, light: Light) -> None:
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    background = nodes["Background"]
    background.inputs["Strength"].default_value = light.strength
    folder = Path(bpy.utils.resource_path("LOCAL")) / "datafiles/studiolights/world"
    sky = nodes.new("ShaderNodeTexEnvironment")
    sky.image = bpy.data.images.load(str(folder / f"{light.world}.exr"))
    mapping = nodes.new("ShaderNodeMapping")
    coordinate = nodes.new("ShaderNodeTexCoord")
    # In the maps z is up, in the scene y is up, so the vector is rotated about x.
    tip = nodes.new("ShaderNodeMapping")
    tip.inputs["Rotation"].default_value = (math.radians(90), 0, 0)
    mapping.inputs["Rotation"].default_value = (0, 0, math.radians(light.turn))
    links.new(coordinate.outputs["Generated"], tip.inputs["Vector"])
    links.new(tip.outputs["Vector"], mapping.inputs["Vector"])
    links.new(mapping.outputs["Vector"], sky.inputs["Vector"])
    # Less of the map's tint, because a camera's white balance removes part of it.
    grey = nodes.new("ShaderNodeHueSaturation")
    grey.inputs["Saturation"].default_value = 0.6
    links.new(sky.outputs["Color"], grey.inputs["Color"])
    links.new(grey.outputs["Color"], background.inputs["Color"])


def _lamp(bpy: Any, name: str, lamp: Lamp) -> None:
    from mathutils import Vector

    data = bpy.data.lights.new(name, "AREA")
    data.shape = "DISK" if lamp.round else "SQUARE"
    data.size = lamp.size * CM
    data.energy = lamp.power * 1500
    data.color = lamp.colour
    obj = bpy.data.objects.new(name, data)
    at = Vector([x * CM for x in lamp.at])
    obj.location = at
    obj.rotation_euler = (-at).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(obj)


def _ring(bpy: Any, radius: float, distance_mm: float) -> None:
    for i in range(18):
        a = 2 * math.pi * i / 18
        lamp = Lamp(
            (radius * math.cos(a), radius * math.sin(a), distance_mm + 5),
            radius * 0.3, 0.9, round=True,
        )  # fmt: skip
        _lamp(bpy, f"ring {i}", lamp)


def _backdrop(bpy: Any, colour: tuple[float, float, float], behind_mm: float) -> None:
    data = bpy.data.meshes.new("backdrop")
    z = -behind_mm
    w = 600.0 if behind_mm < 300 else 2.2 * behind_mm
    data.from_pydata([(-w, -w, z), (w, -w, z), (w, w, z), (-w, w, z)], [], [(0, 1, 2, 3)])
    material = bpy.data.materials.new("backdrop")
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = 0.9
    data.materials.append(material)
    obj = bpy.data.objects.new("backdrop", data)
    bpy.context.collection.objects.link(obj)
