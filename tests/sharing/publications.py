"""A small comparison to publish, made of a photo from scikit-image."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from pipelines.image.arrays import Image8
from pipelines.studio import Look
from sharing.publication import Picture, Publication

LOOKS = (
    Look(region="japan", context="linkedin"),
    Look(region="nordic", context="actor"),
    Look(region="keep", context="id-passport"),
)
TITLES = ("Japan · LinkedIn", "Nordic countries · Actor headshot", "As it is · ID or passport")
REPORT: dict[str, Any] = {
    "original": {"gaze": [7.0, -6.0], "skin_tone": {"ita": 41.2}},
    "variants": [
        {
            "gaze": {
                "asked": [3.0, -2.0],
                "target": [3.0, -2.0],
                "after": [2.8, -1.9],
                "error": 0.22,
            },
            "identity": {"distance": 0.071},
            "texture_retention": 0.941,
            "texture_floor": 0.88,
            "skin_tone": {"ita_before": 41.2, "ita_after": 41.3, "delta_e00_mean": 0.41},
        }
    ]
    * len(LOOKS),
    "ranking": [0, 1, 2],
    "best": [0],
}


def publication(
    title: str = "Autumn portraits", *, days: int = 7, asks_vote: bool = True, side: int = 64
) -> Publication:
    """A face, `side` pixels wide, and three pictures that stand for looks of it."""
    face = _face(side)
    pictures = [_picture("", "Original", None, face)]
    for index, (look, words) in enumerate(zip(LOOKS, TITLES, strict=True)):
        shifted = np.roll(face, index + 1, axis=0)
        pictures.append(_picture("ABC"[index], words, look, shifted))
    return Publication(title, days, asks_vote, tuple(pictures), REPORT)


@lru_cache
def _face(side: int) -> Image8:
    import skimage.data
    from PIL import Image

    face = Image.fromarray(skimage.data.astronaut()[:256, 100:356])
    return np.asarray(face.resize((side, side)))


def _picture(letter: str, title: str, look: Look | None, face: Image8) -> Picture:
    return Picture(
        letter=letter,
        title=title,
        look=look,
        captions=("3.4° soft", "likeness 0.07", "texture 94%, floor 88%") if look else ("9.2°",),
        warnings=("Over-polished: too smooth.",) if letter == "B" else (),
        badges=("least changed",) if letter == "A" else (),
        full_u8=face,
        close_u8=face,
        eyes_u8=face[: len(face) // 3],
        framed_u8=face[: len(face) // 2] if letter == "C" else None,
    )
