"""What the model knows of an invoice and of a payment. Amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID


def total_of(quantity: Decimal, price: Decimal, percent: int) -> int:
    """One line and one tax rate, each rounded once, half up."""
    net = (quantity * price * 100).quantize(Decimal(1), ROUND_HALF_UP)
    return int(net + (net * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(eq=False)
class Invoice:
    """``id`` is what the application calls it. ``of_deal`` when it bills the deal's line."""

    customer: int
    quantity: Decimal
    price: Decimal
    percent: int
    of_deal: bool = False
    manual: str | None = None
    number: str | None = None
    due_on: date | None = None
    sent: bool = False
    end: str = ""  # cancelled, void or uncollectible
    refunded: int = 0
    trashed_at: datetime | None = None
    id: UUID | None = None
    parts: list[Part] = field(default_factory=list)
    debits: list[Payment] = field(default_factory=list)

    @property
    def total(self) -> int:
        return total_of(self.quantity, self.price, self.percent)

    @property
    def paid(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def due(self) -> int:
        return self.total - self.paid

    @property
    def processing(self) -> int:
        return sum(debit.amount for debit in self.debits if debit.state == "processing")

    @property
    def status(self) -> str:
        if self.end:
            return self.end
        if self.number is None:
            return "draft"
        if self.due == 0:
            return "paid"
        return "partially_paid" if self.paid else "open"

    @property
    def is_unpaid(self) -> bool:
        return self.status in ("open", "partially_paid")

    @property
    def takes_money(self) -> bool:
        return self.is_unpaid or self.status == "uncollectible"

    @property
    def bills_deal(self) -> bool:
        return self.of_deal and self.end not in ("void", "cancelled") and self.trashed_at is None


@dataclass(eq=False)
class Part:
    """What of a payment settles an invoice; ``refunded`` of it went back without being asked for again."""

    payment: Payment
    invoice: Invoice
    amount: int
    refunded: int = 0


@dataclass(eq=False)
class Payment:
    """``on`` is the invoice that it was made for; ``parts`` are what it settles, the newest last.

    ``id`` is what the application calls it, or the processor when it came online.
    """

    on: Invoice
    amount: int
    online: bool = False
    bank_pays: bool = True
    state: str = "completed"
    sent_at: datetime | None = None
    credit: int = 0
    returned: int = 0
    refunded: int = 0
    id: UUID | str | None = None
    parts: list[Part] = field(default_factory=list)

    @property
    def allocated(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def left(self) -> int:
        """What of it has not gone back."""
        return self.amount - self.refunded

    def arrive(self) -> None:
        """Its money is there: for its invoice first, the rest is the customer's credit."""
        self.state, self.credit = "completed", self.amount
        self.settle(self.on)

    def settle(self, invoice: Invoice, at_most: int | None = None) -> int:
        """As much of the invoice as there is credit, at most so much; a late payment reopens it."""
        amount = min(self.credit, invoice.due) if invoice.takes_money else 0
        amount = amount if at_most is None else min(amount, at_most)
        if amount <= 0:
            return 0
        self.credit -= amount
        invoice.end = ""
        mine = next((part for part in self.parts if part.invoice is invoice), None)
        if mine is None:
            self.put(Part(self, invoice, amount))
        else:
            mine.amount += amount
        return amount

    def put(self, part: Part) -> None:
        self.parts.append(part)
        part.invoice.parts.append(part)

    def drop(self, part: Part) -> None:
        self.parts.remove(part)
        part.invoice.parts.remove(part)

    def release(self, part: Part) -> int:
        """The part is credit again, without what had gone back; how much that is."""
        self.drop(part)
        self.credit += part.amount - part.refunded
        self.returned += part.refunded
        return part.amount - part.refunded

    def give_back(self, amount: int, first: Invoice | None = None, *, owed: bool = False) -> None:
        """To the customer: from what settles ``first``, then credit, then what settled something last."""
        self.refunded += amount
        own = [part for part in self.parts if part.invoice is first]
        for part in own:
            amount -= self._take(part, amount, owed=owed)
        of_credit = min(amount, self.credit)
        self.credit, self.returned = self.credit - of_credit, self.returned + of_credit
        amount -= of_credit
        for part in [part for part in reversed(self.parts) if part not in own]:
            amount -= self._take(part, amount, owed=owed)
        assert amount == 0, "the model let more go back than there was"

    def _take(self, part: Part, wanted: int, *, owed: bool) -> int:
        amount = min(wanted, part.amount - part.refunded)
        if amount <= 0:
            return 0
        part.invoice.refunded += amount
        if not owed:
            part.refunded += amount
            return amount
        self.drop(part)
        self.returned += amount
        if part.amount > amount:
            self.put(Part(self, part.invoice, part.amount - amount, part.refunded))
        return amount
