"""Fetch pictures from the web, and from nowhere else.

The addresses come from a table that anybody may have written. So names are resolved here, and only
public addresses are connected to, at every redirect anew: a name that resolves to this machine, its
network or a cloud's metadata service is refused.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore2

from pipelines.audit.sources.source import MAX_BYTES, too_large
from pipelines.runtime.errors import Refusal

_MAX_REDIRECTS = 5
_CONNECT_S, _READ_S, _TOTAL_S = 10.0, 20.0, 120.0
# A server that is busy or down for a moment is asked once more.
_TRIES, _PAUSE_S = 2, 1.0
_HEADERS = [("User-Agent", "presence-audit"), ("Accept", "image/*, */*;q=0.5")]


class _PrivateAddressError(Exception):
    """A name leads into a network that is not public."""


class _PublicBackend(httpcore2.SyncBackend):
    """Connects to public addresses only, and to those that were looked at."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Resolve a name once, and connect to the first address that answers."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(is_public(address) for address in addresses):
            raise _PrivateAddressError
        for address in addresses[:-1]:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public Internet, also in its IPv6 disguises."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is None and parsed in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if parsed.teredo is not None:
            return False
    return parsed.is_global and not parsed.is_multicast


def fetch(url: str, local_network: bool = False) -> bytes:
    """The bytes at a web address.

    Args:
        url: ``http://`` or ``https://``.
        local_network: Whether it may lead into this machine's network.

    Raises:
        Refusal: ``unsupported-address``, ``private-address``, ``not-found``, ``too-large``, or
            ``unreachable``, which another run tries again.
    """
    deadline = time.monotonic() + _TOTAL_S
    backend = None if local_network else _PublicBackend()
    with httpcore2.ConnectionPool(network_backend=backend) as pool:
        for attempt in range(1, _TRIES + 1):
            try:
                return _follow(pool, url, deadline)
            except Refusal as refusal:
                if refusal.code != "unreachable" or attempt == _TRIES:
                    raise
                time.sleep(_PAUSE_S)
    raise AssertionError("the last attempt returns or raises")


def _follow(pool: httpcore2.ConnectionPool, url: str, deadline: float) -> bytes:
    for _ in range(_MAX_REDIRECTS + 1):
        answer = _get(pool, _checked(url), deadline)
        if isinstance(answer, bytes):
            return answer
        url = urljoin(url, answer)
    raise Refusal("not-found", "This address leads to another one too often.")


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme.lower() in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or not url.isprintable():
        raise Refusal(
            "unsupported-address",
            "This address cannot be fetched: it has to be http:// or https:// with a host, "
            "without a name and password.",
        )
    host = (parts.hostname or "").encode("idna").decode() if not url.isascii() else None
    if host is not None:
        parts = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host)
    # What is no ASCII in path and query goes as UTF-8, percent-encoded.
    return "".join(
        letter if letter.isascii() and letter != " " else _percent(letter)
        for letter in parts._replace(fragment="").geturl()
    )


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))


def _get(pool: httpcore2.ConnectionPool, url: str, deadline: float) -> bytes | str:
    """The bytes at an address, or the address that it leads to."""
    timeout = {"connect": _CONNECT_S, "read": _READ_S, "write": _READ_S, "pool": _READ_S}
    try:
        with pool.stream("GET", url, headers=_HEADERS, extensions={"timeout": timeout}) as answer:
            if answer.status in (301, 302, 303, 307, 308):
                headers = {name.lower(): value for name, value in answer.headers}
                return headers.get(b"location", b"").decode("ascii", "replace")
            _check_status(answer.status)
            return _body(answer, deadline)
    except _PrivateAddressError:
        raise Refusal(
            "private-address",
            "This address leads into a private network and was not fetched. If the table may name "
            "such hosts, add --local-network.",
        ) from None
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
        kind = type(error).__name__
        raise Refusal("unreachable", f"The address could not be fetched ({kind}).") from None


def _check_status(status: int) -> None:
    if status in (404, 410):
        raise Refusal("not-found", f"There is no picture at this address (it answered {status}).")
    if status != 200:
        raise Refusal("unreachable", f"The address could not be fetched (it answered {status}).")


def _body(answer: httpcore2.Response, deadline: float) -> bytes:
    data = bytearray()
    for part in answer.iter_stream():
        data += part
        if len(data) > MAX_BYTES:
            raise too_large()
        if time.monotonic() > deadline:
            raise Refusal("unreachable", "The address could not be fetched in time.")
    return bytes(data)
