"""Lists of portal users, as the team looks at them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.crm.models import Contact
from cornerspot.db import session
from cornerspot.db.keyset import SortKey, keyset_page
from cornerspot.db.searching import begins_with
from cornerspot.kit.paging import Page
from cornerspot.kit.searching import search_form
from cornerspot.portal.models import Membership, PortalAccess, PortalUser

PAGE_SIZE = 50
DETAILS = (
    selectinload(PortalUser.accesses).joinedload(PortalAccess.account),
    selectinload(PortalUser.invitations),
    joinedload(PortalUser.contact),
)


def portal_users_page(*, search: str = "", state: str = "", cursor: str | None = None) -> Page[PortalUser]:
    """A page of portal users by name, with accounts and invitations."""
    statement = _found(select(PortalUser), search).options(*DETAILS)
    if state in set(Membership):
        statement = statement.where(PortalUser.state == state)
    key = SortKey(PortalUser.search_name, lambda row: row.search_name)
    return keyset_page(statement, PortalUser, key, cursor=cursor, size=PAGE_SIZE)


def counts_by_state(search: str = "") -> dict[str, int]:
    """How many of those found there are in each state."""
    statement = _found(select(PortalUser.state, func.count()), search).group_by(PortalUser.state)
    return {row[0]: row[1] for row in session.execute(statement)}


def users_of_account(account_id: UUID) -> list[PortalUser]:
    """The portal users who may see an account, by name."""
    may_see = select(PortalAccess.portal_user_id).where(PortalAccess.account_id == account_id)
    statement = select(PortalUser).where(PortalUser.id.in_(may_see)).options(*DETAILS)
    return list(session.scalars(statement.order_by(PortalUser.search_name, PortalUser.id)))


def uninvited_contacts(account_id: UUID) -> list[Contact]:
    """The people at an account whom nobody has invited yet, by name."""
    is_known = exists().where(or_(PortalUser.contact_id == Contact.id, PortalUser.email == func.lower(Contact.email)))
    statement = select(Contact).where(
        Contact.account_id == account_id, Contact.deleted_at.is_(None), Contact.archived_at.is_(None), ~is_known
    )
    return list(session.scalars(statement.order_by(Contact.search_name, Contact.id).limit(PAGE_SIZE)))


def user_of_contact(contact: Contact) -> PortalUser | None:
    """The portal user that a contact is, by link or by address; None while there is none."""
    return users_of_contacts([contact]).get(contact.id)


def users_of_contacts(contacts: Iterable[Contact]) -> dict[UUID, PortalUser]:
    """The portal users that contacts are, by the contacts' ids."""
    wanted = list(contacts)
    addresses = {contact.email.lower() for contact in wanted if contact.email}
    if not wanted:
        return {}
    is_one = or_(PortalUser.contact_id.in_([contact.id for contact in wanted]), PortalUser.email.in_(addresses))
    rows = list(session.scalars(select(PortalUser).where(is_one)))
    by_contact = {row.contact_id: row for row in rows if row.contact_id}
    by_email = {row.email: row for row in rows}
    found = {
        contact.id: by_contact.get(contact.id) or by_email.get((contact.email or "").lower()) for contact in wanted
    }
    return {id_: row for id_, row in found.items() if row is not None}


def members_among(contacts: Iterable[Contact], account_id: UUID | None) -> dict[UUID, PortalUser]:
    """Those of the contacts who need no invitation to the account, or whom the team shut out, by the contacts' ids."""
    found = users_of_contacts(contacts)
    may_see = select(PortalAccess.portal_user_id).where(PortalAccess.account_id == account_id)
    inside = set(session.scalars(may_see)) if found else set()
    return {
        contact_id: user
        for contact_id, user in found.items()
        if user.id in inside or user.state in (Membership.SUSPENDED, Membership.REVOKED)
    }


def has_portal_users() -> bool:
    """Whether the team has anybody in its portal, so that losing the feature hides nothing."""
    return session.scalar(select(PortalUser.id).limit(1)) is not None


def _found(statement: Select, search: str) -> Select:  # type: ignore[type-arg]
    if not search.strip():
        return statement
    text = search_form(search)
    return statement.where(or_(begins_with(PortalUser.search_name, text), begins_with(PortalUser.email, text)))
