"""Settings → Invoices: pattern, terms, texts."""

from __future__ import annotations

import re

import pytest

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.settings import billing_settings
from cornerspot.db.transaction import transaction
from cornerspot.tenancy import team_scope
from tests.factories.billing import new_draft


def save(client, **fields):
    page = client.get("/settings/invoices")
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
    version = re.search(r'name="version"[^>]*value="([^"]*)"', page.text)[1]
    base = {"number_pattern": "INV-{seq:06}", "default_terms_days": "30", "version": version}
    return client.post("/settings/invoices", data={"csrf_token": csrf} | base | fields)


def test_the_page_shows_the_next_number(client, story):
    assert "INV-000001" in client.get("/settings/invoices").text
    with story.app.app_context(), team_scope(story.team), transaction():
        finalize_invoice(new_draft(story.owner), by=story.owner)
    assert "INV-000002" in client.get("/settings/invoices").text


def test_a_new_pattern_goes_on_with_the_counter(client, story):
    assert save(client, number_pattern="R{YYYY}-{seq:04}", default_terms_days="15").status_code == 303
    with story.app.app_context(), team_scope(story.team), transaction():
        assert billing_settings().default_terms_days == 15
        number = finalize_invoice(new_draft(story.owner), by=story.owner).number
    assert re.fullmatch(r"R\d{4}-0001", number)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"number_pattern": "INV"}, "exactly once"),
        ({"number_pattern": "{seq}{seq}"}, "exactly once"),
        ({"number_pattern": "{week}-{seq}"}, "is not known"),
        ({"number_pattern": "}{ {seq}"}, "plain text"),
        ({"number_pattern": "x" * 40 + "{seq}"}, "longer than 32"),
        ({"number_pattern": "INV-{seq}", "restart_yearly": "y"}, "needs the year"),
        ({"number_pattern": ""}, "Enter a pattern"),
        ({"default_terms_days": "31"}, "payment terms from the list"),
        ({"footer": "x" * 501}, "up to 500"),
    ],
)
def test_a_pattern_that_cannot_number_is_refused_at_its_field(client, fields, words):
    answer = save(client, **fields)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_pattern_may_not_meet_a_number_typed_by_hand(client, story):
    with story.app.app_context(), team_scope(story.team), transaction():
        finalize_invoice(new_draft(story.owner, manual_number="R-7"), by=story.owner)
    answer = save(client, number_pattern="R-{seq}")
    assert answer.status_code == 422
    assert "R-7" in answer.text


def test_a_second_save_from_an_old_page_is_refused(client):
    assert save(client, footer="Theirs").status_code == 303
    answer = save(client, footer="Mine", version="1")
    assert answer.status_code == 422
    assert "Mine" in answer.text
    assert "Somebody else saved" in answer.text


def test_a_manager_has_no_settings(story):
    assert story.sign_in("manager").get("/settings/invoices").status_code == 403
