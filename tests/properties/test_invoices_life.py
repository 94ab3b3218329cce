"""The whole life of invoices against a small model: in any order, legal steps are done and others refused in words."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.properties.life.walking import Walk

WALKS, STEPS = 10, 40
MOST_INVOICES = 8
WHO = st.sampled_from(["owner"] * 6 + ["admin", "manager", "rep"])
PICK = st.tuples(st.integers(0, 11), st.sampled_from([True, True, True, False]))  # which, and of the likely ones
PRICE = st.sampled_from(["250", "19.99", "250", "19.99", "250", "19.99", "0.004", "0"])
SHARE = st.sampled_from(["all", "half", "half", "one", "none", "more"])
REASON = st.sampled_from(["Bounced", "Bounced", "Bounced", "  "])


class InvoiceLife(RuleBasedStateMachine):
    """Steps of the invoices of two customers and a deal, in any order, by anybody, legal or not."""

    app, seen = None, None

    @initialize(
        drafts=st.lists(
            st.tuples(st.integers(0, 1), PRICE, st.sampled_from([True, True, False])), min_size=2, max_size=4
        )
    )
    def open_the_books(self, drafts):
        self.walk = Walk(self.app, self.seen)
        self.books = self.walk.books
        for customer, price, is_final in drafts:
            invoice = self.walk.step("draft", "owner", customer, Decimal(price))
            if is_final:
                self.walk.step("finalize", "owner", invoice)

    def teardown(self):
        if hasattr(self, "walk"):
            self.walk.close()

    def has_room(self):
        return len(self.books.invoices) < MOST_INVOICES

    def has_owed(self):
        return any(one.takes_money for one in self.books.invoices)

    def has_ended(self, end):
        return any(one.end == end for one in self.books.invoices)

    def has_credit(self):
        return any(payment.credit for payment in self.books.payments)

    # Drafts

    @precondition(has_room)
    @rule(who=WHO, pick=PICK, how=st.sampled_from(["bill_deal", "duplicate"]), flag=st.booleans())
    def make(self, who, pick, how, flag):
        source = [] if how == "bill_deal" else [self.invoice(pick)]
        self.walk.step(how, who, *source, flag)

    @rule(
        who=WHO,
        pick=PICK,
        quantity=st.sampled_from(["1", "2.5", "4", "-1", "0"]),
        manual=st.sampled_from([None, None, "BY-HAND-1", "BY-HAND-2"]),
        seen=st.sampled_from([True, True, False]),
    )
    def edit(self, who, pick, quantity, manual, seen):
        self.walk.step("edit", who, self.invoice(pick, is_draft), Decimal(quantity), manual, seen=seen)

    @rule(name=st.sampled_from(["finalize", "finalize", "finalize", "cancel", "delete", "restore"]), who=WHO, pick=PICK)
    def move_a_draft(self, name, who, pick):
        self.walk.step(name, who, self.invoice(pick, lambda one: not is_final(one)))

    @rule(name=st.sampled_from(["send", "mark_sent", "remind"]), who=WHO, pick=PICK, finalize=st.booleans())
    def tell(self, name, who, pick, finalize):
        more = {"finalize": finalize} if name == "send" else {}
        self.walk.step(name, who, self.invoice(pick, is_final), **more)

    @rule(days=st.sampled_from([8, 31]), purge=st.booleans())
    def time_passes(self, days, purge):
        self.walk.step("time_passes", days)
        if purge and not all(one.trashed_at for one in self.books.invoices):
            self.walk.step("purge")

    # Money

    @precondition(has_owed)
    @rule(who=WHO, pick=PICK, share=SHARE)
    def pay(self, who, pick, share):
        invoice = self.invoice(pick, takes_money)
        self.walk.step("pay", who, invoice, part_of(invoice.due, share))

    @precondition(has_owed)
    @rule(pick=PICK, bank=st.sampled_from(["", "", "success", "insufficient_funds"]))
    def pay_online(self, pick, bank):
        invoice = self.invoice(pick, takes_money)
        if all(payment.on is not invoice for payment in self.books.unheard):
            self.walk.step("pay_online", invoice, bank)

    @precondition(lambda self: self.books.unheard)
    @rule(pick=PICK)
    def hear(self, pick):
        self.walk.step("hear", picked(self.books.unheard, pick, bool))

    @precondition(has_credit)
    @rule(who=WHO, pick=PICK, share=st.sampled_from(["rest", "rest", "half", "one", "none", "more"]))
    def apply_credit(self, who, pick, share):
        invoice = self.invoice(pick, lambda one: one.takes_money and self.books.credit_of(one.customer))
        self.walk.step("apply_credit", who, invoice, None if share == "rest" else part_of(invoice.due, share))

    @precondition(has_credit)
    @rule(who=WHO, customer=st.integers(0, 1), share=SHARE)
    def refund_credit(self, who, customer, share):
        self.walk.step("refund_credit", who, customer, part_of(self.books.credit_of(customer), share))

    @precondition(lambda self: self.books.payments)
    @rule(who=WHO, pick=PICK, share=SHARE, owed=st.booleans())
    def refund(self, who, pick, share, owed):
        payment = self.payment(pick)
        asked_on = payment.parts[0].invoice if payment.parts else payment.on
        self.walk.step("refund", who, payment, part_of(payment.left, share), asked_on, owed=owed)

    @precondition(lambda self: self.books.payments)
    @rule(who=WHO, pick=PICK, reason=REASON)
    def undo(self, who, pick, reason):
        self.walk.step("undo", who, self.payment(pick), reason)

    # Ends

    @rule(who=WHO, pick=PICK, money=st.sampled_from(["", "refund", "credit", "credit"]), copy=st.booleans())
    def void(self, who, pick, money, copy):
        self.walk.step("void", who, self.invoice(pick, is_final), money, copy=copy and self.has_room())

    @precondition(lambda self: any(map(self.books.is_overdue, self.books.invoices)) or self.has_ended("uncollectible"))
    @rule(who=WHO, pick=PICK, name=st.sampled_from(["write_off", "write_off", "reopen"]), reason=REASON)
    def give_up(self, who, pick, name, reason):
        if name == "write_off":
            self.walk.step(name, who, self.invoice(pick, self.books.is_overdue), reason)
        else:
            self.walk.step(name, who, self.invoice(pick, lambda one: one.end == "uncollectible"))

    def invoice(self, pick, likely=lambda one: True):
        return picked(self.books.invoices, pick, likely)

    def payment(self, pick):
        return picked(self.books.payments, pick, lambda one: one.state == "completed")


def is_draft(invoice):
    return invoice.status == "draft"


def is_final(invoice):
    return invoice.number is not None


def takes_money(invoice):
    return invoice.takes_money


def picked(all_of_them, pick, likely):
    """Most picks are of those with which the step may be legal, so that walks get somewhere."""
    number, of_likely = pick
    some = [one for one in all_of_them if likely(one)] if of_likely else []
    return (some or all_of_them)[number % len(some or all_of_them)]


def part_of(amount, share):
    return {"all": amount, "half": amount // 2, "one": 1, "none": 0, "more": amount + 1}[share]


@pytest.mark.slow
def test_any_walk_through_an_invoices_life_keeps_the_books_sound(app):
    seen = Counter()
    run_state_machine_as_test(
        type("Life", (InvoiceLife,), {"app": app, "seen": seen}),
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
    done, refused = ({name for name, kind in seen if kind == wanted} for wanted in ("done", "refused"))
    assert seen.total() > WALKS * 10
    assert {"draft", "finalize", "pay", "time_passes"} <= done
    assert {"edit", "finalize", "pay"} <= refused
