"""The people of the committed renders, chosen one by one to cover skin, iris, age and shape.

Their names are neutral (p01 ...). The three numbers of ``mix`` weight the asset pack's own base
shapes; they describe a mesh, not a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.renders.eyeball import IrisLook

RGB = tuple[float, float, float]

IRISES: dict[str, IrisLook] = {
    "black-brown": IrisLook((0.21, 0.13, 0.09), (0.16, 0.10, 0.07), (0.07, 0.05, 0.045), 1.9, 0.5),
    "brown": IrisLook((0.36, 0.23, 0.14), (0.28, 0.18, 0.115), (0.12, 0.085, 0.07), 1.8, 0.6),
    "amber": IrisLook((0.50, 0.35, 0.20), (0.42, 0.30, 0.18), (0.18, 0.13, 0.10), 1.8, 0.6),
    "hazel": IrisLook((0.46, 0.32, 0.19), (0.36, 0.34, 0.24), (0.15, 0.15, 0.13), 1.8, 0.7),
    "green": IrisLook((0.46, 0.42, 0.27), (0.37, 0.41, 0.33), (0.15, 0.18, 0.16), 1.7, 0.7),
    "grey": IrisLook((0.49, 0.48, 0.44), (0.43, 0.465, 0.48), (0.18, 0.20, 0.23), 1.7, 0.7),
    "blue": IrisLook((0.46, 0.48, 0.48), (0.34, 0.42, 0.49), (0.13, 0.18, 0.24), 1.7, 0.75),
    "light-blue": IrisLook((0.58, 0.61, 0.62), (0.46, 0.545, 0.60), (0.19, 0.25, 0.31), 1.6, 0.75),
}
"""Irises by name; colours are sRGB."""

SKINS: dict[str, RGB] = {
    "very-light": (0.91, 0.77, 0.70),
    "light": (0.87, 0.71, 0.61),
    "light-warm": (0.85, 0.68, 0.55),
    "medium-light": (0.79, 0.61, 0.48),
    "olive": (0.70, 0.555, 0.44),
    "tan": (0.61, 0.465, 0.36),
    "brown": (0.495, 0.36, 0.275),
    "dark": (0.385, 0.275, 0.215),
    "very-dark": (0.28, 0.20, 0.165),
}
"""Albedo of the skin by name, sRGB."""

HAIRS: dict[str, RGB] = {
    "black": (0.025, 0.020, 0.018),
    "dark-brown": (0.06, 0.038, 0.026),
    "brown": (0.13, 0.075, 0.042),
    "light-brown": (0.24, 0.15, 0.085),
    "blond": (0.44, 0.27, 0.12),
    "red": (0.30, 0.10, 0.035),
    "grey": (0.34, 0.33, 0.32),
    "white": (0.66, 0.65, 0.63),
}
"""Hair colour by name, linear RGB as seen along a lit strand."""


@dataclass(frozen=True)
class Identity:
    """One synthetic person.

    Attributes:
        name: p01, p02 ...; c001 ... for calibration people, s01 ... for sample portraits.
        split: ``calibrate``, ``test`` or ``sample``; a person is in one of them only.
        mix: weights of the asset pack's base shapes african, asian, caucasian (sum 1).
        male: 0 the female .. 1 the male base shape.
        age: 0 the young .. 1 the old base shape.
        weight: -1 thin .. 1 heavy.
        shape: further targets under ``mpfb2/targets``, or face units, and their weights;
            targets of eyes, cheeks and ears without a side apply to both sides.
        ipd: interpupillary distance, mm.
        lid: distance of the upper and of the lower lid edge from the pupil, mm, looking ahead.
        skin: key of ``SKINS``.
        iris: key of ``IRISES``.
        hair: key of ``HAIRS``.
        style: hair style, see ``hairstyles``.
        brow: key of ``HAIRS``; "" for the colour of the hair.
        brow_density: factor of the number of hairs in the brows.
        beard: 0 none .. 1 full.
        stubble: 0 none .. 1 dense.
        freckles: 0 none .. 1 many.
        lashes: factor of the length of the lashes.
        redness: 0..1, veins in the sclera and redness of the skin.
        fold: 0 a clear crease of the upper lid .. 1 a low crease under a full fold.
        glasses: "" or a key of ``glasses.STYLES``.
        slit: weight of the target that lengthens the lid slit; 0.55 is about 25 mm, 1.4 about 27.
        ball: offset of the eyeball's centre from the midpoint of the lid corners, mm: towards the
            temple and up.
        shirt: colour, linear RGB.
    """

    name: str
    split: str
    mix: RGB
    male: float
    age: float
    skin: str
    iris: str
    hair: str
    style: str
    lid: tuple[float, float] = (4.0, 5.2)
    ipd: float = 63.0
    weight: float = 0.0
    shape: dict[str, float] = field(default_factory=dict)
    brow: str = ""
    brow_density: float = 1.0
    beard: float = 0.0
    stubble: float = 0.0
    freckles: float = 0.0
    lashes: float = 1.0
    redness: float = 0.3
    fold: float = 0.0
    glasses: str = ""
    slit: float = 0.55
    ball: tuple[float, float] = (0.5, 0.6)
    shirt: RGB = (0.10, 0.12, 0.16)

    @property
    def seed(self) -> int:
        """The number in the name, plus an offset for calibration people and sample portraits."""
        return int(self.name[1:]) + {"p": 0, "c": 10_000, "s": 20_000}[self.name[0]]

    def targets(self) -> dict[str, float]:
        """All blend targets of the face at rest and their weights."""
        out: dict[str, float] = {}
        races = dict(zip(("african", "asian", "caucasian"), self.mix, strict=True))
        for gender, g in (("female", 1 - self.male), ("male", self.male)):
            for age, a in (("young", 1 - self.age), ("old", self.age)):
                for race, r in races.items():
                    _add(out, f"macrodetails/{race}-{gender}-{age}", g * a * r)
                body = "maxweight" if self.weight > 0 else "minweight"
                stem = f"macrodetails/universal-{gender}-{age}-averagemuscle"
                _add(out, f"{stem}-averageweight", g * a * (1 - abs(self.weight)))
                _add(out, f"{stem}-{body}", g * a * abs(self.weight))
        # The base mesh's eyes are small for its head, so the lid slits are widened.
        _add(out, "eyes/l-eye-scale-incr", self.slit)
        _add(out, "eyes/r-eye-scale-incr", self.slit)
        _add(out, "head/head-age-incr", 0.4 * max(self.age - 0.3, 0))
        for name, w in (self.shape | self._own_shape()).items():
            for path in _both_sides(name):
                _add(out, path, w)
        return out

    def _own_shape(self) -> dict[str, float]:
        """Small random changes of nose, mouth, chin and brows, so that people differ."""
        rng = np.random.default_rng(1000 + self.seed)
        pairs = [
            ("nose/nose-width2-incr", "nose/nose-width2-decr"),
            ("nose/nose-point-up", "nose/nose-point-down"),
            ("nose/nose-hump-incr", "nose/nose-hump-decr"),
            ("nose/nose-scale-vert-incr", "nose/nose-scale-vert-decr"),
            ("mouth/mouth-scale-horiz-incr", "mouth/mouth-scale-horiz-decr"),
            ("mouth/mouth-upperlip-height-incr", "mouth/mouth-upperlip-height-decr"),
            ("mouth/mouth-lowerlip-height-incr", "mouth/mouth-lowerlip-height-decr"),
            ("chin/chin-width-incr", "chin/chin-width-decr"),
            ("chin/chin-height-incr", "chin/chin-height-decr"),
            ("chin/chin-prominent-incr", "chin/chin-prominent-decr"),
            ("eyebrows/eyebrows-trans-up", "eyebrows/eyebrows-trans-down"),
            ("forehead/forehead-scale-vert-incr", "forehead/forehead-scale-vert-decr"),
            ("head/head-scale-horiz-incr", "head/head-scale-horiz-decr"),
        ]
        out = {}
        for more, less in pairs:
            limit = 0.22 if more.startswith("mouth/") else 0.45
            w = float(np.clip(rng.normal(0, limit / 2), -limit, limit))
            name = more if w > 0 else less
            if name not in self.shape:
                out[name] = abs(w)
        return out


def _add(out: dict[str, float], name: str, weight: float) -> None:
    if weight:
        out[name] = out.get(name, 0.0) + weight


def _both_sides(name: str) -> list[str]:
    """The targets of both sides, if the name needs a side and has none."""
    folder, _, stem = name.rpartition("/")
    if folder in {"eyes", "cheek", "ears"} and stem[:2] not in {"l-", "r-"}:
        return [f"{folder}/l-{stem}", f"{folder}/r-{stem}"]
    return [name]


_FOLD = {
    "eyes/eye-epicanthus-in": 0.8,
    "eyes/eye-eyefold-down": 0.5,
    "eyes/eye-eyefold-convex": 0.5,
}

PEOPLE: tuple[Identity, ...] = (
    Identity("p01", "calibrate", (0, 0, 1), 0.05, 0.05, "light", "blue", "light-brown", "tied",
             (4.2, 5.4), 62, shape={"head/head-oval": 0.5}, freckles=0.3, shirt=(0.16, 0.20, 0.30)),
    Identity("p02", "test", (1, 0, 0), 0.95, 0.1, "very-dark", "black-brown", "black", "buzz",
             (4.0, 5.0), 66, shape={"head/head-square": 0.3}, stubble=0.3,
             shirt=(0.55, 0.55, 0.53)),
    Identity("p03", "calibrate", (0, 1, 0), 0.1, 0.05, "medium-light", "black-brown", "black",
             "long", (3.4, 4.8), 63, shape={**_FOLD, "head/head-round": 0.3}, fold=0.9, lashes=0.85,
             shirt=(0.35, 0.08, 0.09)),
    Identity("p04", "test", (0, 0, 1), 0.95, 0.35, "light-warm", "green", "brown", "short",
             (3.8, 5.2), 64, shape={"head/head-rectangular": 0.5}, stubble=0.6,
             shirt=(0.05, 0.07, 0.11)),
    Identity("p05", "calibrate", (0.25, 0.25, 0.5), 0.9, 0.2, "tan", "brown", "black", "short",
             (4.1, 5.1), 64, shape={"nose/nose-curve-convex": 0.4}, beard=0.8,
             shirt=(0.20, 0.24, 0.18)),
    Identity("p06", "test", (0.8, 0, 0.2), 0.05, 0.15, "brown", "brown", "black", "curly",
             (4.4, 5.4), 63, shape={"head/head-oval": 0.4}, lashes=1.15, shirt=(0.50, 0.34, 0.08)),
    Identity("p07", "calibrate", (0, 0, 1), 0.9, 0.85, "very-light", "light-blue", "white", "short",
             (3.5, 5.4), 64, weight=0.2, redness=0.6, lashes=0.7, brow="grey",
             shirt=(0.28, 0.32, 0.38)),
    Identity("p08", "test", (0, 1, 0), 0.95, 0.15, "light-warm", "black-brown", "black", "side",
             (3.1, 4.5), 65, shape={**_FOLD, "head/head-square": 0.3}, fold=0.9, lashes=0.75,
             shirt=(0.62, 0.62, 0.62)),
    Identity("p09", "calibrate", (0.6, 0, 0.4), 0.05, 0.5, "dark", "black-brown", "dark-brown",
             "tied", (4.0, 5.2), 64, weight=0.4, shape={"head/head-round": 0.4},
             glasses="round", shirt=(0.10, 0.22, 0.22)),
    Identity("p10", "test", (0, 0, 1), 0.05, 0.6, "very-light", "grey", "blond", "bob",
             (3.8, 5.2), 61, shape={"eyes/eye-eyefold-down": 0.3}, freckles=0.2, brow="light-brown",
             shirt=(0.05, 0.05, 0.06)),
    Identity("p11", "calibrate", (0.3, 0, 0.7), 0.95, 0.3, "olive", "hazel", "dark-brown", "curly",
             (4.1, 5.2), 65, shape={"nose/nose-hump-incr": 0.5}, stubble=0.8,
             shirt=(0.40, 0.30, 0.20)),
    Identity("p12", "test", (0.1, 0.5, 0.4), 0.05, 0.1, "olive", "amber", "dark-brown", "long",
             (4.3, 5.3), 62, shape={"eyes/eye-corner2-up": 0.4}, shirt=(0.18, 0.12, 0.24)),
    Identity("p13", "calibrate", (0, 0, 1), 0.95, 0.1, "very-light", "green", "red", "side",
             (4.1, 5.3), 62, freckles=0.9, redness=0.5, brow="red", shirt=(0.06, 0.14, 0.10)),
    Identity("p14", "test", (0, 1, 0), 0.05, 0.75, "medium-light", "brown", "grey", "bob",
             (3.0, 4.4), 62, weight=0.2, shape={**_FOLD, "head/head-round": 0.5}, fold=0.9,
             lashes=0.7, glasses="oval", shirt=(0.30, 0.16, 0.14)),
    Identity("p15", "calibrate", (1, 0, 0), 0.05, 0.05, "very-dark", "brown", "black", "buzz",
             (4.5, 5.5), 64, shape={"head/head-oval": 0.5}, lashes=1.2, shirt=(0.60, 0.56, 0.48)),
    Identity("p16", "test", (0.2, 0.2, 0.6), 0.95, 0.5, "tan", "brown", "grey", "bald",
             (3.6, 5.0), 66, weight=0.3, beard=0.5, glasses="square", shirt=(0.12, 0.15, 0.22)),
    Identity("p17", "calibrate", (0, 0.9, 0.1), 0.95, 0.55, "tan", "black-brown", "black", "short",
             (2.9, 4.3), 64, weight=0.3, shape={**_FOLD, "head/head-square": 0.4}, fold=0.9,
             lashes=0.6, shirt=(0.08, 0.08, 0.08)),
    Identity("p18", "test", (0.5, 0, 0.5), 0.95, 0.05, "brown", "hazel", "black", "buzz",
             (4.2, 5.3), 63, shape={"head/head-oval": 0.3}, beard=0.4, shirt=(0.36, 0.12, 0.10)),
    Identity("p19", "calibrate", (0, 0.4, 0.6), 0.05, 0.3, "light", "hazel", "brown", "bob",
             (3.9, 5.0), 60, shape={"head/head-triangular": 0.2}, shirt=(0.24, 0.30, 0.42)),
    Identity("p20", "test", (0.9, 0, 0.1), 0.95, 0.8, "dark", "black-brown", "grey", "short",
             (3.5, 5.0), 66, shape={"head/head-rectangular": 0.3}, stubble=0.5, redness=0.5,
             shirt=(0.22, 0.22, 0.25)),
    Identity("p21", "calibrate", (0, 0, 1), 0.95, 0.45, "medium-light", "grey", "dark-brown",
             "bald", (3.7, 5.2), 65, shape={"head/head-round": 0.3}, stubble=0.9, glasses="square",
             shirt=(0.07, 0.09, 0.14)),
    Identity("p22", "test", (0.2, 0, 0.8), 0.05, 0.2, "light-warm", "brown", "dark-brown", "long",
             (4.6, 5.6), 63, shape={"nose/nose-hump-incr": 0.4, "eyes/eye-scale-incr": 0.3},
             lashes=1.2, shirt=(0.45, 0.42, 0.38)),
    Identity("p23", "calibrate", (0.4, 0.4, 0.2), 0.1, 0.15, "brown", "amber", "black", "curly",
             (4.2, 5.2), 63, shape={"head/head-round": 0.3}, shirt=(0.12, 0.26, 0.34)),
    Identity("p24", "test", (0, 0, 1), 0.05, 0.9, "light", "blue", "white", "tied",
             (3.3, 5.3), 61, shape={"eyes/eye-eyefold-down": 0.5}, redness=0.6, lashes=0.6,
             brow="grey", shirt=(0.20, 0.10, 0.20)),
    Identity("p25", "calibrate", (0, 0.8, 0.2), 0.9, 0.1, "light", "brown", "dark-brown", "side",
             (3.3, 4.7), 62, shape={"eyes/eye-eyefold-down": 0.4, "head/head-oval": 0.4},
             glasses="round", shirt=(0.30, 0.34, 0.30)),
    Identity("p26", "test", (0.7, 0, 0.3), 0.9, 0.25, "very-dark", "black-brown", "black", "curly",
             (3.9, 5.1), 67, beard=0.6, shirt=(0.42, 0.40, 0.36)),
)  # fmt: skip
"""All people of the committed set, in the order in which ``--identities N`` takes them."""
