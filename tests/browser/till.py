"""A team whose customers pay at a stand-in of Stripe, and what people do with their hands there."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask
from playwright.sync_api import Locator, Page, Request, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, Payment
from cornerspot.billing.pay_links import ensure_pay_link, pay_link_url
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit.ids import encode_public_id
from cornerspot.payments.connecting import connect_with_key
from cornerspot.payments.standin import StandIn, create_standin
from cornerspot.payments.standin.wsgi import create_wsgi_app
from cornerspot.settings import Settings, use_settings
from cornerspot.tenancy import team_scope
from tests.contracts.judge import JudgedApp
from tests.factories.billing import line, new_account, new_draft
from tests.factories.crm import make_contact
from tests.factories.mail_server import MailServer
from tests.factories.teams import Story

DECLINED = "4000 0000 0000 0002"
TEAM_COOKIE = "cornerspot_team"
URL = re.compile(r"https?://[^\s<>\"]+")


@contextmanager
def served_standin() -> Iterator[StandIn]:
    """A stand-in on a free port, judged; it tells of what happened at once, and waits for the answer."""
    standin = create_standin(delivery="immediate", environment="test")
    server = make_server("127.0.0.1", 0, JudgedApp(create_wsgi_app(standin)), threaded=True)
    standin.world.public_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def settings_of(app: Flask, settings: Settings, **changes: Any) -> Iterator[None]:
    """The running app has these settings until the block ends."""
    changed = replace(settings, **changes)
    use_settings(changed)
    before, app.config["SETTINGS"] = app.config["SETTINGS"], changed
    try:
        yield
    finally:
        app.config["SETTINGS"] = before
        use_settings(settings)


@dataclass
class Till:
    """The team, its customer and its stand-in; ``base`` is the team's address."""

    app: Flask
    story: Story
    standin: StandIn
    mail: MailServer
    base: str
    account_id: UUID = field(init=False)
    contact_id: UUID = field(init=False)
    contact_email: str = field(init=False, default="anna.berg@acme.example")

    def open(self) -> None:
        """The team is connected and has a customer with somebody who pays."""
        merchant = self.standin.open_account(name="Muster & Söhne", country="AT", currency="eur")
        with self.app.app_context(), team_scope(self.story.team):
            connect_with_key(self.standin.make_key(merchant), by=self.story.owner)
            with transaction():
                account = new_account()
                contact = make_contact(account, first_name="Anna", last_name="Berg", email=self.contact_email)
                self.account_id, self.contact_id = account.id, contact.id

    def account(self) -> Account:
        """The customer; inside of the team's scope."""
        return session.get_one(Account, (self.story.team.id, self.account_id))

    def invoice(self, unit_price: str = "100") -> UUID:
        """An open invoice over two of these."""

        def work() -> UUID:
            draft = new_draft(self.story.owner, self.account(), lines=[line(unit_price=unit_price)])
            return finalize_invoice(draft, by=self.story.owner).id

        return self.in_team(work)

    def pay_link(self, invoice_id: UUID) -> str:
        """The address that the invoice's mails carry."""
        return str(self.in_team(lambda: pay_link_url(ensure_pay_link(self.read(invoice_id)))))

    def read(self, invoice_id: UUID) -> Invoice:
        """The invoice's row; inside of the team's scope."""
        return session.get_one(Invoice, (self.story.team.id, invoice_id), populate_existing=True)

    def received(self) -> list[int]:
        """What arrived, in minor units, the first payment first."""
        statement = select(Payment.amount_minor).where(Payment.status == "completed").order_by(Payment.id)
        return list(self.in_team(lambda: session.scalars(statement).all()))

    def in_team(self, work: Any) -> Any:
        """What the work gives in a transaction of the team."""
        with self.app.app_context(), team_scope(self.story.team):
            return in_transaction(work)

    def staff_page(self, invoice_id: UUID) -> str:
        return f"{self.base}/invoices/{encode_public_id('inv', invoice_id)}"

    def member_page(self, invoice_id: UUID) -> str:
        return f"{self.base}/portal/invoices/{encode_public_id('inv', invoice_id)}"

    def work(self) -> None:
        """The worker does all that waits."""
        run_pending(self.app)

    def days_pass(self, *, business_days: int = 0, days: int = 0) -> None:
        """Banks do what they do in this time, and the worker books what they report."""
        if business_days:
            self.standin.advance_business_days(business_days)
        if days:
            self.standin.advance(timedelta(days=days))
        self.work()

    def link_in_mail(self, part: str) -> str:
        """The newest address with this part in what the contact got by mail."""
        self.work()
        for letter in reversed(self.mail.letters_to(self.contact_email)):
            body = letter.get_body(("plain",))
            assert body is not None
            for url in URL.findall(body.get_content()):
                if part in url:
                    return str(url)
        raise AssertionError(f"no mail with {part}: {[one['Subject'] for one in self.mail.letters]}")

    def pages_at_stripe(self) -> list[Any]:
        """Every checkout page that was made there."""
        accounts = self.standin.world.accounts
        return [page for one in accounts for page in self.standin.objects(one, "checkout.session")]


def let_in(page: Page, story: Story, server_url: str, role: str = "owner") -> None:
    """The browser has the teammate's session already, as after a sign-in on another day."""
    client = story.sign_in(role)
    path = f"/{story.team.slug}/"
    cookie = client.get_cookie(TEAM_COOKIE, path=path)
    assert cookie is not None
    page.context.add_cookies(
        [{"name": TEAM_COOKIE, "value": cookie.value, "domain": urlsplit(server_url).hostname or "", "path": path}]
    )


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press the first visible button or link with this name: a phone has its own at the bottom."""
    exact = isinstance(name, str)
    buttons = page.get_by_role("button", name=name, exact=exact).or_(page.get_by_role("link", name=name, exact=exact))
    seen(buttons).click()


def seen(found: Locator) -> Locator:
    """The first of them that is visible: a page may say a thing twice, for the desk and for the phone."""
    return found.locator("visible=true").first


def to_stripe(page: Page, name: str | re.Pattern[str] = "Pay €200.00") -> None:
    """From the invoice to the page on which it is paid."""
    press(page, name)
    expect(page.get_by_role("heading", name="How would you like to pay?")).to_be_visible()
    expect(page.get_by_text("Stripe stand-in: no real money moves")).to_be_visible()


def pay_by_card(page: Page, number: str = "4242 4242 4242 4242") -> None:
    """Type a card and press Pay, on the stand-in's page."""
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name=re.compile(r"^Pay [\d.,]+ EUR$")).click()


def pay_by_bank(page: Page, says: str = "Succeeds") -> None:
    """Choose the bank debit and one of the test banks, and press Pay."""
    page.get_by_text("SEPA Direct Debit", exact=True).click()
    page.get_by_role("radio", name=says, exact=True).check()
    page.get_by_role("button", name=re.compile(r"^Pay [\d.,]+ EUR by bank$")).click()


@contextmanager
def only_from_us(page: Page, base: str) -> Iterator[None]:
    """Our pages in the block load nothing from another origin: who leads to a card form has no strangers in."""
    own = "{0.scheme}://{0.netloc}".format(urlsplit(base))
    strangers: list[str] = []

    def look(request: Request) -> None:
        shown_by_us = request.frame.url.startswith(own) and not request.is_navigation_request()
        if shown_by_us and not request.url.startswith((f"{own}/", "data:")):
            strangers.append(f"{request.frame.url} loads {request.url}")

    page.on("request", look)
    try:
        yield
    finally:
        page.remove_listener("request", look)
    assert strangers == []
