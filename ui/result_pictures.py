"""What the page knows of each picture that it shows: plain values, no pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.gaze import Gaze

Report = dict[str, Any]


@dataclass(frozen=True)
class Files:
    """The PNGs that show one picture: all of it, head and shoulders, the eyes.

    Attributes:
        whole: Address of the whole picture.
        close: Address of head and shoulders.
        eyes: Address of the enlarged eyes, side by side in halves of one size.
        paths: Path of the whole picture and of head and shoulders.
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
        title: What the look is, such as "Japan · LinkedIn".
        files: What shows it.
        full: Address of the full-size PNG, or "" where there is nothing to download.
        control: Address of the annotation, or "".
        gaze: Where the person looks in this picture.
        report: The variant's report, or the original's own.
        best: Whether this is the most recognisable look, or tied for it.
        path: Path of the full-size PNG, or "".
        skin: Address of the picture that shows what counts as skin, or "".
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
        """Letter and title together."""
        return named(self.letter, self.title)


@dataclass(frozen=True)
class Missing:
    """A look that could not be made: a sentence stands where its picture would.

    Attributes:
        letter: "A" to "D".
        title: What the look is, such as "Japan · LinkedIn".
        sentence: What is wrong and what to do, in one sentence.
    """

    letter: str
    title: str
    sentence: str

    @property
    def name(self) -> str:
        """Letter and title together."""
        return named(self.letter, self.title)


Figure = ResultPicture | Missing


def named(letter: str, title: str) -> str:
    """What a picture is called, such as ``A · Japan · LinkedIn``."""
    return f"{letter} · {title}" if letter else title
