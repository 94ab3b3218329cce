"""Step by step through model and application, which must agree on everything after each of them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from cornerspot.billing.checking import check_books
from cornerspot.billing.crediting import credit_balances
from cornerspot.billing.deal_billing import unbilled_lines
from cornerspot.billing.invoicing_deals import deal_with_lines
from cornerspot.billing.models import Invoice, InvoiceTransition, Payment
from cornerspot.db import session
from cornerspot.db.base import Base
from cornerspot.kit import clock
from cornerspot.kit.errors import DomainError
from cornerspot.tenancy import team_today
from tests.faults.invariants import require_sound_books
from tests.properties.life.books import TRANSITIONS, Books, Illegal
from tests.properties.life.office import Office

SENTENCE = re.compile(r"[A-Z0-9“].*[^.]\.", re.DOTALL)
CODE = re.compile(r"\w_\w|\b(None|True|False|UUID)\b|[<>{}]")
TABLES = sorted(table.name for table in Base.metadata.tables.values() if "tenant_id" in table.c)
ROWS = text(
    " UNION ALL ".join(
        [
            *(f"SELECT '{name}', count(*), sum(hashtextextended(t::text, 0)) FROM {name} t" for name in TABLES),
            "SELECT 'jobs', count(*), sum(id) FROM procrastinate_jobs",
        ]
    )
)


class Walk:
    """One team's life. ``seen`` counts the steps of all walks by name and by whether they were legal."""

    def __init__(self, app, seen=None):
        self.seen, self.last = Counter() if seen is None else seen, ""
        start = (clock.now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
        self.books, self.office = Books(start), Office(app, start)

    def close(self):
        self.office.close()

    def step(self, name, *asked, **more):
        """Do it in both: the application does what the model allows and refuses the rest; what the model made."""
        self.books.now += timedelta(seconds=1)
        try:
            made = getattr(self.books, name)(*asked, **more)
        except Illegal:
            self._note(name, "refused")
            self._refused(name, *asked, **more)
            return None
        self._note(name, "done")
        self.office.now = self.books.now
        try:
            given = getattr(self.office, name)(*asked, **more)
        except DomainError as refusal:
            raise AssertionError(f"{name} is legal, and was refused: {refusal.message}") from refusal
        if made is not None:
            made.id = given
        self.agree()
        return made

    def done(self, name, *asked, **more):
        """A step that must be legal; what it made."""
        made = self.step(name, *asked, **more)
        assert self.last == "done", f"the model does not allow {name}"
        return made

    def refused(self, name, *asked, **more):
        """A step that must not be."""
        self.step(name, *asked, **more)
        assert self.last == "refused", f"the model allows {name}"

    def _note(self, name, kind):
        self.last = kind
        self.seen[name, kind] += 1

    def _refused(self, name, *asked, **more):
        """The application says why not, in a sentence for people, and not one row is another."""
        self.office.now = self.books.now
        before = self.rows()
        with pytest.raises(DomainError) as refusal:
            getattr(self.office, name)(*asked, **more)
        said = refusal.value.message
        assert SENTENCE.fullmatch(said), said
        assert not CODE.search(said), said
        assert self.rows() == before, f"{name} was refused, and changed something"

    def rows(self):
        """A fingerprint of every row of the team."""
        return self.office.do(lambda: {name: rest for name, *rest in session.execute(ROWS)})

    def agree(self):
        """Books that prove themselves, and say what the model says."""
        with self.office.inside():
            assert [str(finding) for finding in check_books()] == []
        self.office.do(self._compare)

    def _compare(self):
        require_sound_books(numbers_from_series=False)
        assert invoices_told() == {one.id: self._invoice(one) for one in self.books.invoices}
        assert payments_told() == {one.id: payment_known(one) for one in self.books.payments}
        known = [self.books.credit_of(customer) for customer in range(len(self.office.customers))]
        assert [sum(money.minor for money in credit_balances(one)) for one in self.office.customers] == known
        left = unbilled_lines(deal_with_lines(self.office.deal))
        assert sum(part.quantity for part in left) == self.books.left_of_deal()
        steps = session.execute(select(InvoiceTransition.from_status, InvoiceTransition.to_status))
        taken = {(step.from_status, step.to_status) for step in steps}
        assert taken <= TRANSITIONS
        given = select(Invoice.number).where(Invoice.number.startswith("INV-")).order_by(Invoice.number)
        assert session.scalars(given).all() == [f"INV-{value:06}" for value in range(1, self.books.last_number + 1)]

    def _invoice(self, one):
        money = (one.total, one.paid, one.due, one.refunded, one.processing)
        return (one.status, one.number, *money, one.due_on, one.sent, one.trashed_at, self.books.is_overdue(one))


def invoices_told():
    """What the application says of every invoice."""
    today = team_today()
    return {
        one.id: (
            one.status,
            one.number,
            one.total_minor,
            one.paid_minor,
            one.balance_minor,
            one.refunded_minor,
            one.processing_minor,
            one.due_on,
            one.sent_at is not None,
            one.deleted_at,
            one.is_overdue(today),
        )
        for one in session.scalars(select(Invoice))
    }


def payments_told():
    """What the application says of every payment."""
    return {
        one.stripe_payment_id or one.id: (
            one.status,
            one.amount_minor,
            one.allocated_minor,
            one.credit_minor,
            one.returned_minor,
            one.refunded_minor,
        )
        for one in session.scalars(select(Payment))
    }


def payment_known(one):
    """What the model says of a payment."""
    return (one.state, one.amount, one.allocated, one.credit, one.returned, one.refunded)
