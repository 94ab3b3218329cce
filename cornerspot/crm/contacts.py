"""Contacts: the people at an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cornerspot.activity.recording import record
from cornerspot.crm.access import known_account, owner_for, require_editable
from cornerspot.crm.models import Contact
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_any_feature
from cornerspot.plans.features import KEEPING_CUSTOMERS


@dataclass(frozen=True)
class ContactInput:
    """A contact as it was entered; a name or an e-mail address is needed."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    job_title: str = ""
    account_id: UUID | None = None
    owner_id: UUID | None = None
    tags: tuple[str, ...] = ()

    def columns(self) -> dict[str, Any]:
        """The values of the contact's columns, the owner aside."""
        plain = ("first_name", "last_name", "phone", "job_title", "account_id")
        values: dict[str, Any] = {name: getattr(self, name) for name in plain}
        return values | {"email": self.email.strip().lower(), "tags": list(dict.fromkeys(self.tags))}


def create_contact(entered: ContactInput, *, by: Actor) -> Contact:
    """The team knows this person; raises Invalid, FeatureMissing, PermissionDenied."""
    require_any_feature(*KEEPING_CUSTOMERS)
    by.require(Permission.EDIT_OWN_CRM)
    _require_sound(entered)
    account = known_account(entered.account_id)
    contact = Contact(**entered.columns(), owner_id=owner_for(entered.owner_id, by=by))
    session.add(contact)
    record(contact, "created", by=by, name=contact.name)
    if account is not None:
        record(account, "contact_added", by=by, contact=contact.name, contact_id=contact.id)
    return contact


def update_contact(contact: Contact, entered: ContactInput, *, by: Actor, seen: int | None = None) -> None:
    """The contact says what was entered; raises StaleVersion, Invalid, PermissionDenied."""
    require_any_feature(*KEEPING_CUSTOMERS)
    lock(contact)
    require_editable(contact, by)
    require_version(contact, seen, entered.columns())
    _require_sound(entered)
    known_account(entered.account_id)
    for name, value in entered.columns().items():
        setattr(contact, name, value)
    contact.owner_id = owner_for(entered.owner_id, by=by, now=contact.owner_id)
    bump(contact)
    record(contact, "edited", by=by)


def _require_sound(entered: ContactInput) -> None:
    if not any(text.strip() for text in (entered.first_name, entered.last_name, entered.email)):
        raise Invalid("Enter a name or an e-mail address.", field="last_name")
