"""Two servers behind nginx, configured as docs/deploying.md says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.serving import ROOT, free_port, served

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def replicas(folder: Path, *, sticky: bool = True) -> Iterator[tuple[str, list[int]]]:
    """Start both and nginx; yields nginx's address and the ports of the two.

    Args:
        folder: For nginx's files and what the two share.
        sticky: Whether to keep the documented line that sends a visitor to the same one.
    """
    shared = {"PRESENCE_DATA": str(folder / "data"), "HF_HUB_OFFLINE": "1"}
    with ExitStack() as stack:
        pages = [stack.enter_context(served(**shared)) for _ in range(2)]
        ports = [page.port for page in pages]
        port = free_port()
        file = folder / "nginx.conf"
        file.write_text(_configuration(folder, port, ports, sticky=sticky), encoding="utf-8")
        process = subprocess.Popen([str(NGINX), "-c", str(file), "-p", str(folder)])
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(f"{address}/healthz")
            yield address, ports
        finally:
            process.terminate()
            process.wait()


def _configuration(folder: Path, port: int, ports: list[int], *, sticky: bool) -> str:
    """The documented servers and locations, without certificates and with ports of this machine."""
    text = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    site = next(block for block in blocks if "listen 443" in block)
    upstream = next(block for block in blocks if "upstream" in block)
    site = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", site)
    site = re.sub(r"\n *ssl_[^\n]*", "", site)
    site = site.replace("http://127.0.0.1:7860", "http://presence")
    for number, local in enumerate(ports, 1):
        upstream = upstream.replace(f"10.0.0.{number}:7860", f"127.0.0.1:{local}")
    if not sticky:
        upstream = re.sub(r"\n *hash [^\n]*", "", upstream)
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # nginx's own user could not write to the folder.
    user = "user root; " if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off;\n{temporary}\n{upstream}\n{site}\n}}"
    )


def _wait(address: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError("nginx does not answer")
