"""The geometry of gaze: degrees off the lens, read from a face and projected back to irises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.arrays import Points
from pipelines.eye_shape import EyeShape
from pipelines.face import Face, HeadPose

GazeWord = Literal["contact", "soft", "averted"]

CONTACT_DEG = 2.6
SOFT_DEG = 5.0

# A 12 mm eyeball with an iris of 5.85 mm radius: its plane lies sqrt(12² - 5.85²) mm before the
# centre of rotation.
IRIS_PLANE_MM = 10.48
# The sine of the gaze per millimetre by which the irises stand off the canthi and, upwards, off the
# centres of the eyeballs (`eye_shape`), and per sine of the head's pose: canthi and eyeballs lie at
# different depths. Fitted on renders of known gaze (`training/gaze`; docs/gaze.md). Sideways it is
# what a 10.48 mm radius gives, 1/10.48 mm.
SIDE_CANTHI, SIDE_HEAD = 0.0975, 0.686
UP_CANTHI, UP_CENTRE, UP_HEAD = 0.0648, 0.0420, 0.549
# Sine by which either eye reads outward of both.
OUTWARD_ZERO = 0.0649
_GAINS = np.array([[SIDE_CANTHI, 0], [0, 0], [0, UP_CANTHI], [0, UP_CENTRE]])
# Beyond 45 degrees an offset no longer says how far.
LARGEST_SINE = 0.707

MAX_YAW = 25.0
MAX_PITCH = 15.0


@dataclass(frozen=True)
class Population:
    """What is known beforehand of the faces that are read.

    Attributes:
        side_zero: Sine that is added sideways.
        up_zero: Sine that is added up: how high eyeballs lie between the canthi.
        lens_share: Which share of them presumably looks into the lens, 0..1.
        level_deg: How a level head reads: the mesh's own zero of the nod.
        nod_noise_deg: How far the nod that is read strays from person to person.
    """

    side_zero: float
    up_zero: float
    lens_share: float
    level_deg: float = 0.0
    nod_noise_deg: float = 0.0


# Photographed people: from portraits that look into the lens, over which the irises' height does
# not follow the nod that the mesh reads at all; so its whole spread counts as noise. And the heads
# that `training/renders` makes, whose eyeballs lie deeper between the lids and look anywhere.
PEOPLE = Population(-0.0059, -0.2213, lens_share=0.6, level_deg=1.8, nod_noise_deg=5.2)
RENDERED = Population(0.0043, -0.0623, lens_share=0.0)
# Of a reading, in degrees, sideways and up: its noise from person to person; how far people stray
# who look into the lens; how far those who look elsewhere.
NOISE_DEG = (2.3, 4.0)
LENS_DEG = 1.5
ELSEWHERE_DEG = 12.0


@dataclass(frozen=True)
class Gaze:
    """A direction of gaze in the camera's frame, in degrees.

    (0, 0) looks into the lens; yaw > 0 towards the right-hand side of the picture, pitch > 0 up.
    """

    yaw: float
    pitch: float

    @property
    def vector(self) -> Points:
        """Unit vector (x right, y up, z towards the lens)."""
        yaw, pitch = np.radians([self.yaw, self.pitch])
        return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])

    @classmethod
    def from_vector(cls, vector: Points) -> Gaze:
        """The gaze along a vector (x right, y up, z towards the lens)."""
        x, y, z = vector / np.linalg.norm(vector)
        return cls(float(np.degrees(np.arctan2(x, z))), float(np.degrees(np.arcsin(y))))

    def angle_to(self, other: Gaze) -> float:
        """Angle between two gazes, in degrees.

        By the cross and the dot product: the arccosine of a dot product near 1 loses half of its
        digits.
        """
        sine = np.linalg.norm(np.cross(self.vector, other.vector))
        return float(np.degrees(np.arctan2(sine, self.vector @ other.vector)))

    @property
    def off_lens(self) -> float:
        """Angle between this gaze and the lens, in degrees."""
        return self.angle_to(Gaze(0.0, 0.0))

    @property
    def word(self) -> GazeWord:
        """How the gaze reads: ``contact`` up to 2.6°, ``soft`` up to 5°, else ``averted``.

        Source: Horstmann & Linke 2021, Perception: the cone of direct gaze is 5.2° across.
        """
        if self.off_lens <= CONTACT_DEG:
            return "contact"
        return "soft" if self.off_lens <= SOFT_DEG else "averted"


@dataclass(frozen=True)
class Trim:
    """What each eye turns beyond what both do, in degrees and in the signs of `Gaze`.

    Attributes:
        left_yaw: The person's left eye, > 0 towards the right-hand side of the picture.
        left_pitch: The same eye, > 0 up.
        right_yaw: The person's right eye.
        right_pitch: The same eye.
    """

    left_yaw: float = 0.0
    left_pitch: float = 0.0
    right_yaw: float = 0.0
    right_pitch: float = 0.0

    def __bool__(self) -> bool:
        """Whether it turns an eye at all."""
        return any(self.angles)

    @property
    def angles(self) -> tuple[float, float, float, float]:
        """All four, in the order in which they are written."""
        return (self.left_yaw, self.left_pitch, self.right_yaw, self.right_pitch)

    @property
    def eyes(self) -> tuple[Gaze, Gaze]:
        """The turn of the left and of the right eye, as angles."""
        return Gaze(self.left_yaw, self.left_pitch), Gaze(self.right_yaw, self.right_pitch)

    @property
    def widening(self) -> float:
        """By how many degrees it turns the eyes apart; < 0 where it turns them together."""
        return self.left_yaw - self.right_yaw

    def of_both(self, gaze: Gaze) -> Gaze:
        """Where both eyes together look, that without the trim look to `gaze`."""
        return Gaze(
            gaze.yaw + (self.left_yaw + self.right_yaw) / 2,
            gaze.pitch + (self.left_pitch + self.right_pitch) / 2,
        )

    def without(self, both: Gaze) -> Gaze:
        """The inverse of `of_both`."""
        return Gaze(
            both.yaw - (self.left_yaw + self.right_yaw) / 2,
            both.pitch - (self.left_pitch + self.right_pitch) / 2,
        )


NO_TRIM = Trim()


@dataclass(frozen=True)
class GazeEstimate:
    """Where a person looks.

    Attributes:
        gaze: Both eyes together.
        left: The person's left eye alone.
        right: The person's right eye alone.
        confidence: 0 (a guess) to 1 (both irises clearly seen).
    """

    gaze: Gaze
    left: Gaze
    right: Gaze
    confidence: float


def estimate(
    face: Face,
    shapes: tuple[EyeShape, EyeShape],
    confidence: tuple[float, float] = (1.0, 1.0),
    population: Population = PEOPLE,
) -> GazeEstimate:
    """Estimate the gaze of a photo whose irises were fitted (`iris.fit`).

    How far the irises stand off the canthi and off the eyeballs' centres, in millimetres by the
    iris's known size and upright with the head, is linear in the sine of the gaze. The constants
    stand at the top of this file with their origin. What is read is then weighed against what is
    known beforehand of such faces (`believed`).

    Args:
        face: Face with fitted irises.
        shapes: Of the left and the right eye, from `eye_shape.find`.
        confidence: Of the left and the right iris, 0..1; weighs the two eyes.
        population: Whose faces these are.
    """
    weights = eye_weights(confidence)
    eyes = offsets(face, shapes) @ _GAINS
    zeros = (population.side_zero, population.up_zero)
    read = weights @ eyes + head_sines(face.head, population) + zeros
    mean = np.array(
        [
            np.sin(believed(np.degrees(np.arcsin(np.clip(sine, -1, 1))), noise, population))
            for sine, noise in zip(read, NOISE_DEG, strict=True)
        ]
    )
    own = eyes - weights @ eyes
    own[:, 0] -= np.array([1, -1]) * OUTWARD_ZERO
    left, right = (from_upright(mean + eye, face.head.roll) for eye in own)
    return GazeEstimate(from_upright(mean, face.head.roll), left, right, float(max(confidence)))


def eye_weights(confidence: tuple[float, float]) -> Points:
    """How much the left and the right eye count, adding up to 1, shape (2,)."""
    weights = np.maximum(np.array(confidence, float), 1e-3)
    return np.asarray(weights / weights.sum())


def offsets(face: Face, shapes: tuple[EyeShape, EyeShape]) -> Points:
    """How far each iris stands off what does not turn with it, upright with the head.

    Returns:
        Millimetres, shape (2, 4): per eye (left, right) to the right of the canthi's midpoint and
        of the eyeball's centre, then above them.
    """
    upright = _upright(face.head.roll) * [[1.0], [-1.0]] * face.mm_per_px
    rows = []
    for eye, shape in zip(face.eyes, shapes, strict=True):
        canthi = upright @ (eye.iris_center - shape.canthi)
        center = upright @ (eye.iris_center - shape.center)
        rows.append((canthi[0], center[0], canthi[1], center[1]))
    return np.array(rows)


def head_sines(head: HeadPose, population: Population) -> Points:
    """What the head's pose adds to the sines (right, up), shape (2,)."""
    yaw = np.radians(head.yaw)
    return np.array([SIDE_HEAD * np.sin(yaw), UP_HEAD * np.sin(nod(head, population))])


def nod(head: HeadPose, population: Population) -> float:
    """How far the head is up, as far as the mesh can be believed, in radians.

    Faces differ more in how the mesh lies on them than people differ in how they hold their heads,
    so that only a large nod says something about this one.
    """
    return believed(head.pitch - population.level_deg, population.nod_noise_deg, population)


def believed(read_deg: float, noise_deg: float, population: Population) -> float:
    """The angle to expect behind a reading, in radians.

    Most portraits look into the lens (and hold the head level), and a reading has a constant error
    of its own for every face. So the angle is the mean of what it can be, given the reading: of a
    gaze near the lens (`lens_share` of the people) or anywhere (the others), each normal (a mixture
    prior). Small readings shrink, large ones hardly do.

    Args:
        read_deg: The reading.
        noise_deg: Its standard error from person to person.
        population: Whose faces these are.
    """
    share = np.array([population.lens_share, 1 - population.lens_share])
    spread = np.array([LENS_DEG, ELSEWHERE_DEG]) ** 2
    total = spread + noise_deg**2
    if population.lens_share == 0:
        return float(np.radians(read_deg))
    chance = share * np.exp(-(read_deg**2) / (2 * total)) / np.sqrt(total)
    return float(np.radians(read_deg * (chance / chance.sum() * spread / total).sum()))


def follow(
    before: GazeEstimate, face: Face, edited: Face, confidence: tuple[float, float]
) -> GazeEstimate:
    """Read the gaze of a picture that was edited from a photo whose gaze is known.

    Head and camera are the same, so an iris that stands elsewhere has turned about the same
    eyeball: the change follows from its way in the picture alone.

    Args:
        before: The photo's gaze.
        face: The photo's face with fitted irises.
        edited: The edited picture's face with irises fitted anew, in the same pixels.
        confidence: Of the left and the right iris in the edited picture, 0..1.
    """
    turned = [
        _turned(start, (new.iris_center - old.iris_center) * face.mm_per_px)
        for start, old, new in zip((before.left, before.right), face.eyes, edited.eyes, strict=True)
    ]
    weights = eye_weights(confidence)
    changes = np.array(
        [
            (after.yaw - start.yaw, after.pitch - start.pitch)
            for after, start in zip(turned, (before.left, before.right), strict=True)
        ]
    )
    yaw, pitch = weights @ changes
    mean = Gaze(before.gaze.yaw + float(yaw), before.gaze.pitch + float(pitch))
    return GazeEstimate(mean, turned[0], turned[1], float(max(confidence)))


def _turned(start: Gaze, travel_mm: Points) -> Gaze:
    x, y, _ = start.vector
    return _direction(x + travel_mm[0] / IRIS_PLANE_MM, y - travel_mm[1] / IRIS_PLANE_MM)


def _upright(roll: float) -> Points:
    """Rotation from the picture's axes to the head's own."""
    cosine, sine = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    return np.array([[cosine, sine], [-sine, cosine]])


def from_upright(sines: Points, roll: float) -> Gaze:
    """The gaze of sines (right, up) that are upright with a head rolled by `roll` degrees."""
    right, down = _upright(roll).T @ np.array([sines[0], -sines[1]])
    return _direction(right, -down)


def to_upright(gaze: Gaze, roll: float) -> Points:
    """Sines of a gaze (right, up), upright with a head rolled by `roll` degrees, shape (2,)."""
    x, y, _ = gaze.vector
    right, down = _upright(roll) @ np.array([x, -y])
    return np.array([right, -down])


def _direction(right: float, up: float) -> Gaze:
    length = float(np.hypot(right, up))
    shrink = min(1.0, LARGEST_SINE / max(length, 1e-9))
    right, up = right * shrink, up * shrink
    return Gaze.from_vector(np.array([right, up, np.sqrt(1 - right**2 - up**2)]))


def target_per_eye(now: GazeEstimate, target: Gaze, trim: Trim = NO_TRIM) -> tuple[Gaze, Gaze]:
    """Targets for the person's left and right eye that keep the vergence they have.

    Each eye keeps its own difference to the mean of both, and turns by its trim beyond that: a
    trim of one eye leaves the other where it was.

    Args:
        now: The gaze as photographed.
        target: Where both eyes together shall look before they are trimmed.
        trim: What each eye turns beyond it.
    """
    left, right = (
        Gaze(
            target.yaw + eye.yaw - now.gaze.yaw + own.yaw,
            target.pitch + eye.pitch - now.gaze.pitch + own.pitch,
        )
        for eye, own in zip((now.left, now.right), trim.eyes, strict=True)
    )
    return left, right


def iris_shift_mm(start: Gaze, goal: Gaze) -> Points:
    """How far the iris travels in the picture plane, in mm (x right, y down), shape (2,)."""
    travel = IRIS_PLANE_MM * (goal.vector - start.vector)
    return np.array([travel[0], -travel[1]])


def within_reach(target: Gaze, head: HeadPose, now: Gaze) -> tuple[Gaze, bool]:
    """Clamp a target to what eyes can do in their sockets.

    Eyes turn comfortably about 25 degrees sideways and 15 degrees up or down from the head's
    axis; beyond, the head would have to move. Where these eyes already look further than that,
    they have shown that they can.

    Args:
        target: The gaze asked for.
        head: The head's pose.
        now: The gaze as photographed.

    Returns:
        The reachable target nearest to the one asked for, and whether it had to be clamped.
    """
    yaw = _held(target.yaw, head.yaw, MAX_YAW, now.yaw)
    pitch = _held(target.pitch, head.pitch, MAX_PITCH, now.pitch)
    clamped = abs(yaw - target.yaw) > 1e-9 or abs(pitch - target.pitch) > 1e-9
    return (Gaze(yaw, pitch), True) if clamped else (target, False)


def trim_within_reach(trim: Trim, target: Gaze, head: HeadPose, now: Gaze) -> tuple[Trim, bool]:
    """Clamp a trim so that neither eye turns further than `within_reach` lets both.

    Args:
        trim: The trim asked for.
        target: Where both eyes together shall look, within reach.
        head: The head's pose.
        now: The gaze as photographed.

    Returns:
        The trim that can be done, and whether it had to be clamped.
    """
    angles, clamped = [], False
    for own in trim.eyes:
        asked = Gaze(target.yaw + own.yaw, target.pitch + own.pitch)
        reached, held = within_reach(asked, head, now)
        clamped |= held
        angles += [reached.yaw - target.yaw, reached.pitch - target.pitch]
    return (Trim(*angles), True) if clamped else (trim, False)


def _held(asked: float, middle: float, most: float, now: float) -> float:
    return float(np.clip(asked, min(middle - most, now), max(middle + most, now)))
