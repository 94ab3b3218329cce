"""A team connected to a stand-in of Stripe's API, and customers who pay its invoices there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import CheckoutAttempt, Invoice, LedgerEntry, Payment
from cornerspot.billing.online.checkout import Payer, start_checkout
from cornerspot.billing.online.syncing import sync_checkout, sync_payment
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.sealing import seal
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.standin import StandIn, create_standin
from cornerspot.payments.standin.transport import StandInTransport
from cornerspot.payments.stripe_calls import calls_through
from cornerspot.settings import current_settings
from tests.factories.billing import line, new_draft

PAYER = Payer("pay_link", "https://team.example/pay/done", "https://team.example/pay")
METHODS = {"EUR": ["card", "sepa_debit"], "USD": ["card", "us_bank_account"]}


class Processor:
    """The stand-in, the team's account there, and what payers do. Enter it inside of the team's scope."""

    def __init__(self, by: Any, *, currency: str = "EUR") -> None:
        self.by, self.currency = by, currency
        self.standin: StandIn = create_standin(seed=7, environment="test")
        self.account = self.standin.open_account(name="Shop", currency=currency.lower(), country="AT")
        self.key = self.standin.make_key(self.account)
        self.connection_id = self.connect()

    def connect(self) -> UUID:
        """A connection of the team to the account, committed."""

        def work() -> UUID:
            row = ProcessorAccount(
                kind="own_key",
                stripe_account_id=self.account.id,
                livemode=False,
                name="Shop",
                country="AT",
                default_currency=self.currency,
                capabilities={method: "active" for methods in METHODS.values() for method in methods},
                methods=[method for methods in METHODS.values() for method in methods],
                sealed_key=seal(self.key, key=current_settings().secret_key),
            )
            session.add(row)
            session.flush()
            return row.id

        return in_transaction(work)

    def invoice(self, unit_price: str = "100", **fields: Any) -> UUID:
        """A finalized invoice over two of these, committed."""
        fields = {"currency": self.currency} | fields

        def work() -> UUID:
            draft = new_draft(self.by, lines=[line(unit_price=unit_price)], **fields)
            return finalize_invoice(draft, by=self.by).id

        return in_transaction(work)

    def open_page(self, invoice_id: UUID, amount_minor: int | None = None) -> CheckoutAttempt:
        """The payer has pressed the button and is on the page."""
        start_checkout(invoice_id, PAYER, amount_minor=amount_minor)
        return self.attempts(invoice_id)[-1]

    def paid_by_card(self, invoice_id: UUID, amount_minor: int | None = None) -> str:
        """The payer has paid; nobody has told us yet. Gives the payment's id at the processor."""
        attempt = self.open_page(invoice_id, amount_minor)
        intent = self.standin.pay_with_card(attempt.session_id or "")
        assert intent is not None
        return str(intent["id"])

    def paid_by_bank(self, invoice_id: UUID, bank: str = "success") -> str:
        """A debit is on its way; nobody has told us yet."""
        attempt = self.open_page(invoice_id)
        return str(self.standin.pay_by_bank(attempt.session_id or "", bank)["id"])

    def sync(self, payment_id: str) -> Payment:
        """The payment is looked at and booked."""
        payment = sync_payment(self.connection_id, payment_id)
        assert payment is not None
        return payment

    def sync_page(self, attempt: CheckoutAttempt) -> Payment | None:
        """The page is looked at, and what came of it booked."""
        return sync_checkout(str(attempt.id))

    def attempts(self, invoice_id: UUID) -> list[CheckoutAttempt]:
        """The attempts of an invoice as they are now, the oldest first."""
        statement = select(CheckoutAttempt).where(CheckoutAttempt.invoice_id == invoice_id)
        return in_transaction(lambda: list(session.scalars(_anew(statement.order_by(CheckoutAttempt.created_at)))))

    def read(self, invoice_id: UUID) -> Invoice:
        """The invoice as it is now."""
        return in_transaction(lambda: session.scalars(_anew(select(Invoice).where(Invoice.id == invoice_id))).one())

    def payment(self, payment_id: str) -> Payment:
        """The payment as it is now."""
        statement = select(Payment).where(Payment.stripe_payment_id == payment_id)
        return in_transaction(lambda: session.scalars(_anew(statement)).one())

    def booked(self) -> dict[str, int]:
        """What our ledger says moved, without fees, by payment of the processor."""
        statement = (
            select(Payment.stripe_payment_id, func.sum(LedgerEntry.amount_minor))
            .join(Payment, Payment.id == LedgerEntry.payment_id)
            .where(LedgerEntry.kind != "fee")
            .group_by(Payment.stripe_payment_id)
        )
        return in_transaction(lambda: {str(name): int(total) for name, total in session.execute(statement)})

    def moved(self) -> dict[str, int]:
        """What the stand-in says moved, by payment."""
        return {name: moved.net for name, moved in self.standin.money_moved(self.account).items()}


@contextmanager
def processor(by: Any, *, currency: str = "EUR") -> Iterator[Processor]:
    """A team connected to a stand-in, to which every call of the block goes."""
    made = Processor(by, currency=currency)
    with calls_through(StandInTransport(made.standin)):
        yield made


def _anew(statement: Any) -> Any:
    return statement.execution_options(populate_existing=True)
