"""Every pair of steps that touch the same money, raced: whoever wins, the books are sound and the loser is told why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.deleting import delete_invoice, restore_invoice
from cornerspot.billing.drafting import DraftInput, update_draft
from cornerspot.billing.invoicing_deals import deal_to_bill, deal_with_lines, draft_for_deal
from cornerspot.billing.models import BilledDealLine, Invoice, Payment
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.settling import undo_payment
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.reading import read_deal
from cornerspot.conversion.running import run_conversion, undo_conversion
from cornerspot.crm.deals import DealInput, update_deal
from cornerspot.db import session
from cornerspot.kit.errors import DomainError
from tests.factories.billing import line
from tests.factories.conversion import converted, reviewed
from tests.factories.crm import make_deal, make_line
from tests.faults.invariants import require_sound_books
from tests.faults.racing import Race, refusals

pytestmark = pytest.mark.fault
ROUNDS = 5


class MoneyRace(Race):
    """The steps of a deal's and an invoice's life, each as a work that loads what it needs."""

    def undo(self, payment_id):
        def work():
            payment = session.scalars(select(Payment).where(Payment.id == payment_id)).one()
            undo_payment(payment, reason="Bounced", by=self.by)

        return work

    def cancel(self, invoice_id):
        return lambda: cancel_invoice(invoice_with_everything(invoice_id), by=self.by)

    def delete(self, invoice_id):
        return lambda: delete_invoice(find(Invoice, invoice_id), by=self.by)

    def restore(self, invoice_id):
        return lambda: restore_invoice(find(Invoice, invoice_id), by=self.by)

    def edit(self, invoice_id):
        def work():
            invoice = invoice_with_everything(invoice_id)
            entered = DraftInput(account=invoice.account, currency="EUR", lines=[line(unit_price="777")])
            update_draft(invoice, entered, seen_version=invoice.version, by=self.by)

        return work

    def run_wizard(self, conversion_id):
        return lambda: run_conversion(find(Conversion, conversion_id), by=self.by).invoice_id

    def undo_wizard(self, conversion_id):
        return lambda: undo_conversion(find(Conversion, conversion_id), by=self.by)

    def create_from(self, deal_id):
        def work():
            deal = deal_with_lines(deal_id)
            return draft_for_deal(deal, deal_to_bill(deal), by=self.by).id

        return work

    def add_seats(self, deal_id):
        """The deal's form, sent with twice the quantity on its first line."""

        def work():
            deal = read_deal(deal_id)
            kept = [make_line(row.description, row.quantity, row.unit_price, id=row.id) for row in deal.lines]
            kept[0] = replace(kept[0], quantity=kept[0].quantity * 2)
            entered = DealInput(deal.name, deal.currency, account_id=deal.account_id, lines=tuple(kept))
            update_deal(deal, entered, by=self.by)

        return work

    def won_deal(self):
        return self.arrange(lambda: make_deal(won=True, by=self.by).id)

    def wizard(self, deal_id):
        return self.arrange(lambda: reviewed(read_deal(deal_id), by=self.by).id)

    def settled(self, amount_minor=20000):
        """An invoice of 200.00 with one payment; gives both ids."""
        invoice_id = self.open()
        return invoice_id, self.arrange(self.pay(invoice_id, amount_minor, f"first{invoice_id}"))

    def one_wins(self, *works):
        """Exactly one work is done, the others are refused with a sentence; the books are sound."""
        results = self.run(*works)
        assert len(refusals(results)) == len(works) - 1, results
        self.sound(results)
        return results

    def sound(self, results=()):
        assert all(error.message.endswith(".") for error in refusals(results))
        self.arrange(require_sound_books)

    def invoice(self, invoice_id):
        return self.arrange(lambda: invoice_with_everything(invoice_id))

    def live_rows(self, deal_id):
        """Which invoice bills each line of the deal now."""
        wanted = select(BilledDealLine.deal_line_id, BilledDealLine.invoice_id)
        statement = wanted.where(BilledDealLine.deal_id == deal_id, BilledDealLine.released_at.is_(None))
        return self.arrange(lambda: session.execute(statement).all())


def find(model, id):
    return session.scalars(select(model).where(model.id == id)).one()


@pytest.fixture
def race(story):
    return MoneyRace(story)


def test_many_payments_of_odd_amounts_stop_exactly_at_the_balance(race):
    for turn in range(ROUNDS):
        invoice_id = race.open()
        amounts = [7000, 7001, 6999, 6000, 20000, 1]
        results = race.run(*(race.pay(invoice_id, minor, f"t{turn}n{n}") for n, minor in enumerate(amounts)))
        booked = sum(a for a, got in zip(amounts, results, strict=True) if not isinstance(got, DomainError))
        assert race.invoice(invoice_id).paid_minor == booked <= 20000
        race.sound(results)


def test_a_payment_and_an_undo_settle_one_after_the_other(race):
    for turn in range(ROUNDS):
        invoice_id, payment_id = race.settled(15000)
        results = race.run(race.undo(payment_id), race.pay(invoice_id, 15000, f"second{turn}"))
        paid = 0 if isinstance(results[1], DomainError) else 15000  # Refused only when it came before the undo.
        assert race.invoice(invoice_id).paid_minor == paid
        race.sound(results)


def test_a_payment_is_undone_once(race):
    for _ in range(ROUNDS):
        invoice_id, payment_id = race.settled()
        race.one_wins(*(race.undo(payment_id) for _ in range(3)))
        invoice = race.invoice(invoice_id)
        assert (invoice.status, invoice.paid_minor, invoice.balance_minor) == ("open", 0, 20000)


def test_a_void_waits_until_the_money_is_off(race):
    for _ in range(ROUNDS):
        invoice_id, payment_id = race.settled(5000)
        results = race.run(race.undo(payment_id), race.void(invoice_id))
        assert results[0] is None
        assert race.invoice(invoice_id).status == ("open" if isinstance(results[1], DomainError) else "void")
        race.sound(results)


@pytest.mark.parametrize("other", ["cancel", "delete"])
def test_a_draft_is_final_or_withdrawn_never_both(race, other):
    for _ in range(ROUNDS):
        invoice_id = race.draft()
        is_final = isinstance(race.one_wins(race.finalize(invoice_id), getattr(race, other)(invoice_id))[0], str)
        invoice = race.arrange(lambda found=invoice_id: find(Invoice, found))
        assert (invoice.status == "open") == (invoice.number is not None) == is_final
        assert (invoice.status == "cancelled" or invoice.deleted_at is not None) == (not is_final)


def test_edit_finalize_and_cancel_at_once(race):
    for _ in range(ROUNDS):
        invoice_id = race.draft()
        results = race.run(race.edit(invoice_id), race.finalize(invoice_id), race.cancel(invoice_id))
        assert len(refusals(results[1:])) == 1
        invoice = race.invoice(invoice_id)
        edited = not isinstance(results[0], DomainError)
        assert invoice.total_minor == (155400 if edited else 20000)
        race.sound(results)


def test_a_conversion_and_create_invoice_bill_a_deal_once(race):
    for _ in range(ROUNDS):
        deal_id = race.won_deal()
        results = race.run(race.run_wizard(race.wizard(deal_id)), race.create_from(deal_id))
        winners = {got for got in results if not isinstance(got, DomainError)}
        live = race.live_rows(deal_id)
        assert len(live) == 2
        assert {row.invoice_id for row in live} <= winners
        race.sound(results)


def test_create_invoice_sent_three_times_bills_once(race):
    for _ in range(ROUNDS):
        deal_id = race.won_deal()
        entered = race.arrange(lambda found=deal_id: deal_to_bill(deal_with_lines(found)))

        def send(found=deal_id, entered=entered):
            deal = deal_with_lines(found)
            return draft_for_deal(deal, replace(entered, account=deal.account), by=race.by).id

        results = race.one_wins(send, send, send)
        winner = next(got for got in results if not isinstance(got, DomainError))
        assert [row.invoice_id for row in race.live_rows(deal_id)] == [winner, winner]


def test_a_conversion_bills_the_deal_that_was_confirmed_or_nothing(race):
    for _ in range(ROUNDS):
        deal_id = race.won_deal()
        wizard = race.wizard(deal_id)
        results = race.run(race.run_wizard(wizard), race.add_seats(deal_id))
        assert results[1] is None
        ran = not isinstance(results[0], DomainError)
        assert len(race.live_rows(deal_id)) == (2 if ran else 0)
        if ran:
            assert race.invoice(results[0]).total_minor == 75000
        race.sound(results)


def test_a_void_and_a_conversion_of_the_same_lines(race):
    """The lines are free only once the void is through: then the wizard bills them, before that it is refused."""
    for _ in range(ROUNDS):
        deal_id = race.won_deal()
        first = race.arrange(lambda found=deal_id: converted(read_deal(found), by=race.by, finalize=True).id)
        results = race.run(race.void(first), race.create_from(deal_id))
        assert results[0] is None
        race.sound(results)
        owners = {row.invoice_id for row in race.live_rows(deal_id)}
        assert owners in (set(), {results[1]})


def test_lines_from_the_trash_and_a_conversion_meet_once(race):
    for _ in range(ROUNDS):
        deal_id = race.won_deal()
        draft = race.arrange(lambda found=deal_id: converted(read_deal(found), by=race.by).id)
        race.arrange(race.delete(draft))
        results = race.one_wins(race.restore(draft), race.run_wizard(race.wizard(deal_id)))
        assert len({row.invoice_id for row in race.live_rows(deal_id)}) == 1
        assert len(results) == 2


def test_undoing_a_conversion_and_finalizing_its_invoice(race):
    for _ in range(ROUNDS):
        deal_id = race.won_deal()
        wizard = race.wizard(deal_id)
        invoice_id = race.arrange(race.run_wizard(wizard))
        is_final = isinstance(race.one_wins(race.undo_wizard(wizard), race.finalize(invoice_id))[1], str)
        invoice = race.arrange(lambda found=invoice_id: find(Invoice, found))
        assert (invoice.status == "open") == (invoice.deleted_at is None) == is_final
        assert len(race.live_rows(deal_id)) == (2 if is_final else 0)


def test_everything_at_once_on_one_invoice(race):
    for turn in range(ROUNDS):
        invoice_id, payment_id = race.settled(5000)
        results = race.run(
            race.pay(invoice_id, 15000, f"rest{turn}"),
            race.pay(invoice_id, 4000, f"more{turn}"),
            race.undo(payment_id),
            race.void(invoice_id),
            race.cancel(invoice_id),
            race.delete(invoice_id),
        )
        assert all(isinstance(got, DomainError) for got in results[4:])
        race.sound(results)
