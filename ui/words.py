"""The page's sentences, and how its numbers are said. Numbers come with a word."""

from __future__ import annotations

from pipelines.gaze import Gaze

TITLE = "Presence"
LEAD = "Set the gaze in degrees. Polish without losing the person."

REGION = "Regional gaze norm"
REGION_INFO = "Who will see the portrait"
CONTEXT = "Context"
CONTEXT_INFO = "What the portrait is for"
PREFERENCES = "Preferences, nobody’s region"

OUR_FAULT = "Something went wrong on our side. Nothing was stored; try again."
NO_PORTRAIT = "There is no portrait yet. Choose a sample, or add a photo of your own."
TOO_MANY_LOOKS = "That is more looks than we compare at once. Send at most {most}, one on a line."
CHANGED = "Settings changed. Press Compare to see them."
NO_LOOK = "There is no look yet. Name at least one, such as region=japan."

SHARE_LINK = "A link to these looks. It holds settings only, not the photo."
COPIED = "Copied. The link contains settings only, not the photo."
SHARE_ZIP = "The pictures at full size with all numbers, a report and the looks, as a ZIP."
SHARE_PAGE = "A page with the pictures on screen, for people you send its link to."
CONSENT = (
    "Publishing stores the portrait, the pictures on screen, their looks and measurements, and the "
    "title on this server for {span}. Everybody with the link can see them. You can take them back "
    "at any time. Publish only portraits of people who agree."
)
KEEP_PRIVATE = "Keep the private link: it is shown only here, and without it nobody can delete."
NOTHING_TO_SHARE = "There is no comparison to share yet. Press Compare, then try again."
CLEARED = "These pictures have been cleared meanwhile. Press Compare once more, then try again."

LIKENESS_HELP = "How far the face moved from the original: 0 = same, 0.6 = someone else"
TEXTURE_HELP = "Fine skin texture that is left, and the least this context allows"
BEST = "most like them"
GAZE_WORDS = {"contact": "eye contact", "soft": "soft", "averted": "averted"}

FINE_GAZE = "Gaze in degrees off the lens. Empty: as the audience has it."
FINE_DOSES = "Retouching, 0 to 1. Empty: as the context has it."
ENGINE_MARKS = {
    "ready": "ready",
    "slow": "slow without a GPU",
    "download": "needs a download",
    "absent": "not in this version",
}
PERSONA = "Invent a persona"
PERSONA_LEAD = (
    "Faces that are nobody’s, for service bots: drawn from noise in the pose of the portrait, "
    "with its gaze set as below. Needs Stable Diffusion."
)
GENERATIVE = ("Generative polish", "Lets the network redraw skin, up to 0.4. Empty: not at all")
GAZE_PARTS = (("Sideways", "+ is to the right"), ("Up or down", "+ is up"))
DOSES = {
    "B": ("Blemishes", "Spots that will be gone in two weeks"),
    "E": ("Evenness", "Blotches and redness"),
    "U": ("Under the eyes", "Dark circles"),
    "S": ("Shadows", "Hard shadows on the face"),
    "G": ("Contrast and glow", "Light and tone"),
    "X": ("Sharpness", "Crispness"),
}


def degrees(value: float, decimals: int = 1) -> str:
    """An angle, such as ``3.4°``; never ``-0.0°``."""
    rounded = round(value, decimals) + 0.0
    return f"{rounded:.{decimals}f}°".replace("-", "−")


def percent(share: float) -> str:
    """A share of 1 as whole percent, such as ``94 %``."""
    return f"{share * 100:.0f} %"


def gaze_word(gaze: Gaze) -> str:
    """How a gaze reads: eye contact, soft or averted."""
    return GAZE_WORDS[gaze.word]


def direction(gaze: Gaze) -> str:
    """Where a gaze goes, in the picture: ``3.0° to the right, 2.0° down``."""
    parts = []
    for angle, positive, negative in (
        (gaze.yaw, "to the right", "to the left"),
        (gaze.pitch, "up", "down"),
    ):
        if abs(angle) >= 0.05:
            parts.append(f"{degrees(abs(angle))} {positive if angle > 0 else negative}")
    return ", ".join(parts) or "into the lens"
