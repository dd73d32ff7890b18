"""Several looks judged: which came closest to its gaze, and which changed the person least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.gaze import CONTACT_DEG, Gaze
from pipelines.studio import Look
from pipelines.studio.captions import out_of_reach
from ui.result_pictures import Figure, Report, ResultPicture
from ui.text import numbers
from ui.text.catalogue import translate

SAME_DEG = 0.5
"""Gaze errors that differ by less cannot be told apart."""
SAME_CHANGE = 0.03
"""Nor can faces whose distances from the photo's differ by less."""


@dataclass(frozen=True)
class Judgement:
    """What sets some of the looks apart from the others; empty for a single look.

    Attributes:
        closest: Letters of the looks that came closest to the gaze they were asked for.
        least_changed: Letters of the looks whose face is nearest to the photo's.
    """

    closest: tuple[str, ...] = ()
    least_changed: tuple[str, ...] = ()


def judge(figures: Sequence[Figure]) -> Judgement:
    """Compare the looks among the figures; those that all share a place are not set apart."""
    looks = _looks(figures)
    errors = _errors(looks)
    distances = {one.letter: _distance(one) for one in looks}
    return Judgement(_smallest(errors, SAME_DEG), _smallest(distances, SAME_CHANGE))


def verdict(figures: Sequence[Figure], language: str) -> str:
    """The judgement in words, and what it leaves open; empty for a single look."""
    looks = _looks(figures)
    if len(looks) < 2:
        return ""
    different = dict.fromkeys(one.look for one in looks)
    equal = ([one.letter for one in looks if one.look == look] for look in different)
    sentences = [
        translate(language, "verdict.equal", letters=_listed(letters, language))
        for letters in equal
        if len(letters) > 1
    ]
    if len(different) < 2:
        return " ".join(sentences)
    judgement = judge(figures)
    errors = _errors(looks)
    # Their captions say how far these eyes can turn.
    beyond = {one.letter for one in looks if _is_beyond_reach(one)}
    if judgement.closest:
        least = numbers.degrees(min(errors[letter] for letter in judgement.closest), language)
        letters = _listed(judgement.closest, language)
        sentences.append(translate(language, "verdict.closest", letters=letters, error=least))
    elif len(errors) > 1 and max(errors.values()) <= CONTACT_DEG:
        most = numbers.degrees(max(errors.values()), language)
        sentences.append(translate(language, "verdict.reached", error=most))
    sentences += [
        translate(language, "verdict.missed", letter=letter, error=numbers.degrees(error, language))
        for letter, error in errors.items()
        if error > CONTACT_DEG and letter not in beyond
    ]
    if judgement.least_changed:
        letters = _listed(judgement.least_changed, language)
        sentences.append(translate(language, "verdict.least", letters=letters))
    sentences += [
        translate(language, "verdict.untouched", letter=one.letter)
        for one in looks
        if not _distance(one)
    ]
    if len({Look.parse(one.report["look"]).context for one in looks}) > 1:
        sentences.append(translate(language, "verdict.purposes"))
    return " ".join(sentences)


def faces_of(report: Report) -> list[Report]:
    """The reports of all edited faces, of a look of all; else the report itself."""
    return [one for one in report.get("faces", []) if "refused" not in one] or [report]


def _looks(figures: Sequence[Figure]) -> list[ResultPicture]:
    return [one for one in figures if isinstance(one, ResultPicture) and one.letter]


def _smallest(values: Mapping[str, float], tie: float) -> tuple[str, ...]:
    if len(values) < 2:
        return ()
    least = min(values.values())
    letters = tuple(letter for letter, value in values.items() if value - least <= tie)
    return letters if len(letters) < len(values) else ()


def _errors(looks: Sequence[ResultPicture]) -> dict[str, float]:
    """Gaze errors by letter, of the looks that were asked for a gaze."""
    errors = {one.letter: [face["gaze"]["error"] for face in faces_of(one.report)] for one in looks}
    known = {letter: [one for one in of if one is not None] for letter, of in errors.items()}
    return {letter: float(max(of)) for letter, of in known.items() if of}


def _is_beyond_reach(picture: ResultPicture) -> bool:
    asked, target = (picture.report["gaze"].get(name) for name in ("asked", "target"))
    return bool(asked and target) and out_of_reach(Gaze(*asked), Gaze(*target))


def _distance(picture: ResultPicture) -> float:
    return max(float(face["identity"]["distance"]) for face in faces_of(picture.report))


def _listed(letters: Sequence[str], language: str) -> str:
    if len(letters) < 2:
        return "".join(letters)
    return f"{', '.join(letters[:-1])} {translate(language, 'verdict.and')} {letters[-1]}"
