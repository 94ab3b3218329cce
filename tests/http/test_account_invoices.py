"""What an account's page says about money, and its Invoices tab."""

from __future__ import annotations

import pytest

from cornerspot.db.transaction import transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope
from tests.factories.billing import new_account, new_draft


@pytest.fixture
def paths(story):
    """The pages of an account with a draft and of one without."""
    with story.app.app_context(), team_scope(story.team), transaction():
        billed, idle = new_account("Alster Logistik"), new_account("Delta Maritime")
        new_draft(story.owner, billed)
        return [f"/accounts/{encode_public_id('acc', account.id)}" for account in (billed, idle)]


def test_the_tab_lists_the_accounts_own_invoices_only(client, paths):
    billed, idle = (client.get(f"{path}/invoices").text for path in paths)
    assert ">DRAFT<" in billed
    assert ">DRAFT<" not in idle
    assert "No invoices for Delta Maritime" in idle


def test_the_accounts_page_leads_to_the_tab(client, paths):
    assert f'{paths[0]}/invoices"' in client.get(paths[0]).text
