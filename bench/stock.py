"""Deals and invoices to measure with, made through the use-cases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from bench.world import Team, World
from cornerspot.billing.drafting import DraftInput, create_draft
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice
from cornerspot.catalog.lines import Copy, LineInput
from cornerspot.crm.models import Account, Contact
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.tenancy import team_scope
from tests.factories.catalog import make_tax_rate
from tests.factories.conversion import reviewed
from tests.factories.crm import make_account, make_contact, make_deal, make_line

VAT: Copy = {"key": "vat:20", "name": "VAT", "percent": "20"}
TERMS_DAYS = 30
BATCH = 6


@contextmanager
def working_for(place: World, team: Team) -> Iterator[None]:
    """One transaction in the team's scope."""
    with place.app.app_context(), team_scope(team.story.team), transaction():
        yield


def lines(count: int) -> list[LineInput]:
    """So many lines, of round prices."""
    return [
        make_line(
            f"Position {number}: consulting and set-up of the workplace",
            str(number % 7 + 1),
            f"{number * 13 % 200 + 5}.50",
            unit="h",
        )
        for number in range(count)
    ]


def customer(team: Team) -> tuple[Account, Contact]:
    """An account with a contact; flushed."""
    account = make_account(by=team.story.owner)
    return account, make_contact(account, by=team.story.owner)


def won_deals(place: World, team: Team, count: int, *, line_count: int = 10) -> list[UUID]:
    """The ids of wizards at Review, each of a won deal with so many lines."""
    by, made = team.story.owner, []
    for start in range(0, count, BATCH):
        with working_for(place, team):
            account, contact = customer(team)
            vat = make_tax_rate(by=by)
            for _ in range(start, min(start + BATCH, count)):
                deal = make_deal(
                    account,
                    lines=lines(line_count),
                    taxes=[vat],
                    won=True,
                    by=by,
                    contact_id=contact.id,
                    owner_id=by.id,
                )
                made.append(reviewed(deal, by=by, terms_days=TERMS_DAYS, contact_id=contact.id).id)
    return made


def drafts(place: World, team: Team, count: int, *, line_count: int = 10) -> list[UUID]:
    """The ids of drafts with so many lines."""
    made = []
    for start in range(0, count, BATCH):
        with working_for(place, team):
            account, contact = customer(team)
            batch = range(start, min(start + BATCH, count))
            made += [new_draft(team, account, contact, line_count).id for _ in batch]
    return made


def open_invoices(place: World, team: Team, count: int, *, line_count: int) -> list[UUID]:
    """The ids of final invoices with so many lines."""
    made = drafts(place, team, count, line_count=line_count)
    for start in range(0, count, BATCH):
        with working_for(place, team):
            for invoice_id in made[start : start + BATCH]:
                invoice = session.get_one(Invoice, (team.story.team.id, invoice_id))
                finalize_invoice(invoice, by=team.story.owner)
    return made


def new_draft(team: Team, account: Account, contact: Contact, line_count: int) -> Invoice:
    """A draft with so many lines; flushed."""
    entered = DraftInput(
        account=account, contact=contact, currency="EUR", lines=lines(line_count), taxes=[VAT], terms_days=TERMS_DAYS
    )
    return create_draft(entered, by=team.story.owner)
