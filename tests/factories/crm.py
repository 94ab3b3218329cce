"""Accounts, contacts and deals, made through the use-cases; call them inside a team's scope."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from cornerspot.catalog.lines import LineInput, discount_copy, tax_copy
from cornerspot.catalog.models import Discount, TaxRate
from cornerspot.crm.accounts import AccountInput, create_account
from cornerspot.crm.contacts import ContactInput, create_contact
from cornerspot.crm.deals import DealInput, create_deal, deal_lines
from cornerspot.crm.models import Account, Contact, Deal, Stage, StageClass
from cornerspot.crm.moving import move_deal
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.people.actors import SYSTEM, Actor
from cornerspot.tenancy import current_team

_counter = itertools.count(1)
ADDRESS = {"street": "Hauptstraße 1", "postal_code": "1010", "city": "Wien", "country": "AT"}


def make_account(name: str | None = None, *, by: Actor = SYSTEM, **fields: Any) -> Account:
    """An account with an address; flushed."""
    number = next(_counter)
    given = {"billing_email": f"billing-{number}@example.com", "billing_address": ADDRESS} | fields
    return create_account(AccountInput(name=name or f"Account {number}", **given), by=by)


def make_contact(account: Account | None = None, *, by: Actor = SYSTEM, **fields: Any) -> Contact:
    """A person, at the account if one is given; flushed."""
    number = next(_counter)
    given = {"first_name": "Anna", "last_name": f"Berg {number}", "email": f"anna-{number}@example.com"} | fields
    return create_contact(ContactInput(account_id=account.id if account else None, **given), by=by)


def make_line(
    description: str = "Consulting",
    quantity: str | Decimal = "1",
    unit_price: str | Decimal = "100",
    *,
    taxes: Iterable[TaxRate] = (),
    discounts: Iterable[Discount] = (),
    **fields: Any,
) -> LineInput:
    """A line as it is entered."""
    return LineInput(
        description=description,
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        taxes=tuple(tax_copy(rate) for rate in taxes),
        discounts=tuple(discount_copy(discount) for discount in discounts),
        **fields,
    )


def make_deal(
    account: Account | None = None,
    *,
    lines: Iterable[LineInput] | None = None,
    taxes: Iterable[TaxRate] = (),
    discounts: Iterable[Discount] = (),
    won: bool = False,
    by: Actor = SYSTEM,
    **fields: Any,
) -> Deal:
    """A deal of an account (a new one when none is given) with two lines, won on request; flushed."""
    account = account or make_account(by=by)
    given = {"name": f"Deal {next(_counter)}", "currency": current_team().currency} | fields
    entered = DealInput(
        account_id=account.id,
        lines=tuple(lines) if lines is not None else (make_line("Set-up", "1", "500"), make_line("Seats", "10", "25")),
        taxes=tuple(tax_copy(rate) for rate in taxes),
        discounts=tuple(discount_copy(discount) for discount in discounts),
        **given,
    )
    deal = create_deal(entered, by=by)
    if won:
        win(deal, by=by)
        set_committed_value(deal, "lines", deal_lines(deal))  # Locking the deal forgot them.
    return deal


def win(deal: Deal, *, by: Actor = SYSTEM) -> Deal:
    """The deal, won today."""
    move_deal(deal, stage_of_class(StageClass.WON), by=by, closed_on=clock.today(current_team().time_zone))
    return deal


def stage_of_class(stage_class: StageClass) -> Stage:
    """The first stage of this class."""
    statement = select(Stage).where(Stage.stage_class == stage_class).order_by(Stage.position)
    return session.scalars(statement.limit(1)).one()
