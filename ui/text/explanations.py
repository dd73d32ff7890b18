"""Explanations of all measurements on the page, with the sources of their thresholds.

The texts are in the catalogue, section ``meaning``. Captions and tables use `term`, a button that
opens an explanation; `explanations` is the HTML of all of them, which is on the page once.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from markupsafe import Markup

from ui.text.catalogue import texts
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.templating import render


@dataclass(frozen=True)
class Citation:
    """A publication, each seen at least as a record or an abstract.

    Attributes:
        text: Authors, year, and what it is.
        link: Its address, or "".
    """

    text: str
    link: str = ""


@dataclass(frozen=True)
class Explanation:
    """The explanation of one measurement.

    Attributes:
        id: Its key in the catalogue: ``meaning.{id}.title`` and so on.
        sources: Where the measure or its threshold comes from.
        own_choice: Whether a threshold is our own choice.
    """

    id: str
    sources: tuple[Citation, ...] = ()
    own_choice: bool = False


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
    Explanation("gaze", (_CONE,)),
    Explanation("asked"),
    Explanation("gaze_error", (_CONE,)),
    Explanation("head"),
    Explanation("likeness", (_DLIB,)),
    Explanation("texture", own_choice=True),
    Explanation("held_back"),
    Explanation("ita", (_ITA,)),
    Explanation("ita_shift", (_ITA,), own_choice=True),
    Explanation("delta_e", (_CIEDE2000,), own_choice=True),
    Explanation("fine_contrast", own_choice=True),
    Explanation("halo", own_choice=True),
    Explanation("spacing"),
    Explanation("tilt"),
    Explanation("highlights", (_HIGHLIGHTS,)),
    Explanation("outside"),
    Explanation("drawn"),
    Explanation("time"),
    Explanation("sharpness", (_BLUR, _OFIQ), own_choice=True),
    Explanation("exposure", (_OFIQ,), own_choice=True),
    Explanation("dynamic_range", (_OFIQ,)),
    Explanation("illumination_uniformity", (_OFIQ,)),
    Explanation("natural_colour", (_OFIQ, _XIAO), own_choice=True),
    Explanation("inter_eye_distance", (_OFIQ,), own_choice=True),
    Explanation("head_size", (_OFIQ,), own_choice=True),
    Explanation("head_pose", (_OFIQ,)),
    Explanation("eyes_open", (_OFIQ,), own_choice=True),
    Explanation("mouth_closed", (_OFIQ,), own_choice=True),
    Explanation("single_face", (_OFIQ,)),
    Explanation("background_uniformity", (_OFIQ,), own_choice=True),
    Explanation("gaze_quality", own_choice=True),
    Explanation("finish", own_choice=True),
    Explanation("eye_spacing", (_PUPILS,)),
    Explanation("eye_tilt", (_FARKAS,), own_choice=True),
    Explanation("iris_difference", own_choice=True),
    Explanation("pupil_roundness", (_PUPIL_SHAPE,), own_choice=True),
    Explanation("catchlight_agreement", (_HIGHLIGHTS,), own_choice=True),
    Explanation("eye_detail", own_choice=True),
)

EXPLANATIONS = MappingProxyType({one.id: one for one in _ALL})
"""All measurements that the page shows, by id."""

_PARTS = ("good", "limit", "doubt")


def term(language: str, id_: str, text: str | None = None, more: str = "") -> Markup:
    """A button that opens the explanation of a measurement.

    Args:
        language: A key of `ui.text.language.LANGUAGES`.
        id_: A key of `EXPLANATIONS`.
        text: The underlined text; its title if None.
        more: Text after the underlined text, such as the value.

    Raises:
        KeyError: There is no such measurement.
    """
    return Markup(render("meaning", "term", language, EXPLANATIONS[id_].id, text, more))


def explanations(language: str) -> str:
    """The HTML of all explanations, closed."""
    known = texts(DEFAULT_LANGUAGE)
    return render(
        "meaning",
        "all",
        language,
        [
            (one, [part for part in _PARTS if f"meaning.{one.id}.{part}" in known])
            for one in EXPLANATIONS.values()
        ],
    )
