"""Teams: the one list of tenants. Global, because it is read before a scope exists."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import GlobalModel, one_of
from cornerspot.tenancy.current import CurrentTeam


class TeamStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Team(GlobalModel):
    """A company that uses Cornerspot, with what its documents print about it."""

    __tablename__ = "teams"
    __table_args__ = (
        UniqueConstraint("slug"),
        one_of("status", TeamStatus),
        CheckConstraint("slug ~ '^[a-z0-9](-?[a-z0-9]){2,62}$'", name="slug_form"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_form"),
    )

    slug: Mapped[str]
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default=TeamStatus.ACTIVE)
    currency: Mapped[str] = mapped_column(CHAR(3))
    time_zone: Mapped[str]
    country: Mapped[str] = mapped_column(CHAR(2))
    locale: Mapped[str] = mapped_column(default="en")
    legal_name: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    tax_id: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    suspended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    def snapshot(self) -> CurrentTeam:
        """The frozen form that a scope carries."""
        return CurrentTeam(**{name: getattr(self, name) for name in CurrentTeam.__dataclass_fields__})


class TeamHost(GlobalModel):
    """A host name of a team's own, such as ``billing.acme.com``, that leads to the team once verified.

    Until then several teams may wait for proof of the same name. ``problem`` is what the
    last look at its DNS found wrong, empty when nothing was looked at yet.
    """

    __tablename__ = "team_hosts"
    __table_args__ = (
        UniqueConstraint("team_id", "host"),
        Index("uq_team_hosts_verified", "host", unique=True, postgresql_where="verified_at IS NOT NULL"),
        CheckConstraint("host = lower(host) AND host ~ '^[a-z0-9.-]{4,253}$'", name="host_form"),
    )

    host: Mapped[str]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    verified_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
