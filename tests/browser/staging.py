"""What the pictures of paying show: invoices of the demo paid online, one on its way, one disputed, one to pay."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.models import CheckoutAttempt, Invoice
from cornerspot.billing.online.checkout import Payer, start_checkout
from cornerspot.billing.online.syncing import sync_checkout, sync_payment
from cornerspot.billing.pay_links import ensure_pay_link, pay_link_url
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.onboarding.demo.paying import connect_demo
from cornerspot.payments.standin import StandIn
from cornerspot.people.actors import SYSTEM
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team

MEMBERS_ACCOUNT = "Alster Logistik"


@dataclass(frozen=True)
class Staged:
    """What to photograph: public ids, the pay link of an open invoice, and where a payer landed."""

    paid: str
    disputed: str
    on_its_way: str
    to_pay: str
    pay_link: str
    done: str


def stage_payments(app: Flask, standin: StandIn, slug: str) -> Staged:
    """The demo team is connected to the stand-in, and four invoices of a customer went four ways."""
    connect_demo(app, say=lambda _: None)
    with app.app_context(), team_scope(find_team(Team.slug == slug)):
        paid, disputed, on_its_way, to_pay = in_transaction(_issued)
        landed = _pay(standin, paid, "4242424242424242")
        intent = _pay(standin, disputed, "5555555555554444")
        standin.open_dispute(str(intent.stripe_payment_id), reason="product_not_received")
        sync_payment(intent.processor_account_id, str(intent.stripe_payment_id))
        _pay(standin, on_its_way, "bank")
        link, done = (in_transaction(lambda i=i: _link(i)) for i in (to_pay, paid))
    ids = [encode_public_id("inv", one) for one in (paid, disputed, on_its_way, to_pay)]
    return Staged(*ids, pay_link=link, done=f"{done}/done?session_id={landed.session_id}")


def _issued() -> list[UUID]:
    """Four new invoices, with the lines of the customer's largest ones of different sums."""
    statement = (
        select(Invoice)
        .join(Account, (Account.id == Invoice.account_id) & (Account.tenant_id == Invoice.tenant_id))
        .where(Account.name == MEMBERS_ACCOUNT, Invoice.number.is_not(None))
        .order_by(Invoice.total_minor.desc(), Invoice.id)
        .options(joinedload(Invoice.account), joinedload(Invoice.contact), selectinload(Invoice.lines))
    )
    older = list({one.total_minor: one for one in session.scalars(statement).all()}.values())
    chosen = [older[place % len(older)] for place in range(4)]
    return [duplicate_invoice(one, by=SYSTEM, finalize=True).id for one in chosen]


def _pay(standin: StandIn, invoice_id: UUID, how: str) -> CheckoutAttempt:
    """The invoice is paid at the stand-in and booked; how it went."""
    page = start_checkout(invoice_id, Payer("pay_link", "http://localhost/done", "http://localhost/"))
    session_id = page.rsplit("/", 1)[1]
    if how == "bank":
        standin.pay_by_bank(session_id)
    else:
        standin.pay_with_card(session_id, how)
    statement = select(CheckoutAttempt).where(CheckoutAttempt.session_id == session_id)
    sync_checkout(str(in_transaction(lambda: session.scalars(statement).one().id)))
    return in_transaction(lambda: session.scalars(statement.execution_options(populate_existing=True)).one())


def _link(invoice_id: UUID) -> str:
    return pay_link_url(ensure_pay_link(session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()))
