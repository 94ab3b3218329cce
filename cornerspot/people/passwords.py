"""Passwords: what makes a good one, and keeping only their argon2id hash.

The rules follow NIST SP 800-63B, section 3.1.1: length counts, composition does
not, and what everybody tries first is refused.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cornerspot.kit.errors import Invalid

SHORTEST, LONGEST = 10, 200
_COMMON = Path(__file__).with_name("common_passwords.txt")
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
_hasher = PasswordHasher()  # argon2id with the low-memory parameters of RFC 9106, section 4.


def hash_password(password: str) -> str:
    """The hash to store."""
    return _hasher.hash(_prepared(password))


def is_password(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the hash; takes as long when there is no hash."""
    if len(password) > LONGEST:
        return False  # Hashing time grows with length; nobody has such a password.
    try:
        _hasher.verify(stored or _nobodys_hash(), _prepared(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def require_good_password(password: str, *, about: tuple[str, ...] = (), field: str = "password") -> None:
    """Pass when the password is long enough and not easy to guess; raises Invalid that says why.

    ``about`` holds what anybody knows of the person: e-mail, name, team.
    """
    plain = _prepared(password).casefold()
    if len(plain) < SHORTEST:
        raise Invalid(f"Use {SHORTEST} characters or more. A few words in a row are fine.", field=field)
    if len(plain) > LONGEST:
        raise Invalid(f"Use up to {LONGEST} characters.", field=field)
    if plain in _common() or _is_pattern(plain):
        raise Invalid("Many people use this password, so it is guessed first. Choose another one.", field=field)
    if _is_personal(plain, about):
        raise Invalid("Leave your name, e-mail address and team out of the password.", field=field)


def _prepared(password: str) -> str:
    """The same password typed on another keyboard gives the same letters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text().split())


def _is_pattern(plain: str) -> bool:
    """One or two characters over and over, a short piece repeated, or neighbours on the keyboard."""
    if len(set(plain)) <= 2 or re.fullmatch(r"(.{1,5})\1+.{0,4}", plain):
        return True
    return any(plain in row * 3 or plain in row[::-1] * 3 for row in _ROWS)


def _is_personal(plain: str, about: tuple[str, ...]) -> bool:
    words = {piece for text in about for piece in re.split(r"[\s@.\-_+]+", text.casefold()) if len(piece) >= 4}
    whole = {text.casefold().strip() for text in about if len(text.strip()) >= 4}
    rest = plain
    for word in sorted(words | whole, key=len, reverse=True):
        rest = rest.replace(word, "")
    rest = re.sub(r"[\W_]+", "", rest)
    # A long phrase may mention a name; a password that is little else may not.
    return (rest != re.sub(r"[\W_]+", "", plain) and len(rest) < 6) or any(
        text in plain for text in whole if "@" in text
    )
