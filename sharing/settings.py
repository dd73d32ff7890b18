"""Where comparisons are kept and how much of them, as the environment says."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.runtime.settings import LinkSettings

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
    total_bytes: int = LinkSettings.model_fields["shared_mb"].default * MB
    publications_an_hour: int = LinkSettings.model_fields["publish_per_hour"].default
    votes_an_hour: int = LinkSettings.model_fields["votes_per_hour"].default
    patience: float = 5.0

    @classmethod
    def from_environment(cls) -> Settings:
        """As `LinkSettings` has them.

        Raises:
            SettingsError: A variable cannot be understood.
        """
        found = LinkSettings.read()
        return cls(
            database_url=found.database_url or f"sqlite:///{found.folder / 'links.sqlite'}",
            blob_url=found.blob_url or str(found.folder / "pictures"),
            total_bytes=found.shared_mb * MB,
            publications_an_hour=found.publish_per_hour,
            votes_an_hour=found.votes_per_hour,
        )
