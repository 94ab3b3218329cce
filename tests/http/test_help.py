"""Help, and where the sidebar's Help leads."""

from __future__ import annotations


def test_help_tells_the_way_from_a_deal_to_a_paid_invoice(client):
    page = client.get("/help").get_data(as_text=True)
    for words in ("Add an account", "Mark it won", "Mark Won + Convert", "Finalize the invoice", "Record the payment"):
        assert words in page


def test_every_page_of_the_team_leads_to_help(client):
    page = client.get("/").get_data(as_text=True)
    assert '/help"' in page
