"""Who may change which record of the CRM, and the records that others refer to."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.crm.models import Account, Contact
from cornerspot.db import session
from cornerspot.kit.errors import Invalid, PermissionDenied
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_tenant_id


class Owned(Protocol):
    """A record with a teammate who looks after it."""

    owner_id: UUID | None


def require_editable(record: Owned, by: Actor) -> None:
    """Pass for a teammate who may edit this record; raises PermissionDenied."""
    if not by.may_edit(record.owner_id):
        raise PermissionDenied("You can change only what you own. Ask its owner or a manager.")


def owner_for(owner_id: UUID | None, *, by: Actor, now: UUID | None = None) -> UUID | None:
    """The owner a record gets; raises Invalid for a teammate who is not there any more.

    Reps own what they make and cannot hand it over. ``now`` is the present owner,
    who may stay even when deactivated.
    """
    if not by.may(Permission.EDIT_CRM):
        return by.membership_id
    if owner_id is None or owner_id == now:
        return owner_id
    teammate = session.get(Membership, (current_tenant_id(), owner_id))
    if teammate is None or teammate.deactivated_at is not None:
        raise Invalid("Choose a teammate from the list.", field="owner_id")
    return owner_id


def known_account(account_id: UUID | None) -> Account | None:
    """The account that was chosen; raises Invalid when the team has no such account."""
    if account_id is None:
        return None
    account = session.get(Account, (current_tenant_id(), account_id))
    if account is None or account.deleted_at is not None:
        raise Invalid("Choose an account from the list.", field="account_id")
    return account


def known_contact(contact_id: UUID | None, *, account_id: UUID | None) -> Contact | None:
    """The contact that was chosen; raises Invalid when it is not one of the account's."""
    if contact_id is None:
        return None
    contact = session.get(Contact, (current_tenant_id(), contact_id))
    if contact is None or contact.deleted_at is not None:
        raise Invalid("Choose a contact from the list.", field="contact_id")
    if contact.account_id != account_id:
        raise Invalid(f"{contact.name} is not a contact of this account.", field="contact_id")
    return contact


def teammates() -> list[Membership]:
    """The team's active teammates with their persons, by the time they joined."""
    statement = select(Membership).where(Membership.deactivated_at.is_(None)).order_by(Membership.id)
    return list(session.scalars(statement.options(joinedload(Membership.person))))
