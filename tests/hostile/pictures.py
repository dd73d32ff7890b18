"""Pictures that are fine as files and hard as portraits, made of two photographs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from pipelines import studio
from pipelines.runtime.errors import Refusal
from tests.hostile.cases import RESULT, Case, Trials, case, tried

Pixels = NDArray[np.uint8]

# Where the astronaut's face and eyes are, in pixels of the photo: left, top, right, bottom.
_FACE = (170, 60, 275, 185)
_LEFT_EYE, _RIGHT_EYE = (229, 97, 252, 113), (190, 97, 213, 114)
_NO_FACE, _NO_EYES = "no-face", ("eyes-hidden", "eyes-shut", "no-face")
# Either will do; what counts is that it is said, and that nothing odd is drawn.
_MAYBE = (*_NO_EYES, RESULT)


def cases() -> list[Case]:
    """All of them."""
    return [*_nobody(), *_many(), *_placed(), *_hidden(), *_lit(), *_spoilt()]


def trials() -> AbstractContextManager[Trials]:
    """Each is analysed: worked on, or refused without paths."""
    return tried(cases(), analysed)


def analysed(data: bytes) -> str:
    """What came of a picture: `RESULT` or a refusal's code; a sentence where the result is odd."""
    try:
        analysis = studio.analyse(data)
    except Refusal as refusal:
        return f"it says {refusal.sentence!r}" if "/" in refusal.sentence else refusal.code
    # All of these people look into the lens; who cannot be read is not turned.
    sane = analysis.gaze.gaze.off_lens < 6 or analysis.eyes_left_alone
    return RESULT if sane else f"a gaze of {analysis.gaze.gaze.off_lens:.0f} degrees"


@cache
def astronaut() -> Pixels:
    """Public domain, 512 x 512."""
    return np.asarray(skimage.data.astronaut())


@cache
def hopper() -> Pixels:
    """Public domain; matplotlib ships it."""
    folder = Path(matplotlib.get_data_path())
    return np.asarray(Image.open(folder / "sample_data/grace_hopper.jpg").convert("RGB"))


def png(pixels: Pixels) -> bytes:
    """As a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _picture(name: str, pixels: NDArray[Any], *expected: str) -> Case:
    return case(name, lambda: png(pixels.astype(np.uint8)), *expected)


def _nobody() -> Iterator[Case]:
    yield _picture("a plain wall", np.full((400, 400, 3), 128, np.uint8), _NO_FACE)
    yield _picture("noise", _noise((400, 400, 3)), _NO_FACE)
    yield _picture("a cat", np.asarray(skimage.data.chelsea()), _NO_FACE)
    yield _picture("a cup of coffee", np.asarray(skimage.data.coffee()), _NO_FACE)
    yield _picture("an eye's retina", np.asarray(skimage.data.retina())[::2, ::2], _NO_FACE)
    yield _picture("a brick wall", np.dstack([skimage.data.brick()] * 3), _NO_FACE)
    yield _picture("a page of text", np.dstack([skimage.data.page()] * 3), _NO_FACE)
    yield _picture("a drawn smiley", _smiley(), *_MAYBE)


def _many() -> Iterator[Case]:
    face = astronaut()[20:230, 120:330]
    yield _picture("twenty faces", np.tile(face, (4, 5, 1)))
    yield _picture("the same face twice", np.hstack([astronaut(), astronaut()]))
    small = cv2.resize(face, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    crowd = astronaut().copy()
    crowd[:84, :84] = small
    yield _picture("a small face behind a large one", crowd)


def _placed() -> Iterator[Case]:
    left, top, right, bottom = _FACE
    yield _picture("a face cut at the left", astronaut()[:, (left + right) // 2 :], *_MAYBE)
    yield _picture(
        "a face cut at the mouth", astronaut()[: bottom - 40], _NO_FACE, *_NO_EYES, RESULT
    )
    yield _picture("nothing but the face", astronaut()[top:bottom, left:right])
    yield _picture("upside down", astronaut()[::-1, ::-1])
    yield _picture("lying on the side", np.rot90(astronaut()))
    yield _picture("mirrored", astronaut()[:, ::-1])
    yield _picture("tilted by 30 degrees", _tilted(30))
    yield _picture("a tiny face", _shrunk(0.14), "face-too-small", "too-small", _NO_FACE)
    yield _picture("a tiny face in a large photo", _tiny(), "face-too-small", _NO_FACE)
    yield _picture(
        "stretched to half its width", cv2.resize(astronaut(), (256, 512)), "face-too-small"
    )
    yield _picture("only the eyes", astronaut()[85:125], "too-small", _NO_FACE, *_NO_EYES)


def _hidden() -> Iterator[Case]:
    yield _picture("sunglasses", _covered(hopper(), *_hopper_eyes()), *_NO_EYES)
    yield _picture("one eye covered", _covered(astronaut(), _LEFT_EYE))
    yield _picture("both eyes covered", _covered(astronaut(), _LEFT_EYE, _RIGHT_EYE), *_NO_EYES)
    yield _picture("eyes shut", _shut(), *_NO_EYES, RESULT)
    mask = astronaut().copy()
    mask[135:190, 165:280] = (200, 215, 225)
    yield _picture("mouth and nose under a mask", mask, _NO_FACE, RESULT)


def _lit() -> Iterator[Case]:
    scale = astronaut().astype(np.float32)
    grey = np.dstack([cv2.cvtColor(astronaut(), cv2.COLOR_RGB2GRAY)] * 3)
    yield _picture("all but black", _bytes(scale * 0.02), *_MAYBE)
    yield _picture("very dark", _bytes(scale * 0.12), *_MAYBE)
    yield _picture("all but white", _bytes(250 + scale * 0.02), *_MAYBE)
    yield _picture("very light", _bytes(120 + scale * 0.6))
    yield _picture("greyscale", grey)
    yield _picture("sepia", _bytes(grey * np.array([1.0, 0.85, 0.65], np.float32)))
    yield _picture("infrared-like", astronaut()[..., [0, 0, 0]])
    yield _picture("a negative", 255 - astronaut(), *_MAYBE)
    yield _picture("red and blue exchanged", astronaut()[..., ::-1])
    yield _picture("two levels", np.where(grey > 110, 255, 0).astype(np.uint8), *_MAYBE)


def _spoilt() -> Iterator[Case]:
    noise = np.random.default_rng(3).normal(0, 60, astronaut().shape)
    rows = np.arange(512)[:, None, None]
    screen = astronaut() * (
        0.6 + 0.4 * np.sin(rows * 2.1) * np.sin(np.arange(512)[None, :, None] * 1.9)
    )
    tiny = cv2.resize(astronaut(), (40, 40), interpolation=cv2.INTER_AREA)
    yield _picture("heavy noise", _bytes(astronaut() + noise), *_MAYBE)
    yield _picture("a screen with moiré", _bytes(screen), RESULT, _NO_FACE)
    yield _picture("blurred beyond use", cv2.GaussianBlur(astronaut(), (0, 0), 9), *_MAYBE)
    yield _picture(
        "pixelated", cv2.resize(tiny, (512, 512), interpolation=cv2.INTER_NEAREST), *_MAYBE
    )


def _bytes(values: NDArray[np.float32 | np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _noise(shape: tuple[int, ...]) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def _smiley() -> Pixels:
    image = np.full((400, 400, 3), 255, np.uint8)
    cv2.circle(image, (200, 200), 150, (250, 220, 60), -1)
    for x in (150, 250):
        cv2.circle(image, (x, 160), 20, (0, 0, 0), -1)
    cv2.ellipse(image, (200, 230), (80, 60), 0, 20, 160, (0, 0, 0), 10)
    return image


def _tilted(degrees: float) -> Pixels:
    turn = cv2.getRotationMatrix2D((222, 125), degrees, 1)
    return np.asarray(cv2.warpAffine(astronaut(), turn, (512, 512), borderMode=cv2.BORDER_REFLECT))


def _shrunk(factor: float) -> Pixels:
    small = cv2.resize(astronaut(), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small)


def _tiny() -> Pixels:
    photo = np.full((2_000, 3_000, 3), 90, np.uint8)
    small = _shrunk(0.3)
    photo[900 : 900 + small.shape[0], 1_400 : 1_400 + small.shape[1]] = small
    return photo


def _hopper_eyes() -> tuple[tuple[int, int, int, int], ...]:
    return (206, 178, 266, 214), (276, 178, 336, 214)


def _covered(pixels: Pixels, *boxes: tuple[int, int, int, int]) -> Pixels:
    covered = pixels.copy()
    for left, top, right, bottom in boxes:
        covered[top:bottom, left:right] = (16, 14, 14)
    return covered


def _shut() -> Pixels:
    """Skin over the eyes, with a line of lashes."""
    shut = astronaut().copy()
    for left, top, right, bottom in (_LEFT_EYE, _RIGHT_EYE):
        shut[top - 1 : bottom + 1, left - 2 : right + 2] = astronaut()[150, 205]
        cv2.ellipse(shut, ((left + right) // 2, bottom - 7), (11, 4), 0, 10, 170, (70, 45, 35), 1)
    return shut
