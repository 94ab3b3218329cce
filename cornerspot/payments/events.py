"""What others may react to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class ProcessorEventStored:
    """A verified webhook about money is in the inbox; ``event_id`` is the row's. See ``payments.inbox``."""

    event_id: UUID


@dataclass(frozen=True)
class PlatformEventStored:
    """A verified webhook of the installation's own account waits; ``event_id`` is the PlatformEvent's."""

    event_id: UUID


@dataclass(frozen=True)
class ProcessorDisconnected:
    """The connection is over, by the team's wish or without it; ``reason`` is why, for people."""

    processor_account_id: UUID
    reason: str
