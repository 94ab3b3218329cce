"""Several who look at one payment at once, while teammates pay by hand, void and refund: one booking."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.billing.models import Invoice, Payment, Refund
from cornerspot.billing.online.refund_calls import send_refund
from cornerspot.billing.online.syncing import sync_payment
from cornerspot.billing.refunding import refund_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.errors import DomainError
from cornerspot.kit.money import Money
from tests.faults.money_invariants import require_sound_money
from tests.faults.racing import Race, at_once, in_team

ROUNDS = 4


def team_at_once(story, *works):
    """What each work gave, or the refusal it met; each runs transactions of its own, all start together."""
    return at_once(*(in_team(story, work) for work in works), taken=DomainError)


def look(stripe, payment_id):
    connection_id = stripe.connection_id
    return lambda: sync_payment(connection_id, payment_id).id


def invoice_of(invoice_id):
    return session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()


def check(stripe):
    in_transaction(lambda: require_sound_money(with_ledger=True))
    assert stripe.booked() == stripe.moved()


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_many_who_look_book_once(stripe, story, round_number):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    stripe.standin.dashboard_refund(payment_id, 3000 + round_number)
    results = team_at_once(story, *[look(stripe, payment_id) for _ in range(5)])
    assert len(set(results)) == 1
    assert stripe.read(invoice_id).status == "paid"
    check(stripe)


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_looking_paying_by_hand_and_voiding_at_once(stripe, story, round_number):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    race = Race(story)
    by_hand = race.pay(invoice_id, 15000, f"round-{round_number}")
    by = story.owner
    team_at_once(
        story,
        look(stripe, payment_id),
        look(stripe, payment_id),
        lambda: in_transaction(by_hand),
        lambda: in_transaction(lambda: void_invoice(invoice_of(invoice_id), by=by, money="credit")),
    )
    stripe.sync(payment_id)
    total = in_transaction(lambda: sum(row.amount_minor for row in session.scalars(select(Payment))))
    places = in_transaction(
        lambda: sum(row.allocated_minor + row.credit_minor for row in session.scalars(select(Payment)))
    )
    assert total == places
    check(stripe)


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_refunds_at_once_never_exceed_what_came(stripe, story, round_number):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    stripe.sync(payment_id)
    by = story.owner

    def ask(key):
        def work():
            payment = session.scalars(select(Payment)).one()
            money = Money(12000, "EUR")
            return refund_payment(
                payment, money, still_owed=False, reason="", by=by, request_key=key, invoice=invoice_of(invoice_id)
            ).id

        return lambda: in_transaction(work)

    results = team_at_once(story, ask("a"), ask("b"), ask("a"), look(stripe, payment_id))
    made = in_transaction(lambda: session.scalars(select(Refund.id)).all())
    assert len(made) == 1, results
    team_at_once(story, *[lambda: send_refund(str(made[0]))] * 3, look(stripe, payment_id))
    assert stripe.read(invoice_id).refunded_minor == 12000
    assert len(stripe.standin.objects(stripe.account, "refund")) == 1
    check(stripe)


def test_two_disputed_payments_and_their_looks_do_not_lock_each_other_out(stripe, story):
    invoice_ids = [stripe.invoice() for _ in range(2)]
    payment_ids = [stripe.paid_by_card(invoice_id) for invoice_id in invoice_ids]
    for payment_id in payment_ids:
        stripe.sync(payment_id)
        stripe.standin.open_dispute(payment_id)
    team_at_once(story, *[look(stripe, payment_id) for payment_id in payment_ids * 2])
    assert {stripe.read(invoice_id).status for invoice_id in invoice_ids} == {"open"}
    check(stripe)
