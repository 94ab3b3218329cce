"""Reminding customers of what is still open: by hand, and by the team's ladder.

The worker looks once an hour which accounts have an invoice with a step due, and gives
each account a job of its own, so that one that cannot be reminded holds up no other.
That a step is taken once is a unique in the database, not a matter of timing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.message_content import MessageRow, write_message
from cornerspot.billing.message_facts import Link, amount_text, day_text, invoice_facts, invoices_facts
from cornerspot.billing.message_links import customer_links
from cornerspot.billing.message_recipients import proposed_recipients, typed_recipients
from cornerspot.billing.message_templates import template_of
from cornerspot.billing.models import Invoice, InvoiceReminder, ReminderPause, ReminderSettings
from cornerspot.billing.reminder_ladder import LASTS
from cornerspot.billing.reminder_settings import ladder_of, reminder_settings
from cornerspot.billing.sending import LetterInput
from cornerspot.billing.states import UNPAID
from cornerspot.db import session
from cornerspot.jobs.publishing import enqueue
from cornerspot.jobs.registry import task
from cornerspot.kit import clock, ids
from cornerspot.kit.errors import Conflict
from cornerspot.mail.queueing import Content, MessageAbout, Recipient, mailing_id_of, queue_mailing
from cornerspot.people.actors import SYSTEM, Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import entitlements, require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_tenant_id, team_today


def send_reminder(invoice: Invoice, entered: LetterInput, *, by: Actor) -> UUID:
    """A reminder is on its way to everybody named; the mailing's id, flushed.

    Raises Invalid naming the field, Conflict where nothing is owed or the money is on its way.
    """
    by.require(Permission.SEND_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice)
    require_remindable(invoice)
    template, [link] = template_of("reminder"), customer_links([invoice])
    return queue_mailing(
        typed_recipients(entered.to, entered.cc, known=proposed_recipients(invoice)),
        write_message(
            entered.subject.strip() or template.subject,
            entered.text.strip() or template.text,
            invoice_facts(invoice, link),
            _rows([invoice], [link]),
        ),
        purpose="reminder",
        dedupe_key=f"reminder {invoice.id} {entered.request_key}",
        about=MessageAbout("invoice", invoice.id),
        by=by,
    )


def require_remindable(invoice: Invoice) -> None:
    """Pass for an invoice that a customer may be reminded of; raises Conflict with the reason why not."""
    if not invoice.is_unpaid or invoice.balance_minor <= 0:
        raise Conflict("Nothing is owed on this invoice, so there is nothing to remind of.")
    if invoice.processing_minor >= invoice.balance_minor:
        raise Conflict("A bank debit for all of it is on its way. Wait until it has arrived or failed.")


@task("billing.send_due_reminders")
def send_due_reminders() -> None:
    """Each account with a step due has a job that takes it."""
    settings = reminder_settings()
    if not settings.enabled or not entitlements().allows(Feature.BILLING):
        return
    due = {invoice.account_id for invoice, _ in _due(settings, list(session.scalars(_candidates(settings))))}
    for account_id in sorted(filter(None, due)):
        enqueue("billing.remind_account", account_id=account_id)


@task("billing.remind_account")
def remind_account(account_id: str) -> None:
    """The customer is reminded of all invoices with a step due, each person in one message."""
    settings = reminder_settings()
    mine = _candidates(settings, Invoice.account_id == UUID(account_id)).with_for_update(of=Invoice)
    due = _due(settings, list(session.scalars(mine)))
    for recipient, steps in _by_recipient(due).items():
        dedupe_key = f"reminder {ids.new_id()}"
        taken = _take(steps, mailing_id_of(dedupe_key))
        if taken:
            queue_mailing(
                [recipient],
                reminder_content(taken),
                purpose="reminder",
                dedupe_key=dedupe_key,
                about=MessageAbout("account", UUID(account_id)),
                by=SYSTEM,
            )


def still_to_remind(mailing_id: UUID) -> list[Invoice]:
    """The invoices of a message of the ladder that are still to be reminded of, held until the transaction ends.

    While there are any, the others are not in the message any more, and their step not taken.
    """
    reminded = select(InvoiceReminder.invoice_id).where(InvoiceReminder.mailing_id == mailing_id)
    held = _owed(Invoice.id.in_(reminded)).with_for_update(of=Invoice).execution_options(populate_existing=True)
    left = list(session.scalars(held))
    if left:
        session.execute(
            delete(InvoiceReminder).where(
                InvoiceReminder.mailing_id == mailing_id,
                InvoiceReminder.invoice_id.not_in([invoice.id for invoice in left]),
            )
        )
    return left


def reminder_content(invoices: Sequence[Invoice]) -> Content:
    """The reminder in the team's words, of invoices of one customer in the order they are due."""
    template, links = template_of("reminder"), customer_links(invoices)
    return write_message(template.subject, template.text, invoices_facts(invoices, links), _rows(invoices, links))


def _rows(invoices: Sequence[Invoice], links: Sequence[Link]) -> list[MessageRow]:
    return [
        MessageRow(
            f"Invoice {invoice.number}",
            _due_note(invoice),
            amount_text(invoice.balance_minor, invoice.currency),
            link,
        )
        for invoice, link in zip(invoices, links, strict=True)
    ]


def _due_note(invoice: Invoice) -> str:
    late = invoice.is_overdue(team_today())
    return f"{'Was due' if late else 'Due'} on {day_text(invoice.due_on)}"


def _candidates(settings: ReminderSettings, *also: ColumnElement[bool]) -> Select[Invoice]:
    """The unpaid invoices that are near a step: sent, nothing under way, not left alone."""
    steps, near = settings.steps or [0], LASTS + timedelta(days=1)
    first = team_today() - timedelta(days=max(steps)) - near
    last = team_today() - timedelta(days=min(steps)) + near
    return _owed(Invoice.due_on.between(first, last), Invoice.sent_at.is_not(None), *also)


def _owed(*also: ColumnElement[bool]) -> Select[Invoice]:
    """Invoices on which something is owed, nothing is under way, and that are not left alone."""
    left_alone = exists().where(
        or_(ReminderPause.invoice_id == Invoice.id, ReminderPause.account_id == Invoice.account_id)
    )
    return (
        select(Invoice)
        .where(Invoice.status.in_(UNPAID), Invoice.balance_minor > 0, Invoice.processing_minor == 0, ~left_alone, *also)
        .options(joinedload(Invoice.account), joinedload(Invoice.contact))
        .order_by(Invoice.due_on, Invoice.id)
    )


def _due(settings: ReminderSettings, candidates: list[Invoice]) -> list[tuple[Invoice, int]]:
    """The candidates with a step due now, and the step."""
    ladder, now, taken = ladder_of(settings), clock.now(), _taken(candidates)
    found = []
    for invoice in candidates:
        if invoice.due_on is not None and invoice.sent_at is not None:
            step = ladder.due_step(invoice.due_on, invoice.sent_at, taken.get(invoice.id, ()), now)
            if step is not None:
                found.append((invoice, step))
    return found


def _taken(candidates: list[Invoice]) -> dict[UUID, set[int]]:
    wanted = InvoiceReminder.invoice_id.in_([invoice.id for invoice in candidates])
    taken: dict[UUID, set[int]] = {}
    for row in session.scalars(select(InvoiceReminder).where(wanted)):
        taken.setdefault(row.invoice_id, set()).add(row.step_days)
    return taken


def _by_recipient(due: list[tuple[Invoice, int]]) -> dict[Recipient, list[tuple[Invoice, int]]]:
    """Who is reminded of what; invoices without anybody to write to are left for when there is somebody."""
    groups: dict[Recipient, list[tuple[Invoice, int]]] = {}
    for invoice, step in due:
        for recipient in proposed_recipients(invoice)[:1]:
            groups.setdefault(recipient, []).append((invoice, step))
    return groups


def _take(steps: list[tuple[Invoice, int]], mailing_id: UUID) -> list[Invoice]:
    """The invoices whose step nobody else has taken; it is taken now."""
    values = [
        {
            "tenant_id": current_tenant_id(),
            "id": ids.new_id(),
            "created_at": clock.now(),
            "invoice_id": invoice.id,
            "step_days": step,
            "mailing_id": mailing_id,
        }
        for invoice, step in steps
    ]
    statement = insert(InvoiceReminder).values(values).on_conflict_do_nothing().returning(InvoiceReminder.invoice_id)
    taken = set(session.scalars(statement))
    return [invoice for invoice, _ in steps if invoice.id in taken]
