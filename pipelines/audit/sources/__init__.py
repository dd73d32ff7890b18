"""Where the pictures of an audit come from: a folder, a bucket, or a table of addresses."""

from pipelines.audit.sources.opening import open_source
from pipelines.audit.sources.source import Source

__all__ = ["Source", "open_source"]
