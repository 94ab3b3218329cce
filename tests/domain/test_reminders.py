"""Reminders: by hand, and by the ladder as the worker climbs it hour by hour."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from cornerspot.activity.reading import entries_of
from cornerspot.billing.deliveries import deliveries_of
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, InvoiceReminder
from cornerspot.billing.reminder_page import reminder_outlook
from cornerspot.billing.reminder_settings import (
    ReminderSettingsInput,
    pause_reminders,
    reminder_settings,
    resume_reminders,
    update_reminder_settings,
)
from cornerspot.billing.reminding import remind_account, send_due_reminders, send_reminder
from cornerspot.billing.sending import LetterInput
from cornerspot.billing.settling import record_manual_payment
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid, StaleVersion
from cornerspot.mail.models import OutgoingMessage
from cornerspot.plans.assigning import assign_plan
from cornerspot.settings import Settings
from cornerspot.tenancy import CurrentTeam, team_scope
from tests.factories.billing import line, new_account, new_contact, new_draft
from tests.factories.mail_server import MailServer, running_mail_server
from tests.factories.teams import Story

ISSUED = datetime(2026, 10, 1, 8, tzinfo=UTC)
DUE = date(2026, 10, 31)  # 25 October: the clocks in Vienna go back an hour.
ANNA = "anna@acme.example"


def vienna(day: date, hour: int = 9, minute: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Europe/Vienna")).astimezone(UTC)


@pytest.fixture
def mail(settings: Settings, empty_queue: None) -> Iterator[MailServer]:
    with running_mail_server(settings) as server:
        yield server


class Ledger:
    """A team with customers, and its worker at any hour of any day."""

    def __init__(self, app: Flask, story: Story, mail: MailServer) -> None:
        self.app, self.by, self.mail = app, story.owner, mail

    def customer(self, name: str = "Acme GmbH", email: str = ANNA) -> Account:
        with transaction():
            account = new_account(name)
            account.billing_email = email
        return account

    def invoice(self, account: Account, due_on: date = DUE, *, sent: bool = True, **fields: Any) -> Invoice:
        with clock.moved_to(ISSUED), transaction():
            draft = new_draft(self.by, account, chosen_due_on=due_on, **fields)
            invoice = finalize_invoice(draft, by=self.by)
            invoice.sent_at = ISSUED if sent else None
        return invoice

    def hour(self, at: datetime) -> int:
        """The worker's look at this moment; how many messages went out."""
        before = len(self.mail.letters)
        session.rollback()
        with clock.moved_to(at):
            with transaction():
                send_due_reminders()
            run_pending(self.app)
        session.rollback()
        session.expire_all()
        return len(self.mail.letters) - before

    def try_again(self) -> None:
        """The worker runs as if the next try of every message were due."""
        with transaction():
            session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))
        session.rollback()
        run_pending(self.app)
        session.rollback()
        session.expire_all()

    def pay(self, invoice: Invoice, amount_minor: int | None = None) -> None:
        with transaction():
            record_manual_payment(
                invoice,
                amount_minor=amount_minor or invoice.balance_minor,
                method="bank_transfer",
                received_on=ISSUED.date(),
                request_key=f"{invoice.id} {amount_minor}",
                by=self.by,
            )

    def waiting(self, *invoices: Invoice) -> OutgoingMessage:
        """The message about these that the mail server has put off."""
        [message] = {message.id: message for one in invoices for message in deliveries_of(one)}.values()
        return message

    def events(self, invoice: Invoice) -> list[str]:
        return [entry.event for entry in entries_of(invoice).rows]

    def body(self) -> str:
        return str(self.mail.letters[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]


@pytest.fixture
def ledger(app: Flask, story: Story, team: CurrentTeam, mail: MailServer) -> Ledger:
    return Ledger(app, story, mail)


def test_the_usual_ladder_reminds_four_times_at_nine(ledger: Ledger) -> None:
    invoice = ledger.invoice(ledger.customer())
    expected = {DUE + timedelta(days=days): 1 for days in (-3, 0, 7, 14)}
    sent = {}
    for offset in range(-5, 18):
        day = DUE + timedelta(days=offset)
        assert ledger.hour(vienna(day, 8)) == 0
        count = ledger.hour(vienna(day, 9)) + ledger.hour(vienna(day, 10))
        sent |= {day: count} if count else {}
    assert sent == expected
    assert [entry.event for entry in entries_of(invoice).rows].count("reminded") == 4
    assert len(deliveries_of(invoice)) == 4
    assert {letter["To"].addresses[0].addr_spec for letter in ledger.mail.letters} == {ANNA}


def test_a_reminder_names_what_is_owed_and_when_it_was_due(ledger: Ledger) -> None:
    ledger.invoice(ledger.customer())
    ledger.hour(vienna(DUE + timedelta(days=7)))
    assert "Invoice INV-000001: €200.00, due on October 31, 2026" in ledger.body()
    assert "/pay/pl_" in ledger.body()


def test_several_invoices_of_one_customer_are_in_one_message(ledger: Ledger) -> None:
    acme, other = ledger.customer(), ledger.customer("Other AG", "other@example.com")
    first, second = ledger.invoice(acme), ledger.invoice(acme, DUE - timedelta(days=7), lines=[line(unit_price="5")])
    ledger.invoice(other)
    assert ledger.hour(vienna(DUE)) == 2
    [letter] = ledger.mail.letters_to(ANNA)
    text = letter.get_body(("plain",)).get_content()
    assert "INV-000001: €200.00" in text
    assert "INV-000002: €10.00" in text
    assert [len(deliveries_of(invoice)) for invoice in (first, second)] == [1, 1]


def test_people_of_one_customer_get_their_own_invoices_only(ledger: Ledger) -> None:
    acme = ledger.customer()
    with transaction():
        berta = new_contact(acme, "Berta")
    ledger.invoice(acme)
    ledger.invoice(acme, contact=berta)
    assert ledger.hour(vienna(DUE)) == 2
    [letter] = ledger.mail.letters_to(ANNA)
    assert "INV-000002" not in letter.get_body(("plain",)).get_content()


def test_a_worker_that_was_down_for_a_day_sends_the_missed_step_once(ledger: Ledger) -> None:
    ledger.invoice(ledger.customer())
    assert ledger.hour(vienna(DUE - timedelta(days=1))) == 1  # Three days before was missed as well.
    assert ledger.hour(vienna(DUE + timedelta(days=1), 14)) == 1
    assert ledger.hour(vienna(DUE + timedelta(days=1), 15)) == 0
    assert ledger.hour(vienna(DUE + timedelta(days=11))) == 0  # Four days late is too late.


def test_two_workers_at_once_send_it_once(app: Flask, story: Story, ledger: Ledger) -> None:
    account_id = str(ledger.invoice(ledger.customer()).account_id)
    session.rollback()
    session.remove()
    ready, errors = threading.Barrier(4), []

    def work() -> None:
        with app.app_context(), team_scope(story.team), clock.moved_to(vienna(DUE)):
            ready.wait()
            try:
                in_transaction(lambda: remind_account(account_id))
            except Exception as error:  # noqa: BLE001 - told to the test's own thread
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    run_pending(app)
    assert len(ledger.mail.letters) == 1
    assert session.scalar(select(func.count()).select_from(InvoiceReminder)) == 1


@pytest.mark.parametrize(
    "why", ["unsent", "processing", "paid", "void", "paused", "account paused", "off", "no feature"]
)
def test_nobody_is_reminded_where_there_is_a_reason(ledger: Ledger, why: str) -> None:
    account = ledger.customer()
    invoice = ledger.invoice(account, sent=why != "unsent")
    with transaction():
        invoice = session.get_one(Invoice, (invoice.tenant_id, invoice.id))
        if why == "processing":
            invoice.processing_minor = 100
        elif why == "paid":
            invoice.settle(invoice.total_minor)
        elif why == "void":
            invoice.void()
        elif why == "paused":
            pause_reminders(invoice, by=ledger.by)
            pause_reminders(invoice, by=ledger.by)
        elif why == "account paused":
            pause_reminders(session.get_one(Account, (account.tenant_id, account.id)), by=ledger.by)
        elif why == "off":
            update_reminder_settings(ReminderSettingsInput(False, (0,), 9), seen=0, by=ledger.by)
        elif why == "no feature":
            assign_plan("free_v1", end_trial=True)
    assert ledger.hour(vienna(DUE)) == 0


def test_the_ladder_goes_on_when_the_reason_is_gone(ledger: Ledger) -> None:
    invoice = ledger.invoice(ledger.customer())
    with transaction():
        pause_reminders(invoice, by=ledger.by)
    assert ledger.hour(vienna(DUE)) == 0
    with transaction():
        resume_reminders(invoice, by=ledger.by)
    assert ledger.hour(vienna(DUE, 12)) == 1


def test_a_customer_without_an_address_is_reminded_once_there_is_one(ledger: Ledger) -> None:
    account = ledger.customer(email="")
    ledger.invoice(account)
    assert ledger.hour(vienna(DUE)) == 0
    with transaction():
        session.get_one(Account, (account.tenant_id, account.id)).billing_email = ANNA
    assert ledger.hour(vienna(DUE, 12)) == 1


def test_the_ladder_is_the_teams_own(ledger: Ledger) -> None:
    with transaction():
        update_reminder_settings(ReminderSettingsInput(True, (5, 1, 5), 16), seen=0, by=ledger.by)
    assert reminder_settings().steps == [1, 5]
    session.rollback()
    ledger.invoice(ledger.customer())
    assert ledger.hour(vienna(DUE + timedelta(days=1), 15)) == 0
    assert ledger.hour(vienna(DUE + timedelta(days=1), 16)) == 1


@pytest.mark.parametrize(
    ("steps", "hour"), [((), 9), (tuple(range(9)), 9), ((181,), 9), ((-181,), 9), ((0,), 24), ((0,), -1)]
)
def test_a_ladder_that_is_none_is_refused(ledger: Ledger, steps: tuple[int, ...], hour: int) -> None:
    with pytest.raises(Invalid), transaction():
        update_reminder_settings(ReminderSettingsInput(True, steps, hour), seen=0, by=ledger.by)


def test_a_stale_ladder_is_refused(ledger: Ledger) -> None:
    with transaction():
        update_reminder_settings(ReminderSettingsInput(True, (0,), 9), seen=0, by=ledger.by)
    with pytest.raises(StaleVersion), transaction():
        update_reminder_settings(ReminderSettingsInput(True, (1,), 9), seen=0, by=ledger.by)


def test_a_reminder_by_hand_is_repeatable_and_logged(ledger: Ledger) -> None:
    invoice = ledger.invoice(ledger.customer())
    for key in ("one", "one", "two"):
        with transaction():
            send_reminder(invoice, LetterInput(ANNA, request_key=key), by=ledger.by)
    session.rollback()
    run_pending(ledger.app)
    session.expire_all()
    assert len(ledger.mail.letters) == 2
    assert "€200.00" in ledger.body()
    entries = [entry for entry in entries_of(invoice).rows if entry.event == "reminded"]
    assert [entry.actor_name for entry in entries] == [ledger.by.name] * 2
    assert ledger.hour(vienna(DUE)) == 1  # A step of the ladder is another matter.


def test_there_is_nothing_to_remind_of_on_a_paid_invoice_or_one_whose_money_is_on_its_way(ledger: Ledger) -> None:
    invoice = ledger.invoice(ledger.customer())
    with transaction():
        invoice.processing_minor = invoice.balance_minor
    with pytest.raises(Conflict, match="on its way"), transaction():
        send_reminder(invoice, LetterInput(ANNA), by=ledger.by)
    with transaction():
        invoice.settle(invoice.total_minor)
    with pytest.raises(Conflict, match="Nothing is owed"), transaction():
        send_reminder(invoice, LetterInput(ANNA), by=ledger.by)


def test_the_page_says_when_the_next_one_goes_out(ledger: Ledger) -> None:
    invoice = ledger.invoice(ledger.customer())
    with clock.moved_to(vienna(DUE - timedelta(days=10))):
        assert reminder_outlook(invoice).next_at == vienna(DUE - timedelta(days=3), 9, 0)
    with clock.moved_to(vienna(DUE + timedelta(days=30))):
        assert reminder_outlook(invoice).next_at is None


LATER = "451 4.7.1 Later"
AHEAD = date(2036, 10, 31)  # What is tried again then does not run by itself today.


def test_a_reminder_that_waited_is_withdrawn_when_the_invoice_was_paid_meanwhile(ledger: Ledger) -> None:
    invoice = ledger.invoice(ledger.customer(), AHEAD)
    ledger.mail.answers[ANNA] = LATER
    assert ledger.hour(vienna(AHEAD)) == 0
    assert ledger.waiting(invoice).status == "queued"
    ledger.pay(invoice)
    ledger.mail.answers.clear()
    ledger.try_again()
    message = ledger.waiting(invoice)
    assert (message.status, message.withdrawn_at is not None) == ("withdrawn", True)
    assert "Nothing in it was left to remind of." in message.error
    assert ledger.mail.letters == []
    assert "withdrawn" in ledger.events(invoice)
    assert "reminded" not in ledger.events(invoice)


def test_a_reminder_of_several_that_waited_names_only_what_is_still_owed(ledger: Ledger) -> None:
    acme = ledger.customer()
    paid, owed = ledger.invoice(acme, AHEAD), ledger.invoice(acme, AHEAD, lines=[line(unit_price="5")])
    ledger.mail.answers[ANNA] = LATER
    ledger.hour(vienna(AHEAD))
    ledger.pay(paid)
    ledger.pay(owed, 300)
    ledger.mail.answers.clear()
    ledger.try_again()
    [letter] = ledger.mail.letters
    assert "INV-000002: €7.00" in ledger.body()
    assert "INV-000001" not in f"{letter['Subject']} {letter.as_string()}"
    assert ("reminded" in ledger.events(owed), "reminded" in ledger.events(paid)) == (True, False)
    assert deliveries_of(paid) == []


def test_a_step_given_up_for_a_debit_under_way_is_taken_when_the_debit_failed(ledger: Ledger) -> None:
    acme = ledger.customer()
    debited, _ = ledger.invoice(acme, AHEAD), ledger.invoice(acme, AHEAD)
    ledger.mail.answers[ANNA] = LATER
    ledger.hour(vienna(AHEAD))
    with transaction():
        session.get_one(Invoice, (debited.tenant_id, debited.id)).processing_minor = 20_000
    ledger.mail.answers.clear()
    ledger.try_again()
    assert "INV-000001" not in ledger.body()
    with transaction():
        session.get_one(Invoice, (debited.tenant_id, debited.id)).processing_minor = 0
    assert ledger.hour(vienna(AHEAD, 14)) == 1
    assert "INV-000001" in ledger.body()
    assert "INV-000002" not in ledger.body()


@pytest.mark.parametrize("why", ["paid", "paused"])
def test_a_reminder_by_hand_is_withdrawn_only_where_nothing_is_owed(ledger: Ledger, why: str) -> None:
    invoice = ledger.invoice(ledger.customer(), AHEAD)
    ledger.mail.answers[ANNA] = LATER
    with transaction():
        send_reminder(invoice, LetterInput(ANNA, text="Please pay."), by=ledger.by)
    run_pending(ledger.app)
    if why == "paid":
        ledger.pay(invoice)
    else:
        with transaction():
            pause_reminders(invoice, by=ledger.by)
    ledger.mail.answers.clear()
    ledger.try_again()
    assert ledger.waiting(invoice).status == ("withdrawn" if why == "paid" else "accepted")
    assert len(ledger.mail.letters) == (0 if why == "paid" else 1)
