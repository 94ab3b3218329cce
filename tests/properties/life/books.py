"""What the specification says of a team's invoices, in plain rules that know nothing of the code under test.

A step that is not allowed raises Illegal before it changes anything. Amounts are minor units.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from tests.properties.life.records import Invoice, Payment

RANKS = ("rep", "manager", "admin", "owner")
LEAST_RANK = {"drafts": "manager", "sends": "manager", "takes money": "manager", "gives back": "admin", "ends": "admin"}
TERMS = timedelta(days=30)
TRASH = timedelta(days=30)
BANKS_NEED = timedelta(days=6)  # four business days
LEAST_ONLINE = 50
SOLD = Decimal(4)  # of the one line of the one deal

# From → to, as the table of transitions has them; any other pair is never on record.
TRANSITIONS = {
    (None, "draft"),
    ("draft", "open"),
    ("draft", "paid"),
    ("draft", "cancelled"),
    *((now, to) for now in ("open", "partially_paid") for to in ("partially_paid", "paid", "void", "uncollectible")),
    *((now, to) for now in ("partially_paid", "paid") for to in ("partially_paid", "open")),
    *(("uncollectible", to) for to in ("open", "partially_paid", "paid")),
}


class Illegal(Exception):
    """The specification does not allow this step now."""


def require(allowed: object) -> None:
    if not allowed:
        raise Illegal


class Books:
    """All of one team: two customers, the first of whom has a won deal."""

    def __init__(self, now: datetime) -> None:
        self.now, self.last_number = now, 0
        self.invoices: list[Invoice] = []
        self.purged: list[Invoice] = []
        self.payments: list[Payment] = []
        self.unheard: list[Payment] = []  # paid at the processor, which nobody has told us yet

    # What a step needs to know

    def may(self, who: str, what: str) -> None:
        require(RANKS.index(who) >= RANKS.index(LEAST_RANK[what]))

    def left_of_deal(self, but: Invoice | None = None) -> Decimal:
        return SOLD - sum((one.quantity for one in self.invoices if one.bills_deal and one is not but), Decimal(0))

    def is_free(self, number: str | None) -> bool:
        return number is None or all(one.number != number for one in self.invoices)

    def credits_of(self, customer: int) -> list[Payment]:
        return [one for one in self.payments if one.on.customer == customer and one.credit]

    def credit_of(self, customer: int) -> int:
        return sum(one.credit for one in self.credits_of(customer))

    def is_overdue(self, invoice: Invoice) -> bool:
        return invoice.is_unpaid and invoice.due_on is not None and invoice.due_on < self.now.date()

    # Drafts

    def draft(self, who: str, customer: int, price: Decimal) -> Invoice:
        self.may(who, "drafts")
        return self._made(Invoice(customer, Decimal(3), price, 19))

    def bill_deal(self, who: str, _by_wizard: bool) -> Invoice:
        self.may(who, "drafts")
        left = self.left_of_deal()
        require(left > 0)
        return self._made(Invoice(0, left, Decimal(250), 0, of_deal=True))

    def edit(self, who: str, invoice: Invoice, quantity: Decimal, manual: str | None, *, seen: bool) -> None:
        self.may(who, "drafts")
        require(invoice.status == "draft" and not invoice.trashed_at and seen and self.is_free(manual))
        require(not invoice.of_deal or 0 <= quantity <= self.left_of_deal(but=invoice))
        invoice.quantity, invoice.manual = quantity, manual

    def duplicate(self, who: str, invoice: Invoice, at_once: bool) -> Invoice:
        self.may(who, "drafts")
        require(invoice.total >= 0 or not at_once)
        copy = self._made(Invoice(invoice.customer, invoice.quantity, invoice.price, invoice.percent))
        if at_once:
            self.finalize(who, copy)
        return copy

    def finalize(self, who: str, invoice: Invoice) -> None:
        self.may(who, "drafts")
        require(invoice.status == "draft" and not invoice.trashed_at)
        require(invoice.total >= 0 and self.is_free(invoice.manual))
        self.last_number += invoice.manual is None
        invoice.number = invoice.manual or f"INV-{self.last_number:06}"
        invoice.due_on = self.now.date() + TERMS

    def cancel(self, who: str, invoice: Invoice) -> None:
        self.may(who, "drafts")
        require(invoice.status == "draft" and not invoice.trashed_at)
        invoice.end = "cancelled"

    def delete(self, who: str, invoice: Invoice) -> None:
        self.may(who, "drafts")
        require(invoice.number is None)
        invoice.trashed_at = invoice.trashed_at or self.now

    def restore(self, who: str, invoice: Invoice) -> None:
        self.may(who, "drafts")
        if invoice.trashed_at is None:
            return
        require(self.now - invoice.trashed_at <= TRASH)
        require(not invoice.of_deal or invoice.end or invoice.quantity <= self.left_of_deal())
        invoice.trashed_at = None

    def purge(self) -> None:
        """What was in the Trash for 30 days is gone."""
        for one in [one for one in self.invoices if one.trashed_at and self.now - one.trashed_at > TRASH]:
            self.invoices.remove(one)
            self.purged.append(one)

    # Sending

    def send(self, who: str, invoice: Invoice, *, finalize: bool) -> None:
        self.may(who, "sends")
        if finalize and invoice.status == "draft":
            self.finalize(who, invoice)
        require(invoice.is_unpaid or invoice.status == "paid")

    def mark_sent(self, who: str, invoice: Invoice) -> None:
        self.may(who, "sends")
        require(invoice.is_unpaid or invoice.status == "paid")
        invoice.sent = True

    def remind(self, who: str, invoice: Invoice) -> None:
        self.may(who, "sends")
        require(invoice.is_unpaid and invoice.processing < invoice.due)

    # Money that comes

    def pay(self, who: str, invoice: Invoice, amount: int) -> Payment:
        self.may(who, "takes money")
        require(invoice.takes_money and 0 < amount <= invoice.due)
        payment = self._paid(Payment(invoice, amount))
        payment.arrive()
        return payment

    def pay_online(self, invoice: Invoice, bank: str) -> Payment:
        """By card (no bank named) it is paid at the processor, and not heard of yet; by bank it is under way."""
        amount = invoice.due - invoice.processing
        require(invoice.is_unpaid and amount >= LEAST_ONLINE)
        payment = Payment(invoice, amount, online=True, bank_pays=bank == "success", sent_at=self.now)
        if bank:
            payment.state = "processing"
            invoice.debits.append(self._paid(payment))
        else:
            payment.state = "unheard"
            self.unheard.append(payment)
        return payment

    def hear(self, payment: Payment) -> None:
        self.unheard.remove(payment)
        self._paid(payment).arrive()

    def time_passes(self, days: int) -> None:
        """Debits that are old enough arrive or fail."""
        self.now += timedelta(days=days)
        for debit in [one for one in self.payments if one.state == "processing"]:
            assert debit.sent_at is not None
            assert self.now - debit.sent_at >= BANKS_NEED, "the model knows no shorter time"
            if debit.bank_pays:
                debit.arrive()
            else:
                debit.state = "failed"

    def apply_credit(self, who: str, invoice: Invoice, amount: int | None) -> None:
        self.may(who, "takes money")
        most = min(invoice.due - invoice.processing, self.credit_of(invoice.customer)) if invoice.takes_money else 0
        wanted = most if amount is None else amount
        require(0 < wanted <= most)
        for payment in self.credits_of(invoice.customer):
            wanted -= payment.settle(invoice, wanted)

    # Money that goes

    def undo(self, who: str, payment: Payment, reason: str) -> None:
        self.may(who, "gives back")
        require(reason.strip() and payment.state == "completed")
        require(not payment.online and not payment.refunded)
        require(all(part.invoice.status != "uncollectible" for part in payment.parts))
        for part in [*payment.parts]:
            payment.release(part)
        payment.state, payment.credit = "undone", 0

    def refund(self, who: str, payment: Payment, amount: int, invoice: Invoice, *, owed: bool) -> None:
        self.may(who, "gives back")
        require(payment.state == "completed" and 0 < amount <= payment.left)
        payment.give_back(amount, invoice, owed=owed)

    def refund_credit(self, who: str, customer: int, amount: int) -> None:
        self.may(who, "gives back")
        require(0 < amount <= self.credit_of(customer))
        for payment in self.credits_of(customer):
            part = min(amount, payment.credit)
            amount -= part
            if part:
                payment.give_back(part)

    # Ends

    def void(self, who: str, invoice: Invoice, money: str, *, copy: bool) -> Invoice | None:
        """``money`` says what becomes of what was collected: nothing said, ``refund`` or ``credit``."""
        self.may(who, "ends")
        require((invoice.is_unpaid or (invoice.status == "paid" and invoice.paid)) and not invoice.processing)
        require(not invoice.paid or money)
        for part in sorted(invoice.parts, key=lambda part: self.payments.index(part.payment)):
            freed = part.payment.release(part)
            if money == "refund" and freed:
                part.payment.give_back(freed)
        invoice.end = "void"
        return self.duplicate(who, invoice, at_once=False) if copy else None

    def write_off(self, who: str, invoice: Invoice, reason: str) -> None:
        self.may(who, "ends")
        require(self.is_overdue(invoice) and reason.strip())
        invoice.end = "uncollectible"

    def reopen(self, who: str, invoice: Invoice) -> None:
        self.may(who, "ends")
        require(invoice.end == "uncollectible")
        invoice.end = ""

    def _made(self, invoice: Invoice) -> Invoice:
        self.invoices.append(invoice)
        return invoice

    def _paid(self, payment: Payment) -> Payment:
        self.payments.append(payment)
        return payment
