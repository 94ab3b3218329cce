"""A member's sign-ins as rows: beginning, finding and ending them, and the account that is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import NotFound
from cornerspot.kit.secrets import digest, new_token
from cornerspot.people.actors import Actor
from cornerspot.portal.access import accounts_of
from cornerspot.portal.models import Membership, PortalSignIn, PortalUser

LASTS = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class MemberAccount:
    """An account that a member may look at."""

    id: UUID
    name: str
    locale: str


@dataclass(frozen=True)
class Member:
    """Somebody who is signed in to the portal, and what they may look at.

    ``account`` is the one that was chosen, or the only one; None while the choice is open.
    """

    user: PortalUser
    sign_in: PortalSignIn
    accounts: tuple[MemberAccount, ...]
    account: MemberAccount | None

    @property
    def locale(self) -> str:
        """How the member reads numbers and dates: as they chose, else as their account does; "" for the team's."""
        return self.user.locale or (self.account.locale if self.account else "")

    @property
    def actor(self) -> Actor:
        """The member as the author of what they do."""
        return actor_of(self.user)


def actor_of(user: PortalUser) -> Actor:
    """The portal user as an actor, who has no permission in the team."""
    return Actor(kind="portal_user", id=user.id, name=user.name, email=user.email)


def begin_sign_in(user: PortalUser, *, ip_address: str, user_agent: str) -> tuple[str, PortalSignIn]:
    """A new sign-in and the token for its cookie; the token is stored nowhere."""
    token = new_token()
    row = PortalSignIn(
        portal_user_id=user.id,
        token_digest=digest(token),
        expires_at=clock.now() + LASTS,
        ip_address=ip_address,
        user_agent=user_agent,
    )
    user.last_signed_in_at = clock.now()
    session.add(row)
    return token, row


def find_member(token: str) -> Member | None:
    """The member behind the token of a cookie, while active; else None. Call it before the scope is narrowed."""
    found = session.execute(
        select(PortalSignIn, PortalUser)
        .join(PortalUser, PortalUser.id == PortalSignIn.portal_user_id)
        .where(
            PortalSignIn.token_digest == digest(token),
            PortalSignIn.ended_at.is_(None),
            PortalSignIn.expires_at > clock.now(),
            PortalUser.state == Membership.ACTIVE,
        )
    ).one_or_none()
    if found is None:
        return None
    sign_in, user = found
    accounts = tuple(MemberAccount(row.id, row.name, row.locale) for row in accounts_of(user))
    chosen = [account for account in accounts if account.id == sign_in.chosen_account_id]
    only = accounts if len(accounts) == 1 else ()
    return Member(user, sign_in, accounts, next(iter((*chosen, *only)), None))


def choose_account(member: Member, account_id: UUID) -> MemberAccount:
    """The member looks at this account from now on; raises NotFound for one that is not theirs."""
    chosen = next((account for account in member.accounts if account.id == account_id), None)
    if chosen is None:
        raise NotFound()
    member.sign_in.chosen_account_id = chosen.id
    return chosen


def live_sign_ins(user: PortalUser) -> list[PortalSignIn]:
    """Where the member is signed in, the newest first."""
    return list(
        session.scalars(
            select(PortalSignIn)
            .where(
                PortalSignIn.portal_user_id == user.id,
                PortalSignIn.ended_at.is_(None),
                PortalSignIn.expires_at > clock.now(),
            )
            .order_by(PortalSignIn.id.desc())
        )
    )


def end_sign_in(row: PortalSignIn) -> None:
    """That browser is signed out."""
    row.ended_at = row.ended_at or clock.now()


def end_all_sign_ins(user: PortalUser, *, except_for: PortalSignIn | None = None) -> None:
    """The member is signed out everywhere, but for one browser."""
    kept = [PortalSignIn.id != except_for.id] if except_for else []
    statement = update(PortalSignIn).where(
        PortalSignIn.portal_user_id == user.id, PortalSignIn.ended_at.is_(None), *kept
    )
    session.execute(statement.values(ended_at=clock.now()))


def touch_sign_in(row: PortalSignIn) -> None:
    """The member was here just now, noted at most every ten minutes."""
    if clock.now() - row.last_seen_at > SEEN_EVERY:
        row.last_seen_at = clock.now()
