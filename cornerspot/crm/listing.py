"""Lists of accounts, contacts and deals: searched, filtered, sorted, a page at a time.

Names are searched by prefix on their search form, so that an index can answer
under row-level security.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from cornerspot.crm.models import Account, Contact, Deal, Stage
from cornerspot.db import session
from cornerspot.db.keyset import SortKey, day_key, keyset_page, moment_key
from cornerspot.db.searching import begins_with
from cornerspot.kit.paging import Page
from cornerspot.kit.searching import search_form
from cornerspot.people.models import Membership

Chosen = TypeVar("Chosen", bound=Select[*tuple[Any, ...]])

PAGE_SIZE = 50
NEVER = date(9999, 12, 31)

DEAL_SORTS = {
    "newest": SortKey(Deal.created_at, lambda deal: deal.created_at, moment_key, descending=True),
    "name": SortKey(Deal.search_name, lambda deal: deal.search_name),
    "value": SortKey(Deal.value_minor, lambda deal: deal.value_minor, int, descending=True),
    "close": SortKey(
        func.coalesce(Deal.expected_close_on, NEVER), lambda deal: deal.expected_close_on or NEVER, day_key
    ),
}
NAME_SORTS = {"name": SortKey(Account.search_name, lambda row: row.search_name)}


@dataclass(frozen=True)
class DealFilter:
    """Which deals a list shows; empty values show all. ``show`` is live, archived or trash."""

    search: str = ""
    stage_id: UUID | None = None
    stage_class: str = ""
    owner_id: UUID | None = None
    account_id: UUID | None = None
    show: str = "live"


@dataclass(frozen=True)
class Sum:
    """How many deals there are in one currency, and what they are worth in minor units."""

    currency: str
    count: int
    value_minor: int


def deals_page(
    wanted: DealFilter, *, sort: str = "newest", cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Deal]:
    """A page of deals with account, stage and owner loaded."""
    statement = _filtered(select(Deal), wanted).options(
        joinedload(Deal.account), joinedload(Deal.stage), joinedload(Deal.owner).joinedload(Membership.person)
    )
    return keyset_page(statement, Deal, DEAL_SORTS.get(sort, DEAL_SORTS["newest"]), cursor=cursor, size=size)


def deal_sums(wanted: DealFilter) -> list[Sum]:
    """What the filtered deals come to, per currency, the largest number first."""
    statement = _filtered(select(Deal.currency, func.count(), func.sum(Deal.value_minor)), wanted)
    rows = session.execute(statement.group_by(Deal.currency))
    return sorted((Sum(currency, count, int(value)) for currency, count, value in rows), key=lambda one: -one.count)


def accounts_page(
    *, search: str = "", owner_id: UUID | None = None, show: str = "live", cursor: str | None = None
) -> Page[Account]:
    """A page of accounts by name with their owners."""
    statement = _living(select(Account), Account, show).options(joinedload(Account.owner).joinedload(Membership.person))
    if search.strip():
        statement = statement.where(begins_with(Account.search_name, search_form(search)))
    if owner_id is not None:
        statement = statement.where(Account.owner_id == owner_id)
    return keyset_page(statement, Account, NAME_SORTS["name"], cursor=cursor, size=PAGE_SIZE)


def contacts_page(
    *,
    search: str = "",
    owner_id: UUID | None = None,
    account_id: UUID | None = None,
    show: str = "live",
    cursor: str | None = None,
) -> Page[Contact]:
    """A page of contacts by last name with their accounts and owners."""
    statement = _living(select(Contact), Contact, show).options(
        joinedload(Contact.account), joinedload(Contact.owner).joinedload(Membership.person)
    )
    if search.strip():
        text = search_form(search)
        statement = statement.where(
            or_(
                begins_with(Contact.search_name, text),
                begins_with(Contact.search_first_name, text),
                begins_with(Contact.email, text),
            )
        )
    if owner_id is not None:
        statement = statement.where(Contact.owner_id == owner_id)
    if account_id is not None:
        statement = statement.where(Contact.account_id == account_id)
    key = SortKey(Contact.search_name, lambda row: row.search_name)
    return keyset_page(statement, Contact, key, cursor=cursor, size=PAGE_SIZE)


def account_choices(search: str = "", *, limit: int = 50) -> list[Account]:
    """Accounts that can be chosen, by name, those beginning with the search."""
    statement = select(Account).where(Account.deleted_at.is_(None), Account.archived_at.is_(None))
    if search.strip():
        statement = statement.where(begins_with(Account.search_name, search_form(search)))
    return list(session.scalars(statement.order_by(Account.search_name, Account.id).limit(limit)))


def contact_choices(*, account_id: UUID | None = None, search: str = "", limit: int = 50) -> list[Contact]:
    """Contacts that can be chosen with their accounts, by name, of one account when it is given."""
    statement = select(Contact).where(Contact.deleted_at.is_(None), Contact.archived_at.is_(None))
    if account_id is not None:
        statement = statement.where(Contact.account_id == account_id)
    if search.strip():
        text = search_form(search)
        statement = statement.where(
            or_(begins_with(Contact.search_name, text), begins_with(Contact.search_first_name, text))
        )
    statement = statement.options(joinedload(Contact.account))
    return list(session.scalars(statement.order_by(Contact.search_name, Contact.id).limit(limit)))


def _filtered(statement: Chosen, wanted: DealFilter) -> Chosen:
    statement = _living(statement, Deal, wanted.show)
    if wanted.search.strip():
        text = search_form(wanted.search)
        of_account = select(Account.id).where(begins_with(Account.search_name, text))
        statement = statement.where(or_(begins_with(Deal.search_name, text), Deal.account_id.in_(of_account)))
    if wanted.stage_class:
        of_class = select(Stage.id).where(Stage.stage_class == wanted.stage_class)
        statement = statement.where(Deal.stage_id.in_(of_class))
    for column, value in (
        (Deal.stage_id, wanted.stage_id),
        (Deal.owner_id, wanted.owner_id),
        (Deal.account_id, wanted.account_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return statement


def _living(statement: Chosen, model: Any, show: str) -> Chosen:
    if show == "trash":
        return statement.where(model.deleted_at.is_not(None))
    if show == "archived":
        return statement.where(model.deleted_at.is_(None), model.archived_at.is_not(None))
    return statement.where(model.deleted_at.is_(None), model.archived_at.is_(None))
