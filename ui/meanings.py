"""What every measurement means: the one list of them, each with its sources.

The words are in the texts, section ``meaning``. A caption or table writes a `term`: a button that
opens the explanation, wherever it stands; `explanations` is what they open, once on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from ui.language import DEFAULT, say, texts


@dataclass(frozen=True)
class Citation:
    """A publication, each seen at least as a record or an abstract.

    Attributes:
        text: Authors, year, and what it is.
        link: Where to read it, or "".
    """

    text: str
    link: str = ""


@dataclass(frozen=True)
class Meaning:
    """One measurement.

    Attributes:
        id: Its name in the texts: ``meaning.{id}.title`` and so on.
        sources: Where the measure or its threshold comes from.
        ours: Whether the threshold, or some of it, is our own choice.
    """

    id: str
    sources: tuple[Citation, ...] = ()
    ours: bool = False


_CONE = Citation("Horstmann & Linke 2021, Perception", "https://doi.org/10.1177/03010066211059930")
_DLIB = Citation(
    "King 2017, dlib",
    "https://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html",
)
_ITA = Citation(
    "Chardon, Cretois & Hourseau 1991, Int. J. Cosmet. Sci.",
    "https://doi.org/10.1111/j.1467-2494.1991.tb00561.x",
)
_CIEDE2000 = Citation(
    "CIEDE2000: Sharma, Wu & Dalal 2005, Color Res. Appl.", "https://doi.org/10.1002/col.20070"
)
_BLUR = Citation(
    "Zhuo & Sim 2011, Pattern Recognition", "https://doi.org/10.1016/j.patcog.2011.03.009"
)
_PUPILS = Citation("Dodgson 2004, Proc. SPIE", "https://doi.org/10.1117/12.529999")
_HIGHLIGHTS = Citation("Hu, Li & Lyu 2021, ICASSP", "https://arxiv.org/abs/2009.11924")
_PUPIL_SHAPE = Citation("Guo et al. 2022, ICASSP", "https://arxiv.org/abs/2109.00162")
_FARKAS = Citation("Farkas 1994, Anthropometry of the Head and Face")
_XIAO = Citation("Xiao et al. 2017, Skin Res. Technol.")
_OFIQ = Citation("OFIQ, ISO/IEC 29794-5", "https://github.com/BSI-OFIQ/OFIQ-Project")

_ALL = (
    Meaning("gaze", (_CONE,)),
    Meaning("asked"),
    Meaning("gaze_error", (_CONE,)),
    Meaning("head"),
    Meaning("likeness", (_DLIB,)),
    Meaning("texture", ours=True),
    Meaning("held_back"),
    Meaning("star", ours=True),
    Meaning("ita", (_ITA,)),
    Meaning("ita_shift", (_ITA,), ours=True),
    Meaning("delta_e", (_CIEDE2000,), ours=True),
    Meaning("fine_contrast", ours=True),
    Meaning("halo", ours=True),
    Meaning("spacing"),
    Meaning("tilt"),
    Meaning("highlights", (_HIGHLIGHTS,)),
    Meaning("outside"),
    Meaning("drawn"),
    Meaning("time"),
    Meaning("sharpness", (_BLUR, _OFIQ), ours=True),
    Meaning("exposure", (_OFIQ,), ours=True),
    Meaning("dynamic_range", (_OFIQ,)),
    Meaning("illumination_uniformity", (_OFIQ,)),
    Meaning("natural_colour", (_OFIQ, _XIAO), ours=True),
    Meaning("inter_eye_distance", (_OFIQ,), ours=True),
    Meaning("head_size", (_OFIQ,), ours=True),
    Meaning("head_pose", (_OFIQ,)),
    Meaning("eyes_open", (_OFIQ,), ours=True),
    Meaning("mouth_closed", (_OFIQ,), ours=True),
    Meaning("single_face", (_OFIQ,)),
    Meaning("background_uniformity", (_OFIQ,), ours=True),
    Meaning("gaze_quality", ours=True),
    Meaning("finish", ours=True),
    Meaning("eye_spacing", (_PUPILS,)),
    Meaning("eye_tilt", (_FARKAS,), ours=True),
    Meaning("iris_difference", ours=True),
    Meaning("pupil_roundness", (_PUPIL_SHAPE,), ours=True),
    Meaning("catchlight_agreement", (_HIGHLIGHTS,), ours=True),
    Meaning("eye_detail", ours=True),
)

MEANINGS = MappingProxyType({one.id: one for one in _ALL})
"""Every measurement that the page shows, by id."""

_PARTS = ("good", "limit", "doubt")


def term(language: str, of: str, shown: str | None = None, more: str = "") -> str:
    """A measurement that opens its explanation: by pointer, tap or key.

    Args:
        language: A key of `ui.language.LANGUAGES`.
        of: Its id.
        shown: What is underlined, as text; its title if None.
        more: What else stands in the button, as HTML, such as the value.

    Raises:
        KeyError: There is no such measurement.
    """
    meaning = MEANINGS[of]
    word = say(language, f"meaning.{meaning.id}.title") if shown is None else shown
    return (
        f'<button type="button" class="p-term" popovertarget="meaning-{meaning.id}">'
        f"<span>{escape(word)}</span>{more}</button>"
    )


def explanations(language: str) -> str:
    """Everything that the terms open, closed."""
    return "".join(_explanation(language, meaning) for meaning in MEANINGS.values())


def _explanation(language: str, meaning: Meaning) -> str:
    rows = [
        (part, escape(say(language, f"meaning.{meaning.id}.{part}")))
        for part in _PARTS
        if f"meaning.{meaning.id}.{part}" in texts(DEFAULT)
    ]
    source = _sources(language, meaning)
    if source:
        rows.append(("source", source))
    facts = "".join(
        f"<dt>{escape(say(language, f'meaning.{part}'))}</dt><dd>{said}</dd>" for part, said in rows
    )
    heading = f"meaning-{meaning.id}-title"
    return (
        f'<div popover id="meaning-{meaning.id}" class="p-meaning" role="dialog" '
        f'aria-labelledby="{heading}">'
        f'<h3 id="{heading}">{escape(say(language, f"meaning.{meaning.id}.title"))}</h3>'
        f"<p>{escape(say(language, f'meaning.{meaning.id}.what'))}</p>"
        + (f"<dl>{facts}</dl>" if facts else "")
        + "</div>"
    )


def _sources(language: str, meaning: Meaning) -> str:
    said = [_cited(source) for source in meaning.sources]
    if meaning.ours:
        said.append(escape(say(language, "meaning.ours_too" if said else "meaning.ours")))
    return "<br>".join(said)


def _cited(source: Citation) -> str:
    if not source.link:
        return escape(source.text)
    link = escape(source.link, quote=True)
    return f'<a href="{link}" target="_blank" rel="noopener noreferrer">{escape(source.text)}</a>'
