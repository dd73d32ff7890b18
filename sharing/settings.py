"""Where comparisons are kept and how much of them, as the environment says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MB = 1_000_000


@dataclass(frozen=True)
class Settings:
    """All that the store needs to know.

    Attributes:
        database_url: SQLAlchemy address of the records.
        blob_url: fsspec address of the pictures' folder.
        most_bytes: Most bytes of one comparison.
        total_bytes: Most bytes of all comparisons together.
        publications_an_hour: Most comparisons that one address may publish in an hour.
        votes_an_hour: Most votes that one address may give in an hour.
        patience: Seconds to wait for a locked database.
    """

    database_url: str
    blob_url: str
    most_bytes: int = 25 * MB
    total_bytes: int = 5_000 * MB
    publications_an_hour: int = 20
    votes_an_hour: int = 120
    patience: float = 5.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read ``PRESENCE_DATA``, ``PRESENCE_DATABASE_URL``, ``PRESENCE_BLOB_URL`` and quotas.

        Raises:
            ValueError: A quota is not a whole number above 0.
        """
        given = os.environ if environment is None else environment
        folder = _folder(given)
        return cls(
            database_url=given.get("PRESENCE_DATABASE_URL")
            or f"sqlite:///{folder / 'links.sqlite'}",
            blob_url=given.get("PRESENCE_BLOB_URL") or str(folder / "pictures"),
            total_bytes=_number(given, "PRESENCE_SHARED_MB", 5_000) * MB,
            publications_an_hour=_number(given, "PRESENCE_PUBLISH_PER_HOUR", 20),
            votes_an_hour=_number(given, "PRESENCE_VOTES_PER_HOUR", 120),
        )


def _folder(given: Mapping[str, str]) -> Path:
    if given.get("PRESENCE_DATA"):
        return Path(given["PRESENCE_DATA"]).expanduser().absolute()
    # XDG Base Directory Specification: what a program keeps for its user.
    base = given.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "presence"


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{name} is {text!r}; it wants a whole number above 0.")
    return int(text)
