"""The figures of a comparison as plain values: addresses, gaze and report, no pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.gaze import Gaze
from pipelines.studio import Look

Report = dict[str, Any]


@dataclass(frozen=True)
class Files:
    """What is shown of one picture: crops of it, which are the same for every look of a photo.

    Attributes:
        whole: Address of the whole picture.
        close: Address of head and shoulders.
        eyes: Address of the enlarged eyes, side by side in halves of one size.
        skin: Address of a piece of skin.
        square: Address of the picture in the frame of a profile picture.
        upright: Address of the picture in the frame of a CV.
        wide: Address of a 16:9 crop around the face, for calls, or "" if the face does not fit.
        enlarged: Whether the piece of skin is smaller than it is shown, rather than at 100 %.
    """

    whole: str
    close: str
    eyes: str
    skin: str
    square: str
    upright: str
    wide: str = ""
    enlarged: bool = False


@dataclass(frozen=True)
class EyeLine:
    """Where the eyes are in a picture, in shares of its width and height.

    Attributes:
        x: Midpoint between the eyes, from the left.
        y: Midpoint between the eyes, from the top.
        apart: Distance of the eyes over the picture's width.
        side: Left edge of the face, from the left.
        ratio: The picture's width over its height.
    """

    x: float
    y: float
    apart: float
    side: float
    ratio: float

    @property
    def eyes(self) -> str:
        """Midpoint and distance of the eyes, for the page's script."""
        return f"{self.x:.4f} {self.y:.4f} {self.apart:.4f}"

    @property
    def rest(self) -> float:
        """Where the slider rests: beside the face, in percent of the width."""
        return 100 * min(max(self.side - 0.02, 0.06), 0.4)


@dataclass(frozen=True, eq=False)
class ResultPicture:
    """A rendered look, or the photo itself: what the page, the history and links show of it.

    Attributes:
        look: The look; None for the photo.
        files: What is shown of it.
        gaze: Measured in this picture; None where it cannot be.
        report: Of the variant, or of the photo.
        paths: Paths of all its files.
        path: Path of the full-size PNG, or "".
        framed: Address of the picture in the look's frame, or "" if it keeps the frame.
        frame: Name of that frame.
        outlines: That frame in the whole picture, and in head and shoulders; corners for SVG in
            shares of their width and height.
        turned: Degrees by which that frame levels the picture, counter-clockwise > 0.
        control: Address of the control image, or "".
        skin: Address of the picture of what counts as skin, or "".
        eye_lines: Where the eyes are in the whole picture, and in head and shoulders; of the photo.
        saved: Path of the PNG in the look's frame; `path` where it keeps the frame.
        choices: Ways to save it, the sensible one first; names of `saving.CHOICES`.
        reached: Whether the result came near enough to the target gaze.
        distance: Distance of the face embeddings, for the ranking.
        letter: "A" to "D", or "" for the photo.
        title: Region and context, such as "Japan · LinkedIn".
    """

    look: Look | None
    files: Files
    gaze: Gaze | None
    report: Report = field(repr=False)
    paths: tuple[str, ...] = field(default=(), repr=False)
    path: str = ""
    framed: str = ""
    frame: str = "keep"
    outlines: tuple[str, ...] = ()
    turned: float = 0.0
    control: str = ""
    skin: str = ""
    eye_lines: tuple[EyeLine, ...] = ()
    saved: str = ""
    choices: tuple[str, ...] = ()
    reached: bool = True
    distance: float = 0.0
    letter: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """Letter and title."""
        return named(self.letter, self.title)

    @property
    def failed(self) -> bool:
        """Whether an engine could not finish its part."""
        parts = (self.report.get(part) or {} for part in ("generation", "headshot"))
        return any(part.get("failure") for part in parts)


@dataclass(frozen=True)
class Missing:
    """A look that could not be rendered, with the message in its place.

    Attributes:
        letter: "A" to "D".
        title: Region and context, such as "Japan · LinkedIn".
        message: What is wrong and what to do.
        look: The look.
    """

    letter: str
    title: str
    message: str
    look: Look

    @property
    def name(self) -> str:
        """Letter and title."""
        return named(self.letter, self.title)


Figure = ResultPicture | Missing


def named(letter: str, title: str) -> str:
    """Letter and title, such as ``A · Japan · LinkedIn``."""
    return f"{letter} · {title}" if letter else title
