"""The operators' list of stored webhooks about plans."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import ids
from cornerspot.payments.models import PlatformEvent
from cornerspot.payments.platform_inbox import PAGE_SIZE
from cornerspot.tenancy import system_scope
from tests.factories.stripe import event_body
from tests.http.test_operators import signed_in

pytestmark = pytest.mark.usefixtures("without_tokens")


@pytest.fixture
def operator(app):
    return signed_in(app, is_operator=True)


def store(app, count=1, **fields):
    """So many webhooks, and no other; the last one's id."""
    rows = [
        PlatformEvent(
            id=ids.new_id(),
            endpoint="plans",
            event_id=f"evt_{number}",
            type="invoice.paid",
            object_id="in_1",
            livemode=False,
            body=event_body(),
            **fields,
        )
        for number in range(count)
    ]

    def work():
        session.execute(delete(PlatformEvent))
        session.add_all(rows)

    last = rows[-1].id
    with app.app_context(), system_scope("a test stores webhooks"):
        in_transaction(work)
    return last


def test_each_says_what_became_of_it(app, operator):
    store(app, state="stuck", tries=8, error="ProviderUnsure: no answer")
    page = operator.get("/operators/webhooks").get_data(as_text=True)
    assert "invoice.paid" in page
    assert "Stuck" in page
    assert "ProviderUnsure: no answer" in page


def test_they_are_listed_by_state(app, operator):
    store(app, state="done")
    assert "evt_0" in operator.get("/operators/webhooks?state=done").get_data(as_text=True)
    assert "evt_0" not in operator.get("/operators/webhooks?state=stuck").get_data(as_text=True)


def test_older_ones_are_on_the_next_page(app, operator):
    store(app, PAGE_SIZE + 1, state="done")
    first = operator.get("/operators/webhooks").get_data(as_text=True)
    assert "evt_0<" not in first
    (href,) = [part.split('"')[0] for part in first.split('href="') if "after=" in part.split('"')[0]]
    assert "evt_0<" in operator.get(href.replace("&amp;", "&")).get_data(as_text=True)


@pytest.mark.parametrize("query", ["state=lost", "after=x", "after=WyJ4Il0"])
def test_what_there_is_not_is_not_found(operator, query):
    assert operator.get(f"/operators/webhooks?{query}").status_code == 404


def test_a_stuck_one_waits_again_when_an_operator_says_so(app, operator):
    event_id = store(app, state="stuck", tries=8, error="x")
    assert operator.post(f"/operators/webhooks/{event_id}/retry").status_code == 303
    with app.app_context(), system_scope("a test looks"):
        row = session.get(PlatformEvent, event_id)
        assert (row.state, row.tries, row.error) == ("new", 0, "")


@pytest.mark.parametrize("state", ["done", "foreign", "new"])
def test_what_is_done_or_not_ours_is_not_done_again(app, operator, state):
    event_id = store(app, state=state)
    answer = operator.post(f"/operators/webhooks/{event_id}/retry", follow_redirects=True)
    assert "there is nothing to retry" in answer.get_data(as_text=True)


def test_nobody_else_sees_them(app):
    event_id = store(app, state="stuck")
    assert signed_in(app, is_operator=False).get("/operators/webhooks").status_code == 404
    assert app.test_client().post(f"/operators/webhooks/{event_id}/retry").status_code in (302, 404)


def test_a_webhook_that_is_not_there_is_not_found(operator):
    assert operator.post(f"/operators/webhooks/{ids.new_id()}/retry").status_code == 404
