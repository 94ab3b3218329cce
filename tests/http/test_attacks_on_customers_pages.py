"""What strangers, members and programs try on the portal and on pay pages, and do not get."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from cornerspot.billing.models import CheckoutAttempt, Invoice, PayLink
from cornerspot.billing.pay_links import ensure_pay_link, pay_token
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.documents.files import store_file
from cornerspot.documents.pictures import PNG
from cornerspot.kit.ids import encode_public_id
from cornerspot.plans.assigning import assign_plan
from cornerspot.portal.links import begin_link
from cornerspot.portal.models import LinkPurpose, Membership
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.hosts import add_verified_host
from tests.factories.billing import new_account
from tests.factories.crm import make_account
from tests.factories.online import processor
from tests.factories.people import PASSWORD, Browser
from tests.factories.pictures import picture
from tests.factories.portal import member_browser, new_invitation, new_member
from tests.factories.teams import open_story

EVIL = "http://evil.example"


@pytest.fixture
def member(story):
    """An active member of the story's portal: (e-mail, id)."""
    with story.app.app_context(), team_scope(story.team), transaction():
        user = new_member(make_account("Acme GmbH"))
        return user.email, user.id


@pytest.fixture
def shop(app, story):
    """A team connected to the stand-in, with every call going there."""
    with app.app_context(), team_scope(story.team), processor(story.owner) as made:
        yield made


def pay_path(invoice_id):
    def work():
        invoice = session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()
        return f"/pay/{pay_token(ensure_pay_link(invoice).id)}"

    return in_transaction(work)


def link_for(story, email, purpose=LinkPurpose.SIGN_IN):
    """The address of a one-time link, as the mail has it."""
    with story.app.app_context(), team_scope(story.team), transaction():
        _, token = begin_link(email, purpose)
    page = "sign-in/links" if purpose == LinkPurpose.SIGN_IN else "password/reset"
    return f"/{story.team.slug}/portal/{page}/{token}"


def invitation_of(story):
    with story.app.app_context(), team_scope(story.team), transaction():
        user = new_member(make_account(), state=Membership.INVITED)
        return f"/{story.team.slug}/portal/invitations/{new_invitation(user)}"


def apart(work, *given):
    """What the work gives in a thread of its own: outside of the app context that a test may hold."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work, *given).result()


def at_once(app, link, **fields):
    """The statuses of two browsers that send the link's form at the same moment."""
    start = Barrier(2)

    def send():
        browser = Browser(app)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(link).text)[1]
        start.wait()
        return browser.post(link, data={"csrf_token": token, **fields}).status_code

    with ThreadPoolExecutor(2) as pool:
        return sorted(done.result() for done in [pool.submit(send) for _ in range(2)])


# Addresses to come back to


@pytest.mark.parametrize("forged", [EVIL, "http://6.6.6.6", "http://localhost.evil.example:8000"])
def test_a_forged_host_sends_no_payer_elsewhere(app, shop, story, forged):
    invoice_id = shop.invoice()
    path = f"/{story.team.slug}{pay_path(invoice_id)}"

    def pay():
        browser = app.test_client()
        page = browser.get(path, base_url=forged).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        return browser.post(f"{path}/checkout", data={"csrf_token": token}, base_url=forged).status_code

    assert apart(pay) == 303
    [attempt] = shop.attempts(invoice_id)
    for name in ("success_url", "cancel_url"):
        assert attempt.request[name].startswith(f"{app.config['SETTINGS'].external_url}{path}")


def test_a_payer_comes_back_to_the_teams_own_host(app, shop, story):
    host = f"billing.{story.team.slug}.example"
    in_transaction(lambda: add_verified_host(host))
    in_transaction(lambda: assign_plan("scale_v1"))
    invoice_id = shop.invoice()
    path = pay_path(invoice_id)

    def pay():
        browser = app.test_client()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(path, base_url=f"https://{host}").text)[
            1
        ]
        form = {"csrf_token": token}
        return browser.post(f"{path}/checkout", data=form, base_url=f"https://{host}").status_code

    assert apart(pay) == 303
    assert shop.attempts(invoice_id)[0].request["success_url"].startswith(f"https://{host}{path}/done")


# Links that work once


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_programs_that_open_links_of_a_mail_use_none_up(app, story, member, method):
    email, _ = member
    links = [link_for(story, email), link_for(story, email, LinkPurpose.PASSWORD_RESET), invitation_of(story)]
    for link in links:
        for _ in range(3):
            assert getattr(app.test_client(), method)(link).status_code == 200
    phrase = "a quiet harbour wall"
    assert Browser(app).submit(links[2], name="Mona", password=phrase).status_code == 303
    assert Browser(app).submit(links[0]).status_code == 303
    assert Browser(app).submit(links[1], password=phrase).status_code == 303


def test_a_program_that_opens_the_pay_link_is_no_view(app, shop, story):
    invoice_id = shop.invoice()
    path = f"/{story.team.slug}{pay_path(invoice_id)}"
    for method in ("get", "head"):
        for page in (path, f"{path}/pdf", f"{path}/done"):
            assert apart(getattr(app.test_client(), method), page).status_code == 200
    assert shop.read(invoice_id).viewed_at is None
    assert in_transaction(lambda: session.scalars(select(PayLink.views)).one()) == 0


def test_two_at_once_come_in_by_one_link_once(app, story, member):
    assert at_once(app, link_for(story, member[0])) == [303, 410]
    reset = link_for(story, member[0], LinkPurpose.PASSWORD_RESET)
    assert at_once(app, reset, password="a quiet harbour wall") == [303, 410]
    assert at_once(app, invitation_of(story), name="Mona", password="a quiet harbour wall") == [303, 410]


def test_a_link_for_one_purpose_or_team_is_none_for_another(app, story, member):
    link = link_for(story, member[0])
    other = open_story(app)
    assert app.test_client().get(link.replace("sign-in/links", "password/reset")).status_code == 410
    assert app.test_client().get(link.replace(story.team.slug, other.team.slug)).status_code == 410
    assert app.test_client().get(link).status_code == 200


# Sessions


def test_a_session_planted_before_the_sign_in_is_worth_nothing_after(app, story, member):
    door = f"/{story.team.slug}/portal/sign-in"
    planted = Browser(app)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', planted.get(door).text)[1]
    cookie_path = f"/{story.team.slug}/portal"
    before = planted.cookie("cornerspot_portal", cookie_path)
    victim = app.test_client()
    victim.set_cookie("cornerspot_portal", before, path=cookie_path)
    form = {"csrf_token": token, "email": member[0], "password": PASSWORD}
    assert victim.post(door, data=form).status_code == 303
    assert victim.get(f"{cookie_path}/").status_code == 200
    assert planted.get(f"{cookie_path}/").status_code == 302
    assert victim.get_cookie("cornerspot_portal", path=cookie_path).value != before


@pytest.mark.parametrize("page", ["sign-in", "sign-in/links", "password/reset"])
def test_nobody_is_signed_in_by_another_site(app, story, member, page):
    form = {"email": member[0], "password": PASSWORD}
    assert app.test_client().post(f"/{story.team.slug}/portal/{page}", data=form).status_code == 400


# Money and files of others


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "1e3", "NaN", "9" * 40, "200.01", "\x00", "10%", "5 USD"])
def test_no_amount_but_one_that_is_owed_opens_a_page(app, shop, story, amount):
    invoice_id = shop.invoice()
    path = f"/{story.team.slug}{pay_path(invoice_id)}"

    def pay():
        browser = Browser(app)
        return browser.submit(path, to=f"{path}/checkout", amount=amount).status_code

    assert apart(pay) in (400, 422)
    assert shop.attempts(invoice_id) == []


def test_a_pay_link_opens_its_own_invoice_in_its_own_team_only(app, shop, story):
    one, two = (pay_path(shop.invoice()) for _ in range(2))
    mixed = f"{one.partition('.')[0]}.{two.partition('.')[2]}"
    other = open_story(app)
    for slug, path in (
        (story.team.slug, mixed),
        (other.team.slug, one),
        (story.team.slug, one[:-1]),
        (story.team.slug, f"{one}0"),
        (story.team.slug, one.upper()),
    ):
        for more in ("", "/pdf", "/done", "/logo"):
            assert apart(app.test_client().get, f"/{slug}{path}{more}").status_code == 404


def test_pictures_of_the_portal_are_its_own_whatever_is_asked_for(app, story, member):
    with app.app_context(), team_scope(story.team), transaction():
        secret = store_file(picture(), PNG, "secret.png").id
    browser = member_browser(story, member[1])
    for name in ("logo", "favicon"):
        assert browser.get(f"/portal/{name}.png?v={secret}").status_code == 404
    assert browser.get(f"/portal/documents/{encode_public_id('pdo', secret)}/file").status_code == 404


def test_a_member_pays_nothing_of_another_account(app, shop, story):
    mine, other = (in_transaction(lambda name=name: new_account(name).id) for name in ("Mine", "Other"))
    invoice_id = shop.invoice(account=in_transaction(lambda: _account(other)))
    user_id = in_transaction(lambda: new_member(_account(mine)).id)
    browser = member_browser(story, user_id)
    public = encode_public_id("inv", invoice_id)

    def ask():
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/portal/").text)[1]
        form = {"csrf_token": token, "amount": ""}
        return [
            browser.post(f"/portal/invoices/{public}/checkout", data=form).status_code,
            browser.post(f"/portal/invoices/{public}/view", data=form).status_code,
            *(browser.get(f"/portal/invoices/{public}{more}").status_code for more in ("", "/pdf", "/done")),
            browser.post(f"/portal/accounts/{encode_public_id('acc', other)}/choice", data=form).status_code,
        ]

    assert set(apart(ask)) == {404}
    assert in_transaction(lambda: session.scalars(select(CheckoutAttempt)).all()) == []


def _account(account_id):
    return session.scalars(select(Account).where(Account.id == account_id)).one()
