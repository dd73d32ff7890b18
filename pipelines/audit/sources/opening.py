"""Tell by its name what a source is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.audit.sources.bucket import PROTOCOLS, Bucket
from pipelines.audit.sources.folder import Folder
from pipelines.audit.sources.source import Source
from pipelines.audit.sources.table import Table
from pipelines.runtime.errors import PresenceError

_TABLES = (".csv", ".parquet")


def open_source(
    where: str, out: Path, column: str | None = None, local_network: bool = False
) -> Source:
    """The source of a name.

    Args:
        where: A folder, a bucket (``s3://name/folder``), or a table (CSV, Parquet) in either.
        out: The audit's own folder, which is not looked through.
        column: The column of the table that has the addresses; the first of the usual names if
            None.
        local_network: Whether web addresses in the table may lead into this machine's network.

    Raises:
        PresenceError: ``unknown-source``.
    """
    parts = urlsplit(where)
    if "://" in where and parts.scheme == "file":
        where = unquote(parts.path)
    elif "://" in where and (parts.scheme not in PROTOCOLS or "::" in where):
        known = ", ".join(f"{name}://" for name in PROTOCOLS if name != "memory")
        raise PresenceError(
            "unknown-source",
            f"Audits look through folders, {known} and tables of addresses (CSV, Parquet). "
            "For web addresses write a table.",
        )
    path = Path(where)
    remote = "://" in where
    if where.lower().endswith(_TABLES) and (remote or not path.is_dir()):
        return Table(where if remote else str(path.absolute()), column, local_network)
    return Bucket(where.rstrip("/")) if remote else Folder(path, out)
