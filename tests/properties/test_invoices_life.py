"""Any walk through an invoice's life, against a small model: legal steps are done, all others refused in words."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.deleting import delete_invoice, restore_invoice
from cornerspot.billing.drafting import draft_input, update_draft
from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, NumberSeries, Payment
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import ids
from cornerspot.kit.errors import DomainError
from cornerspot.tenancy import team_scope
from tests.factories.billing import VAT_19, line, new_account, new_draft
from tests.faults.invariants import require_sound_books

FINAL = {"open", "partially_paid", "paid", "void"}


@dataclass
class Known:
    """What the model knows of an invoice."""

    id: object
    total: int
    status: str = "draft"
    paid: int = 0
    trashed: bool = False
    number: str | None = None

    def settle(self, paid):
        self.paid = paid
        self.status = "paid" if paid == self.total else "partially_paid" if paid else "open"


class InvoiceLife(RuleBasedStateMachine):
    """Steps of two invoices and their copies in one team, in any order, legal or not."""

    story = None

    @initialize(prices=st.lists(st.sampled_from(["0", "19.99", "250", "0.004"]), min_size=2, max_size=2))
    def open_the_books(self, prices):
        self.invoices, self.payments, self.finalized = [], [], 0
        with self.inside():
            self.finalized = sum(session.scalars(select(NumberSeries.last_value)))
            account = new_account()
            for price in prices:
                invoice = new_draft(self.story.owner, account, [line(quantity="3", unit_price=price, taxes=(VAT_19,))])
                self.invoices.append(Known(invoice.id, invoice.total_minor))

    def inside(self):
        return request_of(self.story)

    def attempt(self, allowed, work):
        """Do the work: it must succeed exactly when the model allows it, and refuse in a sentence."""
        sentence = ""
        try:
            with self.inside():
                result = work()
        except DomainError as refusal:
            result, sentence = None, refusal.message
        assert allowed == (not sentence), sentence or "an illegal step was done"
        assert not sentence or (sentence[0].isupper() and sentence.endswith("."))
        return result

    @rule(pick=st.integers(0), quantity=st.sampled_from(["1", "2.5", "-1", "0"]), fresh=st.booleans())
    def edit(self, pick, quantity, fresh):
        known = self.pick(pick)

        def work():
            invoice = load(known.id)
            entered = draft_input(invoice)
            changed = replace(entered, lines=[replace(entered.lines[0], quantity=Decimal(quantity))])
            update_draft(invoice, changed, seen_version=invoice.version - (not fresh), by=self.story.owner)
            return invoice.total_minor

        total = self.attempt(fresh and known.status == "draft" and not known.trashed, work)
        known.total = known.total if total is None else total

    @rule(pick=st.integers(0))
    def finalize(self, pick):
        known = self.pick(pick)
        allowed = known.status == "draft" and not known.trashed and known.total >= 0
        number = self.attempt(allowed, lambda: finalize_invoice(load(known.id), by=self.story.owner).number)
        if number:
            self.finalized += 1
            assert number == f"INV-{self.finalized:06}"
            known.number = number
            known.status = "open" if known.total else "paid"

    @rule(pick=st.integers(0), share=st.sampled_from(["all", "half", "one", "nothing", "more"]))
    def pay(self, pick, share):
        known = self.pick(pick)
        due = known.total - known.paid
        amount = {"all": due, "half": due // 2, "one": 1, "nothing": 0, "more": due + 1}[share]
        allowed = known.status in ("open", "partially_paid") and 0 < amount <= due

        def work():
            invoice = load(known.id)
            return record_manual_payment(
                invoice,
                amount_minor=amount,
                method="cash",
                received_on=invoice.issued_on or invoice.created_at.date(),
                by=self.story.owner,
                request_key=ids.new_id().hex,
            ).id

        payment_id = self.attempt(allowed, work)
        if payment_id:
            known.settle(known.paid + amount)
            self.payments.append([payment_id, known, amount, True])

    @rule(pick=st.integers(0), reason=st.sampled_from(["Bounced", "", "  "]))
    def undo(self, pick, reason):
        if not self.payments:
            return
        payment = self.payments[pick % len(self.payments)]
        payment_id, known, amount, counts = payment

        def work():
            found = session.scalars(select(Payment).where(Payment.id == payment_id)).one()
            undo_payment(found, reason=reason, by=self.story.owner)
            return True

        if self.attempt(counts and bool(reason.strip()), work):
            payment[3] = False
            known.settle(known.paid - amount)

    @rule(pick=st.integers(0))
    def void(self, pick):
        known = self.pick(pick)
        allowed = known.status == "open" and not known.trashed
        if self.attempt(allowed, lambda: void_invoice(load(known.id), by=self.story.owner) or True):
            known.status = "void"

    @rule(pick=st.integers(0))
    def cancel(self, pick):
        known = self.pick(pick)
        allowed = known.status == "draft" and not known.trashed
        if self.attempt(allowed, lambda: cancel_invoice(load(known.id), by=self.story.owner) or True):
            known.status = "cancelled"

    @rule(pick=st.integers(0))
    def delete(self, pick):
        known = self.pick(pick)
        if self.attempt(known.status not in FINAL, lambda: delete_invoice(load(known.id), by=self.story.owner) or True):
            known.trashed = True

    @rule(pick=st.integers(0))
    def restore(self, pick):
        known = self.pick(pick)
        if self.attempt(True, lambda: restore_invoice(load(known.id), by=self.story.owner) or True):
            known.trashed = False

    @rule(pick=st.integers(0), at_once=st.booleans())
    def duplicate(self, pick, at_once):
        known = self.pick(pick)
        if len(self.invoices) >= 6:
            return
        allowed = known.total >= 0 or not at_once

        def work():
            copy = duplicate_invoice(load(known.id), by=self.story.owner, finalize=at_once)
            return Known(copy.id, copy.total_minor, copy.status, number=copy.number)

        copy = self.attempt(allowed, work)
        if copy is None:
            return
        assert copy.total == known.total
        if at_once:
            self.finalized += 1
            assert copy.number == f"INV-{self.finalized:06}"
        self.invoices.append(copy)

    @invariant()
    def the_books_are_what_the_model_says(self):
        if not getattr(self, "invoices", None):
            return
        with self.inside():
            require_sound_books()
            for known in self.invoices:
                found = session.scalars(select(Invoice).where(Invoice.id == known.id)).one()
                assert (found.status, found.number, found.total_minor) == (known.status, known.number, known.total)
                assert (found.paid_minor, found.balance_minor) == (known.paid, known.total - known.paid)
                assert (found.deleted_at is not None) == known.trashed

    def pick(self, number):
        return self.invoices[number % len(self.invoices)]


@contextmanager
def request_of(story):
    """A request of the story's team: an app context, a scope, a transaction."""
    with story.app.app_context(), team_scope(story.team), transaction():
        yield


def load(id):
    wanted = select(Invoice).where(Invoice.id == id)
    parts = (selectinload(Invoice.lines), joinedload(Invoice.account), joinedload(Invoice.contact))
    return session.scalars(wanted.options(*parts)).one()


@pytest.mark.slow
def test_any_walk_through_an_invoices_life_keeps_the_books_sound(story):
    InvoiceLife.story = story
    run_state_machine_as_test(
        InvoiceLife,
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
