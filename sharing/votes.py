"""Ballots, their counts, and confidence intervals of the counts."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sharing.publication import PublishedPicture
from sharing.translations import _

QUESTIONS = {
    "likeness": _("Most like the person"),
    "trust": _("Most trustworthy"),
    "purpose": _("Best for the purpose"),
}
"""What a blind vote asks for."""
CHOICE = {"purpose": QUESTIONS["purpose"]}
"""What is asked for where the labels are shown."""
UNSURE = "unsure"
"""The answer to a blind question of somebody who can't tell; it counts towards all votes."""
LONGEST_COMMENT = 1000
# Quantile of the normal distribution for a two-sided 95 % interval.
_Z = 1.959963984540054


@dataclass(frozen=True)
class Ballot:
    """One visitor's answers.

    Attributes:
        likeness: Key of the picture that is most like the person, or `UNSURE`; "" where labels are
            shown.
        trust: Key of the most trustworthy picture, or `UNSURE`; "" where labels are shown.
        purpose: Key of the picture that the visitor would choose, or `UNSURE` in a blind vote.
        comment: Free text, or "".
        at: Time of the vote in seconds since 1970.
    """

    likeness: str
    trust: str
    purpose: str
    comment: str = ""
    at: int = 0

    def answer(self, question: str) -> str:
        """The answer to one of `QUESTIONS`."""
        return {"likeness": self.likeness, "trust": self.trust, "purpose": self.purpose}[question]


@dataclass(frozen=True)
class Count:
    """How often a picture was the answer to a question.

    Attributes:
        picture: The picture.
        votes: Number of votes for it.
        of: Number of all votes.
        low: Lower end of the 95 % interval of its share, 0..1.
        high: Upper end.
    """

    picture: PublishedPicture
    votes: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Share of the votes; 0 if there are none."""
        return self.votes / self.of if self.of else 0.0


def questions_of(blind: bool) -> Mapping[str, str]:
    """The questions of a comparison, by name."""
    return QUESTIONS if blind else CHOICE


def tally(
    pictures: Sequence[PublishedPicture], ballots: Sequence[Ballot], questions: Iterable[str]
) -> dict[str, list[Count]]:
    """Count the answers to each question; the counts are in the order of `pictures`."""
    return {
        question: [
            _count(
                picture,
                sum(ballot.answer(question) == picture.key for ballot in ballots),
                len(ballots),
            )
            for picture in pictures
        ]
        for question in questions
    }


def wilson(votes: int, of: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Unlike the normal approximation it stays within 0 and 1 and holds for few votes.
    """
    if of == 0:
        return 0.0, 1.0
    share, z2 = votes / of, _Z**2
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half_width = _Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of**2)) / (1 + z2 / of)
    return max(0.0, centre - half_width), min(1.0, centre + half_width)


def shuffled(pictures: Iterable[PublishedPicture], seed: bytes) -> list[PublishedPicture]:
    """The pictures in a pseudo-random order; the same seed gives the same order."""
    order = list(pictures)
    random.Random(seed).shuffle(order)
    return order


def _count(picture: PublishedPicture, votes: int, of: int) -> Count:
    return Count(picture, votes, of, *wilson(votes, of))
