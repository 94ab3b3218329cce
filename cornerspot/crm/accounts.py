"""Accounts: the companies a team sells to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cornerspot.activity.recording import record
from cornerspot.crm.access import owner_for
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_any_feature
from cornerspot.plans.features import KEEPING_CUSTOMERS

ADDRESS_PARTS = ("street", "postal_code", "city", "region", "country")


@dataclass(frozen=True)
class AccountInput:
    """An account as it was entered. Addresses are maps of ``ADDRESS_PARTS``; None means the team's default."""

    name: str
    legal_name: str = ""
    billing_email: str = ""
    billing_address: dict[str, str] = field(default_factory=dict)
    shipping_address: dict[str, str] = field(default_factory=dict)
    tax_id: str = ""
    currency: str | None = None
    terms_days: int | None = None
    locale: str = ""
    website: str = ""
    phone: str = ""
    owner_id: UUID | None = None
    tags: tuple[str, ...] = ()
    notes: str = ""

    def columns(self) -> dict[str, Any]:
        """The values of the account's columns, the owner aside."""
        plain = ("name", "legal_name", "billing_email", "tax_id", "currency", "terms_days")
        values: dict[str, Any] = {name: getattr(self, name) for name in (*plain, "locale", "website", "phone", "notes")}
        return values | {
            "billing_address": _address(self.billing_address),
            "shipping_address": _address(self.shipping_address),
            "tags": list(dict.fromkeys(self.tags)),
        }


def create_account(entered: AccountInput, *, by: Actor) -> Account:
    """The team has this account; raises Invalid, FeatureMissing, PermissionDenied."""
    require_any_feature(*KEEPING_CUSTOMERS)
    by.require(Permission.EDIT_CRM)
    _require_sound(entered)
    account = Account(**entered.columns(), owner_id=owner_for(entered.owner_id, by=by))
    session.add(account)
    record(account, "created", by=by, name=account.name)
    return account


def update_account(account: Account, entered: AccountInput, *, by: Actor, seen: int | None = None) -> None:
    """The account says what was entered; finalized invoices keep their copies. Raises StaleVersion, Invalid."""
    require_any_feature(*KEEPING_CUSTOMERS)
    by.require(Permission.EDIT_CRM)
    lock(account)
    require_version(account, seen, entered.columns())
    _require_sound(entered)
    changed = [name for name, value in entered.columns().items() if getattr(account, name) != value]
    for name, value in entered.columns().items():
        setattr(account, name, value)
    account.owner_id = owner_for(entered.owner_id, by=by, now=account.owner_id)
    bump(account)
    record(account, "edited", by=by, fields=changed)


def _address(parts: dict[str, str]) -> dict[str, str]:
    """The parts that are filled in; nothing but a country is no address."""
    filled = {name: parts[name].strip() for name in ADDRESS_PARTS if parts.get(name, "").strip()}
    return filled if set(filled) - {"country"} else {}


def _require_sound(entered: AccountInput) -> None:
    if not entered.name.strip():
        raise Invalid("Enter the company's name.", field="name")
    if entered.currency is not None:
        exponent(entered.currency)
    if entered.terms_days is not None and not 0 <= entered.terms_days <= 365:
        raise Invalid("Enter payment terms from 0 to 365 days.", field="terms_days")
