"""Random people for fitting constants; nothing is ever tested on them.

Their names are c001, c002 ...; their seeds are far above those of :data:`identities.PEOPLE`.
The dimensions of the eyes are drawn around figures measured on people:

* slit 27.1 ± 1.5 mm long (Read et al. 2006), rising 4 to 7 degrees towards the temple
  (Vasanthakumar et al. 2012);
* upper lid edge 3.5 to 4.2 mm above the pupil and lower edge 5.2 to 5.9 mm below it at rest (Rana
  et al. 2023, Malik et al. 2022); people smile and squint in portraits, so smaller values are
  drawn;
* pupil about 1 mm towards the temple from the midpoint of the canthi (from the mean distances in
  Vasanthakumar et al. 2012) and, in portraits that look into the lens, about 1.3 mm above it.
"""

from __future__ import annotations

import numpy as np

from training.renders.identities import HAIRS, IRISES, RGB, SKINS, Identity

_DARK_IRISES = ("black-brown", "brown", "brown", "amber", "hazel")
_STYLES = (
    ("tied", "long", "bob", "curly", "short", "buzz"),
    ("short", "side", "buzz", "curly", "bald", "short"),
)
_FRAMES = ("round", "oval", "square")


def calibration_people(count: int) -> tuple[Identity, ...]:
    """Make the first ``count`` people; each depends on its own number alone."""
    return tuple(_person(number) for number in range(1, count + 1))


def _person(number: int) -> Identity:
    rng = np.random.default_rng(700_000 + number)
    # Skin tones alternate instead of being drawn, so that few people cover all of them.
    skin_index = (number * 4) % len(SKINS)
    male = float(np.clip((number % 2) + rng.normal(0, 0.12), 0, 1))
    age = float(rng.beta(0.9, 1.6))
    mix = _mix(skin_index, rng)
    fold = float(np.clip(mix[1] * 1.2 + rng.normal(0, 0.12) - 0.1 + 0.25 * age, 0, 1))
    hair = _hair(skin_index, age, rng)
    lid = (
        float(np.clip(rng.normal(3.45, 0.6) - 0.4 * fold, 2.2, 4.8)),
        float(np.clip(rng.normal(4.45, 0.65), 3.2, 5.9)),
    )
    bearded = male > 0.5 and rng.random() < 0.5
    return Identity(
        f"c{number:03d}", "calibrate", mix, male, age, list(SKINS)[skin_index],
        _iris(skin_index, rng), hair, str(rng.choice(_STYLES[int(male > 0.5)])),
        lid, float(rng.normal(62.0 + 2 * male, 2.0)),
        float(np.clip(rng.normal(0.1, 0.25), -0.5, 0.6)),
        _shape(fold, rng),
        brow_density=float(rng.uniform(0.6, 1.3)),
        beard=float(rng.uniform(0.3, 0.9)) if bearded and rng.random() < 0.5 else 0.0,
        stubble=float(rng.uniform(0.2, 0.9)) if bearded else 0.0,
        freckles=float(rng.uniform(0.2, 0.9)) if skin_index < 4 and rng.random() < 0.35 else 0.0,
        lashes=float(rng.uniform(0.55, 1.15)), redness=float(rng.uniform(0.15, 0.7)), fold=fold,
        glasses=str(rng.choice(_FRAMES)) if rng.random() < 0.2 else "",
        slit=float(np.clip(rng.normal(1.6, 0.45), 0.6, 2.5)),
        ball=(float(rng.normal(0.4, 0.35)), float(np.clip(rng.normal(1.4, 0.5), 0.2, 2.5))),
        shirt=_shirt(rng),
    )  # fmt: skip


def _mix(skin_index: int, rng: np.random.Generator) -> RGB:
    """Weights of the base shapes, drawn around values that depend on the skin tone."""
    depth = skin_index / (len(SKINS) - 1)
    lean = np.array([0.15 + 2.5 * depth**2, 0.9 * np.exp(-(((depth - 0.4) / 0.25) ** 2)) + 0.1,
                     0.2 + 2.0 * (1 - depth) ** 2])  # fmt: skip
    weight = rng.dirichlet(lean)
    african, asian = round(float(weight[0]), 3), round(float(weight[1]), 3)
    return african, asian, round(1 - african - asian, 3)


def _iris(skin_index: int, rng: np.random.Generator) -> str:
    return str(rng.choice(list(IRISES) if skin_index < 4 else _DARK_IRISES))


def _hair(skin_index: int, age: float, rng: np.random.Generator) -> str:
    if age > 0.6:
        return str(rng.choice(["grey", "white"]))
    return str(rng.choice(list(HAIRS)[:6] if skin_index < 4 else ["black", "black", "dark-brown"]))


def _shape(fold: float, rng: np.random.Generator) -> dict[str, float]:
    heads = ("oval", "round", "square", "rectangular", "triangular")
    shape = {
        f"head/head-{rng.choice(heads)}": float(rng.uniform(0.1, 0.5)),
        "eyes/eye-corner2-up": float(rng.uniform(0.0, 0.9)),
    }
    if fold > 0.45:
        shape["eyes/eye-epicanthus-in"] = 0.9 * fold
        shape["eyes/eye-eyefold-convex"] = 0.5 * fold
    if fold > 0.2:
        shape["eyes/eye-eyefold-down"] = 0.5 * fold
    return shape


def _shirt(rng: np.random.Generator) -> RGB:
    red, green, blue = rng.uniform(0.04, 0.6) * rng.uniform(0.6, 1.0, 3)
    return float(red), float(green), float(blue)
