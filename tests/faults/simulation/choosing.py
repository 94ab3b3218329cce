"""Choosing at random whom and what a step is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.models import CheckoutAttempt, Invoice, Payment
from cornerspot.db import session
from cornerspot.kit.money import Money
from cornerspot.payments.stripe_amounts import to_stripe
from tests.faults.simulation.world import World
from tests.faults.stripe_shop import Shop


def with_some_invoice(world: World, shop: Shop, work: Callable[[Invoice], Any]) -> None:
    rows = shop.rows(select(Invoice).order_by(Invoice.number))
    if rows:
        chosen = world.rng.choice(rows)
        world.say(
            f"    {chosen.number}, {chosen.status}, {chosen.balance_minor} of {chosen.total_minor} {chosen.currency}"
        )
        work(chosen)


def with_some_payment(world: World, shop: Shop, work: Callable[[Payment], Any], *, online: bool = True) -> None:
    wanted = select(Payment).where(Payment.method == "online" if online else Payment.method != "online")
    found = shop.rows(wanted.order_by(Payment.created_at, Payment.id))
    if found:
        chosen: UUID = world.rng.choice(found).id
        shop.do(lambda: work(session.scalars(select(Payment).where(Payment.id == chosen)).one()))


def invoice_of(payment: Payment) -> Invoice | None:
    return session.scalars(
        select(Invoice)
        .join(CheckoutAttempt, CheckoutAttempt.invoice_id == Invoice.id)
        .where(CheckoutAttempt.id == payment.attempt_id)
    ).one_or_none()


def theirs(shop: Shop, kind: str) -> list[dict[str, Any]]:
    return shop.standin.objects(shop.account, kind)


def part_of(world: World, minor: int) -> int:
    return max(1, minor // world.rng.choice((1, 1, 2, 3)))


def payable_part(world: World, minor: int, currency: str) -> int:
    """A part of it that Stripe can say."""
    part = part_of(world, minor)
    if currency == "KWD":
        part -= part % 10
    assert part <= 0 or to_stripe(Money(part, currency))
    return part


def fresh_key(world: World) -> str:
    return f"request-{world.seed}-{world.rng.getrandbits(60)}"
