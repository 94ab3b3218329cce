"""Leading a payer to the hosted page: one page per invoice, row first, then the call.

``start_checkout`` runs transactions of its own, because the processor is called between
them. Whatever crashes in between, calling it again goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import cast
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import CheckoutAttempt, Invoice, Payment
from cornerspot.billing.models.online import AttemptState
from cornerspot.billing.online.attempts import advance_by_checkout, begin_closing, live_attempt, move
from cornerspot.billing.settings import billing_settings
from cornerspot.billing.states import UNPAID, InvoiceStatus
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.publishing import enqueue
from cornerspot.jobs.registry import task
from cornerspot.kit import clock, ids
from cornerspot.kit.errors import Conflict, Invalid, NotFound
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.payments.models import ProcessorAccount, ProcessorCustomer
from cornerspot.payments.provider import (
    CheckoutSnapshot,
    PaymentProvider,
    ProviderBusy,
    ProviderError,
    ProviderGone,
    ProviderRefused,
    ProviderUnsure,
    is_repeated,
)
from cornerspot.payments.stripe_amounts import require_payable
from cornerspot.payments.stripe_checkout import checkout_request
from cornerspot.payments.stripe_provider import provider_for
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team, current_tenant_id

log = structlog.get_logger("cornerspot.payments")

LASTS = timedelta(minutes=60)
KEYS_LAST = timedelta(hours=23)  # The processor forgets idempotency keys after 24 hours.
NOT_SET_UP = "Online payment is not set up. Please use the payment instructions on the invoice."
UNDER_WAY = "A payment of this invoice is under way, so there is nothing to pay at the moment."
JUST_PAID = "A payment of this invoice has just been made. Reload the page in a moment to see it."
TRY_AGAIN = "The payment page could not be opened just now. Please try again in a minute."
REFUSED = "The payment page was refused. Please get in touch with us."
_NOT_PAYABLE = {
    InvoiceStatus.PAID: "This invoice is paid. Thank you.",
    InvoiceStatus.VOID: "This invoice is void; there is nothing to pay.",
    InvoiceStatus.UNCOLLECTIBLE: "This invoice cannot be paid online any more. Please get in touch.",
}


class PageNotMade(ProviderRefused):
    """The processor failed and has no page of the attempt: a fresh attempt is the way on."""


@dataclass(frozen=True)
class Payer:
    """Who pays, through which door, and where the processor sends the browser afterwards.

    ``success_url`` ends with the processor's own placeholder for its page.
    """

    channel: str
    success_url: str
    cancel_url: str
    locale: str = ""
    portal_user_id: UUID | None = None


@dataclass(frozen=True)
class _Step:
    """What to do next: go to a page, make one, close an old one, or make the customer known first."""

    kind: str
    attempt_id: UUID | None = None
    url: str = ""


def live_connection() -> ProcessorAccount | None:
    """The team's connection that can take money now, or None."""
    found = session.scalars(select(ProcessorAccount).where(ProcessorAccount.state != "disconnected")).one_or_none()
    return found if found is not None and found.is_usable else None


def payable_minor(invoice: Invoice) -> int:
    """What can be paid online now: the balance without bank debits under way; nothing for a closed invoice."""
    return max(invoice.balance_minor - invoice.processing_minor, 0) if invoice.status in UNPAID else 0


def least_part_minor(invoice: Invoice) -> int:
    """The smallest amount a customer may pay: all of it, unless the team allows parts."""
    settings, payable = billing_settings(), payable_minor(invoice)
    if not settings.part_payments:
        return payable
    return -(-payable * settings.least_part_percent // 100)


def start_checkout(invoice_id: UUID, payer: Payer, *, amount_minor: int | None = None) -> str:
    """The address of the page on which the payer pays; ``amount_minor`` None means all that is payable.

    Pressing twice, in two tabs or by two people gives one page. Outside of a transaction.
    Raises Conflict, Invalid, NotFound, FeatureMissing.
    """
    for _ in range(4):  # customer, old page, new page: each is one round
        step = in_transaction(lambda: _next_step(invoice_id, payer, amount_minor))
        if step.kind == "go":
            return step.url
        if step.kind == "introduce":
            _introduce_customer(invoice_id)
        elif step.kind == "close":
            close_attempt(str(step.attempt_id))
        else:
            return open_page(cast(UUID, step.attempt_id))
    raise Conflict(JUST_PAID)


def _next_step(invoice_id: UUID, payer: Payer, amount_minor: int | None) -> _Step:
    invoice = session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one_or_none()
    if invoice is None or not invoice.is_finalized:
        raise NotFound()
    require_feature(Feature.ONLINE_PAYMENTS)
    lock_invoice(invoice)
    connection = live_connection()
    if connection is None:
        raise Conflict(NOT_SET_UP)
    amount = _amount_to_pay(invoice, amount_minor)
    live = live_attempt(invoice.id)
    if live is not None:
        return _step_of_live(live, connection, amount)
    if _is_just_submitted(invoice.id):
        raise Conflict(JUST_PAID)
    customer = _customer_of(connection.id, cast(UUID, invoice.account_id))
    if customer is None:
        return _Step("introduce")
    return _Step("open", _new_attempt(invoice, connection, customer, amount, payer).id)


def _is_just_submitted(invoice_id: UUID) -> bool:
    """Whether a debit is on its way that our books do not have yet."""
    booked = select(Payment.id).where(Payment.attempt_id == CheckoutAttempt.id).exists()
    submitted = select(CheckoutAttempt.id).where(
        CheckoutAttempt.invoice_id == invoice_id, CheckoutAttempt.state == AttemptState.SUBMITTED, ~booked
    )
    return session.scalar(submitted.limit(1)) is not None


def _step_of_live(live: CheckoutAttempt, connection: ProcessorAccount, amount: Money) -> _Step:
    """The page there is, when it is for the same sum; otherwise it goes first."""
    wanted = (connection.id, amount.minor, amount.currency)
    fits = (live.processor_account_id, live.amount_minor, live.currency) == wanted
    if fits and live.expires_at > clock.now() + timedelta(minutes=1):
        if live.state == AttemptState.OPEN:
            return _Step("go", live.id, live.session_url)
        if live.state == AttemptState.NEW:
            return _Step("open", live.id)
    begin_closing(live)
    return _Step("close", live.id)


def _amount_to_pay(invoice: Invoice, wanted_minor: int | None) -> Money:
    payable = payable_minor(invoice)
    if invoice.status not in UNPAID:
        raise Conflict(_NOT_PAYABLE[InvoiceStatus(invoice.status)])
    if payable <= 0:
        raise Conflict(UNDER_WAY)
    amount = Money(payable if wanted_minor is None else wanted_minor, invoice.currency)
    least = least_part_minor(invoice)
    if not least <= amount.minor <= payable:
        locale = current_team().locale
        low, high = (format_money(Money(minor, invoice.currency), locale) for minor in (least, payable))
        raise Invalid(f"Pay {high}." if least == payable else f"Pay from {low} to {high}.", field="amount")
    require_payable(amount)
    return amount


def _new_attempt(
    invoice: Invoice, connection: ProcessorAccount, customer: ProcessorCustomer, amount: Money, payer: Payer
) -> CheckoutAttempt:
    attempt_id, expires_at = ids.new_id(), clock.now() + LASTS
    request = checkout_request(
        connection,
        attempt_id=attempt_id,
        amount=amount,
        label=f"Invoice {invoice.number}",
        description=f"{invoice.number}, {current_team().name}",
        customer_id=customer.stripe_customer_id,
        success_url=payer.success_url,
        cancel_url=payer.cancel_url,
        expires_at=expires_at,
        locale=payer.locale,
        metadata={
            "tenant": str(current_tenant_id()),
            "invoice": str(invoice.id),
            "attempt": str(attempt_id),
            "environment": current_settings().environment,
        },
    )
    attempt = CheckoutAttempt(
        id=attempt_id,
        processor_account_id=connection.id,
        invoice_id=invoice.id,
        account_id=customer.account_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        channel=payer.channel,
        portal_user_id=payer.portal_user_id,
        request=request,
        expires_at=expires_at,
    )
    session.add(attempt)
    session.flush()  # One live attempt per invoice: the unique has the last word.
    return attempt


def open_page(attempt_id: UUID) -> str:
    """The attempt has its page at the processor; its address. Raises Conflict, Invalid.

    Sends what the row says under the row's key, so that doing it again gives the same page.
    """
    attempt, provider = in_transaction(lambda: _with_provider(attempt_id))
    page = _asked(attempt_id, lambda: _page_of(attempt, provider))
    state, url = in_transaction(lambda: _keep_page(attempt_id, page))
    if state == AttemptState.OPEN:
        return url
    # A webhook can be quicker than this answer, which then still says that the page is open.
    was_paid = page.status == "complete" or state in (AttemptState.SUCCEEDED, AttemptState.SUBMITTED)
    raise Conflict(JUST_PAID if was_paid else TRY_AGAIN)


def _page_of(attempt: CheckoutAttempt, provider: PaymentProvider) -> CheckoutSnapshot:
    """Make the page; where its key cannot tell whether it was made, look.

    The key is forgotten after a day, and an error is repeated to it until then. Raises
    PageNotMade for an error that left no page: nobody can pay there, so the attempt may end.
    """
    if clock.now() - attempt.created_at > KEYS_LAST:
        made = _made_before(attempt, provider)
        if made is not None:
            return made
    try:
        return provider.create_checkout(attempt.request, key=attempt.key)
    except ProviderUnsure as error:
        if not is_repeated(error):
            raise
        made = _made_before(attempt, provider)
        if made is None:
            raise PageNotMade(error.message, code=error.code) from error
        return made


def _made_before(attempt: CheckoutAttempt, provider: PaymentProvider) -> CheckoutSnapshot | None:
    pages = provider.find_checkouts(customer_id=attempt.request["customer"], since=attempt.created_at)
    return next((page for page in pages if page.reference == str(attempt.id)), None)


def _keep_page(attempt_id: UUID, page: CheckoutSnapshot) -> tuple[str, str]:
    """The row knows its page; the state that it is in, and the page's address."""
    attempt = _held(attempt_id)
    advance_by_checkout(attempt, page)
    if page.status == "complete":
        enqueue("billing.sync_checkout", attempt_id=str(attempt_id))
    session.flush()
    return attempt.state, attempt.session_url


@task("billing.close_attempt", own_transactions=True)
def close_attempt(attempt_id: str) -> None:
    """The attempt's page is expired at the processor, or was paid before; repeating it is harmless.

    An attempt whose page nobody knows is made first, under its key, and then expired: a
    page that was made and lost could still be paid on.
    """
    wanted = UUID(attempt_id)
    attempt, provider = in_transaction(lambda: _with_provider(wanted))
    if attempt.state != AttemptState.CLOSING:
        return
    page = _asked(wanted, lambda: provider.expire_checkout(attempt.session_id or _page_of(attempt, provider).id))
    in_transaction(lambda: _keep_page(wanted, page))


def _asked(attempt_id: UUID, call: Callable[[], CheckoutSnapshot]) -> CheckoutSnapshot:
    """What the processor answered; a definite refusal ends the attempt, anything else leaves it to be repeated."""
    try:
        return call()
    except ProviderRefused as refusal:
        log.warning("checkout_refused", attempt=str(attempt_id), code=refusal.code)
        message = refusal.message
        in_transaction(lambda: _refused(attempt_id, message))
        raise Conflict(TRY_AGAIN if isinstance(refusal, PageNotMade) else REFUSED) from refusal
    except (ProviderUnsure, ProviderBusy) as silence:
        raise Conflict(TRY_AGAIN) from silence
    except ProviderGone as gone:
        in_transaction(lambda: enqueue("payments.recheck_connection"))
        raise Conflict(NOT_SET_UP) from gone
    except ProviderError as error:
        raise Conflict(TRY_AGAIN) from error


def _refused(attempt_id: UUID, message: str) -> None:
    move(_held(attempt_id), AttemptState.REFUSED, error=message)
    session.flush()


def _introduce_customer(invoice_id: UUID) -> None:
    """The invoice's account is a customer on the team's Stripe account; made once under one key."""
    connection, account, provider = in_transaction(lambda: _to_introduce(invoice_id))
    key = f"cus:{connection.id}:{account.id}"
    create = partial(
        provider.create_customer,
        name=account.name,
        email=account.billing_email,
        metadata={"tenant": str(connection.tenant_id), "account": str(account.id)},
    )
    try:
        customer_id = _created(create, key)
    except ProviderError as error:
        raise Conflict(TRY_AGAIN) from error
    row = {
        "tenant_id": connection.tenant_id,
        "id": ids.new_id(),
        "created_at": clock.now(),
        "processor_account_id": connection.id,
        "account_id": account.id,
        "stripe_customer_id": customer_id,
    }
    in_transaction(lambda: session.execute(insert(ProcessorCustomer).values(row).on_conflict_do_nothing()))


def _created(create: Callable[..., str], key: str) -> str:
    """The customer's id; an error that is repeated to the key is left behind with a key of its own.

    A customer too many at the processor harms nobody; a day without paying would.
    """
    try:
        return create(key=key)
    except ProviderUnsure as error:
        if not is_repeated(error):
            raise
        return create(key=f"{key}:{ids.new_id()}")


def _to_introduce(invoice_id: UUID) -> tuple[ProcessorAccount, Account, PaymentProvider]:
    connection = live_connection()
    account = session.scalars(
        select(Account).join(Invoice, Invoice.account_id == Account.id).where(Invoice.id == invoice_id)
    ).one_or_none()
    if connection is None or account is None:
        raise Conflict(NOT_SET_UP)
    provider = provider_for(connection)
    session.expunge_all()  # They are read again after the call, never written from here.
    return connection, account, provider


def _with_provider(attempt_id: UUID) -> tuple[CheckoutAttempt, PaymentProvider]:
    row = session.execute(
        select(CheckoutAttempt, ProcessorAccount)
        .join(ProcessorAccount, ProcessorAccount.id == CheckoutAttempt.processor_account_id)
        .where(CheckoutAttempt.id == attempt_id)
    ).one_or_none()
    if row is None:
        raise NotFound()
    attempt, connection = row
    provider = provider_for(connection)
    session.expunge_all()
    return attempt, provider


def _customer_of(connection_id: UUID, account_id: UUID) -> ProcessorCustomer | None:
    return session.scalars(
        select(ProcessorCustomer).where(
            ProcessorCustomer.processor_account_id == connection_id, ProcessorCustomer.account_id == account_id
        )
    ).one_or_none()


def _held(attempt_id: UUID) -> CheckoutAttempt:
    return lock(session.scalars(select(CheckoutAttempt).where(CheckoutAttempt.id == attempt_id)).one())
