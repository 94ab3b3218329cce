"""Killed with -9 at any moment of finalize, pay, undo, void and render: all of it or nothing, and a retry finishes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, Payment
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.rendering import invoice_pdf_bytes, render_invoice_pdf
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.documents.models import StoredFile
from cornerspot.kit.errors import Conflict
from cornerspot.tenancy import team_scope
from tests.factories.billing import VAT_19, line, new_draft
from tests.factories.conversion import converted
from tests.factories.crm import make_deal
from tests.faults.invariants import jobs_of, require_sound_books
from tests.faults.killing import killed_at_every_moment

pytestmark = pytest.mark.fault


class Crashes:
    """Arranges one invoice per try, has a child killed over it, and looks at what is left."""

    def __init__(self, story):
        self.story, self.by, self.id = story, story.owner, None

    def every_moment(self, arrange, work):
        """``arrange`` gives the invoice's id, ``work(id)`` is what the child does; yields moments."""

        def next_work():
            self.id = self.inside(arrange)
            return lambda: work(self.id)

        yield from killed_at_every_moment(self.story.app, self.story.team, next_work)

    def inside(self, work, *args):
        """What the work gives, in the team's scope and committed."""
        with self.story.app.app_context(), team_scope(self.story.team):
            return in_transaction(lambda: work(*args))

    def draft(self):
        return new_draft(self.by, lines=[line(taxes=(VAT_19,)), line(quantity="-0.5")]).id

    def open(self):
        return self.finalize(self.draft())

    def paid(self):
        self.pay(invoice_id := self.open())
        return invoice_id

    def finalize(self, invoice_id):
        return finalize_invoice(invoice_with_everything(invoice_id), by=self.by).id

    def pay(self, invoice_id):
        invoice = invoice_with_everything(invoice_id)
        return record_manual_payment(
            invoice,
            amount_minor=invoice.total_minor,
            method="cash",
            received_on=invoice.issued_on,
            by=self.by,
            request_key=str(invoice_id),
        ).id

    def undo(self, invoice_id):
        payment = session.scalars(select(Payment).where(Payment.request_key == str(invoice_id))).one()
        undo_payment(payment, reason="Wrong invoice", by=self.by)

    def void(self, invoice_id):
        void_invoice(invoice_with_everything(invoice_id), by=self.by)

    def status(self):
        return session.scalars(select(Invoice.status).where(Invoice.id == self.id)).one()


@pytest.fixture
def crashes(story):
    return Crashes(story)


def test_finalize_killed_at_any_moment_numbers_without_gap(crashes):
    outcomes = []
    for _ in crashes.every_moment(crashes.draft, crashes.finalize):

        def look():
            outcomes.append(status := crashes.status())
            final = status == "open"
            assert jobs_of("render_final_invoice", crashes.id) == final
            if final:
                with pytest.raises(Conflict):
                    crashes.finalize(crashes.id)
            else:
                assert status == "draft"
                crashes.finalize(crashes.id)
            assert jobs_of("render_final_invoice", crashes.id) == 1

        crashes.inside(look)
        crashes.inside(require_sound_books)
    assert len(outcomes) > 10
    # Only the kill after the commit, and the child that was not killed, left a final invoice.
    assert outcomes == ["draft"] * (len(outcomes) - 2) + ["open"] * 2


def test_a_payment_killed_at_any_moment_counts_once_or_not_at_all(crashes):
    outcomes = []
    for _ in crashes.every_moment(crashes.open, crashes.pay):
        outcomes.append(crashes.inside(crashes.status))
        crashes.inside(require_sound_books)
        crashes.inside(crashes.pay, crashes.id)  # The person sends the same form again.
        assert crashes.inside(crashes.status) == "paid"
        crashes.inside(require_sound_books)
    assert outcomes == ["open"] * (len(outcomes) - 2) + ["paid"] * 2


def test_an_undo_killed_at_any_moment_is_whole_or_nothing(crashes):
    outcomes = []
    for _ in crashes.every_moment(crashes.paid, crashes.undo):
        outcomes.append(status := crashes.inside(crashes.status))
        crashes.inside(require_sound_books)
        if status == "paid":
            crashes.inside(crashes.undo, crashes.id)
        else:
            with pytest.raises(Conflict, match="undone already"):
                crashes.inside(crashes.undo, crashes.id)
        assert crashes.inside(crashes.status) == "open"
        crashes.inside(require_sound_books)
    assert outcomes == ["paid"] * (len(outcomes) - 2) + ["open"] * 2


def test_a_void_killed_at_any_moment_releases_the_deal_or_nothing(crashes):
    outcomes = []

    def from_deal():
        return converted(make_deal(won=True, by=crashes.by), by=crashes.by, finalize=True).id

    for _ in crashes.every_moment(from_deal, crashes.void):
        outcomes.append(status := crashes.inside(crashes.status))
        crashes.inside(require_sound_books)  # A live billed line on a void invoice would show here.
        if status == "open":
            crashes.inside(crashes.void, crashes.id)
        crashes.inside(require_sound_books)
    assert outcomes == ["open"] * (len(outcomes) - 2) + ["void"] * 2


@pytest.mark.slow
def test_rendering_killed_at_any_moment_leaves_one_pdf_that_stays(crashes):
    """The worker's job: its retry stores what a first run would have stored."""
    expected = None
    for _ in crashes.every_moment(crashes.open, render_invoice_pdf):

        def look():
            invoice = invoice_with_everything(crashes.id)
            stored = invoice.pdf_file_id
            render_invoice_pdf(crashes.id)
            content = invoice_pdf_bytes(invoice)
            session.refresh(invoice, ["pdf_file_id"])
            assert stored in (None, invoice.pdf_file_id)
            assert content.startswith(b"%PDF")
            return len(session.scalars(select(StoredFile)).all())

        count = crashes.inside(look)
        expected = (expected or 0) + 1
        assert count == expected  # No row of a file that no invoice names.
        crashes.inside(require_sound_books)
