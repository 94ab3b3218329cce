"""The Trash of invoices: what is in it, what comes back, and what is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cornerspot.billing.deleting import KEPT_FOR, delete_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.trash import trash_page
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.tenancy import team_scope
from tests.factories.billing import new_account, new_draft
from tests.factories.teams import open_story

pytestmark = pytest.mark.usefixtures("without_tokens")


@pytest.fixture
def discard(app, story):
    """Drafts for customers of these names, deleted one after the other."""

    def work(*names):
        with app.app_context(), team_scope(story.team), transaction():
            for name in names:
                delete_invoice(new_draft(story.owner, new_account(name)), by=story.owner)

    return work


def test_a_deleted_draft_is_listed_and_comes_back(client, discard):
    discard("Acme GmbH")
    page = client.get("/invoices/trash")
    assert page.status_code == 200
    assert "Acme GmbH" in page.text
    action = page.text.partition("/restoration")[0].rpartition('action="')[2]
    assert client.post(f"{action}/restoration").status_code == 303
    assert "The Trash is empty" in client.get("/invoices/trash").text


def test_the_list_leads_to_the_trash_even_when_nothing_else_is_there(client, discard):
    discard("Acme GmbH")
    assert "/invoices/trash" in client.get("/invoices").text


def test_the_last_deleted_comes_first_and_pages_go_both_ways(app, story, discard):
    with clock.moved_to(clock.now() - timedelta(days=2)):
        discard("Older")
    discard("Newer")
    with app.app_context(), team_scope(story.team):
        first = trash_page(size=1)
        second = trash_page(size=1, cursor=first.next_cursor)
        assert [row.account.name for row in first.rows + second.rows] == ["Newer", "Older"]
        assert trash_page(size=1, cursor=second.previous_cursor).rows == first.rows


def test_what_waits_to_be_purged_is_left_out(app, story, discard):
    with clock.moved_to(clock.now() - KEPT_FOR - timedelta(hours=1)):
        discard("Long gone")
    with app.app_context(), team_scope(story.team):
        assert trash_page().rows == []
        assert session.query(Invoice).filter(Invoice.deleted_at.is_not(None)).count() == 1


def test_the_trash_of_another_team_is_not_there(app, discard, client):
    discard("Acme GmbH")
    assert "Acme GmbH" not in open_story(app).sign_in().get("/invoices/trash").text


def test_the_page_asks_as_little_of_many_rows_as_of_one(client, discard, query_counter):
    discard("One")
    client.get("/invoices/trash")
    with query_counter() as few:
        client.get("/invoices/trash")
    discard(*(f"Customer {number}" for number in range(20)))
    with query_counter() as many:
        client.get("/invoices/trash")
    assert len(many) == len(few) <= 8
