"""Many people at once, and a process that dies at any statement: one invoice, or none and a retry."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from cornerspot.billing.models import BilledDealLine, Invoice, InvoiceLine
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.reading import read_deal
from cornerspot.conversion.running import run_conversion
from cornerspot.conversion.wizard import start_conversion
from cornerspot.crm.deals import DealInput, deal_lines, update_deal
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.errors import Conflict
from cornerspot.tenancy import team_scope
from tests.factories.conversion import reviewed
from tests.factories.crm import make_deal, make_line
from tests.faults.killing import killed_at_every_moment
from tests.faults.racing import at_once, in_team

pytestmark = pytest.mark.fault
PEOPLE = 8


@pytest.fixture
def at_review(app, story):
    """The id of a wizard that only has to be run; it would finalize the invoice."""
    with app.app_context(), team_scope(story.team):
        conversion = reviewed(make_deal(won=True), by=story.owner, finalize=True)
        session.commit()
        return conversion.id


def eight_at_once(story, work):
    """What each of eight people got for the same work, started at the same moment."""
    return at_once(*[in_team(story, lambda: in_transaction(work))] * PEOPLE, taken=Conflict)


def find(id):
    return session.scalars(select(Conversion).where(Conversion.id == id)).one()


def counts():
    """How many invoices, lines of them and billed deal lines there are."""
    return tuple(
        session.scalar(select(func.count()).select_from(model)) for model in (Invoice, InvoiceLine, BilledDealLine)
    )


def test_eight_people_running_one_wizard_get_one_invoice_and_seven_are_told_so(app, story, at_review):
    def work():
        conversion = run_conversion(find(at_review), by=story.owner)
        return conversion.just_completed, conversion.invoice_id

    answers = eight_at_once(story, work)
    assert sorted(first for first, _ in answers) == [False] * (PEOPLE - 1) + [True]
    assert len({invoice_id for _, invoice_id in answers}) == 1
    with app.app_context(), team_scope(story.team):
        assert counts() == (1, 2, 2)


def test_eight_people_opening_a_deal_get_one_wizard(app, story):
    with app.app_context(), team_scope(story.team):
        deal_id = make_deal(won=True).id
        session.commit()
    opened = eight_at_once(story, lambda: start_conversion(read_deal(deal_id), by=story.owner).id)
    assert len(set(opened)) == 1


def test_an_edit_of_the_deal_and_a_run_never_mix(app, story):
    """Whoever is first: the invoice says what was confirmed, or the run is refused."""
    for _ in range(4):
        with app.app_context(), team_scope(story.team):
            deal = make_deal(lines=[make_line("Set-up", "1", "500")], won=True)
            conversion = reviewed(deal, by=story.owner)
            session.commit()
            ids = deal.id, conversion.id
        turns = iter(range(PEOPLE))

        def work(ids=ids, turns=turns):
            if next(turns) % 2:
                return run_conversion(find(ids[1]), by=story.owner).invoice_id
            deal = lock(read_deal(ids[0]))  # The edits take turns, as versions make them do; the runs do not.
            kept = tuple(
                make_line(line.description, line.quantity, line.unit_price, id=line.id) for line in deal_lines(deal)
            )
            more = (*kept, make_line("Extra", "1", "5"))
            entered = DealInput(deal.name, "EUR", account_id=deal.account_id, lines=more)
            return update_deal(deal, entered, by=story.owner)

        eight_at_once(story, work)
        with app.app_context(), team_scope(story.team):
            invoices = session.scalars(select(Invoice.total_minor).where(Invoice.deal_id == ids[0])).all()
            assert invoices in ([], [50000])


def test_a_process_killed_at_any_moment_leaves_all_or_nothing(app, story):
    """The child kills itself with SIGKILL before its n-th statement, for every n until one gets through."""
    tried = {}

    def next_work():
        with app.app_context(), team_scope(story.team):
            tried["id"] = conversion_id = reviewed(make_deal(won=True), by=story.owner, finalize=True).id
            session.commit()
            tried["before"] = counts()
        return lambda: run_conversion(find(conversion_id), by=story.owner)

    moments = 0
    for moment in killed_at_every_moment(app, story.team, next_work):
        moments = moment
        _require_all_or_nothing(app, story, tried["id"], tried["before"])
    assert moments > 10


def _require_all_or_nothing(app, story, conversion_id, before):
    """Nothing is there, or everything; and running it again finishes it, once."""
    whole = tuple(count + more for count, more in zip(before, (1, 2, 2), strict=True))
    with app.app_context(), team_scope(story.team):
        done = find(conversion_id).status == "completed"
        assert counts() == (whole if done else before)
        again = in_transaction(lambda: run_conversion(find(conversion_id), by=story.owner))
        assert again.just_completed is not done
        assert counts() == whole
