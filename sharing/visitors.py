"""Visitors without accounts: cookie tokens, forms' tokens, and addresses as salted hashes."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}\Z")


def new_token() -> str:
    """128 random bits as 22 characters that fit into an address."""
    return secrets.token_urlsafe(16)


def is_token(text: str) -> bool:
    """Whether a text has the form of `new_token`."""
    return bool(_TOKEN.match(text))


def digest(secret: str) -> str:
    """What is stored of a secret. 128 random bits need no slow hash: nobody can try them all."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two hashes are equal, in time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())


def keyed(key: bytes, *parts: str) -> bytes:
    """A hash of some texts that only the holder of the key can make."""
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).digest()


def address_hash(salt: bytes, address: str) -> str:
    """An address that can be recognised for a day and not read.

    Of an IPv6 address the first 64 bits count: the rest is the subscriber's own to vary.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return keyed(salt, "unknown").hex()
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        else:
            return keyed(salt, str(ipaddress.ip_network((parsed, 64), strict=False))).hex()
    return keyed(salt, str(parsed)).hex()
