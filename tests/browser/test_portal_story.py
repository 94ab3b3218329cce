"""The member portal, driven as a person would: invited, signed in, paying, and asking for what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cornerspot.blueprints.support.gate import need_of
from cornerspot.db.transaction import transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope
from tests.architecture.test_isolation import build, id_arguments
from tests.browser.conftest import assert_accessible
from tests.browser.till import Till, only_from_us, pay_by_card, press, seen, to_stripe
from tests.factories.billing import new_account
from tests.factories.furnished import MARK, furnish
from tests.factories.people import PASSWORD
from tests.factories.portal import new_member

both = pytest.mark.parametrize("device", ["desktop", "phone"])
Judge = Callable[[Page], None]


@both
def test_an_invited_contact_sets_a_password_and_pays_by_card(till, open_browser, sign_in, device):
    invoice_id = till.invoice()
    staff = open_browser(device)
    sign_in(staff, till.story)
    staff.goto(f"{till.base}/contacts")
    staff.get_by_role("link", name="Anna Berg").first.click()
    press(staff, "Invite to portal")
    expect(staff.get_by_text(f"{till.contact_email} is invited to the portal.")).to_be_visible()
    assert_accessible(staff)

    payer = open_browser(device)
    with only_from_us(payer, till.base):
        walk_from_mail_to_receipt(payer, till)
    till.work()
    assert till.mail.letters[-1]["Subject"].startswith("Receipt for INV-000001")
    staff.goto(till.staff_page(invoice_id))
    payments = staff.locator("#payments")
    expect(payments.get_by_text("Visa 4242")).to_be_visible()
    expect(payments.get_by_text(re.compile(r"Stripe’s fee €\d"))).to_be_visible()
    expect(staff.get_by_text(re.compile(r"Payment of €200\.00 received"))).to_be_visible()
    expect(staff.get_by_role("progressbar", name="100% collected")).to_be_visible()
    assert_accessible(staff)
    staff.goto(f"{till.base}/portal-users")
    expect(seen(staff.get_by_text("Active", exact=True))).to_be_visible()
    assert_accessible(staff)


def test_the_same_works_without_scripts(till, open_browser, sign_in):
    invoice_id = till.invoice()
    staff = open_browser()
    sign_in(staff, till.story)
    staff.goto(f"{till.base}/contacts")
    staff.get_by_role("link", name="Anna Berg").first.click()
    press(staff, "Invite to portal")
    expect(staff.get_by_text(f"{till.contact_email} is invited to the portal.")).to_be_visible()
    payer = open_browser("phone", scripts=False)
    walk_from_mail_to_receipt(payer, till, judge=lambda _: None)  # Axe itself is a script.
    assert till.in_team(lambda: till.read(invoice_id).status) == "paid"


def walk_from_mail_to_receipt(payer: Page, till: Till, *, judge: Judge = assert_accessible) -> None:
    """The invitation, a password, the invoice, the card, the landing page, and the receipt."""
    payer.goto(till.link_in_mail("/portal/invitations/"))
    expect(payer.get_by_role("heading", name=re.compile("Welcome to"))).to_be_visible()
    judge(payer)
    payer.locator("input[type=password]").fill(PASSWORD)
    press(payer, "Set password and continue")
    expect(payer.get_by_role("heading", name="You have 1 invoice open, €200.00 in total.")).to_be_visible()
    judge(payer)
    press(payer, "See and pay INV-000001")
    expect(payer.get_by_text("Amount due")).to_be_visible()
    judge(payer)
    to_stripe(payer)
    judge(payer)
    pay_by_card(payer)
    expect(payer.get_by_role("heading", name="Payment received")).to_be_visible()
    judge(payer)
    press(payer, "Back to the invoice")
    expect(payer.get_by_text(re.compile(r"Paid on .* Thank you\."))).to_be_visible()
    expect(payer.get_by_role("button", name=re.compile("^Pay"))).to_have_count(0)
    judge(payer)
    payer.goto(f"{till.base}/portal/payments")
    judge(payer)
    payer.locator("tbody a").first.click()
    expect(seen(payer.get_by_text("€200.00"))).to_be_visible()
    judge(payer)


@both
def test_a_member_looks_around(app, till, open_browser, device):
    email = "mona@acme.example"
    till.in_team(lambda: new_member(till.account(), email=email))
    for price in ("100", "250"):
        till.invoice(price)
    page = open_browser(device)
    enter(page, till.base, email)
    for path in ("", "invoices", "payments", "credit", "statement", "documents", "profile", "sign-ins", "password"):
        answer = page.goto(f"{till.base}/portal/{path}")
        assert answer is not None
        assert answer.status == 200, path
        assert_accessible(page)
    page.goto(f"{till.base}/portal/invoices")
    page.get_by_role("searchbox").fill("INV-000002")
    page.keyboard.press("Enter")
    expect(seen(page.get_by_role("link", name="INV-000002"))).to_be_visible()
    expect(page.get_by_role("link", name="INV-000001")).to_have_count(0)


@both
def test_a_member_who_types_addresses_of_another_account_finds_no_page(app, story, open_browser, server_url, device):
    others = furnish(story, mark=MARK)
    email = f"asks-{device}@acme.example"
    with app.app_context(), team_scope(story.team), transaction():
        new_member(new_account("Asking GmbH"), email=email)
    page = open_browser(device)
    base = f"{server_url}/{story.team.slug}"
    enter(page, base, email)
    asked = 0
    for path in addresses_of(app, others):
        answer = page.goto(f"{base}{path}")
        assert answer is not None
        assert answer.status == 404, path
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
        assert MARK not in page.content()
        asked += 1
    assert asked >= 5
    assert_accessible(page)
    press(page, "Back to the start")
    expect(page.get_by_role("heading", name="Welcome, ")).to_be_visible()


def addresses_of(app, rows) -> list[str]:
    """Every page of members that names a record, with the records of this account."""
    found = []
    for rule in app.url_map.iter_rules():
        arguments = id_arguments(rule)
        if arguments and "GET" in rule.methods and need_of(app, rule.endpoint).who == "member":
            ids = {name: encode_public_id(prefix, rows[prefix]) for name, prefix in arguments.items()}
            found.append(build(rule, ids, {}))
    return found


def enter(page: Page, base: str, email: str) -> None:
    """Sign in at the portal's door."""
    page.goto(f"{base}/portal/sign-in")
    assert_accessible(page)
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_have_count(0)
