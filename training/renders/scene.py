"""The Blender scene of one head: meshes, hair, light, camera. Imports Blender when called."""

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
from training.renders.geometry import Camera
from training.renders.head import SIDES, RestHead, shared_mesh
from training.renders.identities import HAIRS, IRISES
from training.renders.lights import Light, set_light
from training.renders.pose import Pose, eye_poses, place

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.float32]

CM = 0.1
"""Blender units, which are centimetres here, per millimetre."""


@dataclass
class HeadScene:
    """Blender's current scene with one head in one head pose, whose eyes and lids can move.

    Attributes:
        head: the head at rest, with its expression.
        camera: the camera.
        smile: 0..1, narrows the lids.
        photo: whether to imitate a photograph, see ``plan.Setup``.
        body: object of the head and chest.
        eyes: objects of the globe and tear film of each side, and the caruncles.
        lash: curves of the lashes of each side, and the tear lines.
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
) -> HeadScene:  # fmt: skip
    """Build the scene of one head pose; call :func:`turn_eyes` next, then :func:`render`."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    _settings(bpy, camera, threads)
    set_light(bpy, light, camera.distance_mm)
    scene = HeadScene(head, camera, smile, photo)
    vertices = lids.fit_lids(head, _axes_in_head(head, pose, camera), smile)
    scene.body = _body(bpy, head, vertices, photo)
    scene.eyes = {side: _eye(bpy, head, side) for side in SIDES}
    scene.lash = {}
    _hair(bpy, head, vertices, pose, photo)
    _shirt(bpy, head, pose, 16.0 if photo else 0.0)
    if photo:
        _depth_of_field(bpy, head, pose, camera)
    if head.identity.glasses:
        glasses.add(bpy, head, vertices, pose)
    return scene


def turn_eyes(scene: HeadScene, pose: Pose) -> None:
    """Turn the eyes to a gaze and fit lids and lashes to it; the head pose must be the scene's."""
    import bpy
    from mathutils import Matrix

    head = scene.head
    vertices = lids.fit_lids(head, _axes_in_head(head, pose, scene.camera), scene.smile)
    world = place(head, vertices, head.turn, pose)
    scene.body.data.vertices.foreach_set("co", (world * CM).astype(np.float32).ravel())
    scene.body.data.update()
    for side, eye in eye_poses(head.centers, pose, scene.camera.distance_mm).items():
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = eye.rotation, eye.center * CM
        for obj in scene.eyes[side]:
            obj.matrix_world = Matrix(matrix.tolist())
    for side in SIDES:
        if side in scene.lash:
            bpy.data.objects.remove(scene.lash[side])
        tuft = face_hair.lashes(head, vertices, side)
        points = place(head, tuft.points, np.ones(tuft.points.shape[:2]), pose)
        scene.lash[side] = _curves(bpy, f"lash {side}", points, tuft.radius, _lash_material(bpy))
        if scene.photo:
            _tear_line(bpy, scene, side, vertices, pose)
        caruncle = scene.eyes.get(f"{side} caruncle")
        spot = _caruncle_spot(vertices, side)
        at = place(head, spot[None], np.ones(1), pose)[0] * CM
        if caruncle is None:
            caruncle = _caruncle(bpy, head)
            scene.eyes[f"{side} caruncle"] = caruncle
        caruncle.location = at.tolist()


def render(samples: int, box: tuple[float, float, float, float] | None = None) -> Picture:
    """Render the current scene; return linear RGB (res, res, 3), row 0 at the top.

    Args:
        samples: Cycles samples per pixel, before denoising.
        box: left, top, right, bottom as shares of the picture; pixels outside are 0.
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


def _axes_in_head(head: RestHead, pose: Pose, camera: Camera) -> dict[str, Array]:
    """Optical axis of each eye in the head frame, (3,)."""
    eyes = eye_poses(head.centers, pose, camera.distance_mm)
    return {side: pose.rotation.T @ eye.axis for side, eye in eyes.items()}


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
    obj = bpy.data.objects.new("camera", data)
    obj.location = (camera.centre * CM).tolist()
    bpy.context.collection.objects.link(obj)
    scene.camera = obj


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
    obj = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(obj)
    return obj


def _body(bpy: Any, head: RestHead, vertices: Array, photo: bool) -> Any:
    shared = shared_mesh()
    ring = np.minimum(shared.ring["subject_left"], shared.ring["subject_right"])
    faces = shared.faces[ring[shared.faces].min(1) > -3.5]
    make = photo_skin.photo_skin if photo else materials.skin
    obj = _mesh(bpy, "body", vertices, faces, make(bpy, head.identity))
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
        attribute = obj.data.attributes.new(name, "FLOAT", "POINT")
        attribute.data.foreach_set("value", np.asarray(value, np.float32))
    rest = obj.data.attributes.new("rest", "FLOAT_VECTOR", "POINT")
    rest.data.foreach_set("vector", (head.vertices * CM).astype(np.float32).ravel())
    modifier = obj.modifiers.new("smooth", "SUBSURF")
    modifier.levels = modifier.render_levels = 1
    return obj


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
        obj = _mesh(bpy, f"{name} {side}", surface.vertices, surface.faces, material)
        layer = obj.data.uv_layers.new(name="polar")
        layer.data.foreach_set("uv", surface.uv[surface.faces].astype(np.float32).ravel())
        out.append(obj)
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
    obj = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(obj)
    return obj


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
            _make_silky(material)
        _curves(bpy, name, points, tuft.radius, material)


def _make_silky(material: Any) -> None:
    """Make the highlights of strands sharper and their brightness more varied."""
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
    """Focus on the nearer eye at f/4."""
    eyes = eye_poses(head.centers, pose, camera.distance_mm).values()
    near = max(eye.iris_center[2] for eye in eyes)
    lens = bpy.context.scene.camera.data
    lens.dof.use_dof = True
    lens.dof.focus_distance = (camera.distance_mm - near) * CM
    # Blender takes its unit for a metre, but here it is a centimetre.
    lens.dof.aperture_fstop = 4.0 / 100
    lens.dof.aperture_blades = 9


def _tear_line(bpy: Any, scene: HeadScene, side: str, vertices: Array, pose: Pose) -> None:
    """Add the wet line along the lower lid."""
    head = scene.head
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
    if name in scene.lash:
        bpy.data.objects.remove(scene.lash[name])
    material = bpy.data.materials.get("tear film") or materials.tear_film(bpy)
    radius = 0.16 * np.sin(np.pi * np.linspace(0.06, 0.94, len(line)))[None]
    scene.lash[name] = _curves(bpy, name, points, radius, material)


def _shirt(bpy: Any, head: RestHead, pose: Pose, lower_mm: float) -> None:
    """Add a shirt: the torso below a neckline, offset outwards by a few millimetres."""
    shared = shared_mesh()
    v = head.vertices
    neck = head.pivot[1] - 88 - lower_mm - 0.32 * np.clip(v[:, 2] - head.pivot[2], -60, 60)
    below = neck - v[:, 1]
    normals = strands.vertex_normals(v)
    cloth = v + normals * np.clip(below * 0.3 + 1.5, -1.5, 6.5)[:, None]
    faces = shared.faces[(below[shared.faces] > -9.0).all(1)]
    world = place(head, cloth, head.turn, pose)
    obj = _mesh(bpy, "shirt", world, faces, materials.cloth(bpy, head.identity.shirt))
    attribute = obj.data.attributes.new("below", "FLOAT", "POINT")
    attribute.data.foreach_set("value", below.astype(np.float32))
    modifier = obj.modifiers.new("thick", "SOLIDIFY")
    modifier.thickness, modifier.offset = 0.18, 1.0
