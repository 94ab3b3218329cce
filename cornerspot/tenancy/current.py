"""The frozen form of a team that a scope carries."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class CurrentTeam:
    """The team of the scope, as it was when the scope was entered."""

    id: UUID
    slug: str
    name: str
    status: str
    currency: str
    time_zone: str
    country: str
    locale: str

    @property
    def initials(self) -> str:
        words = self.name.split()
        return ("".join(word[0] for word in words[:2]) or "?").upper()
