"""Any order of allocating, releasing, refunding, disputing and giving back keeps every sum of the books."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from cornerspot.billing.allocating import (
    allocate,
    complete,
    give_back,
    lock_for_money,
    release,
    take_back,
    undo,
)
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Dispute, Payment, PaymentAllocation, Refund
from cornerspot.db import session
from cornerspot.kit import clock
from tests.factories.billing import line, new_account, new_draft
from tests.faults.money_invariants import require_sound_money

AMOUNTS = st.sampled_from([30, 50, 100, 150])
PLACES = st.integers(0, 1)
MOVES = {"arrived", "settled", "released", "Refund", "Dispute", "came back", "undone", "written off"}


class PlacesOfMoney(RuleBasedStateMachine):
    """Two invoices of 1.00 and two payments at most, in one transaction that is undone at the end.

    ``moved`` counts what really moved, over all walks.
    """

    by, moved = None, None

    @initialize()
    def open_the_books(self):
        self.account = new_account()
        drafts = [new_draft(self.by, self.account, lines=[line(quantity="1", unit_price="1")]) for _ in range(2)]
        self.invoices = [finalize_invoice(draft, by=self.by) for draft in drafts]
        self.payments, self.causes = [], []

    def teardown(self):
        session.rollback()
        session.expunge_all()

    def hold(self, payment):
        return lock_for_money(payment, also=[invoice.id for invoice in self.invoices])

    @precondition(lambda self: len(self.payments) < 2)
    @rule(amount=AMOUNTS, place=PLACES)
    def money_arrives(self, amount, place):
        payment = Payment(
            account_id=self.account.id,
            amount_minor=amount,
            allocated_minor=0,
            returned_minor=0,
            refunded_minor=0,
            disputed_minor=0,
            currency="EUR",
            method="cash",
            received_on=clock.today("UTC"),
        )
        complete(payment)
        session.add(payment)
        session.flush()
        self.payments.append(payment)
        self.moved["arrived"] += allocate(payment, self.hold(payment)[self.invoices[place].id], by=self.by) > 0

    @precondition(lambda self: self.payments)
    @rule(which=st.data(), place=PLACES, at_most=st.none() | AMOUNTS)
    def it_settles(self, which, place, at_most):
        payment = which.draw(st.sampled_from(self.payments))
        invoice = self.hold(payment)[self.invoices[place].id]
        room = min(payment.credit_minor, invoice.balance_minor if invoice.is_payable else 0)
        took = allocate(payment, invoice, by=self.by, at_most=at_most)
        assert took == (room if at_most is None else min(room, at_most))
        self.moved["settled"] += took > 0

    @precondition(lambda self: self.payments)
    @rule(which=st.data(), place=PLACES)
    def it_no_longer_settles(self, which, place):
        payment = which.draw(st.sampled_from(self.payments))
        invoice = self.hold(payment)[self.invoices[place].id]
        before = invoice.paid_minor
        released = release(payment, invoice, by=self.by)
        assert invoice.paid_minor == before - released
        self.moved["released"] += released > 0

    @precondition(lambda self: self.payments)
    @rule(which=st.data(), amount=AMOUNTS, owed=st.booleans(), first=st.none() | PLACES)
    def some_is_refunded(self, which, amount, owed, first):
        payment = which.draw(st.sampled_from(self.payments))
        if payment.status != "completed":
            return
        refund = Refund(
            payment_id=payment.id,
            account_id=self.account.id,
            amount_minor=amount,
            currency="EUR",
            origin="manual",
            status="succeeded",
            still_owed=owed,
            booked_at=clock.now(),
        )
        session.add(refund)
        session.flush()
        self.take(payment, refund, amount, still_owed=owed, first=first)

    @precondition(lambda self: self.payments)
    @rule(which=st.data(), amount=AMOUNTS)
    def some_is_withdrawn(self, which, amount):
        payment = which.draw(st.sampled_from(self.payments))
        if payment.status != "completed":
            return
        dispute = Dispute(
            payment_id=payment.id,
            account_id=self.account.id,
            stripe_dispute_id=f"du_{len(self.causes)}",
            amount_minor=amount,
            withdrawn_minor=0,
            currency="EUR",
            status="needs_response",
            opened_at=clock.now(),
        )
        session.add(dispute)
        session.flush()
        self.take(payment, dispute, amount, still_owed=True, first=None)

    def take(self, payment, cause, amount, *, still_owed, first):
        invoices = self.hold(payment)
        here = payment.amount_minor - payment.returned_minor - self.kept_refunded(payment)
        place = self.invoices[first].id if first is not None else None
        left = take_back(payment, cause, amount, invoices, still_owed=still_owed, by=self.by, first=place)
        assert left == max(amount - here, 0)
        self.causes.append((payment, cause))
        self.moved[type(cause).__name__] += left < amount

    def kept_refunded(self, payment):
        live = select(PaymentAllocation.refunded_minor).where(
            PaymentAllocation.payment_id == payment.id, PaymentAllocation.released_at.is_(None)
        )
        return sum(session.scalars(live))

    @precondition(lambda self: self.causes)
    @rule(which=st.data(), share=st.sampled_from([1, 2]))
    def some_of_it_comes_back(self, which, share):
        payment, cause = which.draw(st.sampled_from(self.causes))
        if isinstance(cause, Refund):
            back = cause.amount_minor if cause.status == "succeeded" else 0
        else:
            back = cause.withdrawn_minor // share
        if back <= 0:
            return
        give_back(payment, cause, back, self.hold(payment), by=self.by)
        self.moved["came back"] += 1
        if isinstance(cause, Refund):
            cause.status = "failed"

    @precondition(lambda self: self.payments)
    @rule(which=st.data())
    def it_never_was(self, which):
        payment = which.draw(st.sampled_from(self.payments))
        if payment.status != "completed" or payment.refunded_minor or payment.disputed_minor:
            return
        for invoice in self.hold(payment).values():
            release(payment, invoice, by=self.by)
        undo(payment, reason="By mistake")
        self.moved["undone"] += 1

    @precondition(lambda self: len(self.causes) > 2)
    @rule(place=PLACES)
    def an_invoice_is_voided(self, place):
        invoice = lock_invoice(self.invoices[place])
        if invoice.status == "open":
            invoice.void()

    @rule(place=PLACES)
    def an_invoice_is_written_off(self, place):
        invoice = lock_invoice(self.invoices[place])
        if invoice.status in ("open", "partially_paid"):
            invoice.write_off()
            self.moved["written off"] += 1

    @invariant()
    def the_books_are_sound(self):
        if hasattr(self, "invoices"):
            require_sound_money()


@pytest.fixture
def machine(team, story):
    return type("Places", (PlacesOfMoney,), {"by": story.owner, "moved": Counter()})


def test_no_order_of_movements_breaks_a_sum(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert set(+machine.moved) == MOVES
