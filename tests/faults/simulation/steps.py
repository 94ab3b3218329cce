"""What can happen in a walk: a function each, with how often it is chosen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from cornerspot.billing.crediting import apply_credit, credit_balances, refund_credit
from cornerspot.billing.models import Invoice, Payment
from cornerspot.billing.online.checkout import payable_minor
from cornerspot.billing.online.reconciling import reconcile_fully, reconcile_hot, sweep_events
from cornerspot.billing.refunding import refund_payment, refundable_minor
from cornerspot.billing.settling import undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.billing.writing_off import reopen_invoice, write_off_invoice
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.jobs.queue import GiveUp
from cornerspot.kit.errors import DomainError
from cornerspot.kit.money import Money
from cornerspot.payments.connecting import connect_with_key, disconnect, live_account, recheck
from cornerspot.payments.provider import ProviderError
from cornerspot.payments.standin import Fault
from tests.faults.simulation.choosing import (
    fresh_key,
    invoice_of,
    part_of,
    payable_part,
    theirs,
    with_some_invoice,
    with_some_payment,
)
from tests.faults.simulation.world import World
from tests.faults.stripe_shop import Shop

Step = Callable[[World, Shop], Any]
STEPS: list[tuple[Step, int]] = []
EXPECTED = (DomainError, ProviderError, GiveUp)
CARDS = (
    "4242424242424242",
    "5555555555554444",
    "4000002500003155",
    "4000000000000002",
    "4000000000009995",
    "4000000000000259",
    "4000000000001976",
)
BANKS = ("success", "success", "insufficient_funds", "account_closed", "disputed", "microdeposits")
AMOUNTS = ("50", "200", "1190", "3333", "80000")
CALLS = (
    "POST /v1/checkout/sessions",
    "POST /v1/checkout/sessions/*/expire",
    "GET /v1/checkout/sessions/*",
    "GET /v1/payment_intents/*",
    "POST /v1/refunds",
    "POST /v1/customers",
    "GET /v1/refunds",
    "GET /v1/events",
    "*",
)
FAULTS = (
    Fault.DROP_ANSWER,
    Fault.DROP_REQUEST,
    Fault.CONFLICT_409,
    Fault.RATE_LIMIT_429,
    Fault.SERVER_ERROR_500,
    Fault.SERVER_ERROR_500(worked=True),
    Fault.SERVER_ERROR_500(should_retry=False, worked=True),
    Fault.SERVER_ERROR_500(should_retry=True),
    Fault.UNAVAILABLE_503,
)


def step(weight: int) -> Callable[[Step], Step]:
    """Have it chosen so often, relative to the others."""

    def add(function: Step) -> Step:
        STEPS.append((function, weight))
        return function

    return add


def name_of(function: Step) -> str:
    return function.__name__.replace("_", " ")


# The team's people


@step(5)
def write_an_invoice(world: World, shop: Shop) -> None:
    shop.invoice(world.rng.choice(AMOUNTS))


@step(4)
def record_money_by_hand(world: World, shop: Shop) -> None:
    with_some_invoice(
        world, shop, lambda one: shop.pay_by_hand(one.id, part_of(world, one.balance_minor), fresh_key(world))
    )


@step(2)
def undo_money_by_hand(world: World, shop: Shop) -> None:
    with_some_payment(world, shop, lambda one: undo_payment(one, reason="wrong", by=shop.by), online=False)


@step(3)
def void_an_invoice(world: World, shop: Shop) -> None:
    money = world.rng.choice(("refund", "credit"))
    with_some_invoice(
        world,
        shop,
        lambda one: shop.with_invoice(one.id, lambda invoice: void_invoice(invoice, by=shop.by, money=money)),
    )


@step(2)
def write_an_invoice_off(world: World, shop: Shop) -> None:
    with_some_invoice(
        world,
        shop,
        lambda one: shop.with_invoice(one.id, lambda row: write_off_invoice(row, reason="gone", by=shop.by)),
    )


@step(2)
def reopen_an_invoice(world: World, shop: Shop) -> None:
    with_some_invoice(
        world, shop, lambda one: shop.with_invoice(one.id, lambda invoice: reopen_invoice(invoice, by=shop.by))
    )


@step(5)
def refund_a_payment(world: World, shop: Shop) -> None:
    owed, key = world.rng.random() < 0.5, fresh_key(world)

    def work(payment: Payment) -> None:
        amount = Money(payable_part(world, refundable_minor(payment), payment.currency), payment.currency)
        invoice = invoice_of(payment) if world.rng.random() < 0.8 else None
        refund_payment(payment, amount, still_owed=owed, reason="", by=shop.by, request_key=key, invoice=invoice)

    with_some_payment(world, shop, work)


@step(3)
def settle_with_credit(world: World, shop: Shop) -> None:
    with_some_invoice(
        world, shop, lambda one: shop.with_invoice(one.id, lambda invoice: apply_credit(invoice, by=shop.by))
    )


@step(2)
def send_credit_back(world: World, shop: Shop) -> None:
    key = fresh_key(world)

    def work() -> None:
        customer = session.scalars(select(Account).where(Account.id == shop.customer_id)).one()
        for money in credit_balances(customer.id):
            part = Money(payable_part(world, money.minor, money.currency), money.currency)
            refund_credit(customer, part, reason="", by=shop.by, request_key=key)

    shop.do(work)


# Payers


@step(12)
def open_the_page(world: World, shop: Shop) -> None:
    def work(invoice: Invoice) -> None:
        part = payable_part(world, payable_minor(invoice), invoice.currency) if world.rng.random() < 0.3 else None
        shop.open_page(invoice.id, part)

    with_some_invoice(world, shop, work)


@step(14)
def pay_by_card(world: World, shop: Shop) -> None:
    card, page = world.rng.choice(CARDS), _some_page(world, shop)
    if page is not None:
        world.say(f"    with {card} on {page['id']}")
        world.standin.pay_with_card(page["id"], card, authenticated=world.rng.random() < 0.7)


@step(8)
def pay_by_bank(world: World, shop: Shop) -> None:
    bank, page = world.rng.choice(BANKS), _some_page(world, shop)
    if page is not None:
        world.say(f"    from {bank} on {page['id']}")
        world.standin.pay_by_bank(page["id"], bank)


@step(2)
def confirm_small_deposits(world: World, shop: Shop) -> None:
    waiting = [one for one in theirs(shop, "payment_intent") if one["status"] == "requires_action"]
    if waiting:
        world.standin.verify_microdeposits(world.rng.choice(waiting)["id"])


@step(4)
def come_back_to_us(world: World, shop: Shop) -> None:
    known = [one for one in shop.attempts() if one.session_id]
    if known:
        attempt = world.rng.choice(known)
        shop.land(attempt.invoice_id, attempt.session_id or "")


@step(1)
def run_out_of_time(world: World, shop: Shop) -> None:
    page = _some_page(world, shop)
    if page is not None:
        world.standin.expire(page["id"])


# Stripe's Dashboard, banks


@step(4)
def refund_in_the_dashboard(world: World, shop: Shop) -> None:
    paid = [one for one in theirs(shop, "charge") if one["status"] == "succeeded"]
    if paid:
        charge = world.rng.choice(paid)
        left = charge["amount"] - charge["amount_refunded"]
        step_of = 100 if shop.currency == "ISK" else 10
        part = None if world.rng.random() < 0.5 else max(step_of, left // 3 // step_of * step_of)
        world.standin.dashboard_refund(charge["payment_intent"], part)


@step(2)
def have_a_refund_fail(world: World, shop: Shop) -> None:
    found = theirs(shop, "refund")
    if found:
        world.standin.fail_refund(world.rng.choice(found)["id"])


@step(1)
def have_refunds_take_days(world: World, shop: Shop) -> None:
    world.standin.delay_refunds(world.rng.choice((0, 3)))


@step(3)
def dispute(world: World, shop: Shop) -> None:
    paid = [one for one in theirs(shop, "charge") if one["status"] == "succeeded"]
    if paid:
        world.standin.open_dispute(world.rng.choice(paid)["id"], inquiry=world.rng.random() < 0.3)


@step(3)
def go_on_with_a_dispute(world: World, shop: Shop) -> None:
    found = theirs(shop, "dispute")
    if not found:
        return
    chosen, what = world.rng.choice(found)["id"], world.rng.randrange(4)
    if what == 0:
        world.standin.withdraw_dispute(chosen)
    elif what == 1:
        world.standin.review_dispute(chosen)
    else:
        world.standin.close_dispute(chosen, won=what == 2)


# The connection


@step(1)
def disconnect_here(world: World, shop: Shop) -> None:
    with shop.inside():
        account = live_account()
        session.rollback()
        if account is not None:
            disconnect(account, by=shop.by)


@step(1)
def leave_at_stripe(world: World, shop: Shop) -> None:
    world.standin.disconnect(shop.account)


@step(1)
def have_the_connection_looked_at(world: World, shop: Shop) -> None:
    with shop.inside():
        account = live_account()
        session.rollback()
        if account is not None:
            recheck(account, by=shop.by)


@step(3)
def connect_again(world: World, shop: Shop) -> None:
    world.standin.reconnect(shop.account)
    with shop.inside():
        if live_account() is None:
            session.rollback()
            connect_with_key(shop.key, by=shop.by)


# Webhooks and the worker


@step(10)
def deliver_webhooks(world: World, shop: Shop) -> None:
    rng = world.rng
    lost = rng.choice((0, 0, 0.3))
    late = rng.choice((0, 0, 0.4))
    world.standin.deliver_pending(
        order=rng.choice(("sent", "reversed", "random")),
        duplicate=rng.choice((0, 0, 0, 2)),
        drop=lambda _: rng.random() < lost,
        only=lambda _: rng.random() >= late,
    )


@step(2)
def lose_all_webhooks(world: World, shop: Shop) -> None:
    world.standin.deliver_pending(drop=True)


@step(2)
def tell_something_again(world: World, shop: Shop) -> None:
    events = theirs(shop, "event")
    if events:
        event = world.rng.choice(events)["id"]
        if world.rng.random() < 0.5:
            world.standin.duplicate_event(event)
        else:
            world.standin.resend(event)


@step(1)
def carry_a_letter_to_another_team(world: World, shop: Shop) -> None:
    other = world.rng.choice(world.shops)
    if other is shop:
        return
    events, endpoints = theirs(shop, "event"), theirs(other, "webhook_endpoint")
    if events and endpoints:
        for letter in world.standin.post.sealed(world.rng.choice(events)["id"]):
            status = world.standin.post.deliver(endpoints[-1]["url"], letter.headers, letter.body)
            assert status in (400, 502), status


@step(14)
def let_the_worker_run(world: World, shop: Shop) -> None:
    jobs = shop.jobs()
    world.rng.shuffle(jobs)
    for job in jobs[: world.rng.randint(1, 8)]:
        world.attempt(f"    job {job.name}", lambda job=job: _run(world, shop, job))


@step(2)
def look_at_what_waits(world: World, shop: Shop) -> None:
    with shop.inside():
        world.rng.choice((reconcile_hot, sweep_events, reconcile_fully))()


# Faults, crashes, days


@step(5)
def have_stripe_stumble(world: World, shop: Shop) -> None:
    call, fault, times = world.rng.choice(CALLS), world.rng.choice(FAULTS), world.rng.choice((1, 1, 3, 4))
    world.say(f"    {fault.name} {times} times at {call}")
    world.has_failed = world.has_failed or fault.status == 500
    world.standin.faults.next(call, fault, times=times)


@step(7)
def let_time_pass(world: World, shop: Shop) -> None:
    by = world.rng.choice((timedelta(minutes=3), timedelta(minutes=70), timedelta(hours=25), timedelta(days=5)))
    world.say(f"    {by} later")
    world.pass_time(by)


def _some_page(world: World, shop: Shop) -> dict[str, Any] | None:
    """A page that is open at Stripe; when there is none, somebody presses the button first."""
    if not shop.sessions("open") and world.rng.random() < 0.8:
        open_the_page(world, shop)
    pages = shop.sessions("open")
    return world.rng.choice(pages) if pages else None


def _run(world: World, shop: Shop, job: Any) -> None:
    if world.rng.random() < 0.25:
        world.crash_soon()
    error = shop.run(job)
    if error is not None:
        if not isinstance(error, EXPECTED):
            raise error
        world.say(f"      {type(error).__name__}: {str(getattr(error, 'message', error))[:80]}")
