"""People and their sign-ins (global: a person may belong to several teams), memberships and invitations (per team)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cornerspot.db.base import GlobalModel, one_of
from cornerspot.kit import clock
from cornerspot.people.lock_out import FailureCount
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_unique


class Role(StrEnum):
    """What a teammate is in a team; ``people/permissions.py`` says what each may do."""

    REP = "rep"
    MANAGER = "manager"
    ADMIN = "admin"
    OWNER = "owner"


class Person(GlobalModel):
    """Somebody who signs in with an e-mail address and a password."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str | None]
    is_operator: Mapped[bool] = mapped_column(default=False)
    last_signed_in_at: Mapped[datetime | None]


class SignInFailure(FailureCount, GlobalModel):
    """Failed tries to sign in as a person."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (UniqueConstraint("email_digest"), Index("ix_sign_in_failures_last", "last_failed_at"))


class SignIn(GlobalModel):
    """One browser that is signed in to one team; the cookie holds the token, we hold its digest.

    Sign-ins that one browser came to by hand-off share their ``browser_id``, so
    that signing out ends all of them.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (UniqueConstraint("token_digest"), Index("ix_sign_ins_person_id", "person_id", "browser_id"))

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    browser_id: Mapped[UUID]
    token_digest: Mapped[str]
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ip_address: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class HandOff(GlobalModel):
    """A one-time ticket that carries a signed-in person to a team's own address and cookie."""

    __tablename__ = "hand_offs"
    __table_args__ = (UniqueConstraint("token_digest"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    browser_id: Mapped[UUID]
    token_digest: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasswordReset(GlobalModel):
    """A request for a new password; the link is signed with this row's id."""

    __tablename__ = "password_resets"
    __table_args__ = (Index("ix_password_resets_person_id", "person_id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]


class Membership(TenantOwned):
    """A person as a teammate of this team."""

    __tablename__ = "memberships"
    __table_args__ = (
        tenant_unique("person_id"),
        one_of("role", Role),
        Index("ix_memberships_person_id", "person_id"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str]
    deactivated_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class Invitation(TenantOwned):
    """An invitation by e-mail to become a teammate; the link holds the token, we its digest."""

    __tablename__ = "invitations"
    __table_args__ = (
        tenant_unique("token_digest"),
        one_of("role", Role),
        CheckConstraint("email = lower(email)", name="email_lower"),
        tenant_fk("memberships", "invited_by"),
        # One invitation that is still open per address.
        Index(
            "uq_invitations_open",
            "tenant_id",
            "email",
            unique=True,
            postgresql_where="accepted_at IS NULL AND revoked_at IS NULL",
        ),
    )

    email: Mapped[str]
    role: Mapped[str]
    invited_by: Mapped[UUID | None]
    token_digest: Mapped[str]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
