"""Measurements of a result against its original: gaze, likeness, texture, skin tone, eyes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from pipelines.face import Face, HeadPose, skin
from pipelines.gaze import CONTACT_DEG, Gaze, GazeEstimate, catchlight
from pipelines.image import blocks, colour
from pipelines.image.arrays import Image, Image8, Map
from pipelines.measure import guards
from pipelines.measure.guards import (
    MOST_DISTANCE,
    MOST_ITA_SHIFT,
    Guard,
    HeldBack,
    Readings,
    Reference,
)
from pipelines.measure.identity import SAME_PERSON, Embedding
from pipelines.measure.texture import Texture
from pipelines.runtime.messages import Message


@dataclass(frozen=True)
class Eyes:
    """Position of the eyes in the face.

    Attributes:
        spacing_ratio: Interocular distance divided by the width of the face outline.
        tilt_deg: Angle between the line through the midpoints of the eyes and the roll of the
            head, in degrees, clockwise > 0; 0 if the eyes are level in the head.
        catchlight_agreement: See `catchlight.agreement`; None if no catchlight is visible.
    """

    spacing_ratio: float
    tilt_deg: float
    catchlight_agreement: float | None


@dataclass(frozen=True)
class GazeChange:
    """Gaze before, target, and gaze after an edit.

    Attributes:
        before: Gaze in the original.
        target: Target within reach of the eyes; None if the eyes are not edited.
        after: Gaze in the result.
        clamped: Whether the requested gaze was out of reach.
        goals: Targets of the person's left and right eye; None if the eyes are not edited.
        asked: Requested gaze, within reach or not; None if the eyes are not edited.
    """

    before: GazeEstimate
    target: Gaze | None
    after: GazeEstimate
    clamped: bool = False
    goals: tuple[Gaze, Gaze] | None = None
    asked: Gaze | None = None

    @property
    def error(self) -> float | None:
        """Angle between `target` and the gaze in the result, in degrees; None without a target."""
        return None if self.target is None else self.after.gaze.angle_to(self.target)

    def per_eye(self) -> dict[str, Any]:
        """Plain data for JSON about each eye; the gaze of a single eye is less accurate."""
        left, right = self.goals or (None, None)
        rows = (
            ("left", self.before.left, left, self.after.left),
            ("right", self.before.right, right, self.after.right),
        )
        return {
            side: {
                "before": _angles(before),
                "target": None if goal is None else _angles(goal),
                "after": _angles(after),
                "error": None if goal is None else _rounded(after.angle_to(goal)),
            }
            for side, before, goal, after in rows
        }


@dataclass(frozen=True)
class Likeness:
    """Likeness of the result to the original.

    Attributes:
        distance: Distance of the embeddings: 0 for the same picture, from 0.6 another person.
        same_person: Whether the distance is less than `identity.SAME_PERSON`.
    """

    distance: float
    same_person: bool


@dataclass(frozen=True)
class SkinTone:
    """Skin tone before and after, within the original's skin mask.

    Attributes:
        ita_before: Individual Typology Angle of the original in degrees; None in black-and-white.
        ita_after: The same of the result.
        delta_e00_mean: Mean CIEDE2000 difference between the original in the light of the result
            and the result.
        ita_in_light: ITA of the original in the light of the result, whose shadows may be softer;
            `ita_before` if the light was not changed.
        ita_lit_before: ITA of the lit part of the original's face.
        ita_lit_after: The same part in the result.
    """

    ita_before: float | None
    ita_after: float | None
    delta_e00_mean: float
    ita_in_light: float | None
    ita_lit_before: float | None = None
    ita_lit_after: float | None = None

    @property
    def shift(self) -> float:
        """Absolute change of the angle in the same light, in degrees; 0 if it is undefined."""
        if self.ita_in_light is None or self.ita_after is None:
            return 0.0
        return abs(self.ita_after - self.ita_in_light)


@dataclass(frozen=True)
class Baseline:
    """Measurements of an original, shared by all its variants.

    Attributes:
        face: The face in the original, in pixels of the working copy.
        reference: Measurements for the guards.
        eyes: Position of the eyes.
    """

    face: Face
    reference: Reference = field(repr=False)
    eyes: Eyes

    @property
    def tone(self) -> colour.Tone | None:
        """Mean colour of facial skin; None if there is none."""
        return self.reference.tone

    @property
    def texture(self) -> Texture:
        """Fine band on facial skin, at the size at which the guards measure it."""
        return self.reference.texture

    @property
    def embedding(self) -> Embedding:
        """Face embedding."""
        return self.reference.embedding

    @cached_property
    def skin_mask(self) -> Map:
        """Facial skin in the working copy, [0, 1], shape (H, W)."""
        return self._to_working(self.reference.seen.facial)

    @cached_property
    def visible_skin(self) -> Map:
        """Skin of face, ears, crown and neck in the working copy, [0, 1], shape (H, W)."""
        return self._to_working(self.reference.seen.visible)

    def _to_working(self, mask: Map) -> Map:
        """A mask of the reference's crop at the size of the working copy."""
        whole = np.zeros(self.face.size, np.float32)
        whole[self.reference.crop.view] = self.reference.crop.back(mask)
        return whole

    def report(self, gaze: GazeEstimate, head: HeadPose) -> dict[str, Any]:
        """Plain data for JSON about the original."""
        return {
            "gaze": _angles(gaze.gaze),
            "gaze_measurable": gaze.measured is not None,
            "contact": gaze.gaze.off_lens <= CONTACT_DEG,
            "head": _head(head),
            "skin_tone": {"ita": _rounded(self.tone.ita if self.tone else None)},
            "eyes": _plain(self.eyes),
        }


@dataclass(frozen=True)
class Measurements:
    """Measurements of a result against its original.

    Attributes:
        gaze: Gaze before, target and after.
        head: Head pose in the original.
        identity: Likeness to the original.
        texture_retention: Share of the skin's own fine texture that is kept, 0..1.
        texture_floor: Smallest share that the context allows.
        skin_tone: Skin tone before and after.
        eyes: Position of the eyes in the result.
        changed_outside_face: Number of pixels that differ outside the face outline, at full size.
        readings: Readings of the guards.
        held_back: By how much and why the polish was reduced; None if it was not.
        done: What the polish did, as plain data: spots healed, under-eyes and shadows softened,
            light changed.
    """

    gaze: GazeChange
    head: HeadPose
    identity: Likeness
    texture_retention: float
    texture_floor: float
    skin_tone: SkinTone
    eyes: Eyes
    changed_outside_face: int
    readings: Readings
    held_back: HeldBack | None = None
    done: tuple[dict[str, Any], ...] = ()

    @property
    def holds_texture(self) -> bool:
        """Whether the texture is not below its floor."""
        return "texture" not in self.broken

    @property
    def broken(self) -> list[Guard]:
        """Guards that exceed their bound, the worst first."""
        return self.readings.broken(self.texture_floor)

    @property
    def over_polished(self) -> bool:
        """Whether any guard exceeds its bound; see `reasons`."""
        return bool(self.broken)

    @property
    def reasons(self) -> tuple[str, ...]:
        """A sentence for each guard that exceeds its bound, the worst first."""
        return tuple(self._reason(guard) for guard in self.broken)

    def _reason(self, guard: Guard) -> str:
        before, after = self.skin_tone.ita_in_light, self.skin_tone.ita_after
        lighter = before is not None and after is not None and after > before
        return {
            "texture": Message(
                "Over-polished: {left:.0%} of the skin's texture is left, "
                "this context keeps {floor:.0%}.",
                left=self.texture_retention,
                floor=self.texture_floor,
            ),
            "tone": Message(
                "Over-polished: the skin became lighter by {shift:.1f}°, at most {most:.0f}° is "
                "fine."
                if lighter
                else "Over-polished: the skin became darker by {shift:.1f}°, at most {most:.0f}° "
                "is fine.",
                shift=self.skin_tone.shift,
                most=MOST_ITA_SHIFT,
            ),
            "colour": Message(
                "Over-polished: the skin's colour changed by {change:.1f} (CIEDE2000), "
                "at most {most:.0f} is fine.",
                change=self.skin_tone.delta_e00_mean,
                most=guards.MOST_DELTA_E,
            ),
            "likeness": Message(
                "Less like the original: the face changed by {distance:.2f}, "
                "where {most:.2f} at most is fine.",
                distance=self.identity.distance,
                most=MOST_DISTANCE,
            ),
            "highlights": "Over-polished: parts of the face became plain white.",
            "halo": "Over-polished: there is a rim of light or dark where the skin ends.",
            "sharpness": Message(
                "Over-sharpened: hair, lashes or mouth show {shown:.0%} of their fine contrast.",
                shown=self.readings.sharpening,
            ),
            "eyes": "Over-sharpened: the eyes are crisper than the skin around them.",
            "skin": "Too little skin can be seen to judge the retouch by.",
        }[guard]

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        change = self.gaze
        return {
            "gaze": {
                "before": _angles(change.before.gaze),
                "asked": None if change.asked is None else _angles(change.asked),
                "target": None if change.target is None else _angles(change.target),
                "after": _angles(change.after.gaze),
                "measurable": change.after.measured is not None,
                "error": _rounded(change.error),
                "contact_before": change.before.gaze.off_lens <= CONTACT_DEG,
                "contact_after": change.after.gaze.off_lens <= CONTACT_DEG,
                "clamped": change.clamped,
                **change.per_eye(),
            },
            "head": _head(self.head),
            "identity": _plain(self.identity),
            "texture_retention": _rounded(self.texture_retention),
            "texture_floor": self.texture_floor,
            "over_polished": self.over_polished,
            "skin_tone": _plain(self.skin_tone),
            "eyes": _plain(self.eyes),
            "changed_outside_face": self.changed_outside_face,
            "guards": {
                "clipped": _rounded(self.readings.clipped),
                "halo": _rounded(self.readings.halo),
                "sharpening": _rounded(self.readings.sharpening),
                "eyes_over_skin": _rounded(self.readings.eyes_over_skin),
            },
            "held_back": None if self.held_back is None else self.held_back.report(),
            "done": list(self.done),
        }


def baseline(pixels: Image, face: Face) -> Baseline:
    """Measure an original.

    Args:
        pixels: Working copy, float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
    """
    return Baseline(face=face, reference=guards.reference(pixels, face), eyes=eyes(pixels, face))


def measure(
    baseline: Baseline,
    after: Image,
    face_after: Face,
    gaze: GazeChange,
    *,
    texture_floor: float,
    changed_outside_face: int,
    held_back: HeldBack | None = None,
    halo: float | None = None,
    in_new_light: Image | None = None,
    distance: float | None = None,
    texture: float | None = None,
    done: tuple[dict[str, Any], ...] = (),
) -> Measurements:
    """Measure a result against its original.

    Args:
        baseline: From `baseline` of the original.
        after: Working copy of the result, same shape as the original's.
        face_after: The face in the result.
        gaze: Gaze before, target and after.
        texture_floor: Smallest share of the texture that must be kept, 0..1.
        changed_outside_face: From the function of that name, at full size.
        held_back: From `polish.within`.
        halo: Halo of the retouch alone, if the eyes were turned too: moved lids change pixels at
            the skin's edge without being a halo. None to measure it on the result.
        in_new_light: The picture with its light changed and the skin not yet, working copy or its
            crop for the guards; None if the light is the original's.
        distance: Distance between the embeddings, if the guards of the polish measured it on this
            result; rounding to 8 bits moves it by less than 0.01. Measured if None.
        texture: Share of the texture that is kept, where blocks of compression were taken away
            before, which are none; measured against the original if None.
        done: What the polish did, for `Measurements.done`.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
        ValueError: The result is not of the original's size.
    """
    if after.shape[:2] != baseline.face.size:
        raise ValueError(f"the result is {after.shape[:2]}, not {baseline.face.size}")
    reference = baseline.reference
    if in_new_light is not None:
        reference = guards.in_light(reference, in_new_light)
    readings, seen = guards.read(reference, after, face_after, likeness=distance is None)
    if distance is not None:
        readings = replace(readings, distance=distance)
    if halo is not None:
        readings = replace(readings, halo=halo)
    if texture is not None:
        readings = replace(readings, texture=texture)
    moved = readings.distance or 0.0
    ita_before = baseline.tone.ita if baseline.tone else None
    # Not `tone.ita`, which becomes None if the chroma falls just below the limit of colourless.
    ita_after = None if ita_before is None or seen.tone is None else seen.tone.angle
    lit = (baseline.reference.appearance.lit, seen.lit)
    lit_angles = (None if ita_before is None or not each else each.angle for each in lit)
    ita_in_light = None if ita_before is None or not reference.tone else reference.tone.angle
    return Measurements(
        gaze=gaze,
        head=baseline.face.head,
        identity=Likeness(moved, moved < SAME_PERSON),
        texture_retention=readings.texture,
        texture_floor=texture_floor,
        skin_tone=SkinTone(
            ita_before, ita_after, readings.delta_e00_mean, ita_in_light, *lit_angles
        ),
        eyes=eyes(after, face_after),
        changed_outside_face=changed_outside_face,
        readings=readings,
        held_back=held_back,
        done=done,
    )


def eyes(pixels: Image, face: Face) -> Eyes:
    """Measure the position of the eyes in the face; see `Eyes`."""
    left, right = ((eye.outer + eye.inner) / 2 for eye in face.eyes)
    across = left - right
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    return Eyes(
        spacing_ratio=face.interocular / max(face.width, 1e-6),
        tilt_deg=(angle - face.head.roll + 180) % 360 - 180,
        catchlight_agreement=catchlight.agreement(pixels, face),
    )


def changed_outside_face(before_u8: Image8, after_u8: Image8, face: Face) -> int:
    """Count the pixels that differ outside the face outline (the oval enlarged by 5 %).

    Args:
        before_u8: uint8 sRGB, shape (H, W, 3).
        after_u8: Same shape.
        face: The face, at any size; it is scaled to the pictures.
    """
    if before_u8 is after_u8:
        return 0
    height, width = before_u8.shape[:2]
    if face.size != (height, width):
        face = face.scaled(height / face.size[0], (height, width))
    outside, count = ~skin.inside(face, skin.outline(face)), 0
    for rows in blocks.rows(before_u8.shape):
        red, green, blue = cv2.split(cv2.absdiff(before_u8[rows], after_u8[rows]))
        differs = np.asarray(cv2.max(cv2.max(red, green), blue)) > 0
        count += int(np.count_nonzero(differs & outside[rows]))
    return count


def _angles(gaze: Gaze) -> list[float]:
    return [round(gaze.yaw, 2), round(gaze.pitch, 2)]


def _head(head: HeadPose) -> dict[str, float]:
    return {name: round(value, 2) for name, value in asdict(head).items()}


def _plain(values: Eyes | Likeness | SkinTone) -> dict[str, Any]:
    return {name: _rounded(value) for name, value in asdict(values).items()}


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
