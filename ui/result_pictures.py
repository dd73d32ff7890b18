"""The figures of a comparison as plain values: addresses, gaze and report, no pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.gaze import Gaze

Report = dict[str, Any]


@dataclass(frozen=True)
class Files:
    """The PNG files of one picture: whole, head and shoulders, eyes.

    Attributes:
        whole: Address of the whole picture.
        close: Address of head and shoulders.
        eyes: Address of the enlarged eyes, side by side in halves of one size.
        paths: Paths of the whole picture and of head and shoulders.
    """

    whole: str
    close: str
    eyes: str
    paths: tuple[str, str]


@dataclass(frozen=True)
class ResultPicture:
    """One picture of the results.

    Attributes:
        letter: "A" to "D", or "" for the original.
        title: Region and context, such as "Japan · LinkedIn".
        files: Its PNG files.
        full: Address of the full-size PNG, or "" if there is none.
        control: Address of the control image, or "".
        gaze: Measured in this picture.
        report: Of the variant, or of the original.
        best: Whether it is the most recognisable look, or tied for it.
        path: Path of the full-size PNG, or "".
        skin: Address of the picture of what counts as skin, or "".
    """

    letter: str
    title: str
    files: Files
    full: str
    control: str
    gaze: Gaze
    report: Report = field(hash=False)
    best: bool = False
    path: str = ""
    skin: str = ""

    @property
    def name(self) -> str:
        """Letter and title."""
        return named(self.letter, self.title)


@dataclass(frozen=True)
class Missing:
    """A look that could not be rendered, with the message in its place.

    Attributes:
        letter: "A" to "D".
        title: Region and context, such as "Japan · LinkedIn".
        message: What is wrong and what to do.
    """

    letter: str
    title: str
    message: str

    @property
    def name(self) -> str:
        """Letter and title."""
        return named(self.letter, self.title)


Figure = ResultPicture | Missing


def named(letter: str, title: str) -> str:
    """Letter and title, such as ``A · Japan · LinkedIn``."""
    return f"{letter} · {title}" if letter else title
