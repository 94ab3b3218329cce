"""The portal's invoices: seen, opened and paid by members of one account, as the account writes money."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import CheckoutAttempt, Invoice
from cornerspot.billing.online.checkout import NOT_SET_UP, UNDER_WAY
from cornerspot.billing.settings import billing_settings
from cornerspot.billing.voiding import void_invoice
from cornerspot.billing.writing_off import write_off_invoice
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.kit import clock
from cornerspot.kit.ids import encode_public_id
from cornerspot.plans.assigning import assign_plan
from cornerspot.tenancy import team_scope
from tests.factories.billing import line, new_account, new_draft
from tests.factories.online import processor
from tests.factories.portal import browser_with, member_browser, new_member


@pytest.fixture
def shop(app, story):
    """A team connected to the stand-in, with every call going there."""
    with app.app_context(), team_scope(story.team), processor(story.owner) as made:
        yield made


@pytest.fixture
def account(team):
    made = new_account("Acme GmbH")
    session.commit()
    return made


@pytest.fixture
def member(account):
    made = new_member(account)
    session.commit()
    return made


@pytest.fixture
def browser(story, member):
    return member_browser(story, member.id)


def finalized(story, account, unit_price="100", **fields):
    """A finalized invoice over two of these, committed; its id."""

    def work():
        draft = new_draft(story.owner, account=account, lines=[line(unit_price=unit_price)], **fields)
        return finalize_invoice(draft, by=story.owner).id

    return in_transaction(work)


def path(invoice_id, more=""):
    return f"/portal/invoices/{encode_public_id('inv', invoice_id)}{more}"


def read(invoice_id):
    statement = select(Invoice).where(Invoice.id == invoice_id)
    return in_transaction(lambda: session.scalars(statement.execution_options(populate_existing=True)).one())


def change(work):
    in_transaction(work)


def csrf(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


def pay(browser, invoice_id, **fields):
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    return browser.post(path(invoice_id, "/checkout"), data={"csrf_token": csrf(page)} | fields)


def apart(browser, address):
    """The answer to a browser that knows nothing of what the test's own app context remembers."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(browser.get, address).result()


def test_the_list_shows_what_was_issued_and_never_a_draft(team, story, account, browser):
    invoice_id = finalized(story, account)
    cancelled = new_draft(story.owner, account=account, lines=[line("Withdrawn thing")])
    draft = new_draft(story.owner, account=account, lines=[line("Secret draft", unit_price="77.77")])
    hidden_ids = (draft.id, cancelled.id)
    session.commit()
    cancel_invoice(cancelled, by=story.owner)
    session.commit()
    page = browser.get("/portal/invoices").get_data(as_text=True)
    assert read(invoice_id).number in page
    assert "155.54" not in page
    for hidden in hidden_ids:
        for more in ("", "/pdf", "/done"):
            assert browser.get(path(hidden, more)).status_code == 404


def test_the_list_is_filtered_and_searched(team, story, account, browser):
    paid, open_ = finalized(story, account, "0"), finalized(story, account)
    numbers = {name: read(invoice_id).number for name, invoice_id in (("paid", paid), ("open", open_))}
    for status, shown, hidden in (("paid", "paid", "open"), ("open", "open", "paid")):
        page = browser.get(f"/portal/invoices?status={status}").get_data(as_text=True)
        assert numbers[shown] in page
        assert numbers[hidden] not in page
    assert "Nothing is overdue" in browser.get("/portal/invoices?status=overdue").get_data(as_text=True)
    found = browser.get(f"/portal/invoices?q={numbers['paid'].lower()}").get_data(as_text=True)
    assert numbers["paid"] in found
    assert numbers["open"] not in found
    assert "No invoice has this number" in browser.get("/portal/invoices?q=%25").get_data(as_text=True)


def test_the_list_goes_on_by_pages(team, story, account, browser):
    for _ in range(27):
        draft = new_draft(story.owner, account=account)
        finalize_invoice(draft, by=story.owner)
    session.commit()
    first = browser.get("/portal/invoices").get_data(as_text=True)
    assert first.count('class="row-link"') == 25
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = browser.get(following.removeprefix(browser.prefix)).get_data(as_text=True)
    assert second.count('class="row-link"') == 2
    assert 'rel="prev"' in second


def test_pages_ask_the_database_little(shop, story, account, browser, query_counter):
    ids = [finalized(story, account) for _ in range(3)]
    for address, most in (("/portal/invoices", 8), (path(ids[0]), 15), ("/portal/", 15)):
        browser.get(address)
        with query_counter() as sent:
            assert browser.get(address).status_code == 200
        assert len(sent) <= most, (address, sent)


def test_an_invoice_is_opened_printed_and_paid(shop, story, account, member, browser):
    invoice_id = finalized(story, account)
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    assert "Pay €200.00" in page
    assert "SEPA Direct Debit" in page
    assert browser.get(path(invoice_id, "/pdf")).get_data().startswith(b"%PDF")
    to_processor = pay(browser, invoice_id)
    attempt = shop.attempts(invoice_id)[-1]
    assert (to_processor.status_code, to_processor.location) == (303, attempt.session_url)
    assert (attempt.channel, attempt.portal_user_id) == ("portal", member.id)
    shop.standin.pay_with_card(attempt.session_id)
    done = browser.get(path(invoice_id, f"/done?session_id={attempt.session_id}")).get_data(as_text=True)
    assert "Payment received" in done
    assert read(invoice_id).status == "paid"
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    assert "Pay €" not in page
    assert "Completed" in page


def test_the_processor_brings_the_payer_back_to_the_portal(shop, story, account, browser):
    invoice_id = finalized(story, account)
    pay(browser, invoice_id)
    request = shop.attempts(invoice_id)[-1].request
    assert path(invoice_id, "/done") in request["success_url"]
    assert request["cancel_url"].endswith(path(invoice_id, "/left"))
    assert browser.get(path(invoice_id, "/left")).location.endswith(path(invoice_id))


def test_a_payer_by_link_who_leaves_the_members_page_is_shown_the_way_back(shop, story, account, browser):
    invoice_id = finalized(story, account)
    pay(browser, invoice_id)  # Somebody with the pay link is led to the same page, and presses Back there.
    answer = apart(browser_with(story.app, story.team, "nobody"), path(invoice_id, "/left"))
    assert answer.status_code == 200
    assert "Nothing was paid" in answer.text
    assert "open again the link" in answer.text
    assert read(invoice_id).number not in answer.text


def test_a_payer_without_an_account_here_hears_what_came_of_it_and_nobody_else(shop, story, account, browser):
    invoice_id = finalized(story, account)
    pay(browser, invoice_id)
    attempt = shop.attempts(invoice_id)[-1]
    shop.standin.pay_with_card(attempt.session_id)  # Somebody with the pay link is led to the same page.
    payer = browser_with(story.app, story.team, "nobody")
    other = shop.open_page(shop.invoice()).session_id
    for proof in ("", "cs_made_up", other):
        assert apart(payer, path(invoice_id, f"/done?session_id={proof}")).status_code == 404
    answer = apart(payer, path(invoice_id, f"/done?session_id={attempt.session_id}"))
    assert answer.status_code == 200
    assert "Payment received" in answer.get_data(as_text=True)
    assert "/portal/invoices" not in answer.get_data(as_text=True)
    assert read(invoice_id).status == "paid"


def test_a_bank_debit_on_its_way_takes_the_button_away(shop, story, account, browser):
    invoice_id = finalized(story, account)
    pay(browser, invoice_id)
    attempt = shop.attempts(invoice_id)[-1]
    shop.standin.pay_by_bank(attempt.session_id)
    done = browser.get(path(invoice_id, f"/done?session_id={attempt.session_id}")).get_data(as_text=True)
    assert "on its way" in done
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    assert "Pay €" not in page
    assert "Processing" in browser.get("/portal/invoices").get_data(as_text=True)
    refused = browser.post(path(invoice_id, "/checkout"), data={"csrf_token": csrf(page)})
    assert refused.status_code == 422
    assert UNDER_WAY in refused.get_data(as_text=True)


def test_a_part_is_read_as_the_member_writes_it(shop, story, browser, account, member):
    change(lambda: setattr(billing_settings(), "part_payments", True))
    change(lambda: setattr(session.merge(member), "locale", "de"))
    invoice_id = finalized(story, account)
    assert pay(browser, invoice_id, amount="50,50").status_code == 303
    assert shop.attempts(invoice_id)[-1].amount_minor == 5050


@pytest.mark.parametrize(
    ("locale", "amount"), [("de", "1.234,50\xa0€"), ("fr", "1\u202f234,50\xa0€"), ("en", "€1,234.50")]
)
def test_money_is_written_by_the_members_locale(team, story, account, member, browser, locale, amount):
    invoice_id = finalized(story, account, "617.25")
    change(lambda: setattr(session.merge(account), "locale", "sv"))
    change(lambda: setattr(session.merge(member), "locale", locale))
    for address in (path(invoice_id), "/portal/invoices", "/portal/"):
        assert amount in browser.get(address).get_data(as_text=True), address


def test_without_a_choice_money_is_written_as_for_the_account(team, story, account, browser):
    change(lambda: setattr(session.merge(account), "locale", "de"))
    assert "200,00\xa0€" in browser.get(path(finalized(story, account))).get_data(as_text=True)


def test_a_void_invoice_is_shown_as_void_with_nothing_to_pay(shop, story, account, browser):
    invoice_id = finalized(story, account)
    change(lambda: void_invoice(session.merge(read(invoice_id)), reason="Wrong customer", by=story.owner))
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    assert "<del>€200.00</del>" in page
    assert "Pay €" not in page
    assert "Wrong customer" not in page


def test_a_written_off_invoice_has_no_button(shop, story, account, browser):
    invoice_id = finalized(story, account)
    with clock.moved_to(clock.now() + timedelta(days=60)):
        change(lambda: write_off_invoice(session.merge(read(invoice_id)), reason="Insolvent", by=story.owner))
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    assert "Please get in touch" in page
    assert "Pay €" not in page
    assert "Insolvent" not in page
    assert "Closed" in browser.get("/portal/invoices").get_data(as_text=True)


def test_without_online_payments_the_page_says_how_to_pay(team, story, account, browser):
    invoice_id = finalized(story, account)
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    assert NOT_SET_UP in page
    refused = browser.post(path(invoice_id, "/checkout"), data={"csrf_token": csrf(page)})
    assert refused.status_code == 422
    assert NOT_SET_UP in refused.get_data(as_text=True)


def test_a_plan_without_online_payments_shows_no_button(shop, story, account, browser):
    invoice_id = finalized(story, account)
    change(lose_online_payments)
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    assert "Pay €" not in page
    refused = browser.post(path(invoice_id, "/checkout"), data={"csrf_token": csrf(page)})
    assert (refused.status_code, NOT_SET_UP in refused.get_data(as_text=True)) == (422, True)


def lose_online_payments():
    from cornerspot.plans.features import Feature
    from cornerspot.plans.models import FeatureSwitch

    session.add(FeatureSwitch(feature=Feature.ONLINE_PAYMENTS))


def test_a_team_that_lost_its_portal_shows_nothing(app, story, account, browser):
    invoice_id = finalized(story, account)
    number = read(invoice_id).number
    session.commit()
    change(lambda: assign_plan("free_v1", end_trial=True))
    for address in ("/portal/", "/portal/invoices", path(invoice_id), path(invoice_id, "/pdf")):
        answer = browser.get(address)
        assert answer.status_code == 402
        assert number not in answer.get_data(as_text=True)


def test_a_look_counts_only_when_a_browser_shows_the_page(team, story, account, member, browser):
    invoice_id = finalized(story, account)
    page = browser.get(path(invoice_id)).get_data(as_text=True)
    assert read(invoice_id).viewed_at is None
    token = re.search(r'data-csrf="([^"]+)"', page)[1]
    assert browser.post(path(invoice_id, "/view"), headers={"X-CSRFToken": token}).status_code == 204
    assert read(invoice_id).viewed_at is not None
    browser.post(path(invoice_id, "/view"), headers={"X-CSRFToken": token})
    told = (ActivityEntry.subject_id == invoice_id, ActivityEntry.event == "viewed")
    [entry] = session.scalars(select(ActivityEntry).where(*told)).all()
    assert (entry.actor_kind, entry.author) == ("portal_user", member.name)


def test_pressing_the_button_counts_as_a_look(shop, story, account, browser):
    invoice_id = finalized(story, account)
    pay(browser, invoice_id)
    assert read(invoice_id).viewed_at is not None


def test_another_accounts_invoice_is_not_there(shop, story, account, browser):
    other = finalized(story, new_account("Other Ltd"))
    for answer in (browser.get(path(other)), browser.get(path(other, "/pdf")), browser.get(path(other, "/done"))):
        assert answer.status_code == 404
    token = csrf(browser.get("/portal/").get_data(as_text=True))
    assert browser.post(path(other, "/checkout"), data={"csrf_token": token}).status_code == 404
    with transaction():
        assert session.scalars(select(CheckoutAttempt)).all() == []
