"""A team with Billing and no CRM keeps the customers that its invoices are for."""

from __future__ import annotations

import pytest

from cornerspot.crm.accounts import AccountInput, create_account
from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import FeatureMissing
from cornerspot.plans.features import Feature
from cornerspot.plans.switching import switch_off
from cornerspot.tenancy import team_scope
from tests.factories.teams import Story, TeamClient, open_story

JSON = {"Accept": "application/json"}


@pytest.fixture
def biller(app, monkeypatch) -> Story:
    """A team on the plan Billing. Posts need no CSRF token: test_edge proves that the app asks for one."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    return open_story(app, plan_key="billing_v1")


@pytest.fixture
def browser(biller) -> TeamClient:
    return biller.sign_in("owner")


def made_account(browser: TeamClient) -> str:
    """The path of a new account's page."""
    answer = browser.post("/accounts", data={"name": "Bäckerei Süß", "terms_days": "", "locale": "", "currency": ""})
    assert answer.status_code == 303
    return answer.headers["Location"].removeprefix(browser.prefix)


def test_accounts_and_contacts_can_be_kept_without_the_crm(browser):
    path = made_account(browser)
    assert browser.get(path).status_code == 200
    assert browser.get(f"{path}/edit").status_code == 200
    assert browser.get(f"{path}/invoices").status_code == 200
    account_id = path.rpartition("/")[2]
    assert browser.get(f"/contacts/new?account={account_id}").status_code == 200
    assert browser.post("/contacts", data={"last_name": "Süß", "email": "s@example.com"}).status_code == 303
    assert browser.get("/contacts").status_code == 200
    assert browser.post(f"{path}/archive").status_code == 303


def test_deals_still_need_the_crm(browser):
    made_account(browser)
    for path in ("/deals/new", "/settings/pipelines"):
        assert browser.get(path, headers=JSON).status_code == 402, path
    assert browser.post("/deals", data={}, headers=JSON).status_code == 402


def test_the_sidebar_offers_customers_and_explains_deals(browser):
    page = browser.get("/accounts").text
    assert f'href="{browser.prefix}/contacts"' in page
    assert f'href="{browser.prefix}/accounts/new"' in page
    assert f'href="{browser.prefix}/deals/new"' not in page


def test_the_account_page_of_such_a_team_does_not_talk_of_deals(browser):
    path = made_account(browser)
    page = browser.get(path).text
    assert "New deal" not in page
    assert f"{path}/deals" not in page


def test_without_either_feature_nobody_can_be_added(biller, browser):
    path = made_account(browser)
    with biller.app.app_context(), team_scope(biller.team), transaction():
        switch_off(Feature.BILLING, by=biller.owner)
    assert browser.get(path).status_code == 200, "records stay readable"
    assert "switched off" not in browser.get("/contacts/choices").text
    refused = browser.get("/accounts/new", headers=JSON)
    assert refused.status_code == 402
    assert (refused.get_json()["feature"], refused.get_json()["answer"]) == ("billing", "switched_off")
    with biller.app.app_context(), team_scope(biller.team), pytest.raises(FeatureMissing, match="CRM or Billing"):
        create_account(AccountInput(name="One too many"), by=biller.owner)


def test_the_crm_alone_is_enough_too(app, biller):
    browser = open_story(app, plan_key="free_v1").sign_in("owner")
    page = browser.get(made_account(browser))
    assert page.status_code == 200
    assert "Bäckerei Süß" in page.text
