"""How the page's numbers are said, and its own refusals; all other texts are in ``ui/texts``.

The refusals are English, as those of pipelines are, since programs read them too; `ui.sentences`
has them in other languages.
"""

from __future__ import annotations

OUR_FAULT = "Something went wrong on our side. Nothing was stored; try again."
NO_PORTRAIT = "There is no portrait yet. Choose a sample, or add a photo of your own."
TOO_MANY_LOOKS = "That is more looks than we compare at once. Send at most {most}, one on a line."
NO_LOOK = "There is no look yet. Name at least one, such as region=japan."
NOTHING_TO_SHARE = "There is no comparison to share yet. Press Compare, then try again."
CLEARED = "These pictures have been cleared meanwhile. Press Compare once more, then try again."


def degrees(value: float, decimals: int = 1) -> str:
    """An angle, such as ``3.4°``; never ``-0.0°``."""
    rounded = round(value, decimals) + 0.0
    return f"{rounded:.{decimals}f}°".replace("-", "−")


def percent(share: float) -> str:
    """A share of 1 as whole percent, such as ``94 %``."""
    return f"{share * 100:.0f} %"
