"""Statements of account: opening and movements come to what is owed, whatever happened, on every day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, Payment
from cornerspot.billing.refunding import refund_payment
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.statements import balances_on, statements_of, usual_period
from cornerspot.billing.states import UNPAID, InvoiceStatus
from cornerspot.billing.voiding import void_invoice
from cornerspot.billing.writing_off import reopen_invoice, write_off_invoice
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import DomainError, Invalid
from cornerspot.kit.money import Money
from cornerspot.tenancy import team_scope, team_today
from tests.factories.billing import line, new_account, new_draft
from tests.factories.teams import open_story

START = clock.now().replace(hour=12)


def invoice(story, account, unit_price="100", **fields):
    draft = new_draft(story.owner, account=account, lines=[line(unit_price=unit_price)], **fields)
    return finalize_invoice(draft, by=story.owner)


def pay(story, invoice, amount_minor, key):
    return record_manual_payment(
        invoice,
        amount_minor=amount_minor,
        method="bank_transfer",
        received_on=team_today(),
        by=story.owner,
        request_key=key,
    )


def books(account):
    """What the rows say is owed, less credit, per currency."""
    owed: dict[str, int] = {}
    for model, column, condition, sign in (
        (Invoice, Invoice.balance_minor, Invoice.status.in_(UNPAID), 1),
        (Payment, Payment.credit_minor, Payment.credit_minor > 0, -1),
    ):
        statement = select(model.currency, func.sum(column)).where(model.account_id == account.id, condition)
        for code, minor in session.execute(statement.group_by(model.currency)):
            owed[code] = owed.get(code, 0) + sign * int(minor)
    return {code: minor for code, minor in owed.items() if minor}


def on_day(account, day):
    return {code: minor for code, minor in balances_on(account.id, day).items() if minor}


def test_a_statement_goes_from_opening_to_closing(team, story):
    account = new_account()
    with clock.moved_to(START):
        first = invoice(story, account)
        pay(story, first, 5000, "a")
    with clock.moved_to(START + timedelta(days=10)):
        pay(story, first, 15000, "b")
        invoice(story, account, "50")
        since = team_today()
    [statement] = statements_of(account.id, since=since, until=since)
    assert (statement.opening_minor, statement.closing_minor) == (15000, 10000)
    assert [(row.kind, row.amount_minor, row.balance_minor) for row in statement.movements] == [
        ("invoice", 10000, 25000),
        ("payment", -15000, 10000),
    ]
    assert (statement.invoiced_minor, statement.paid_minor) == (10000, 15000)


def test_each_currency_has_its_own(team, story):
    account = new_account()
    invoice(story, account)
    invoice(story, account, currency="USD")
    since, until = usual_period()
    assert [one.currency for one in statements_of(account.id, since=since, until=until)] == ["EUR", "USD"]


def test_another_accounts_rows_are_left_out(team, story):
    invoice(story, new_account())
    since, until = usual_period()
    assert statements_of(new_account().id, since=since, until=until) == []


def test_a_refund_that_is_not_asked_for_again_changes_nothing_owed(team, story):
    account = new_account()
    one = invoice(story, account)
    payment = pay(story, one, 20000, "a")
    refund(story, payment, one, 5000, still_owed=False)
    since, until = usual_period()
    [statement] = statements_of(account.id, since=since, until=until)
    assert statement.closing_minor == 0
    assert (statement.given_back_minor, statement.waived_minor) == (5000, 5000)


def refund(story, payment, of, amount_minor, *, still_owed, key="r"):
    refund_payment(
        payment,
        Money(amount_minor, payment.currency),
        still_owed=still_owed,
        reason="",
        by=story.owner,
        request_key=key,
        invoice=of,
    )


def test_a_draft_is_no_movement(team, story):
    account = new_account()
    new_draft(story.owner, account=account)
    assert balances_on(account.id, team_today()) == {}


@pytest.mark.parametrize(("since", "until"), [("2026-03-02", "2026-03-01"), ("1990-01-01", "2026-01-01")])
def test_an_impossible_period_is_refused(team, since, until):
    with pytest.raises(Invalid):
        statements_of(new_account().id, since=date.fromisoformat(since), until=date.fromisoformat(until))


@pytest.fixture(scope="module")
def shared_story(app):
    return open_story(app)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "pay", "pay", "refund", "owed_refund", "undo", "void", "write_off", "reopen"]),
        st.integers(0, 5),
        st.integers(1, 30_000),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_happens_the_closing_balance_is_what_the_books_say(app, shared_story, steps):
    """Each step is a month after the one before; the books are compared after every step."""
    with app.app_context(), team_scope(shared_story.team):
        account = new_account()
        session.flush()
        for number, (what, which, amount) in enumerate(steps):
            with clock.moved_to(START + timedelta(days=31 * number)):
                step(shared_story, account, number, what, which, amount)
                session.flush()
                today = team_today()
                assert on_day(account, today) == books(account), what
                for statement in statements_of(account.id, since=today - timedelta(days=40), until=today):
                    moved = sum(row.amount_minor for row in statement.movements)
                    assert statement.opening_minor + moved == statement.closing_minor
                    assert statement.closing_minor == books(account).get(statement.currency, 0)
        session.rollback()


def step(story, account, number, what, which, amount):
    """Do it with one of the rows there are; what the domain refuses did not happen."""
    invoices = list(session.scalars(select(Invoice).where(Invoice.account_id == account.id).order_by(Invoice.id)))
    payments = list(session.scalars(select(Payment).where(Payment.account_id == account.id).order_by(Payment.id)))
    if what == "invoice" or not invoices:
        invoice(story, account)
        return
    chosen = invoices[which % len(invoices)]
    payment = payments[which % len(payments)] if payments else None
    try:
        with session.begin_nested():
            if what == "pay":
                pay(story, chosen, min(amount, chosen.balance_minor), f"{account.id}{number}")
            elif what == "void":
                void_invoice(chosen, by=story.owner, money="credit" if amount % 2 else "refund")
            elif what == "write_off":
                write_off_invoice(chosen, reason="Bad debt", by=story.owner)
            elif what == "reopen" and chosen.status == InvoiceStatus.UNCOLLECTIBLE:
                reopen_invoice(chosen, by=story.owner)
            elif what == "undo" and payment is not None:
                undo_payment(payment, reason="Mistake", by=story.owner)
            elif payment is not None:
                minor = min(amount, payment.refundable_minor)
                owed = what == "owed_refund"
                refund(story, payment, chosen, minor, still_owed=owed, key=f"{account.id}{number}")
    except DomainError:
        session.expire_all()
