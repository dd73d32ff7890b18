"""The rendered people of the app's sample portraits, with pose, light and expression.

None of them is in the sets for fitting and testing. The dimensions of their eyes are those measured
on people, see ``calibration_people``.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.renders.geometry import head_shot_camera
from training.renders.identities import Identity
from training.renders.plan import Setup
from training.renders.pose import Pose


@dataclass(frozen=True)
class SamplePortrait:
    """One rendered person of the samples, and how the portrait is taken.

    Attributes:
        file: file name of the picture without its ending.
        alt: alternative text of the picture.
        identity: the rendered person.
        pose: head pose and gaze.
        light: name of the light.
        smile: 0..1.
        frame_mm: height of the picture at the depth of the eyes.
    """

    file: str
    alt: str
    identity: Identity
    pose: Pose
    light: str
    smile: float
    frame_mm: float = 208.0

    def setup(self, res: int) -> Setup:
        """The set-up for a picture of ``res`` px: 85 mm focal length, cropped at hair and chin."""
        camera = head_shot_camera(85.0, res, self.frame_mm, 0.385)
        return Setup((self.pose,), camera, self.light, self.smile, photo=True)


_FOLD = {"eyes/eye-epicanthus-in": 0.7, "eyes/eye-eyefold-down": 0.4}
_CALM = {"mouthClose": 0.07, "ears/ear-scale-decr": 0.5, "ears/ear-wing-decr": 0.4}
_WOMAN = {**_CALM, "neck/neck-scale-horiz-decr": 0.3, "mouth/mouth-angles-up": 0.2}
_MAN = {**_CALM, "mouth/mouth-angles-up": 0.2, "eyebrows/eyebrows-trans-forward": 0.3}

SAMPLE_PORTRAITS: tuple[SamplePortrait, ...] = (
    SamplePortrait("by-the-window",
           "A young woman with dark hair beside a window, looking past the camera",
           Identity("s01", "sample", (0.1, 0.1, 0.8), 0.08, 0.15, "light-warm", "brown",
                    "dark-brown", "tied", (3.5, 4.5), 61.5, 0.0,
                    {**_WOMAN, "head/head-oval": 0.5}, redness=0.4, slit=1.7, ball=(0.4, 1.3),
                    lashes=0.9, shirt=(0.10, 0.11, 0.14)),
           Pose(14, 1, 3, 2, -6), "window", 0.55),
    SamplePortrait("after-hours",
           "A bald man with a short grey beard in a dim room, looking to the side",
           Identity("s02", "sample", (0.1, 0.05, 0.85), 0.95, 0.55, "light", "grey", "grey",
                    "bald", (3.0, 4.3), 64.5, 0.15,
                    {**_MAN, "head/head-rectangular": 0.4, "mouth/mouth-laugh-lines-in": 0.5},
                    beard=0.35, redness=0.5, slit=1.5, ball=(0.3, 1.2), lashes=0.6,
                    brow="dark-brown", shirt=(0.04, 0.05, 0.07)),
           Pose(-16, 0, -2, -7, 3), "window", 0.35),
    SamplePortrait("courtyard-light",
           "A woman with close-cropped hair outdoors, looking into the camera",
           Identity("s03", "sample", (0.9, 0.0, 0.1), 0.08, 0.15, "dark", "black-brown", "black",
                    "buzz", (3.7, 4.6), 64.0, 0.0, {**_WOMAN, "head/head-oval": 0.5},
                    slit=1.6, ball=(0.4, 1.3), lashes=1.0, shirt=(0.5, 0.42, 0.3)),
           Pose(10, 2, 3, 0, 0), "shade", 0.6),
    SamplePortrait("grey-studio",
           "A young man before a grey wall, looking below the camera",
           Identity("s04", "sample", (0.05, 0.9, 0.05), 0.9, 0.15, "medium-light", "black-brown",
                    "black", "buzz", (3.0, 4.3), 64.0, 0.0, {**_MAN, **_FOLD,
                    "head/head-oval": 0.4}, fold=0.7, slit=1.3, ball=(0.4, 1.2), lashes=0.6,
                    shirt=(0.06, 0.06, 0.07)),
           Pose(-10, 0, -2, 0, -8), "studio", 0.3),
    SamplePortrait("morning",
           "A woman with tied-back fair hair and freckles, looking past the camera",
           Identity("s05", "sample", (0, 0, 1), 0.1, 0.3, "very-light", "green", "red", "tied",
                    (3.6, 4.7), 61.0, 0.0, {**_WOMAN, "head/head-oval": 0.3}, freckles=0.6,
                    brow="red", redness=0.5, slit=1.7, ball=(0.4, 1.4), lashes=0.7,
                    shirt=(0.14, 0.17, 0.20)),
           Pose(-12, 1, -3, 8, 2), "window-right", 0.5),
    SamplePortrait("night-shift",
           "A man with dark skin and cropped hair, looking past the camera",
           Identity("s06", "sample", (0.95, 0, 0.05), 0.95, 0.25, "very-dark", "black-brown",
                    "black", "buzz", (3.4, 4.5), 66.0, 0.1, {**_MAN, "head/head-oval": 0.3},
                    slit=1.5, ball=(0.4, 1.2), lashes=0.8, shirt=(0.10, 0.12, 0.10)),
           Pose(12, 0, 2, 9, -2), "studio", 0.35),
    SamplePortrait("garden",
           "An older woman with white hair, looking into the camera",
           Identity("s07", "sample", (0, 0.1, 0.9), 0.1, 0.9, "light", "blue", "white", "tied",
                    (2.9, 4.4), 61.0, 0.1, {**_WOMAN, "mouth/mouth-laugh-lines-in": 0.6,
                    "eyes/eye-eyefold-down": 0.4}, redness=0.6, fold=0.4, slit=1.5,
                    ball=(0.4, 1.1), lashes=0.5, brow="grey", shirt=(0.16, 0.10, 0.16)),
           Pose(-8, 0, -3, 0, 0), "shade", 0.7),
    SamplePortrait("late-sun",
           "A man with stubble in warm light, looking past the camera",
           Identity("s08", "sample", (0.35, 0.15, 0.5), 0.92, 0.2, "tan", "amber", "black", "buzz",
                    (3.4, 4.5), 64.5, 0.0, {**_MAN, "head/head-oval": 0.4}, stubble=0.7,
                    slit=1.6, ball=(0.4, 1.3), lashes=0.9, shirt=(0.30, 0.24, 0.18)),
           Pose(15, 1, 2, -6, -4), "late", 0.4),
)  # fmt: skip
"""All sample portraits, in the order of the page."""
