"""Uncollectible invoices on their pages: marked, listed, reopened, paid late after all."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.kit import clock
from tests.factories.billing import new_draft
from tests.http.test_invoices import World, _payment_fields, path_of, post, token


@pytest.fixture
def world(story):
    return World(story)


@pytest.fixture
def overdue(world):
    """The path of an invoice of 200.00 that is due since ten days."""

    def work():
        with clock.moved_to(clock.now() - timedelta(days=40)):
            return path_of(finalize_invoice(new_draft(world.story.owner), by=world.story.owner))

    return world.run(work)


@pytest.fixture
def written_off(client, overdue):
    assert post(client, overdue, "write-off", reason="Insolvent").status_code == 303
    return overdue


def test_an_overdue_invoice_is_marked_uncollectible(client, overdue):
    page = client.get(overdue)
    assert "is not asked for any more and counts as bad debt" in page.text
    answer = post(client, overdue, "write-off", reason="Insolvent")
    page = client.get(answer.location)
    assert "Invoice INV-000001 is marked uncollectible." in page.text
    assert "Marked uncollectible: Insolvent" in page.text
    assert "Nothing asked for any more since" in page.text
    assert "Overdue" not in page.text
    assert page.text.count("Written off") == 2  # the tile, and the row that leads to a balance of zero


def test_marking_uncollectible_asks_why_in_its_dialog(client, world, overdue):
    answer = post(client, overdue, "write-off", reason=" ")
    assert answer.status_code == 422
    assert "Say why nobody will pay it" in answer.text
    assert re.search(r'id="write-off"[^>]*data-dialog-shown', answer.text)
    assert world.invoice(overdue, "status") == "open"


def test_an_invoice_that_is_not_due_yet_says_why_it_cannot_be_written_off(client, world):
    path = world.open()
    assert "It is not overdue yet, so it may still be paid." in client.get(path).text
    answer = post(client, path, "write-off", reason="Insolvent")
    assert answer.status_code == 422
    assert "not overdue yet" in answer.text


def test_the_list_has_a_tab_for_what_was_written_off(client, written_off):
    assert "INV-000001" in client.get("/invoices?status=uncollectible").text
    for other in ("void", "open", "overdue"):
        assert "INV-000001" not in client.get(f"/invoices?status={other}").text
    assert "Nothing was voided or cancelled." in client.get("/invoices?status=void").text


def test_a_written_off_invoice_is_reopened(client, world, written_off):
    assert "is owed again, due since" in client.get(written_off).text
    answer = post(client, written_off, "write-off/removal", reason="They answered")
    page = client.get(answer.location)
    assert "Invoice INV-000001 is reopened." in page.text
    assert "Reopened: They answered" in page.text
    assert world.invoice(written_off, "status") == "open"
    again = post(client, written_off, "write-off/removal")
    assert again.status_code == 422
    assert "This invoice is open already." in again.text


def test_late_money_is_recorded_on_a_written_off_invoice(client, world, written_off):
    fields = _payment_fields(client.get(written_off))
    assert fields["amount"] == "200.00"
    assert client.post(f"{written_off}/payments", data=fields | {"amount": "50"}).status_code == 303
    assert world.invoice(written_off, "status") == "partially_paid"


def test_a_manager_neither_writes_off_nor_reopens(story, client, overdue):
    manager = story.sign_in("manager")
    page = manager.get(overdue)
    assert 'id="write-off"' not in page.text
    fields = {"csrf_token": token(page), "reason": "Insolvent"}
    assert manager.post(f"{overdue}/write-off", data=fields).status_code == 403
    assert post(client, overdue, "write-off", reason="Insolvent").status_code == 303
    assert manager.post(f"{overdue}/write-off/removal", data=fields).status_code == 403
