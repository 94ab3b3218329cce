"""How a deal of the demo goes: found, moved along, won or lost, and converted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from cornerspot.activity.notes import add_note
from cornerspot.billing.models import Invoice
from cornerspot.catalog.lines import Copy, LineInput
from cornerspot.conversion.answers import BillingAnswers, Invite, PortalAnswers
from cornerspot.conversion.changes import digest_of, facts_of
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.reading import read_deal, read_plan
from cornerspot.conversion.running import run_conversion
from cornerspot.conversion.wizard import choose_billing, choose_portal_users, confirm_plan, start_conversion
from cornerspot.crm.deals import DealInput, create_deal, update_deal
from cornerspot.crm.models import Deal, DealLine, Stage
from cornerspot.crm.moving import move_deal
from cornerspot.db import session
from cornerspot.onboarding.demo.cast import DEAL_NOTES, LOST_REASONS, RECIPES, SOURCES
from cornerspot.onboarding.demo.studio import Studio
from cornerspot.people.actors import Actor
from cornerspot.tenancy import current_team, current_tenant_id

OPEN_STAGES, WON, LOST = 4, 4, 5
LENGTH_DAYS = 34  # from the first talk to the close
Sequel = Callable[[Deal], object]


@dataclass(frozen=True)
class Pursuit:
    """A deal to be: what about, with whom, when it closes (perhaps ahead of now), and how."""

    name: str
    company: str
    closes: datetime
    is_won: bool = True
    scale: float = 1.0
    discounts: tuple[Copy, ...] = ()
    recurring: bool = False
    sequel: Sequel | None = None


def pursue(studio: Studio, pursuit: Pursuit) -> None:
    """The deal is on the timetable: made, moved a stage every week or so, closed, and what follows."""
    table, random = studio.timetable, studio.timetable.random
    owner = studio.anyone("rep", "rep", "manager")
    made: list[Deal] = []
    starts = table.after(pursuit.closes, -LENGTH_DAYS)

    def begin() -> None:
        made.append(create_deal(_entered(studio, pursuit, owner), by=owner))
        if random.random() < 0.6:
            add_note(made[0], random.choice(DEAL_NOTES), by=owner)

    table.add(starts, begin)
    for step in range(1, OPEN_STAGES):
        at = table.after(starts, LENGTH_DAYS * step / OPEN_STAGES)
        table.add(at, partial(_move, made, studio.stages[step], owner))
    table.add(pursuit.closes, lambda: _close(studio, pursuit, made[0], owner))


def open_in(studio: Studio, stage: int) -> datetime:
    """When a deal closes that is in the middle of this open stage now (0 is the first)."""
    part = (stage + studio.timetable.random.uniform(0.35, 0.65)) / OPEN_STAGES
    return studio.timetable.now + timedelta(days=LENGTH_DAYS * (1 - part))


def convert(deal: Deal, *, finalize: bool, by: Actor) -> Invoice:
    """The deal went through the wizard to the end; its invoice."""
    conversion = start_conversion(deal, by=by)
    shown = digest_of(facts_of(read_plan(read_deal(deal.id))))
    confirm_plan(conversion, acknowledged=True, shown=shown, by=by)
    choose_portal_users(conversion, PortalAnswers(Invite.SKIP), by=by)
    choose_billing(conversion, BillingAnswers(finalize=finalize, contact_id=deal.contact_id), by=by)
    run_conversion(conversion, by=by)
    return session.get_one(Invoice, (current_tenant_id(), conversion.invoice_id))


def leave_wizard_open(studio: Studio, deal: Deal) -> Conversion:
    """Somebody confirmed the deal in the wizard and went to lunch."""
    by = studio.anyone("manager")
    conversion = start_conversion(deal, by=by)
    shown = digest_of(facts_of(read_plan(read_deal(deal.id))))
    confirm_plan(conversion, acknowledged=True, shown=shown, by=by)
    return conversion


def sell_more(studio: Studio, deal: Deal, company: str) -> None:
    """The customer wants another day, after the first invoice."""
    current = read_deal(deal.id)
    more = studio.line("DES-D", Decimal(studio.timetable.random.randint(2, 4)), company=company)
    entered = DealInput(
        name=current.name,
        currency=current.currency,
        account_id=current.account_id,
        contact_id=current.contact_id,
        expected_close_on=current.expected_close_on,
        owner_id=current.owner_id,
        source=current.source,
        prices_include_tax=current.prices_include_tax,
        discounts=tuple(current.discounts),
        taxes=tuple(current.taxes),
        lines=(*(_line_input(line) for line in current.lines), more),
    )
    update_deal(current, entered, by=studio.anyone("manager"))


def _move(made: list[Deal], stage: Stage, owner: Actor) -> None:
    move_deal(made[0], stage, by=owner)


def _close(studio: Studio, pursuit: Pursuit, deal: Deal, owner: Actor) -> None:
    table = studio.timetable
    day = pursuit.closes.date()
    if not pursuit.is_won:
        reason = table.random.choice(LOST_REASONS)
        move_deal(deal, studio.stages[LOST], by=owner, closed_on=day, lost_reason=reason)
        return
    move_deal(deal, studio.stages[WON], by=owner, closed_on=day)
    if pursuit.sequel is not None:
        sequel = pursuit.sequel
        table.add(table.after(pursuit.closes, table.random.randint(1, 3)), lambda: sequel(deal))


def _entered(studio: Studio, pursuit: Pursuit, owner: Actor) -> DealInput:
    account = studio.accounts[pursuit.company]
    return DealInput(
        name=pursuit.name,
        currency=current_team().currency,
        account_id=account.id,
        contact_id=studio.timetable.random.choice(studio.contacts[pursuit.company]).id,
        expected_close_on=pursuit.closes.date(),
        owner_id=owner.id,
        source=studio.timetable.random.choice(SOURCES),
        discounts=pursuit.discounts,
        lines=tuple(_recipe(studio, pursuit)),
    )


def _recipe(studio: Studio, pursuit: Pursuit) -> list[LineInput]:
    """What such a deal is made of, larger as the year goes on."""
    random = studio.timetable.random
    lines = []
    for code, low, high in RECIPES[pursuit.name]:
        is_recurring = studio.products[code].frequency is not None
        if is_recurring and not pursuit.recurring:
            continue
        quantity = 1 if is_recurring else max(1, round(random.randint(low, high) * pursuit.scale))
        lines.append(studio.line(code, Decimal(quantity), company=pursuit.company))
    return lines


def _line_input(line: DealLine) -> LineInput:
    return LineInput(
        id=line.id,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        product_id=line.product_id,
        discounts=tuple(line.discounts),
        taxes=tuple(line.taxes),
        frequency=line.frequency,
        term_months=line.term_months,
    )
