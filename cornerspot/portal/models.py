"""Members of a team's portal: people of its customers, their access, sign-ins and links; and how it looks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from cornerspot.crm.models import Account, Contact
from cornerspot.db.base import SearchText, one_of
from cornerspot.documents.models import StoredFile
from cornerspot.kit import clock
from cornerspot.kit.errors import IllegalTransition
from cornerspot.kit.searching import search_form
from cornerspot.kit.states import StateMachine
from cornerspot.people.lock_out import FailureCount
from cornerspot.tenancy.owned import (
    TenantOwned,
    tenant_collection,
    tenant_fk,
    tenant_index,
    tenant_relationship,
    tenant_unique,
)


class Membership(StrEnum):
    """What a portal user is to the team."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"  # for a while; keeps accounts and password
    REVOKED = "revoked"  # for good, until invited anew; the password is gone


M = Membership
MEMBERSHIP = StateMachine(
    {
        M.INVITED: {M.ACTIVE, M.SUSPENDED, M.REVOKED},
        M.ACTIVE: {M.SUSPENDED, M.REVOKED},
        M.SUSPENDED: {M.INVITED, M.ACTIVE, M.REVOKED},
        M.REVOKED: {M.INVITED},
    },
    refusals={
        (M.REVOKED, M.ACTIVE): "This access was revoked. Send a new invitation instead.",
        (M.REVOKED, M.SUSPENDED): "This access was revoked already.",
        (M.REVOKED, M.REVOKED): "This access was revoked already.",
        (M.SUSPENDED, M.SUSPENDED): "This portal user is suspended already.",
        (M.ACTIVE, M.ACTIVE): "This portal user is active already.",
        (M.ACTIVE, M.INVITED): "This portal user has accepted an invitation already.",
    },
)


class PortalUser(TenantOwned):
    """A person who may sign in to the portal of this team; known to no other team."""

    __tablename__ = "portal_users"
    __table_args__ = (
        tenant_unique("email"),
        tenant_fk("contacts", "contact_id", ondelete="SET NULL (contact_id)"),
        one_of("state", Membership),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("state <> 'active' OR password_hash IS NOT NULL", name="active_has_password"),
        CheckConstraint("state <> 'revoked' OR password_hash IS NULL", name="revoked_has_none"),
        tenant_index("ix_portal_users_name", "search_name", "id"),
        tenant_index("ix_portal_users_contact_id", "contact_id"),
    )

    email: Mapped[str] = mapped_column(SearchText)
    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(SearchText)
    contact_id: Mapped[UUID | None]
    password_hash: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=M.INVITED)
    locale: Mapped[str] = mapped_column(default="")  # empty: the account's, then the team's
    last_signed_in_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    contact: Mapped[Contact | None] = tenant_relationship("PortalUser", "Contact", "contact_id", viewonly=True)
    accesses: Mapped[list[PortalAccess]] = tenant_collection(
        "PortalUser", "PortalAccess", "portal_user_id", viewonly=True
    )
    invitations: Mapped[list[PortalInvitation]] = tenant_collection(
        "PortalUser", "PortalInvitation", "portal_user_id", viewonly=True, order_by="PortalInvitation.id.desc()"
    )

    @validates("name")
    def _keep_search_name(self, _: str, name: str) -> str:
        self.search_name = search_form(name)
        return name

    @property
    def may_sign_in(self) -> bool:
        return self.state == M.ACTIVE

    @property
    def invitation(self) -> PortalInvitation | None:
        """The newest invitation, open or not."""
        return self.invitations[0] if self.invitations else None

    def activate(self, password_hash: str) -> None:
        """Have accepted, with a password; raises IllegalTransition."""
        MEMBERSHIP.require(M(self.state), M.ACTIVE)
        self.state, self.password_hash = M.ACTIVE, password_hash

    def suspend(self) -> None:
        """Be kept out for a while; raises IllegalTransition."""
        MEMBERSHIP.require(M(self.state), M.SUSPENDED)
        self.state = M.SUSPENDED

    def reactivate(self) -> None:
        """Be let in again: active with a password, else waiting for the invitation to be accepted."""
        to = M.ACTIVE if self.password_hash else M.INVITED
        if self.state != M.SUSPENDED:
            raise IllegalTransition(self.state, to, "Only a suspended portal user can be reactivated.")
        self.state = to

    def revoke(self) -> None:
        """Be kept out for good, without a password; raises IllegalTransition."""
        MEMBERSHIP.require(M(self.state), M.REVOKED)
        self.state, self.password_hash = M.REVOKED, None

    def invite_anew(self) -> None:
        """Wait for an invitation to be accepted, after a revocation too; raises IllegalTransition."""
        if self.state == M.SUSPENDED:
            raise IllegalTransition(self.state, M.INVITED, "This portal user is suspended. Reactivate them first.")
        if self.state != M.INVITED:
            MEMBERSHIP.require(M(self.state), M.INVITED)
        self.state = M.INVITED


class PortalAccess(TenantOwned):
    """A portal user may see this account."""

    __tablename__ = "portal_accesses"
    __table_args__ = (
        tenant_fk("portal_users", "portal_user_id", ondelete="CASCADE"),
        tenant_fk("accounts", "account_id", ondelete="CASCADE"),
        tenant_unique("portal_user_id", "account_id"),
        tenant_index("ix_portal_accesses_account_id", "account_id"),
    )

    portal_user_id: Mapped[UUID]
    account_id: Mapped[UUID]
    account: Mapped[Account] = tenant_relationship("PortalAccess", "Account", "account_id", viewonly=True)


class PortalInvitation(TenantOwned):
    """An invitation to a portal user by e-mail; the link holds the token, we its digest."""

    __tablename__ = "portal_invitations"
    __table_args__ = (
        tenant_fk("portal_users", "portal_user_id", ondelete="CASCADE"),
        tenant_fk("memberships", "invited_by"),
        tenant_unique("token_digest"),
        CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name="accepted_or_revoked"),
        Index(
            "uq_portal_invitations_open",
            "tenant_id",
            "portal_user_id",
            unique=True,
            postgresql_where="accepted_at IS NULL AND revoked_at IS NULL",
        ),
        tenant_index("ix_portal_invitations_portal_user_id", "portal_user_id"),
    )

    portal_user_id: Mapped[UUID]
    invited_by: Mapped[UUID | None]
    token_digest: Mapped[str]
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    sent_count: Mapped[int] = mapped_column(default=0)
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None

    @property
    def is_expired(self) -> bool:
        return self.is_open and self.expires_at <= clock.now()


class PortalSignIn(TenantOwned):
    """One browser that is signed in to the portal; the cookie holds the token, we hold its digest.

    ``chosen_account_id`` is what the member looks at. It refers to nothing by key: whether the
    member still may is read from ``portal_accesses`` at every request.
    """

    __tablename__ = "portal_sign_ins"
    __table_args__ = (
        tenant_fk("portal_users", "portal_user_id", ondelete="CASCADE"),
        tenant_unique("token_digest"),
        tenant_index("ix_portal_sign_ins_portal_user_id", "portal_user_id"),
    )

    portal_user_id: Mapped[UUID]
    chosen_account_id: Mapped[UUID | None]
    token_digest: Mapped[str]
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ip_address: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")


class PortalSignInFailure(FailureCount, TenantOwned):
    """Failed tries to sign in to this team's portal."""

    __tablename__ = "portal_sign_in_failures"
    __table_args__ = (tenant_unique("email_digest"),)


class LinkPurpose(StrEnum):
    """What a link by e-mail is good for."""

    SIGN_IN = "sign_in"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a word, no secret


class PortalLink(TenantOwned):
    """A link by e-mail that works once: it signs a member in, or sets a new password."""

    __tablename__ = "portal_links"
    __table_args__ = (
        tenant_fk("portal_users", "portal_user_id", ondelete="CASCADE"),
        tenant_unique("token_digest"),
        one_of("purpose", LinkPurpose),
        tenant_index("ix_portal_links_portal_user_id", "portal_user_id", "created_at"),
    )

    portal_user_id: Mapped[UUID]
    purpose: Mapped[str]
    token_digest: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PortalSettings(TenantOwned):
    """How a team's portal is called and looks. ``sections`` maps a section's key to
    ``{"label": …, "hidden": …}`` where it is not as usual."""

    __tablename__ = "portal_settings"
    __table_args__ = (
        UniqueConstraint("tenant_id"),
        tenant_fk("stored_files", "logo_file_id"),
        tenant_fk("stored_files", "favicon_file_id"),
        CheckConstraint("accent = '' OR accent ~ '^#[0-9a-f]{6}$'", name="accent_form"),
        CheckConstraint("char_length(title) <= 80", name="title_length"),
        CheckConstraint("char_length(greeting) <= 400", name="greeting_length"),
    )

    title: Mapped[str] = mapped_column(default="")
    greeting: Mapped[str] = mapped_column(default="")
    accent: Mapped[str] = mapped_column(default="")  # until revision 0014; since then the colour of the team's mail
    logo_file_id: Mapped[UUID | None]
    favicon_file_id: Mapped[UUID | None]
    sections: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)


class DocumentScope(StrEnum):
    """Whom a document is shared with."""

    TEAM = "team"  # every member of the portal
    ACCOUNT = "account"
    USER = "user"


class PortalDocument(TenantOwned):
    """A file that a team shares in its portal: with all members, with an account, or with one person."""

    __tablename__ = "portal_documents"
    __table_args__ = (
        tenant_fk("stored_files", "file_id"),
        tenant_fk("accounts", "account_id", ondelete="CASCADE"),
        tenant_fk("portal_users", "portal_user_id", ondelete="CASCADE"),
        tenant_fk("memberships", "shared_by"),
        one_of("scope", DocumentScope),
        CheckConstraint("(scope = 'account') = (account_id IS NOT NULL)", name="account_fits_scope"),
        CheckConstraint("(scope = 'user') = (portal_user_id IS NOT NULL)", name="user_fits_scope"),
        CheckConstraint("char_length(title) BETWEEN 1 AND 200", name="title_length"),
        tenant_index("ix_portal_documents_recent", "created_at", "id"),
        tenant_index("ix_portal_documents_file_id", "file_id"),
        tenant_index("ix_portal_documents_account_id", "account_id"),
        tenant_index("ix_portal_documents_portal_user_id", "portal_user_id"),
    )

    title: Mapped[str]
    scope: Mapped[str]
    account_id: Mapped[UUID | None]
    portal_user_id: Mapped[UUID | None]
    file_id: Mapped[UUID]
    shared_by: Mapped[UUID | None]
    file: Mapped[StoredFile] = tenant_relationship("PortalDocument", "StoredFile", "file_id", viewonly=True)
    account: Mapped[Account | None] = tenant_relationship("PortalDocument", "Account", "account_id", viewonly=True)
    portal_user: Mapped[PortalUser | None] = tenant_relationship(
        "PortalDocument", "PortalUser", "portal_user_id", viewonly=True
    )
