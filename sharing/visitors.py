"""Tokens and hashes for visitors, who have no accounts: cookies, forms, and IP addresses."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}\Z")


def new_token() -> str:
    """128 random bits as 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


def is_token(text: str) -> bool:
    """Whether a text has the form of a token from `new_token`."""
    return bool(_TOKEN.match(text))


def digest(secret: str) -> str:
    """Hash under which a token is stored; 128 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def equal(one: str, other: str) -> bool:
    """Compare two hashes in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def keyed_hash(key: bytes, *parts: str) -> bytes:
    """HMAC-SHA256 of some texts."""
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).digest()


def address_group(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 network of an IPv6 address.

    A subscriber can choose the rest of an IPv6 address. "unknown" if it is not an address.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if not parsed.ipv4_mapped:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)


def address_hash(salt: bytes, address: str) -> str:
    """Salted hash of the `address_group` of an IP address."""
    return keyed_hash(salt, address_group(address)).hex()
