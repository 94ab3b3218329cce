"""The pages behind a pay link: one invoice, for whoever holds the link, paid at the processor."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.models import Invoice, PayLink
from cornerspot.billing.online.checkout import JUST_PAID, NOT_SET_UP, UNDER_WAY
from cornerspot.billing.pay_links import ensure_pay_link, pay_token, reissue_pay_link, revoke_pay_link
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.tenancy import team_scope
from tests.factories.online import processor


@pytest.fixture
def shop(app, story):
    """A team connected to the stand-in, with every call going there."""
    with app.app_context(), team_scope(story.team), processor(story.owner) as made:
        yield made


@pytest.fixture
def stranger(app, story):
    """A browser of somebody who has never been here."""
    return Visitor(app.test_client(), story.team.slug)


class Visitor:
    """Opens addresses of a team without being signed in."""

    def __init__(self, browser, slug):
        self.browser, self.slug = browser, slug

    def get(self, path, **options):
        return self.browser.get(f"/{self.slug}{path}", **options)

    def post(self, path, **options):
        return self.browser.post(f"/{self.slug}{path}", **options)

    def pay(self, token, **fields):
        """Press the button of the page, as a form without scripts does."""
        page = self.get(f"/pay/{token}").get_data(as_text=True)
        return self.post(f"/pay/{token}/checkout", data={"csrf_token": _csrf(page)} | fields)


def _csrf(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


def link_to(invoice_id):
    return in_transaction(lambda: pay_token(ensure_pay_link(_invoice(invoice_id)).id))


def _invoice(invoice_id):
    return session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()


def test_the_link_opens_its_invoice_and_pays_it(shop, stranger):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    page = stranger.get(f"/pay/{token}")
    assert page.status_code == 200
    assert "€200.00" in page.get_data(as_text=True)
    to_processor = stranger.pay(token)
    assert to_processor.status_code == 303
    attempt = shop.attempts(invoice_id)[-1]
    assert to_processor.location == attempt.session_url
    shop.standin.pay_with_card(attempt.session_id)
    done = stranger.get(f"/pay/{token}/done?session_id={attempt.session_id}").get_data(as_text=True)
    assert "Payment received" in done
    assert shop.read(invoice_id).status == "paid"
    assert "Pay €" not in stranger.get(f"/pay/{token}").get_data(as_text=True)


def test_a_bank_debit_is_said_to_be_on_its_way(shop, stranger):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    stranger.pay(token)
    attempt = shop.attempts(invoice_id)[-1]
    shop.standin.pay_by_bank(attempt.session_id)
    done = stranger.get(f"/pay/{token}/done?session_id={attempt.session_id}").get_data(as_text=True)
    assert "on its way" in done
    page = stranger.get(f"/pay/{token}").get_data(as_text=True)
    assert "is on its way" in page
    assert "Pay €" not in page
    again = stranger.post(f"/pay/{token}/checkout", data={"csrf_token": _any_token(stranger, token)})
    assert again.status_code == 422
    assert UNDER_WAY in again.get_data(as_text=True)


def _any_token(stranger, token):
    page = stranger.get(f"/pay/{token}").get_data(as_text=True)
    return re.search(r'data-csrf="([^"]+)"', page)[1]


def test_pressing_twice_leads_to_one_page(shop, stranger):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    assert stranger.pay(token).location == stranger.pay(token).location
    assert len(shop.attempts(invoice_id)) == 1


def test_coming_back_before_anything_was_paid_never_says_failed(shop, stranger):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    stranger.pay(token)
    session_id = shop.attempts(invoice_id)[-1].session_id
    done = stranger.get(f"/pay/{token}/done?session_id={session_id}").get_data(as_text=True)
    assert "Checking your payment" in done
    for wrong in ("", "cs_of_somebody_else"):
        assert "Checking your payment" in stranger.get(f"/pay/{token}/done?session_id={wrong}").get_data(as_text=True)


def test_the_button_of_a_page_paid_meanwhile_says_so(shop, stranger):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    stranger.pay(token)
    attempt = shop.attempts(invoice_id)[-1]
    shop.standin.pay_with_card(attempt.session_id)
    with clock.moved_to(clock.now() + timedelta(hours=2)):  # The page would have expired by now.
        answer = stranger.pay(token)
    assert answer.status_code == 422
    assert JUST_PAID in answer.get_data(as_text=True)


def test_a_payer_whose_link_ended_meanwhile_still_hears_what_came_of_it(shop, stranger, story):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    stranger.pay(token)
    session_id = shop.attempts(invoice_id)[-1].session_id
    in_transaction(lambda: revoke_pay_link(_invoice(invoice_id), by=story.owner))
    shop.standin.pay_with_card(session_id)
    back = stranger.get(f"/pay/{token}/done?session_id={session_id}")
    assert back.status_code == 200
    assert "Payment received" in back.get_data(as_text=True)
    assert "Back to the invoice" not in back.get_data(as_text=True)
    other = shop.open_page(shop.invoice()).session_id
    for proof in ("", "cs_made_up", other):
        answer = stranger.get(f"/pay/{token}/done?session_id={proof}")
        assert answer.status_code == 410
        assert "200.00" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("spoil", ["revoked", "replaced", "expired"])
def test_a_link_that_no_longer_works_shows_nothing(shop, stranger, story, spoil):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    _spoil(invoice_id, spoil, by=story.owner)
    number = shop.read(invoice_id).number
    for answer in (
        stranger.get(f"/pay/{token}"),
        stranger.get(f"/pay/{token}/pdf"),
        stranger.get(f"/pay/{token}/done"),
    ):
        assert answer.status_code == 410
        assert number not in answer.get_data(as_text=True)
    assert stranger.get(f"/pay/{token}/logo").status_code == 404


def _spoil(invoice_id, how, *, by):
    def work():
        if how == "revoked":
            revoke_pay_link(_invoice(invoice_id), by=by)
        elif how == "replaced":
            reissue_pay_link(_invoice(invoice_id), by=by)
        else:
            session.scalars(select(PayLink)).one().expires_at = clock.now() - timedelta(seconds=1)

    in_transaction(work)


@pytest.mark.parametrize(
    "spoil", ["", "x", "pl_0000", "{id}", "{id}.", "{id}.00000000000000000000000000000000", "{id}.é"]
)
def test_a_made_up_link_is_not_found(shop, stranger, spoil):
    token = link_to(shop.invoice())
    wrong = spoil.replace("{id}", token.partition(".")[0])
    assert stranger.get(f"/pay/{wrong}").status_code == 404


def test_a_link_is_of_its_team_alone(app, shop, stranger):
    from tests.factories.teams import open_story

    token = link_to(shop.invoice())
    other = Visitor(app.test_client(), open_story(app).team.slug)
    assert other.get(f"/pay/{token}").status_code == 404


def test_a_look_counts_only_when_a_persons_browser_shows_the_page(shop, stranger, story):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    stranger.get(f"/pay/{token}")
    assert shop.read(invoice_id).viewed_at is None  # What fetched it may have been a mail scanner.
    answer = stranger.post(f"/pay/{token}/view", headers={"X-CSRFToken": _any_token(stranger, token)})
    assert answer.status_code == 204
    assert shop.read(invoice_id).viewed_at is not None
    stranger.post(f"/pay/{token}/view", headers={"X-CSRFToken": _any_token(stranger, token)})
    stranger.pay(token)  # They have looked already.
    assert in_transaction(lambda: session.scalars(select(PayLink.views)).one()) == 2
    assert viewers_of(invoice_id) == ["the customer"]


def viewers_of(invoice_id):
    """Who looked first, as the timeline tells it."""
    told = (ActivityEntry.subject_id == invoice_id, ActivityEntry.event == "viewed")
    return in_transaction(lambda: list(session.scalars(select(ActivityEntry.actor_name).where(*told))))


def test_a_teammate_who_looks_does_not_count(shop, client):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    page = client.get(f"/pay/{token}").get_data(as_text=True)
    sent = client.post(f"/pay/{token}/view", headers={"X-CSRFToken": re.search(r'data-csrf="([^"]+)"', page)[1]})
    assert sent.status_code == 204
    assert shop.read(invoice_id).viewed_at is None


def test_without_a_connection_the_page_says_what_to_do(app, story, stranger, team):
    from cornerspot.billing.finalizing import finalize_invoice
    from tests.factories.billing import line, new_draft

    invoice = finalize_invoice(new_draft(story.owner, lines=[line()]), by=story.owner)
    token = pay_token(ensure_pay_link(invoice).id)
    session.commit()
    page = stranger.get(f"/pay/{token}").get_data(as_text=True)
    assert NOT_SET_UP in page
    assert "Pay €" not in page


def test_a_part_is_taken_where_the_team_takes_parts(shop, stranger):
    from cornerspot.billing.settings import billing_settings

    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    assert stranger.pay(token, amount="50").status_code == 422
    in_transaction(lambda: setattr(billing_settings(), "part_payments", True))
    low = stranger.pay(token, amount="1")
    assert low.status_code == 422
    assert "Pay from €20.00 to €200.00." in low.get_data(as_text=True)
    assert 'value="1"' in low.get_data(as_text=True)
    assert stranger.pay(token, amount="50").status_code == 303
    assert shop.attempts(invoice_id)[-1].amount_minor == 5000


def test_another_amount_closes_the_first_page_at_the_processor(shop, stranger):
    from cornerspot.billing.settings import billing_settings

    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    in_transaction(lambda: setattr(billing_settings(), "part_payments", True))
    stranger.pay(token, amount="50")
    stranger.pay(token)
    first, second = shop.attempts(invoice_id)
    assert (first.state, second.state) == ("expired", "open")
    assert (first.amount_minor, second.amount_minor) == (5000, 20000)


def test_the_page_asks_the_database_little(shop, stranger, query_counter):
    token = link_to(shop.invoice())
    stranger.get(f"/pay/{token}")
    with query_counter() as sent:
        assert stranger.get(f"/pay/{token}").status_code == 200
    assert len(sent) <= 15


def test_the_page_loads_nothing_of_others(shop, stranger):
    page = stranger.get(f"/pay/{link_to(shop.invoice())}")
    text = page.get_data(as_text=True)
    assert re.findall(r'(?:src|href)="(https?:)?//', text) == []
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    assert "stripe.com" in policy.pop("form-action")  # A browser holds the redirect after a form to this too.
    assert [source for source in policy.values() if "stripe.com" in source] == []


def test_the_pdf_is_made_for_whoever_asks_before_the_worker(shop, stranger):
    invoice_id = shop.invoice()
    token = link_to(invoice_id)
    first = stranger.get(f"/pay/{token}/pdf")
    assert first.data.startswith(b"%PDF")
    again = stranger.get(
        f"/pay/{token}/pdf", headers={"If-None-Match": stranger.get(f"/pay/{token}/pdf").headers["ETag"]}
    )
    assert again.status_code == 304
