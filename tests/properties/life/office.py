"""The same steps as the model's, done by the application, each in a transaction of its own, by its names."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace

from sqlalchemy import select

from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.crediting import apply_credit, refund_credit
from cornerspot.billing.deleting import delete_invoice, purge_deleted_invoices, restore_invoice
from cornerspot.billing.drafting import DraftInput, create_draft, draft_input, update_draft
from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.invoicing_deals import deal_to_bill, deal_with_lines, draft_for_deal
from cornerspot.billing.marking_sent import mark_sent
from cornerspot.billing.models import Payment, Refund
from cornerspot.billing.online.refund_calls import send_refund
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.refunding import refund_payment
from cornerspot.billing.reminding import send_reminder
from cornerspot.billing.sending import LetterInput, send_invoice
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.billing.writing_off import reopen_invoice, write_off_invoice
from cornerspot.conversion.reading import read_deal
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock, ids
from cornerspot.kit.money import Money
from cornerspot.people.models import Role
from cornerspot.tenancy import team_scope, team_today
from tests.factories.billing import VAT_19, line, new_account
from tests.factories.conversion import converted
from tests.factories.crm import make_deal, make_line
from tests.factories.online import processor
from tests.factories.teams import open_story
from tests.properties.life.books import SOLD

ASKED = select(Refund.id).where(Refund.status == "requested")


class Office:
    """A fresh team with two customers, a won deal and a connection to the processor's stand-in. Close it."""

    def __init__(self, app, now):
        self.app, self.now, self.open = app, now, ExitStack()
        self.story = open_story(app)
        with self.inside():
            self.customers = in_transaction(lambda: [new_account(name).id for name in ("Acme", "Brink")])
            self.deal = in_transaction(self._sell)
            self.processor = self.open.enter_context(processor(self.story.owner))

    def close(self):
        self.open.close()

    @contextmanager
    def inside(self):
        """A request of the team, at its present moment."""
        with self.app.app_context(), team_scope(self.story.team), clock.moved_to(self.now):
            yield

    def do(self, work):
        with self.inside():
            return in_transaction(work)

    def on(self, invoice, work):
        """A use-case with the invoice as its pages load it."""
        return self.do(lambda: work(invoice_with_everything(invoice.id, trashed=True)))

    def actor(self, who):
        return replace(self.story.owner, role=Role(who))

    # Drafts

    def draft(self, who, customer, price):
        def work():
            lines = [line(quantity="3", unit_price=price, taxes=(VAT_19,))]
            entered = DraftInput(account=self._account(customer), currency="EUR", lines=lines)
            return create_draft(entered, by=self.actor(who)).id

        return self.do(work)

    def bill_deal(self, who, by_wizard):
        def work():
            if by_wizard:
                return converted(read_deal(self.deal), by=self.actor(who)).id
            deal = deal_with_lines(self.deal)
            entered = deal_to_bill(deal)
            if not entered.lines:  # Somebody sends a form that was opened before the other invoice was made.
                entered = replace(entered, lines=[make_line("Seats", SOLD, "250", id=deal.lines[0].id)])
            return draft_for_deal(deal, entered, by=self.actor(who)).id

        return self.do(work)

    def edit(self, who, invoice, quantity, manual, *, seen):
        def work(found):
            entered = draft_input(found)
            changed = [replace(entered.lines[0], quantity=quantity)]
            version = found.version if seen else found.version - 1
            entered = replace(entered, lines=changed, manual_number=manual)
            update_draft(found, entered, seen_version=version, by=self.actor(who))

        self.on(invoice, work)

    def duplicate(self, who, invoice, at_once):
        return self.on(invoice, lambda found: duplicate_invoice(found, by=self.actor(who), finalize=at_once).id)

    def finalize(self, who, invoice):
        self.on(invoice, lambda found: finalize_invoice(found, by=self.actor(who)))

    def cancel(self, who, invoice):
        self.on(invoice, lambda found: cancel_invoice(found, by=self.actor(who)))

    def delete(self, who, invoice):
        self.on(invoice, lambda found: delete_invoice(found, by=self.actor(who)))

    def restore(self, who, invoice):
        self.on(invoice, lambda found: restore_invoice(found, by=self.actor(who)))

    def purge(self):
        self.do(purge_deleted_invoices)

    # Sending

    def send(self, who, invoice, *, finalize):
        self.on(invoice, lambda found: send_invoice(found, self._letter(), by=self.actor(who), finalize=finalize))

    def mark_sent(self, who, invoice):
        self.on(invoice, lambda found: mark_sent(found, by=self.actor(who)))

    def remind(self, who, invoice):
        self.on(invoice, lambda found: send_reminder(found, self._letter(), by=self.actor(who)))

    # Money that comes

    def pay(self, who, invoice, amount):
        facts = {"amount_minor": amount, "method": "cash", "by": self.actor(who), "request_key": ids.new_id().hex}
        return self._clicked_twice(
            lambda: self.on(invoice, lambda found: record_manual_payment(found, received_on=team_today(), **facts).id)
        )

    def pay_online(self, invoice, bank):
        with self.inside():
            if not bank:
                return self.processor.paid_by_card(invoice.id)
            name = self.processor.paid_by_bank(invoice.id, bank)
            self.processor.sync(name)
            return name

    def hear(self, payment):
        with self.inside():
            self.processor.sync(payment.id)

    def time_passes(self, _days):
        under_way = select(Payment.stripe_payment_id).where(Payment.status == "processing")
        with self.inside():
            self.processor.standin.tick()
            for name in in_transaction(lambda: session.scalars(under_way).all()):
                self.processor.sync(name)

    def apply_credit(self, who, invoice, amount):
        self.on(invoice, lambda found: apply_credit(found, by=self.actor(who), amount_minor=amount))

    # Money that goes

    def undo(self, who, payment, reason):
        self.do(lambda: undo_payment(self._payment(payment), reason=reason, by=self.actor(who)))

    def refund(self, who, payment, amount, invoice, *, owed):
        facts = {"still_owed": owed, "reason": "Damaged", "by": self.actor(who), "request_key": ids.new_id().hex}

        def work(found):
            return refund_payment(self._payment(payment), Money(amount, "EUR"), invoice=found, **facts).id

        self._clicked_twice(lambda: self.on(invoice, work))
        self._ask_processor()

    def refund_credit(self, who, customer, amount):
        facts = {"reason": "Asked for", "by": self.actor(who), "request_key": ids.new_id().hex}

        def work():
            return [one.id for one in refund_credit(self._account(customer), Money(amount, "EUR"), **facts)]

        self._clicked_twice(lambda: self.do(work))
        self._ask_processor()

    # Ends

    def void(self, who, invoice, money, *, copy):
        def work(found):
            void_invoice(found, by=self.actor(who), money=money)
            return duplicate_invoice(found, by=self.actor(who)).id if copy else None

        made = self.on(invoice, work)
        self._ask_processor()
        return made

    def write_off(self, who, invoice, reason):
        self.on(invoice, lambda found: write_off_invoice(found, reason=reason, by=self.actor(who)))

    def reopen(self, who, invoice):
        self.on(invoice, lambda found: reopen_invoice(found, by=self.actor(who)))

    def _sell(self):
        seats = [make_line("Seats", SOLD, "250")]
        return make_deal(self._account(0), lines=seats, won=True, by=self.story.owner).id

    def _account(self, customer):
        return session.scalars(select(Account).where(Account.id == self.customers[customer])).one()

    def _payment(self, payment):
        column = Payment.stripe_payment_id if payment.online else Payment.id
        return session.scalars(select(Payment).where(column == payment.id)).one()

    def _letter(self):
        return LetterInput(to="anna@example.com", request_key=ids.new_id().hex)

    def _clicked_twice(self, work):
        """What came of it; the second click must give the same, and the books show that it did nothing."""
        first, second = work(), work()
        assert first == second
        return first

    def _ask_processor(self):
        """The worker is quick."""
        with self.inside():
            for refund_id in in_transaction(lambda: session.scalars(ASKED).all()):
                send_refund(str(refund_id))
