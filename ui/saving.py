"""The ways in which the page saves a look: formats and sizes, the sensible one first."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.image.metadata import Form
from pipelines.studio.saving import Wishes

SMALL_LONG_SIDE = 1600


@dataclass(frozen=True)
class Choice:
    """A way to save.

    Attributes:
        form: The format.
        wishes: Colours and depth: formats for screens are sRGB, the others as the photo.
        small: Whether the picture is at most `SMALL_LONG_SIDE` pixels long.
    """

    form: Form
    wishes: Wishes
    small: bool = False


_SCREEN, _PHOTO = Wishes(profile="srgb"), Wishes()
CHOICES = {
    "jpeg": Choice("JPEG", _SCREEN),
    "jpeg-small": Choice("JPEG", _SCREEN, small=True),
    "png": Choice("PNG", _PHOTO),
    "tiff": Choice("TIFF", _PHOTO),
    "webp": Choice("WEBP", _SCREEN),
    "avif": Choice("AVIF", _SCREEN),
}
"""The choices by name, JPEG first, which every site and program takes."""

# The choice that comes first, by the format of the photo, where that is not JPEG.
_FIRST = {"PNG": "png", "TIFF": "tiff", "WEBP": "webp", "AVIF": "avif"}


def choices_for(form: str) -> tuple[str, ...]:
    """Names of `CHOICES`, the sensible one for a photo of this format first."""
    first = _FIRST.get(form, "jpeg")
    return first, *(name for name in CHOICES if name != first)
