"""Estimate the gaze of a face in degrees from the places of its irises."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.face import Face, HeadPose
from pipelines.gaze import eye_network, eye_shape, posterior
from pipelines.gaze.angles import Gaze, GazeEstimate
from pipelines.gaze.eye_shape import EyeShape
from pipelines.gaze.iris import EyesFit
from pipelines.gaze.posterior import Readings
from pipelines.gaze.projection import (
    IRIS_PLANE_MM,
    from_upright,
    gaze_from_sines,
    upright_rotation,
)
from pipelines.image.arrays import Image, Points

# Coefficients of the model in `estimate`, fitted on renders of known gaze (`training/gaze`;
# docs/gaze.md). CANTHI and CENTRE: sine of the gaze per millimetre of the iris's offset from the
# midpoint of the canthi and from the centre of the eyeball; sideways the latter adds nothing.
# SIDE_CANTHI is about 1 / IRIS_PLANE_MM, as for an iris that turns about the eyeball's centre.
# HEAD: sine of the gaze per sine of the head's yaw or pitch, because a turn of the head also shifts
# the iris against the canthi and the eyeball's centre, which lie at other depths.
SIDE_CANTHI, SIDE_HEAD = 0.0975, 0.686
UP_CANTHI, UP_CENTRE, UP_HEAD = 0.0648, 0.0420, 0.549
# Sine by which each eye alone reads further outward (towards its temple) than both together.
OUTWARD_ZERO = 0.0649
# Offsets, as `offsets` orders them, to sines (right, up), shape (4, 2).
_GAINS = np.array([[SIDE_CANTHI, 0], [0, 0], [0, UP_CANTHI], [0, UP_CENTRE]])


@dataclass(frozen=True)
class Population:
    """Constants and prior knowledge for a kind of pictures.

    Attributes:
        side_zero: Constant of the model sideways, a sine.
        up_zero: Constant of the model upwards, a sine: how high eyeballs lie between the canthi.
        lens_share: Share of these people that presumably looks into the lens, 0..1. 0: no prior.
        level_deg: Pitch that the face mesh measures for a level head, in degrees.
        nod_noise_deg: Standard deviation of the measured pitch of level heads, in degrees.
    """

    side_zero: float
    up_zero: float
    lens_share: float
    level_deg: float = 0.0
    nod_noise_deg: float = 0.0


# Photographs of people, from portraits that look into the lens. Over these the height of the irises
# does not follow the measured pitch of the head at all, so its whole spread counts as noise.
PEOPLE = Population(-0.0059, -0.2213, lens_share=0.6, level_deg=1.8, nod_noise_deg=5.2)
# Heads rendered by `training/renders`, whose eyeballs lie lower between the canthi and whose gaze
# is random.
RENDERED = Population(0.0043, -0.0476, lens_share=0.0)
# Standard deviations of the pitch of level heads and of those that nod, in degrees.
LEVEL_DEG = 1.5
NODDING_DEG = 12.0


def estimate(
    face: Face,
    shapes: tuple[EyeShape, EyeShape],
    confidence: tuple[float, float] = (1.0, 1.0),
    population: Population = PEOPLE,
    network_sines: Points | None = None,
) -> GazeEstimate:
    """Estimate the gaze of a photo whose irises were fitted (`iris.fit`).

    1. Measure how far each iris lies from the midpoint of its canthi and from the centre of its
       eyeball (`offsets`), in millimetres, in a frame that is upright with the head. The known
       size of the iris gives the scale (`Face.mm_per_px`).
    2. An iris that turns about the eyeball moves with the sine of the angle, so the sine of the
       gaze is modelled as linear in these offsets and in the sine of the head's yaw or pitch:

           right = SIDE_CANTHI * canthi_right + SIDE_HEAD * sin(head_yaw) + side_zero
           up = UP_CANTHI * canthi_up + UP_CENTRE * centre_up + UP_HEAD * sin(head_pitch) + up_zero

       with the offsets averaged over both eyes, weighted by the confidence of their iris fits, and
       the head's pitch from `nod`.
    3. Weigh this reading and the network's by their errors and by the share of people who look
       into the lens (`posterior`).
    4. Add each eye's own difference, and rotate the result into the picture's frame.

    Args:
        face: Face with fitted irises.
        shapes: Shapes of the left and the right eye, from `eye_shape.find`.
        confidence: Confidence of the left and the right iris, 0..1.
        population: The kind of picture.
        network_sines: Sines of the gaze (right, up) that the network reads in each eye, upright
            with the head, shape (2, 2); not used where the population has no prior.
    """
    weights = eye_weights(confidence)
    eyes = offsets(face, shapes) @ _GAINS
    zeros = (population.side_zero, population.up_zero)
    reading = weights @ eyes + _head_sines(face.head, population) + zeros
    mean = reading
    if population.lens_share and network_sines is not None:
        readings = Readings(_degrees(reading), _degrees(weights @ network_sines), face.head.yaw)
        if np.abs(reading).max() < 1:
            mean = np.sin(np.radians(posterior.mean(readings, population.lens_share)))
    difference = eyes - weights @ eyes
    # The left eye's outward side is the right-hand side of the picture.
    difference[:, 0] -= np.array([1, -1]) * OUTWARD_ZERO
    left, right = (from_upright(mean + eye, face.head.roll) for eye in difference)
    return GazeEstimate(from_upright(mean, face.head.roll), left, right, float(max(confidence)))


def read(
    pixels: Image,
    face: Face,
    fit: EyesFit,
    population: Population = PEOPLE,
    weighed: bool = True,
) -> tuple[Face, GazeEstimate]:
    """The face with its fitted irises and lids, and its gaze.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face as found.
        fit: Its fitted irises, from `iris.fit`.
        population: The kind of picture.
        weighed: Whether the reading is weighed with the network's.
    """
    # The search for the eye's shape starts from the lids of the landmarks; edits use the fitted.
    with_irises = replace(face, left=fit.left, right=fit.right)
    with_lids = replace(face, left=fit.left_snapped, right=fit.right_snapped)
    shapes = eye_shape.find(pixels, with_irises)
    sines = eye_network.read_gaze(pixels, with_lids) if weighed else None
    return with_lids, estimate(with_irises, shapes, fit.confidence, population, sines)


def follow(
    before: GazeEstimate, face: Face, edited: Face, confidence: tuple[float, float]
) -> GazeEstimate:
    """Measure the gaze of an edited picture, relative to the known gaze of its photo.

    Head and camera have not moved, so each iris has turned about the same eyeball. The change of
    the gaze follows from the movement of the irises alone.

    Args:
        before: Gaze of the photo.
        face: Face of the photo, with fitted irises.
        edited: Face of the edited picture, with its own fitted irises, in the same pixels.
        confidence: Confidence of the left and the right iris in the edited picture, 0..1.
    """
    starts = (before.left, before.right)
    ends = [
        _turned(start, (new.iris_center - old.iris_center) * face.mm_per_px)
        for start, old, new in zip(starts, face.eyes, edited.eyes, strict=True)
    ]
    changes = np.array(
        [
            (end.yaw - start.yaw, end.pitch - start.pitch)
            for start, end in zip(starts, ends, strict=True)
        ]
    )
    yaw, pitch = eye_weights(confidence) @ changes
    mean = Gaze(before.gaze.yaw + float(yaw), before.gaze.pitch + float(pitch))
    return GazeEstimate(mean, ends[0], ends[1], float(max(confidence)))


def eye_weights(confidence: tuple[float, float]) -> Points:
    """Weights of the left and the right eye, with a sum of 1, shape (2,)."""
    weights = np.maximum(np.array(confidence, float), 1e-3)
    return np.asarray(weights / weights.sum())


def offsets(face: Face, shapes: tuple[EyeShape, EyeShape]) -> Points:
    """Offsets of the irises from canthi and eyeballs, in millimetres, upright with the head.

    Returns:
        Shape (2, 4): per eye (left, right), how far the iris lies to the right of the midpoint of
        the canthi and of the eyeball's centre, then how far above them.
    """
    upright = upright_rotation(face.head.roll) * [[1.0], [-1.0]] * face.mm_per_px
    rows = []
    for eye, shape in zip(face.eyes, shapes, strict=True):
        canthi = upright @ (eye.iris_center - shape.canthi)
        center = upright @ (eye.iris_center - shape.center)
        rows.append((canthi[0], center[0], canthi[1], center[1]))
    return np.array(rows)


def nod(head: HeadPose, population: Population) -> float:
    """Expected pitch of the head given its measured pitch, in radians.

    On photographs the fit of the mesh differs more between faces than the pitch of heads does, so
    only a large measured pitch is evidence of a nod.
    """
    measured_deg = head.pitch - population.level_deg
    if population.nod_noise_deg == 0:
        return float(np.radians(measured_deg))
    # Posterior mean under a mixture of two normal distributions, as in `posterior`.
    share = np.array([population.lens_share, 1 - population.lens_share])
    prior = np.array([LEVEL_DEG, NODDING_DEG]) ** 2
    total = prior + population.nod_noise_deg**2
    evidence = share * np.exp(-(measured_deg**2) / (2 * total)) / np.sqrt(total)
    return float(np.radians(measured_deg * (evidence / evidence.sum() * prior / total).sum()))


def _degrees(sines: Points) -> Points:
    return np.asarray(np.degrees(np.arcsin(np.clip(sines, -1, 1))))


def _head_sines(head: HeadPose, population: Population) -> Points:
    """Contribution of the head's pose to the sines of the gaze (right, up), shape (2,)."""
    yaw = np.radians(head.yaw)
    return np.array([SIDE_HEAD * np.sin(yaw), UP_HEAD * np.sin(nod(head, population))])


def _turned(start: Gaze, travel_mm: Points) -> Gaze:
    """Gaze of an eye whose iris moved by `travel_mm` (x right, y down) from `start`."""
    x, y, _ = start.vector
    return gaze_from_sines(x + travel_mm[0] / IRIS_PLANE_MM, y - travel_mm[1] / IRIS_PLANE_MM)
