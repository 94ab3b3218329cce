"""Uncollectible invoices: written off when overdue, reopened, paid late after all; every other step is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.activity.wording import wording
from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.deal_billing import has_unbilled_lines
from cornerspot.billing.deleting import delete_invoice
from cornerspot.billing.drafting import draft_input, update_draft
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.listing import TABS, invoices_page
from cornerspot.billing.marking_sent import mark_sent
from cornerspot.billing.models import InvoiceTransition, Payment
from cornerspot.billing.reading import invoice_with_everything, sums_of_account
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.states import FINALIZED, INVOICE, InvoiceStatus
from cornerspot.billing.voiding import void_invoice
from cornerspot.billing.writing_off import reopen_invoice, write_off_invoice
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, IllegalTransition, Invalid, PermissionDenied
from tests.factories.billing import line, new_draft
from tests.factories.conversion import converted
from tests.factories.crm import make_deal
from tests.faults.invariants import require_sound_books

S = InvoiceStatus


@pytest.fixture
def invoice(team, story):
    """Open since 40 days, due since 10, 200.00 owed."""
    with clock.moved_to(clock.now() - timedelta(days=40)):
        return finalize_invoice(new_draft(story.owner, lines=[line()]), by=story.owner)


def pay(invoice, amount_minor, by):
    return record_manual_payment(
        invoice,
        amount_minor=amount_minor,
        method="bank_transfer",
        received_on=clock.today("UTC") - timedelta(days=1),
        by=by,
        request_key=f"key{amount_minor}{invoice.status}",
    )


def steps(invoice):
    rows = session.scalars(
        select(InvoiceTransition).where(InvoiceTransition.invoice_id == invoice.id).order_by(InvoiceTransition.id)
    )
    return [(row.from_status, row.to_status, row.reason) for row in rows]


def write_off(invoice, by):
    write_off_invoice(invoice, reason="Insolvent", by=by)


def test_an_overdue_invoice_is_written_off_and_kept(invoice, story):
    write_off(invoice, story.owner)
    assert (invoice.status, invoice.balance_minor, invoice.number) == ("uncollectible", 20000, "INV-000001")
    assert invoice.written_off_at is not None
    assert steps(invoice)[-1] == ("open", "uncollectible", "Insolvent")
    require_sound_books()


def test_nobody_asks_for_a_written_off_invoice_any_more(invoice, story):
    write_off(invoice, story.owner)
    (sums,) = sums_of_account(invoice.account_id)
    assert (sums.invoiced_minor, sums.outstanding_minor, sums.overdue_minor) == (20000, 0, 0)
    assert not invoice.is_overdue(clock.today("UTC"))
    assert [row.id for row in invoices_page(TABS["uncollectible"]).rows] == [invoice.id]
    assert invoices_page(TABS["void"]).rows == []


def test_an_invoice_that_is_not_due_yet_is_not_written_off(team, story):
    invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    with pytest.raises(Conflict, match="not overdue yet"):
        write_off(invoice, story.owner)


def test_writing_off_asks_for_a_reason_and_for_an_admin(invoice, story):
    with pytest.raises(Invalid) as caught:
        write_off_invoice(invoice, reason=" ", by=story.owner)
    assert caught.value.field == "reason"
    for step in (write_off, lambda invoice, by: reopen_invoice(invoice, by=by)):
        with pytest.raises(PermissionDenied):
            step(invoice, _manager(story))


@pytest.mark.parametrize(("paid", "status"), [(0, "open"), (5000, "partially_paid")])
def test_reopening_leads_back_to_what_it_was(invoice, story, paid, status):
    if paid:
        pay(invoice, paid, story.owner)
    write_off(invoice, story.owner)
    reopen_invoice(invoice, reason="They answered", by=story.owner)
    assert (invoice.status, invoice.written_off_at) == (status, None)
    assert steps(invoice)[-1] == ("uncollectible", status, "They answered")
    assert invoice.is_overdue(clock.today("UTC"))
    require_sound_books()


@pytest.mark.parametrize(("paid", "status"), [(1, "partially_paid"), (19999, "partially_paid"), (20000, "paid")])
def test_money_that_comes_late_after_all_is_taken(invoice, story, paid, status):
    write_off(invoice, story.owner)
    pay(invoice, paid, story.owner)
    assert (invoice.status, invoice.paid_minor, invoice.written_off_at) == (status, paid, None)
    assert steps(invoice)[-1] == ("uncollectible", status, "")
    require_sound_books()


def test_a_payment_of_a_written_off_invoice_is_undone_only_after_reopening(invoice, story):
    payment = pay(invoice, 5000, story.owner)
    write_off(invoice, story.owner)
    with pytest.raises(Conflict, match="Reopen it, then undo"):
        undo_payment(payment, reason="Bounced", by=story.owner)
    reopen_invoice(invoice, by=story.owner)
    undo_payment(payment, reason="Bounced", by=story.owner)
    assert (invoice.status, payment.status) == ("open", "undone")
    require_sound_books()


def test_a_written_off_invoice_still_bills_its_deal(team, story):
    deal = make_deal(won=True, by=story.owner)
    with clock.moved_to(clock.now() - timedelta(days=90)):
        invoice = converted(deal, by=story.owner, finalize=True)
    write_off(invoice, story.owner)
    assert not has_unbilled_lines(deal)


def test_the_timeline_names_number_and_reasons(invoice, story):
    mark_sent(invoice, by=story.owner)
    write_off(invoice, story.owner)
    reopen_invoice(invoice, by=story.owner)
    entries = session.scalars(
        select(ActivityEntry).where(ActivityEntry.subject_id == invoice.id).order_by(ActivityEntry.id)
    )
    assert [wording(entry, "en_US").text for entry in entries] == [
        "Draft created",
        "Finalized as INV-000001",
        "Marked as sent",
        "Marked uncollectible: Insolvent",
        "Reopened",
    ]


@pytest.mark.parametrize("to", S)
@pytest.mark.parametrize("now", S)
def test_every_step_that_there_is_not_has_a_sentence_of_its_own(now, to):
    if INVOICE.allows(now, to):
        INVOICE.require(now, to)
    else:
        with pytest.raises(IllegalTransition) as caught:
            INVOICE.require(now, to)
        _require_sentence(caught.value)


ACTIONS = {
    "finalize": ({S.DRAFT}, lambda invoice, by: finalize_invoice(invoice, by=by)),
    "edit": ({S.DRAFT}, lambda invoice, by: update_draft(invoice, draft_input(invoice), seen_version=1, by=by)),
    "cancel": ({S.DRAFT}, lambda invoice, by: cancel_invoice(invoice, by=by)),
    "delete": ({S.DRAFT, S.CANCELLED}, lambda invoice, by: delete_invoice(invoice, by=by)),
    "void": ({S.OPEN}, lambda invoice, by: void_invoice(invoice, by=by)),
    "write off": ({S.OPEN, S.PARTIALLY_PAID}, write_off),
    "reopen": ({S.UNCOLLECTIBLE}, lambda invoice, by: reopen_invoice(invoice, by=by)),
    "pay": ({S.OPEN, S.PARTIALLY_PAID, S.UNCOLLECTIBLE}, lambda invoice, by: pay(invoice, 100, by)),
    "mark as sent": ({S.OPEN, S.PARTIALLY_PAID, S.PAID}, lambda invoice, by: mark_sent(invoice, by=by)),
    "undo a payment": ({S.PARTIALLY_PAID, S.PAID}, lambda invoice, by: undo_payment(_payment(), reason="Twice", by=by)),
}


WITH_MONEY = {S.PARTIALLY_PAID, S.PAID, S.UNCOLLECTIBLE}
PAIRS = [(status, action) for status in S for action in ACTIONS if action != "undo a payment" or status in WITH_MONEY]


@pytest.mark.parametrize(("status", "action"), PAIRS)
def test_an_action_is_done_or_refused_with_its_own_sentence(team, story, status, action):
    allowed, act = ACTIONS[action]
    invoice = _in_status(status, story.owner)
    if status in allowed:
        act(invoice, story.owner)
        session.flush()
    else:
        with pytest.raises(Conflict) as caught:
            act(invoice, story.owner)
        _require_sentence(caught.value)
        assert invoice.status == status
    require_sound_books()


def _in_status(status, by):
    """An invoice of 200.00 that came to this status by the use-cases, due for ten days if it is final."""
    with clock.moved_to(clock.now() - timedelta(days=40)):
        draft = new_draft(by, lines=[line()])
        if status in FINALIZED:
            finalize_invoice(draft, by=by)
    if status is S.CANCELLED:
        cancel_invoice(draft, by=by)
    if status in (S.PARTIALLY_PAID, S.UNCOLLECTIBLE):
        pay(draft, 5000, by)
    if status is S.PAID:
        pay(draft, 20000, by)
    if status is S.VOID:
        void_invoice(draft, by=by)
    if status is S.UNCOLLECTIBLE:
        write_off(draft, by)
    session.flush()
    invoice = invoice_with_everything(draft.id)
    assert invoice.status == status
    return invoice


def _require_sentence(error):
    assert "cannot go from" not in error.message
    assert error.message.endswith(".")
    assert error.message != (type(error).__doc__ or "").splitlines()[0]


def _payment():
    return session.scalars(select(Payment)).one()


def _manager(story):
    from cornerspot.people.actors import Actor
    from cornerspot.people.models import Role

    return Actor(kind="teammate", id=story.owner.id, name="A manager", role=Role.MANAGER)
