"""The Blender scene: meshes, hair, light, camera. Blender is imported only when called."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.renders import (
    eyeball,
    face_hair,
    glasses,
    hairstyles,
    lids,
    masks,
    materials,
    photo_hair,
    photo_skin,
    strands,
)
from training.renders.geometry import Camera, angles
from training.renders.head import SIDES, RestHead, kit
from training.renders.identities import HAIRS, IRISES
from training.renders.lights import Light, set_light
from training.renders.pose import Pose, eye_poses, place

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.float32]

CM = 0.1
"""Blender units (1 cm) per mm."""


@dataclass
class Stage:
    """A built scene of one head in one head pose; only the eyes and lids move afterwards.

    Attributes:
        head: the head at rest, with its expression.
        camera: the camera.
        smile: 0..1, narrows the lids.
        photo: finished as a photograph.
    """

    head: RestHead
    camera: Camera
    smile: float
    photo: bool = False
    body: Any = None
    eyes: Any = None
    lash: Any = None


def build(
    head: RestHead, pose: Pose, camera: Camera, light: Light, smile: float, threads: int = 2,
    photo: bool = False,
) -> Stage:  # fmt: skip
    """Build everything for one head pose; follow with :func:`look` and :func:`shoot`."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    _settings(bpy, camera, threads)
    set_light(bpy, light, camera.distance_mm)
    stage = Stage(head, camera, smile, photo)
    vertices = lids.fit_lids(head, _in_head(head, pose, camera), smile)
    stage.body = _body(bpy, head, vertices, photo)
    stage.eyes = {side: _eye(bpy, head, side) for side in SIDES}
    stage.lash = {}
    _hair(bpy, head, vertices, pose, photo)
    _shirt(bpy, head, pose, 16.0 if photo else 0.0)
    if photo:
        _depth_of_field(bpy, head, pose, camera)
    if head.identity.glasses:
        glasses.add(bpy, head, vertices, pose)
    return stage


def look(stage: Stage, pose: Pose) -> None:
    """Turn the eyes, refit the lids and lashes, for a gaze in the stage's head pose."""
    import bpy
    from mathutils import Matrix

    head = stage.head
    vertices = lids.fit_lids(head, _in_head(head, pose, stage.camera), stage.smile)
    world = place(head, vertices, head.turn, pose)
    stage.body.data.vertices.foreach_set("co", (world * CM).astype(np.float32).ravel())
    stage.body.data.update()
    for side, eye in eye_poses(head.centers, pose, stage.camera.distance_mm).items():
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = eye.rotation, eye.center * CM
        for thing in stage.eyes[side]:
            thing.matrix_world = Matrix(matrix.tolist())
    for side in SIDES:
        if side in stage.lash:
            bpy.data.objects.remove(stage.lash[side])
        tuft = face_hair.lashes(head, vertices, side)
        points = place(head, tuft.points, np.ones(tuft.points.shape[:2]), pose)
        stage.lash[side] = _curves(bpy, f"lash {side}", points, tuft.radius, _lash_material(bpy))
        if stage.photo:
            _tear_line(bpy, stage, side, vertices, pose)
        caruncle = stage.eyes.get(f"{side} caruncle")
        spot = _caruncle_spot(vertices, side)
        at = place(head, spot[None], np.ones(1), pose)[0] * CM
        if caruncle is None:
            caruncle = _caruncle(bpy, head)
            stage.eyes[f"{side} caruncle"] = caruncle
        caruncle.location = at.tolist()


def shoot(samples: int, box: tuple[float, float, float, float] | None = None) -> Picture:
    """Render and return linear RGB (res, res, 3), row 0 at the top.

    Args:
        samples: Cycles samples a pixel, before denoising.
        box: left, top, right, bottom as shares of the picture; outside stays 0.
    """
    import bpy

    scene = bpy.context.scene
    scene.cycles.samples = samples
    scene.render.use_border = box is not None
    if box is not None:
        scene.render.border_min_x, scene.render.border_max_x = box[0], box[2]
        scene.render.border_min_y, scene.render.border_max_y = 1 - box[3], 1 - box[1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shot.exr"
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(path))
        image.colorspace_settings.name = "Non-Color"
        width, height = image.size
        flat = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(flat)
        bpy.data.images.remove(image)
    return flat.reshape(height, width, 4)[::-1, :, :3].copy()


def _in_head(head: RestHead, pose: Pose, camera: Camera) -> dict[str, Array]:
    eyes = eye_poses(head.centers, pose, camera.distance_mm)
    return {side: pose.rotation.T @ eye.axis for side, eye in eyes.items()}


def eye_in_head(head: RestHead, pose: Pose, camera: Camera) -> dict[str, tuple[float, float]]:
    """Yaw and pitch of each eye relative to the head, degrees: what the orbit has to allow."""
    return {side: angles(axis) for side, axis in _in_head(head, pose, camera).items()}


def _settings(bpy: Any, camera: Camera, threads: int) -> None:
    from bpy import ops

    ops.preferences.addon_enable(module="cycles")
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.use_denoising = True
    scene.cycles.denoiser = "OPENIMAGEDENOISE"
    scene.cycles.use_adaptive_sampling = True
    scene.cycles.adaptive_threshold = 0.04
    scene.cycles.caustics_reflective = False
    scene.cycles.caustics_refractive = False
    scene.cycles.sample_clamp_indirect = 4
    scene.cycles.max_bounces = 6
    scene.cycles.transparent_max_bounces = 12
    scene.render.threads_mode = "FIXED"
    scene.render.threads = threads
    scene.render.use_persistent_data = True
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.film_transparent = False
    scene.view_settings.view_transform = "Raw"
    scene.render.resolution_x = scene.render.resolution_y = camera.res
    scene.cycles_curves.shape = "RIBBONS"
    data = bpy.data.cameras.new("camera")
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = 24.0
    data.lens = camera.focal_mm
    data.shift_x = 0.5 - camera.cx / camera.res
    data.shift_y = camera.cy / camera.res - 0.5
    data.clip_start, data.clip_end = 1.0, 10000.0
    thing = bpy.data.objects.new("camera", data)
    thing.location = (camera.centre * CM).tolist()
    bpy.context.collection.objects.link(thing)
    scene.camera = thing


def _mesh(bpy: Any, name: str, vertices: Array, faces: npt.NDArray[np.int64], material: Any) -> Any:
    data = bpy.data.meshes.new(name)
    data.vertices.add(len(vertices))
    data.vertices.foreach_set("co", (vertices * CM).astype(np.float32).ravel())
    data.loops.add(faces.size)
    data.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    data.polygons.add(len(faces))
    data.polygons.foreach_set("loop_start", np.arange(0, faces.size, 4, dtype=np.int32))
    data.update(calc_edges=True)
    data.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    data.materials.append(material)
    thing = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(thing)
    return thing


def _body(bpy: Any, head: RestHead, vertices: Array, photo: bool) -> Any:
    shared = kit()
    ring = np.minimum(shared.ring["subject_left"], shared.ring["subject_right"])
    faces = shared.faces[ring[shared.faces].min(1) > -3.5]
    make = photo_skin.photo_skin if photo else materials.skin
    thing = _mesh(bpy, "body", vertices, faces, make(bpy, head.identity))
    values = {
        "lips": masks.painted("mpfb_lips.jpg"),
        "blood": masks.blood(head),
        "thin": masks.lid_skin(head),
        "hollow": masks.under_eye(head),
        "margin": np.maximum(*(masks.lid_margin(side) for side in SIDES)),
        "lashline": np.maximum(*(masks.lash_line(head, side) for side in SIDES)),
        "inside": np.clip(0.6 - ring, 0, 1),
        "shaved": masks.beard(head) * max(head.identity.stubble, head.identity.beard),
        "scalp": masks.scalp(head) * (head.identity.style != "bald"),
    }
    if photo:
        lip_height = float(head.vertices[masks.painted("mpfb_lips.jpg") > 0.3, 1].mean())
        values["oil"] = photo_skin.oil(head.vertices, lip_height)
    for name, value in values.items():
        attribute = thing.data.attributes.new(name, "FLOAT", "POINT")
        attribute.data.foreach_set("value", np.asarray(value, np.float32))
    rest = thing.data.attributes.new("rest", "FLOAT_VECTOR", "POINT")
    rest.data.foreach_set("vector", (head.vertices * CM).astype(np.float32).ravel())
    modifier = thing.modifiers.new("smooth", "SUBSURF")
    modifier.levels = modifier.render_levels = 1
    return thing


def _eye(bpy: Any, head: RestHead, side: str) -> list[Any]:
    identity = head.identity
    paint = eyeball.texture(
        IRISES[identity.iris],
        identity.seed * 2 + (side == "subject_left"),
        redness=identity.redness,
        nose=-SIDES[side],
        tint=materials.sclera_tint(identity),
    )
    out = []
    for name, surface, material in (
        ("globe", eyeball.globe(), materials.globe(bpy, side, paint)),
        ("shell", eyeball.wet_shell(), materials.tear_film(bpy)),
    ):
        thing = _mesh(bpy, f"{name} {side}", surface.vertices, surface.faces, material)
        layer = thing.data.uv_layers.new(name="polar")
        layer.data.foreach_set("uv", surface.uv[surface.faces].astype(np.float32).ravel())
        out.append(thing)
    out[1].visible_shadow = False
    out[1].visible_diffuse = False
    return out


def _caruncle_spot(vertices: Array, side: str) -> Array:
    edge = vertices[lids.lid_edge(side)]
    inner = edge[(edge[:, 0] * SIDES[side]).argmin()]
    return inner + np.array([2.2 * SIDES[side], -0.1, -3.6])


def _caruncle(bpy: Any, head: RestHead) -> Any:
    surface = eyeball.globe()
    unit = surface.vertices / np.linalg.norm(surface.vertices, axis=1, keepdims=True)
    return _mesh(
        bpy,
        "caruncle",
        unit * [2.6, 1.9, 2.1],
        surface.faces,
        materials.moist_pink(bpy, head.identity),
    )


def _curves(bpy: Any, name: str, points: Array, radius: Array, material: Any) -> Any:
    data = bpy.data.hair_curves.new(name)
    n, p = points.shape[:2]
    data.add_curves([p] * n)
    data.position_data.foreach_set("vector", (points * CM).astype(np.float32).ravel())
    attribute = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    attribute.data.foreach_set("value", (radius * CM).astype(np.float32).ravel())
    data.materials.append(material)
    thing = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(thing)
    return thing


def _lash_material(bpy: Any) -> Any:
    return bpy.data.materials.get("lash") or materials.short_hair(
        bpy, "lash", (0.012, 0.009, 0.008)
    )


def _hair(bpy: Any, head: RestHead, vertices: Array, pose: Pose, photo: bool) -> None:
    identity = head.identity
    brow_colour = HAIRS[identity.brow or identity.hair]
    brows = photo_hair.brows if photo else face_hair.brows
    tufts = {"brow": (brows(head, vertices), brow_colour)}
    top = hairstyles.scalp(head, vertices, masks.scalp(head))
    if top is not None:
        if photo:
            top = photo_hair.children(top, 2, identity.seed)
        tufts["scalp"] = (top, HAIRS[identity.hair])
    if max(identity.beard, identity.stubble) > 0:
        tufts["beard"] = (face_hair.beard(head, vertices, masks.beard(head)), brow_colour)
    for name, (tuft, colour) in tufts.items():
        points = place(head, tuft.points, np.ones(tuft.points.shape[:2]), pose)
        matt = (name != "scalp" or identity.style == "buzz") and not (photo and name == "beard")
        make = materials.short_hair if matt else materials.hair
        dim = 0.55 if matt or photo else 1.0
        tone = (dim * colour[0], dim * colour[1], dim * colour[2])
        material = make(bpy, name, tone)
        if photo and not matt:
            _silky(material)
        _curves(bpy, name, points, tuft.radius, material)


def _silky(material: Any) -> None:
    """Sharper gleams along the strands, more difference between them."""
    tree = material.node_tree
    fibre = next(n for n in tree.nodes if n.type == "BSDF_HAIR_PRINCIPLED")
    fibre.inputs["Roughness"].default_value = 0.24
    fibre.inputs["Radial Roughness"].default_value = 0.36
    strand = tree.nodes.new("ShaderNodeHairInfo")
    span = tree.nodes.new("ShaderNodeMapRange")
    span.inputs["To Min"].default_value, span.inputs["To Max"].default_value = 0.45, 1.55
    tree.links.new(strand.outputs["Random"], span.inputs["Value"])
    tone = tree.nodes.new("ShaderNodeVectorMath")
    tone.operation = "SCALE"
    tone.inputs[0].default_value = tuple(fibre.inputs["Color"].default_value)[:3]
    tree.links.new(span.outputs["Result"], tone.inputs["Scale"])
    tree.links.new(tone.outputs["Vector"], fibre.inputs["Color"])


def _depth_of_field(bpy: Any, head: RestHead, pose: Pose, camera: Camera) -> None:
    """At f/4, sharp on the nearer eye."""
    eyes = eye_poses(head.centers, pose, camera.distance_mm).values()
    near = max(eye.iris_center[2] for eye in eyes)
    lens = bpy.context.scene.camera.data
    lens.dof.use_dof = True
    lens.dof.focus_distance = (camera.distance_mm - near) * CM
    # Blender takes a unit for a metre; here it is a centimetre.
    lens.dof.aperture_fstop = 4.0 / 100
    lens.dof.aperture_blades = 9


def _tear_line(bpy: Any, stage: Stage, side: str, vertices: Array, pose: Pose) -> None:
    """The wet line where the lower lid meets the eye."""
    head = stage.head
    ridge = vertices[lids.lid_edge(side, 0.5)] - head.centers[side]
    ridge = ridge * [SIDES[side], 1, 1]
    chord = np.interp(
        ridge[:, 0],
        [ridge[:, 0].min(), ridge[:, 0].max()],
        [ridge[ridge[:, 0].argmin(), 1], ridge[ridge[:, 0].argmax(), 1]],
    )
    low = ridge[ridge[:, 1] < chord - 0.3]
    low = low[np.argsort(low[:, 0])]
    if len(low) < 6:
        return
    line = np.stack([np.convolve(low[:, i], np.ones(5) / 5, "valid") for i in range(3)], axis=1)
    line = (line + np.array([0, 0.10, 0.10])) * [SIDES[side], 1, 1] + head.centers[side]
    points = place(head, line[None], np.ones((1, len(line))), pose)
    name = f"tear {side}"
    if name in stage.lash:
        bpy.data.objects.remove(stage.lash[name])
    material = bpy.data.materials.get("tear film") or materials.tear_film(bpy)
    radius = 0.16 * np.sin(np.pi * np.linspace(0.06, 0.94, len(line)))[None]
    stage.lash[name] = _curves(bpy, name, points, radius, material)


def _shirt(bpy: Any, head: RestHead, pose: Pose, lower_mm: float) -> None:
    """The torso below a neckline, blown up by a few millimetres and given cloth."""
    shared = kit()
    v = head.vertices
    neck = head.pivot[1] - 88 - lower_mm - 0.32 * np.clip(v[:, 2] - head.pivot[2], -60, 60)
    below = neck - v[:, 1]
    normals = strands.vertex_normals(v)
    cloth = v + normals * np.clip(below * 0.3 + 1.5, -1.5, 6.5)[:, None]
    faces = shared.faces[(below[shared.faces] > -9.0).all(1)]
    world = place(head, cloth, head.turn, pose)
    thing = _mesh(bpy, "shirt", world, faces, materials.cloth(bpy, head.identity.shirt))
    attribute = thing.data.attributes.new("below", "FLOAT", "POINT")
    attribute.data.foreach_set("value", below.astype(np.float32))
    modifier = thing.modifiers.new("thick", "SOLIDIFY")
    modifier.thickness, modifier.offset = 0.18, 1.0
