"""A team with a Stripe account at a stand-in, heard over the real webhook route, worked on by the worker's code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select, text

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import CheckoutAttempt, Invoice, Payment, PaymentException
from cornerspot.billing.online.checkout import Payer, start_checkout
from cornerspot.billing.online.landing import Landing, land
from cornerspot.billing.online.reconciling import ask_for_check
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.settling import record_manual_payment
from cornerspot.db import db, session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.performing import perform
from cornerspot.jobs.queue import MAX_TRIES, GiveUp, RunningJob
from cornerspot.kit import clock
from cornerspot.kit.currency import exponent
from cornerspot.payments.connecting import connect_with_key
from cornerspot.payments.models import StripeEvent
from cornerspot.payments.standin import StandIn, create_standin
from cornerspot.payments.standin.transport import StandInTransport
from cornerspot.payments.stripe_calls import calls_through
from cornerspot.tenancy import team_scope
from tests.factories.billing import line, new_account, new_draft
from tests.factories.teams import Story, open_story
from tests.faults.stripe_oracle import require_books_match

PAYER = Payer("pay_link", "https://team.example/done?session_id={CHECKOUT_SESSION_ID}", "https://team.example/pay")
ANEW = {"populate_existing": True}
# What the worker does with an invoice besides money: printing it, mailing it.
_NOT_MONEY = ("billing_to_documents.", "billing_to_mail.", "mail.", "billing.attach_invoice_pdf")
_TODO = text(
    "SELECT id, task_name, args, attempts FROM procrastinate_jobs"
    " WHERE status = 'todo' AND args ->> 'team' = :team ORDER BY id"
)
_FORGET = text("DELETE FROM procrastinate_jobs WHERE id = ANY(:ids)")
_COUNT_TRY = text("UPDATE procrastinate_jobs SET attempts = attempts + 1 WHERE id = ANY(:ids)")


def deliver_to(app: Flask) -> Callable[[str, dict[str, str], bytes], int]:
    """Carries the stand-in's webhooks to the app's own routes."""

    def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        sent = {name: value for name, value in headers.items() if name != "Content-Type"}
        content_type = headers.get("Content-Type")
        answer = app.test_client().post(urlsplit(url).path, data=body, headers=sent, content_type=content_type)
        return answer.status_code

    return deliver


@contextmanager
def street(app: Flask, **how: Any) -> Iterator[StandIn]:
    """A stand-in whose webhooks reach the app, and to which every call of the block goes."""
    standin = create_standin(**({"seed": 7, "environment": "test", "deliver": deliver_to(app)} | how))
    with calls_through(StandInTransport(standin)):
        yield standin


class Shop:
    """One team, its account at the stand-in, and what people of both sides do. Enter no scope around it."""

    def __init__(self, story: Story, standin: StandIn, *, currency: str = "EUR", country: str = "AT") -> None:
        self.story, self.app, self.standin, self.currency = story, story.app, standin, currency
        self.by = story.owner
        # Of all stand-ins in one database, because a Stripe account belongs to one team.
        account_id = f"acct_{uuid4().hex[:16]}"
        self.account = standin.open_account(
            name=story.team.name, country=country, currency=currency.lower(), account_id=account_id
        )
        self.key = standin.make_key(self.account)
        with self.inside():
            self.connection_id: UUID = connect_with_key(self.key, by=self.by)
            self.customer_id: UUID = in_transaction(lambda: new_account().id)

    @contextmanager
    def inside(self) -> Iterator[None]:
        with self.app.app_context(), team_scope(self.story.team):
            yield

    def do(self, work: Callable[[], Any]) -> Any:
        """One transaction of the team."""
        with self.inside():
            return in_transaction(work)

    # What the team does

    def invoice(self, amount: str = "200", **fields: Any) -> UUID:
        """A finalized invoice of the customer over this amount."""

        def work() -> UUID:
            customer = fields.pop("account", None) or _customer(self.customer_id)
            lines = [line(quantity="1", unit_price=amount)]
            draft = new_draft(self.by, customer, lines=lines, **({"currency": self.currency} | fields))
            return finalize_invoice(draft, by=self.by).id

        made: UUID = self.do(work)
        return made

    def with_invoice(self, invoice_id: UUID, work: Callable[[Invoice], Any]) -> Any:
        """A use-case with the invoice, in one transaction."""
        return self.do(lambda: work(invoice_with_everything(invoice_id)))

    def pay_by_hand(self, invoice_id: UUID, amount_minor: int, key: str) -> UUID:
        def work(invoice: Invoice) -> UUID:
            today = invoice.issued_on
            assert today is not None
            return record_manual_payment(
                invoice, amount_minor=amount_minor, method="cash", received_on=today, by=self.by, request_key=key
            ).id

        made: UUID = self.with_invoice(invoice_id, work)
        return made

    # What payers do

    def open_page(self, invoice_id: UUID, amount_minor: int | None = None) -> str:
        """The payer is on the payment page; its id at Stripe."""
        with self.inside():
            start_checkout(invoice_id, PAYER, amount_minor=amount_minor)
        return self.attempts(invoice_id)[-1].session_id or ""

    def paid_by_card(self, invoice_id: UUID, amount_minor: int | None = None) -> str:
        """The payer has paid; no webhook has been delivered yet. The payment's id at Stripe."""
        intent = self.standin.pay_with_card(self.open_page(invoice_id, amount_minor))
        assert intent is not None
        return str(intent["id"])

    def paid_by_bank(self, invoice_id: UUID, bank: str = "success") -> str:
        """A debit is under way; no webhook has been delivered yet."""
        return str(self.standin.pay_by_bank(self.open_page(invoice_id), bank)["id"])

    def land(self, invoice_id: UUID, session_id: str) -> Landing:
        """The payer's browser comes back from Stripe."""
        with self.inside():
            return land(invoice_id, session_id)

    # The worker

    def work(self) -> list[Exception]:
        """Every waiting job of the team was tried, with those they brought about; what they raised."""
        raised: list[Exception] = []
        tried: set[int] = set()
        while todo := [job for job in self.jobs() if job.id not in tried]:
            for job in todo:
                tried.add(job.id)
                error = self.run(job)
                if error is not None:
                    raised.append(error)
        return raised

    def run(self, job: RunningJob) -> Exception | None:
        """One try of one job, as the worker would run it; a dead one is gone."""
        try:
            perform(self.app, job)
        except Exception as error:  # noqa: BLE001 - the worker takes anything as a try that failed
            is_dead = isinstance(error, GiveUp) or job.tries >= MAX_TRIES
            self._execute(_FORGET if is_dead else _COUNT_TRY, ids=[job.id])
            return error
        self._execute(_FORGET, ids=[job.id])
        return None

    def jobs(self) -> list[RunningJob]:
        """What waits for the worker, the oldest first, without papers and mails."""
        with self.app.app_context(), db.engine.begin() as connection:
            rows = connection.execute(_TODO, {"team": str(self.story.team.id)}).all()
            papers = [row[0] for row in rows if row[1].startswith(_NOT_MONEY)]
            if papers:
                connection.execute(_FORGET, {"ids": papers})
        return [
            RunningJob(row[0], row[1], self.story.team.id, row[2]["data"], row[3] + 1)
            for row in rows
            if row[0] not in papers
        ]

    def _execute(self, statement: Any, **values: Any) -> None:
        with self.app.app_context(), db.engine.begin() as connection:
            connection.execute(statement, values)

    def deliver(self, **how: Any) -> list[int | None]:
        """Webhooks that wait are delivered, and worked on; the answers."""
        answers = [outcome.status for outcome in self.standin.deliver_pending(**how)]
        assert self.work() == []
        return answers

    def reconcile(self) -> None:
        """Somebody has pressed “Check with Stripe now”, and the worker is done with it."""
        self.do(lambda: ask_for_check(by=self.by))
        assert self.work() == []

    # What is there

    def read(self, invoice_id: UUID) -> Invoice:
        return self.rows(select(Invoice).where(Invoice.id == invoice_id))[0]

    def attempts(self, invoice_id: UUID | None = None) -> list[CheckoutAttempt]:
        wanted = select(CheckoutAttempt).order_by(CheckoutAttempt.id)
        return self.rows(wanted if invoice_id is None else wanted.where(CheckoutAttempt.invoice_id == invoice_id))

    def payments(self) -> list[Payment]:
        return self.rows(select(Payment).order_by(Payment.id))

    def events(self) -> list[StripeEvent]:
        return self.rows(select(StripeEvent).order_by(StripeEvent.created_at, StripeEvent.id))

    def exceptions(self) -> list[str]:
        """The kinds of what waits for somebody to look at, sorted."""
        return sorted(row.kind for row in self.rows(select(PaymentException)))

    def sessions(self, status: str | None = None) -> list[dict[str, Any]]:
        """The payment pages at Stripe."""
        found = self.standin.objects(self.account, "checkout.session")
        return [one for one in found if status in (None, one["status"])]

    def rows(self, statement: Any) -> list[Any]:
        """What the statement finds in the team, as it is now."""

        def work() -> list[Any]:
            found = list(session.scalars(statement, execution_options=ANEW))
            session.expunge_all()
            return found

        found: list[Any] = self.do(work)
        return found

    def require_truth(self, *, reconciled: bool = True) -> None:
        """After one reconciliation, what Stripe says moved is what our books say, and all sums agree."""
        if reconciled:
            self.reconcile()
        with self.inside():
            require_books_match(self.standin, self.account)


@contextmanager
def later(standin: StandIn, **by: float) -> Iterator[None]:
    """Inside the block it is so much later on both sides, and what fell due at Stripe has happened."""
    with clock.moved_to(clock.now() + timedelta(**by)):
        standin.tick()
        yield


def open_shop(app: Flask, standin: StandIn, **how: Any) -> Shop:
    """A fresh team with a connection of its own."""
    currency = how.get("currency", "EUR")
    return Shop(open_story(app, currency=currency), standin, **how)


def minor(amount: str, currency: str) -> int:
    """The amount in the currency's smallest unit."""
    return int(Decimal(amount).scaleb(exponent(currency)))


def _customer(customer_id: UUID) -> Any:
    from cornerspot.crm.models import Account

    return session.scalars(select(Account).where(Account.id == customer_id)).one()
