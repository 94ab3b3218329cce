"""How an invoice of the demo goes: drafted, finalized, and paid as its customer usually pays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cornerspot.activity.notes import add_note
from cornerspot.billing.drafting import DraftInput, create_draft
from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.marking_sent import mark_sent
from cornerspot.billing.models import Invoice, Payment
from cornerspot.billing.settings import billing_settings
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.billing.writing_off import write_off_invoice
from cornerspot.catalog.lines import Copy, LineInput
from cornerspot.kit import clock
from cornerspot.onboarding.demo.cast import INVOICE_NOTES
from cornerspot.onboarding.demo.studio import Studio
from cornerspot.people.actors import Actor
from cornerspot.tenancy import current_team

SLOW_PAYERS = {"Elbtal Maschinenbau": 16, "Nuova Officina": 9, "Café Œuvre": 21, "Hanse Pharma": 4}
WAYS_TO_PAY = ("bank_transfer",) * 12 + ("card", "card", "check", "other")
SENT_AFTER = timedelta(minutes=3)
Fate = Callable[[Invoice], object]


@dataclass(frozen=True)
class Bill:
    """An invoice to be. ``fate`` is what happens once it is final; without it the customer pays."""

    company: str | None
    drafted: datetime
    lines: tuple[LineInput, ...]
    currency: str | None = None
    discounts: tuple[Copy, ...] = ()
    prices_include_tax: bool = False
    purchase_order: str = ""
    terms_days: int | None = None
    notes: str = ""
    finalize_after: float | None = 0  # days; None leaves the draft
    fate: Fate | None = None
    is_sent: bool = True


def bill(studio: Studio, planned: Bill) -> None:
    """The invoice is on the timetable, with what becomes of it."""
    table = studio.timetable

    def draft() -> None:
        invoice = create_draft(_entered(studio, planned), by=studio.anyone("manager"))
        if planned.finalize_after is None:
            if planned.fate is not None:
                planned.fate(invoice)
            return
        table.add(
            table.after(planned.drafted, planned.finalize_after),
            lambda: issue(studio, invoice, planned.company or "", fate=planned.fate, sent=planned.is_sent),
        )

    table.add(planned.drafted, draft)


def issue(studio: Studio, invoice: Invoice, company: str, *, fate: Fate | None = None, sent: bool = True) -> None:
    """The invoice is final and on its way, and its customer will pay unless it has another fate."""
    by = studio.anyone("manager", "admin")
    finalize_invoice(invoice, by=by)
    if sent:
        send(studio, invoice, by=by)
    if fate is not None:
        fate(invoice)
    elif invoice.is_unpaid:
        await_payment(studio, invoice, company)


def send(studio: Studio, invoice: Invoice, *, by: Actor) -> None:
    """A little later the customer has the invoice."""
    studio.timetable.add(clock.now() + SENT_AFTER, lambda: mark_sent(invoice, by=by))


def await_payment(studio: Studio, invoice: Invoice, company: str) -> None:
    """The customer pays in its usual time, now and then in two parts."""
    table, random = studio.timetable, studio.timetable.random
    late = SLOW_PAYERS.get(company, 0) + random.randint(-7, 6)
    days = max(2, invoice.terms_days + late)
    if random.random() < 0.12:
        first = round(invoice.total_minor * 0.4)
        pay_after(studio, invoice, days, first)
        pay_after(studio, invoice, days + random.randint(12, 20), None)
    else:
        pay_after(studio, invoice, days, None)
    if late > 5 and random.random() < 0.6:
        at = table.later(invoice.terms_days + 4)
        table.add(at, lambda: _comment(studio, invoice))


def pay_after(
    studio: Studio, invoice: Invoice, days: float, amount_minor: int | None, *, method: str | None = None
) -> None:
    """So many days from the present act, this much (None: all that is left) is on the account."""
    table = studio.timetable
    table.add(table.later(days), lambda: pay(studio, invoice, amount_minor, method=method))


def pay(studio: Studio, invoice: Invoice, amount_minor: int | None, *, method: str | None = None) -> Payment:
    """Money arrived for the invoice; None is all that is left."""
    random = studio.timetable.random
    chosen = method or random.choice(WAYS_TO_PAY)
    return record_manual_payment(
        invoice,
        amount_minor=amount_minor or invoice.balance_minor,
        method=chosen,
        received_on=clock.today(current_team().time_zone),
        by=studio.anyone("manager", "admin"),
        request_key=f"demo-{random.getrandbits(64):016x}",
        reference=invoice.number or "",
    )


def void_after(studio: Studio, days: int, reason: str, invoice: Invoice) -> None:
    """An admin voids the invoice so many days from the present act."""
    table = studio.timetable
    table.add(table.later(days), lambda: void_invoice(invoice, by=studio.anyone("admin"), reason=reason))


def write_off_after(studio: Studio, days: int, reason: str, invoice: Invoice) -> None:
    """An admin gives up on the invoice so many days from the present act."""
    table = studio.timetable
    by = studio.actors["admin"][0]
    table.add(table.later(days), lambda: write_off_invoice(invoice, reason=reason, by=by))


def reissue_after(studio: Studio, days: int, reason: str, company: str, invoice: Invoice) -> None:
    """The invoice is voided, and a copy of it takes its place and is paid."""

    def reissue() -> None:
        void_invoice(invoice, by=studio.anyone("admin"), reason=reason)
        copy = duplicate_invoice(invoice, by=studio.anyone("manager"))
        issue(studio, copy, company)

    studio.timetable.add(studio.timetable.later(days), reissue)


def bounce(studio: Studio, days: int, invoice: Invoice) -> None:
    """The first payment is undone because the bank took it back; the second one holds."""
    table = studio.timetable

    def pay_in_vain() -> None:
        payment = pay(studio, invoice, None, method="check")
        table.add(table.later(6), lambda: undo_payment(payment, reason="The cheque bounced", by=studio.anyone("admin")))
        pay_after(studio, invoice, 15, None, method="bank_transfer")

    table.add(table.later(days), pay_in_vain)


def months_back(studio: Studio, months: int) -> datetime:
    """Business hours on the first working day of the month so many months ago (0 is this month)."""
    day = studio.timetable.today.replace(day=1)
    for _ in range(months):
        day = (day - timedelta(days=1)).replace(day=1)
    return studio.timetable.on(day)


def _comment(studio: Studio, invoice: Invoice) -> None:
    add_note(invoice, studio.timetable.random.choice(INVOICE_NOTES), by=studio.anyone("manager"))


def _entered(studio: Studio, planned: Bill) -> DraftInput:
    people = studio.contacts.get(planned.company or "", [])
    return DraftInput(
        account=studio.accounts[planned.company] if planned.company else None,
        contact=people[-1] if people else None,
        currency=planned.currency or current_team().currency,
        lines=planned.lines,
        discounts=planned.discounts,
        prices_include_tax=planned.prices_include_tax,
        terms_days=planned.terms_days,
        purchase_order=planned.purchase_order,
        notes=planned.notes,
        terms_text=billing_settings().default_terms_text,
    )
