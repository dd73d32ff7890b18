"""Draw the page's icon and the picture that chat tools show beside a link to the page.

The mark is the gaze dial: the lens in the middle, the cone of eye contact around it, and one gaze
outside of it. Run ``python scripts/brand.py`` after a change; both files are committed.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ASSETS = Path(__file__).parent.parent / "assets"
GROUND, INK, QUIET, LINE, ACCENT = "#1B1B1C", "#F4F4F3", "#A3A3A2", "#4A4A4B", "#8FB2E2"
WORDS = ("Presence", "Set the gaze in degrees.", "Polish without losing the person.")
# Drawn larger and scaled down, because Pillow draws edges without antialiasing.
_FINER = 4


def icon(size: int = 256) -> Image.Image:
    """The mark on a rounded square."""
    side = size * _FINER
    sheet = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(sheet)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), side * 0.22, fill=GROUND)
    _ring(draw, (side / 2, side / 2), side * 0.34, INK, side * 0.055)
    _dot(draw, (side * 0.585, side * 0.545), side * 0.135, ACCENT)
    return sheet.resize((size, size), Image.Resampling.LANCZOS)


def social(width: int = 1200, height: int = 630) -> Image.Image:
    """Name and sentence on the left, a dial with three gazes on the right."""
    sheet = Image.new("RGB", (width * _FINER, height * _FINER), GROUND)
    draw = ImageDraw.Draw(sheet)
    # Pixels a degree; the cones of 2.6 and 5 degrees are those of the page's dial.
    middle, degree = (width * 0.735 * _FINER, height * 0.5 * _FINER), 25.5 * _FINER
    for radius, colour in ((10, LINE), (5, LINE), (2.6, INK)):
        _ring(draw, middle, radius * degree, colour, 2.5 * _FINER)
    _dot(draw, middle, 5 * _FINER, QUIET)
    for yaw, pitch, text, colour in (
        (-6.2, 4.2, "7.5° averted", QUIET),
        (3.0, -2.0, "3.6° soft", INK),
        (0.8, 0.7, "1.1° eye contact", ACCENT),
    ):
        at = (middle[0] + yaw * degree, middle[1] - pitch * degree)
        # Letters are outlined in the background colour, so that no ring crosses them.
        draw.text(
            (at[0] + 20 * _FINER, at[1]),
            text,
            colour,
            _font(23),
            anchor="lm",
            stroke_width=6 * _FINER,
            stroke_fill=GROUND,
        )
        _dot(draw, at, 11 * _FINER, colour)
    left, top = 72 * _FINER, height * 0.36 * _FINER
    draw.text((left, top), WORDS[0], INK, _font(76), anchor="lm")
    for line, words in enumerate(WORDS[1:]):
        draw.text((left, top + (92 + 44 * line) * _FINER), words, QUIET, _font(30), anchor="lm")
    return sheet.resize((width, height), Image.Resampling.LANCZOS)


def _ring(
    draw: ImageDraw.ImageDraw, middle: tuple[float, float], radius: float, colour: str, line: float
) -> None:
    x, y = middle
    box = (x - radius, y - radius, x + radius, y + radius)
    draw.ellipse(box, outline=colour, width=round(line))


def _dot(
    draw: ImageDraw.ImageDraw, middle: tuple[float, float], radius: float, colour: str
) -> None:
    x, y = middle
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * _FINER)


def main() -> None:
    """Write both files."""
    icon().save(ASSETS / "favicon.png", optimize=True)
    social().quantize(128).save(ASSETS / "presence-social.png", optimize=True)


if __name__ == "__main__":
    main()
