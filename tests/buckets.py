"""An S3 server in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.serving import free_port


@contextmanager
def bucket(name: str) -> Iterator[str]:
    """URL of an empty S3 bucket, of a server that moto runs; skips where that is missing."""
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: pip install s3fs==2026.9.0")
    server = pytest.importorskip("moto.server", reason='moto is not installed: "moto[server]"')
    with pytest.MonkeyPatch.context() as environment:
        s3 = server.ThreadedMotoServer(port=free_port())
        s3.start()
        for variable in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            environment.setenv(f"AWS_{variable}", "test")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*s3.get_host_and_port()))
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir(name)
        yield f"s3://{name}"
        s3.stop()
        s3fs.S3FileSystem.clear_instance_cache()
