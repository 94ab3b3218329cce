"""What the CRM tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class DealWon:
    """A deal entered a won stage."""

    id: UUID


@dataclass(frozen=True)
class DealLost:
    """A deal entered a lost stage."""

    id: UUID
