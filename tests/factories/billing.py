"""Customers with invoices in every state, made through the use-cases."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from cornerspot.billing.drafting import DraftInput, create_draft
from cornerspot.billing.models import Invoice
from cornerspot.catalog.lines import Copy, LineInput
from cornerspot.crm.models import Account, Contact, Deal, DealLine, Pipeline, Stage, StageClass
from cornerspot.db import session
from cornerspot.people.actors import Actor

_counter = itertools.count(1)
VAT_19: Copy = {"key": "vat-19", "name": "VAT", "percent": "19"}


def new_account(name: str = "Acme GmbH", **fields: Any) -> Account:
    """A customer, flushed."""
    account = Account(name=name, billing_email=f"billing-{next(_counter)}@acme.example", **fields)
    session.add(account)
    session.flush()
    return account


def new_contact(account: Account, first_name: str = "Anna", last_name: str = "Berg") -> Contact:
    """A person at the customer, flushed."""
    contact = Contact(
        first_name=first_name, last_name=last_name, email=f"anna-{next(_counter)}@acme.example", account_id=account.id
    )
    session.add(contact)
    session.flush()
    return contact


def line(description: str = "Consulting", quantity: str = "2", unit_price: str = "100", **fields: Any) -> LineInput:
    """A line as entered; 200.00 unless told otherwise."""
    return LineInput(description=description, quantity=Decimal(quantity), unit_price=Decimal(unit_price), **fields)


def new_draft(
    by: Actor, account: Account | None = None, lines: list[LineInput] | None = None, **fields: Any
) -> Invoice:
    """A draft for a customer, flushed."""
    entered = DraftInput(
        account=account or new_account(),
        currency=fields.pop("currency", "EUR"),
        lines=[line()] if lines is None else lines,
        **fields,
    )
    return create_draft(entered, by=by)


def new_deal(account: Account | None, lines: list[LineInput], *, stage_class: str = StageClass.WON) -> Deal:
    """A deal with these lines in a stage of a class, flushed."""
    from cornerspot.catalog.lines import reckon, write_line

    pipeline = session.scalars(select(Pipeline)).first()
    stage = session.scalars(select(Stage).where(Stage.stage_class == stage_class)).first()
    assert pipeline is not None
    assert stage is not None
    deal = Deal(
        name="Acme rollout",
        account=account,
        account_id=account.id if account else None,
        pipeline_id=pipeline.id,
        stage_id=stage.id,
        currency="EUR",
        discounts=[],
        taxes=[],
        prices_include_tax=False,
        lines=[],
    )
    for position, entered in enumerate(lines):
        row = DealLine()
        write_line(row, entered, position=position)
        deal.lines.append(row)
    deal.value_minor = max(0, reckon(deal, deal.lines).total_minor)
    session.add(deal)
    session.flush()
    return deal


def on(text: str) -> date:
    """A date from its ISO form."""
    return date.fromisoformat(text)
