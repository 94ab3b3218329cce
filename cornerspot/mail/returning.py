"""Return addresses: each message has one of its own, signed, so that a report names it and cannot be forged.

``bounces+<message>-<round>-<signature>@mail.example.com``. The same token is in a header
of the message, for reports that come to another address with the message's head in them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from cornerspot.kit.ids import decode_public_id, encode_public_id
from cornerspot.kit.secrets import keyed_signature, same
from cornerspot.settings import current_settings

_PREFIX = "msg"
_SIGNATURE_LENGTH = 20
# Everything in lower case, because mail servers may fold the case of an address.
_TOKEN = re.compile(rf"(?P<id>[0-9a-z]{{26}})-(?P<round>\d{{1,4}})-(?P<signature>[0-9a-f]{{{_SIGNATURE_LENGTH}}})")


@dataclass(frozen=True)
class Returned:
    """Which message a report is about, and for which time it was sent."""

    message_id: UUID
    round: int


def return_token(message_id: UUID, round: int) -> str:
    """The message's signed name, 54 characters at most."""
    named = f"{encode_public_id(_PREFIX, message_id).removeprefix(f'{_PREFIX}_')}-{round}"
    return f"{named}-{_signature(named)}"


def return_path(token: str) -> str:
    """The envelope's sender with the token in it, or "" while the installation has no address for reports."""
    local, at, domain = current_settings().bounce_address.rpartition("@")
    return f"{local}+{token}@{domain}" if at else ""


def read_token(text: str) -> Returned | None:
    """The message that an address or a header names; None unless we signed it."""
    for found in _TOKEN.finditer(text.lower()):
        named = f"{found['id']}-{found['round']}"
        if same(found["signature"], _signature(named)):
            return Returned(decode_public_id(_PREFIX, f"{_PREFIX}_{found['id']}"), int(found["round"]))
    return None


def _signature(named: str) -> str:
    return keyed_signature(current_settings().secret_key, "return address of a message", named)[:_SIGNATURE_LENGTH]
