"""Identifiers: UUIDv7 inside, ``inv_…`` in addresses.

UUIDv7 (RFC 9562 section 5.7) sorts by the time it was made, which keeps index
pages hot at the end and gives lists a natural order.
"""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26  # 26 letters of 5 bits hold 128 bits
_last = (0, 0)
_lock = threading.Lock()


def new_id() -> UUID:
    """A fresh UUIDv7; later calls in one process give greater ids."""
    global _last  # noqa: PLW0603 - the counter of this process, under its lock
    with _lock:
        milliseconds = time.time_ns() // 1_000_000
        last_milliseconds, counter = _last
        if milliseconds > last_milliseconds:
            counter = int.from_bytes(os.urandom(4)) >> 2
        else:
            milliseconds, counter = last_milliseconds, counter + 1
            if counter >= 1 << 32:
                milliseconds, counter = milliseconds + 1, 0
        _last = (milliseconds, counter)
    random_tail = int.from_bytes(os.urandom(6)) & ((1 << 42) - 1)
    value = milliseconds << 80 | 0x7 << 76 | (counter >> 20 & 0xFFF) << 64
    value |= 0b10 << 62 | (counter & 0xFFFFF) << 42 | random_tail
    return UUID(int=value)


def encode_public_id(prefix: str, value: UUID) -> str:
    """The form of an id that people see in addresses: ``inv_01h8…``."""
    number, letters = value.int, []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(letters))}"


def decode_public_id(prefix: str, text: str) -> UUID:
    """The id behind a public id; raises ValueError for any other text."""
    head, _, body = text.partition("_")
    if head != prefix or len(body) != _LENGTH:
        raise ValueError("not a public id of this kind")
    number = 0
    for letter in body:
        if letter not in _VALUES:
            raise ValueError("not a public id of this kind")
        number = number * 32 + _VALUES[letter]
    return UUID(int=number)  # ValueError when it needs more than 128 bits
