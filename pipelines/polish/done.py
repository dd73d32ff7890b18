"""What a polish did to a portrait, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

# Smaller changes cannot be seen, and are not mentioned.
_SEEN_SHARE, _SEEN_EV, _SEEN_CAST, _SEEN_HAZE = 0.05, 0.1, 0.02, 0.005


@dataclass(frozen=True)
class Done:
    """What a polish did.

    Attributes:
        spots: Number of spots that were healed.
        under_eye: Share of the difference between under the eyes and the cheek that is gone.
        shadow: Share of the depth of hard shadows on the face that is gone.
        shine: Share of the gloss on the face that is gone.
        ev: Rise of the exposure of the picture, in EV.
        cast: Largest relative change of a channel by the white balance.
        haze: Linear light of haze that was taken off.
        focus: Whether a mild blur was mended.
        compression: Whether the blocks of a strong compression were taken away.
        contrast: Share by which the contrast of the middle tones of the picture rose.
    """

    spots: int = 0
    under_eye: float = 0.0
    shadow: float = 0.0
    shine: float = 0.0
    ev: float = 0.0
    cast: float = 0.0
    haze: float = 0.0
    focus: bool = False
    compression: bool = False
    contrast: float = 0.0

    def held_back(self, light_share: float, skin_share: float, *, healed: bool) -> Done:
        """The same, with shares of the changes of light and of skin."""
        return replace(
            self,
            spots=self.spots if healed else 0,
            under_eye=skin_share * self.under_eye,
            shadow=light_share * self.shadow,
            shine=light_share * self.shine,
            ev=light_share * self.ev,
            cast=light_share * self.cast,
            haze=light_share * self.haze,
            focus=self.focus and skin_share > 0,
            contrast=skin_share * self.contrast,
        )

    def report(self) -> list[dict[str, Any]]:
        """Plain data for JSON: what can be seen, each with its kind and amount."""
        rows: list[dict[str, Any]] = []
        if self.spots:
            rows.append({"what": "spots", "count": self.spots})
        shares = {"under-eyes": self.under_eye, "shadow": self.shadow, "shine": self.shine}
        for what, share in shares.items():
            if share >= _SEEN_SHARE:
                rows.append({"what": what, "change": -round(share, 2)})
        if self.ev >= _SEEN_EV:
            rows.append({"what": "light", "ev": round(self.ev, 1)})
        if self.cast >= _SEEN_CAST:
            rows.append({"what": "white-balance"})
        if self.haze >= _SEEN_HAZE:
            rows.append({"what": "haze"})
        if self.focus:
            rows.append({"what": "focus"})
        if self.compression:
            rows.append({"what": "compression"})
        if self.contrast >= _SEEN_SHARE:
            rows.append({"what": "contrast", "change": round(self.contrast, 2)})
        return rows
