"""The gaze of a photo, read from its irises, canthi and eyeballs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.face import Face, HeadPose
from pipelines.gaze.angles import Gaze, GazeEstimate
from pipelines.gaze.eye_shape import EyeShape
from pipelines.gaze.projection import IRIS_PLANE_MM, from_upright, gaze_along, upright_rotation
from pipelines.image.arrays import Points

# The sine of the gaze per millimetre by which the irises stand off the canthi and, upwards, off the
# centres of the eyeballs (`eye_shape`), and per sine of the head's pose: canthi and eyeballs lie at
# different depths. Fitted on renders of known gaze (`training/gaze`; docs/gaze.md). Sideways it is
# what a 10.48 mm radius gives, 1/10.48 mm.
SIDE_CANTHI, SIDE_HEAD = 0.0975, 0.686
UP_CANTHI, UP_CENTRE, UP_HEAD = 0.0648, 0.0420, 0.549
# Sine by which either eye reads outward of both.
OUTWARD_ZERO = 0.0649
_GAINS = np.array([[SIDE_CANTHI, 0], [0, 0], [0, UP_CANTHI], [0, UP_CENTRE]])


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
    upright = upright_rotation(face.head.roll) * [[1.0], [-1.0]] * face.mm_per_px
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
    return gaze_along(x + travel_mm[0] / IRIS_PLANE_MM, y - travel_mm[1] / IRIS_PLANE_MM)
