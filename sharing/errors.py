"""Errors of links, each with a sentence for people and an HTTP status."""

from __future__ import annotations

from pipelines.runtime.errors import PresenceError
from sharing.translations import _


class SharingError(PresenceError):
    """Base class of errors of links.

    Attributes:
        status: HTTP status of the response.
        retry_after: Seconds after which a retry may succeed; None if it will not.
    """

    status = 400
    retry_after: int | None = None


class NotFound(SharingError):
    """No comparison has this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__(
            "no-link",
            _(
                "There is nothing under this link. It may have been taken back, or cut off when it "
                "was copied: ask whoever sent it for the whole link."
            ),
        )


class Gone(SharingError):
    """The comparison has expired."""

    status = 410

    def __init__(self) -> None:
        super().__init__(
            "expired",
            _(
                "This comparison has expired, and its pictures are gone. Ask whoever sent it to "
                "publish it again."
            ),
        )


class WrongSecret(SharingError):
    """The comparison exists, but the secret of the private link is wrong."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "wrong-secret",
            _(
                "This is not the private link of this comparison. Use the one that was shown when "
                "it was published."
            ),
        )


class Refused(SharingError):
    """The input is invalid; nothing was stored."""

    status = 422


class TooLarge(SharingError):
    """The input is too large."""

    status = 413


class AlreadyVoted(SharingError):
    """The visitor has voted already."""

    status = 409

    def __init__(self) -> None:
        super().__init__("already-voted", _("You have voted on this comparison; your vote counts."))


class InvalidForm(SharingError):
    """The form's token was not issued to this visitor."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "stale-form",
            _(
                "This form is not valid for this visit. Open the link again, allow its cookie, and "
                "vote there."
            ),
        )


class HiddenUntilVote(SharingError):
    """Full-size files and their metadata are not served before a blind vote."""

    status = 403

    def __init__(self) -> None:
        super().__init__("not-yet", _("These pictures are shown in full after the vote."))


class TooMany(SharingError):
    """An IP address exceeded its hourly quota."""

    status = 429
    retry_after = 3600


class Full(SharingError):
    """The quota of all comparisons, or the disk, is full."""

    status = 507

    def __init__(self) -> None:
        super().__init__(
            "full",
            "There is no room left for another comparison. Nothing was stored, and what is "
            "published stays. Save your pictures, and try again later.",
        )


class Unavailable(SharingError):
    """The database or the pictures cannot be reached."""

    status = 503
    retry_after = 30

    def __init__(self) -> None:
        super().__init__(
            "unavailable",
            _(
                "Shared comparisons can't be reached right now. Nothing was changed; try again in "
                "a minute."
            ),
        )
