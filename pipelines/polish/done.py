"""What a polish did to a portrait, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

# Smaller changes cannot be seen, and are not mentioned.
_SEEN_SHARE = 0.05


@dataclass(frozen=True)
class Done:
    """What a polish did.

    Attributes:
        spots: Number of spots that were healed.
        under_eye: Share of the difference between under the eyes and the cheek that is gone.
        shadow: Share of the depth of hard shadows on the face that is gone.
    """

    spots: int = 0
    under_eye: float = 0.0
    shadow: float = 0.0

    def held_back(self, light_share: float, skin_share: float, *, healed: bool) -> Done:
        """The same, with shares of the changes of light and of skin."""
        return replace(
            self,
            spots=self.spots if healed else 0,
            under_eye=skin_share * self.under_eye,
            shadow=light_share * self.shadow,
        )

    def report(self) -> list[dict[str, Any]]:
        """Plain data for JSON: what can be seen, each with its kind and amount."""
        rows: list[dict[str, Any]] = []
        if self.spots:
            rows.append({"what": "spots", "count": self.spots})
        for what, share in (("under-eyes", self.under_eye), ("shadow", self.shadow)):
            if share >= _SEEN_SHARE:
                rows.append({"what": what, "change": -round(share, 2)})
        return rows
