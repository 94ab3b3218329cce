"""Secrets of others that we must be able to read again (keys, webhook secrets): encrypted at rest.

Fernet (AES-128-CBC with HMAC-SHA-256), under a key derived from the installation's secret
for this purpose alone. A dump of the database gives nothing away.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class CannotUnseal(Exception):
    """The text was sealed under another secret key, or was altered."""


def seal(secret: str, *, key: str) -> str:
    """The secret, encrypted; ``key`` is the installation's secret key."""
    return _fernet(key).encrypt(secret.encode()).decode()


@lru_cache(maxsize=256)
def unseal(sealed: str, *, key: str) -> str:
    """What was sealed; raises CannotUnseal. Remembered by this process, which has the key to it anyway."""
    try:
        return _fernet(key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal("This secret was sealed under another CORNERSPOT_SECRET_KEY.") from None


@lru_cache(maxsize=4)
def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"cornerspot sealed secrets").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
