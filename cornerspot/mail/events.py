"""What became of a message, told to the package whose message it is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class MessageAccepted:
    """The mail server took the message over, for one recipient: ``kind`` is "to" or "cc"."""

    message_id: UUID
    subject_type: str
    subject_id: UUID | None
    purpose: str
    kind: str = "to"


@dataclass(frozen=True)
class MessageUndelivered:
    """The message will not reach this recipient: it was refused, given up, or came back."""

    message_id: UUID
    subject_type: str
    subject_id: UUID | None
    purpose: str


@dataclass(frozen=True)
class MessageWithdrawn:
    """The message was not sent, because it was no longer true when its turn came."""

    message_id: UUID
    subject_type: str
    subject_id: UUID | None
    purpose: str
