"""Random tokens and keyed signatures. Only digests of tokens are ever stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token() -> str:
    """An unguessable token for a link or a cookie (256 bits, URL-safe)."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """The SHA-256 of a token in hex: what is stored instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_signature(key: str, purpose: str, value: str) -> str:
    """An HMAC-SHA-256 that proves we issued ``value`` for ``purpose``, in hex."""
    return hmac.new(key.encode(), f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
