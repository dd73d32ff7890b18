"""What can go wrong with a link, in words, each with its HTTP status."""

from __future__ import annotations

from pipelines.runtime.errors import PresenceError


class SharingError(PresenceError):
    """Base of what can go wrong with a link.

    Attributes:
        status: The HTTP status that a page answers with.
        retry_after: Seconds after which it is worth another try; None where it is not.
    """

    status = 400
    retry_after: int | None = None


class NotFound(SharingError):
    """There is nothing under this link."""

    status = 404

    def __init__(self) -> None:
        super().__init__(
            "no-link",
            "There is nothing under this link. It may have been taken back, or cut off when it was "
            "copied: ask whoever sent it for the whole link.",
        )


class Gone(SharingError):
    """The comparison has expired."""

    status = 410

    def __init__(self) -> None:
        super().__init__(
            "expired",
            "This comparison has expired, and its pictures are gone. Ask whoever sent it to "
            "publish it again.",
        )


class WrongSecret(SharingError):
    """The comparison is there, and this is not its private link."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "wrong-secret",
            "This is not the private link of this comparison. Use the one that was shown when it "
            "was published.",
        )


class Refused(SharingError):
    """What was sent cannot be used as it is; nothing was stored."""

    status = 422


class TooLarge(SharingError):
    """More than we take."""

    status = 413


class AlreadyVoted(SharingError):
    """One vote a visitor."""

    status = 409

    def __init__(self) -> None:
        super().__init__("already-voted", "You have voted on this comparison; your vote counts.")


class Unfit(SharingError):
    """A form that we did not hand out to this visitor."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "stale-form",
            "This form is not valid for this visit. Open the link again, allow its cookie, and "
            "vote there.",
        )


class NotYet(SharingError):
    """Full size and what the files say would give a blind vote away."""

    status = 403

    def __init__(self) -> None:
        super().__init__("not-yet", "These pictures are shown in full after the vote.")


class TooMany(SharingError):
    """One address asks for too much in an hour."""

    status = 429
    retry_after = 3600


class Full(SharingError):
    """There is no room left."""

    status = 507

    def __init__(self) -> None:
        super().__init__(
            "full",
            "There is no room left for another comparison. Nothing was stored, and what is "
            "published stays. Save your pictures, and try again later.",
        )


class Unavailable(SharingError):
    """Records or pictures cannot be reached."""

    status = 503
    retry_after = 30

    def __init__(self) -> None:
        super().__init__(
            "unavailable",
            "Shared comparisons can't be reached right now. Nothing was changed; try again in a "
            "minute.",
        )
