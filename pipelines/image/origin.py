"""Where a picture comes from: whose it is, what made it, and whether its credentials hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.image import credentials, metadata
from pipelines.image.credentials import Credentials
from pipelines.image.metadata import INVENTED
from pipelines.image.rights import Rights
from pipelines.runtime.errors import PresenceError

MADE_BY_AI = "This picture says of itself that it was made by AI; what is made of it says so, too."
PARTLY_BY_AI = (
    "This picture says of itself that AI made parts of it; what is made of it says so, too."
)
NOT_VALID = (
    "The Content Credentials of this picture are not valid: it was changed after it was signed, "
    "or they were."
)
# What every file with Content Credentials holds, in whatever format.
_CREDENTIALS = b"c2pa"


@dataclass(frozen=True)
class Origin:
    """Where a picture comes from.

    Attributes:
        rights: Whose it is.
        source_type: The strongest IPTC digital source type that it, or its credentials, name.
        credentials: Its Content Credentials; None if it has none that can be read.
        file: The whole file where it has credentials, because what is made of it holds them as its
            parent's; else None.
        form: Pillow's name of its format.
    """

    rights: Rights = field(default_factory=Rights)
    source_type: str = ""
    credentials: Credentials | None = None
    file: bytes | None = field(default=None, repr=False)
    form: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that whoever works with the picture should know."""
        notes = []
        if self.source_type == INVENTED:
            notes.append(MADE_BY_AI)
        elif self.source_type == "compositeWithTrainedAlgorithmicMedia":
            notes.append(PARTLY_BY_AI)
        if self.credentials is not None and self.credentials.state == "Invalid":
            notes.append(NOT_VALID)
        return tuple(notes)

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        found = self.credentials
        return {
            "source_type": self.source_type or None,
            "credentials": None
            if found is None
            else {"state": found.state.lower(), "signer": found.signer},
        }


def read(data: bytes, form: str) -> Origin:
    """What a picture file says about where it comes from; nothing for what cannot be read.

    Args:
        data: The file.
        form: Pillow's name of its format.
    """
    statement = metadata.read(data)
    found = None
    if _CREDENTIALS in data:
        try:
            found = credentials.read(data)
        except PresenceError:
            # Credentials that cannot be read are none; `inspect` says so.
            found = None
    codes = [statement.source_type, *(found.source_types if found else ())]
    return Origin(
        rights=statement.rights,
        source_type=metadata.strongest(codes),
        credentials=found,
        file=data if found else None,
        form=form,
    )
