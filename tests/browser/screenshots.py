"""Takes the pictures in ``docs/screenshots/`` again: ``bin/screenshots``, or some: ``bin/screenshots home scripts``.

Makes a demo installation in a temporary folder, with a stand-in for Stripe beside it, signs in
as a manager, as a member of the portal and not at all, and photographs the main pages, at a
desk and on a phone, light and dark.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from cornerspot.app import create_app, database_url
from cornerspot.billing.models import Invoice
from cornerspot.conversion.offering import offer_conversion
from cornerspot.crm.deal_page import deal_page_options
from cornerspot.crm.models import Deal, Stage, StageClass
from cornerspot.db import migrating, session
from cornerspot.db.embedded import ensure_running
from cornerspot.kit.ids import encode_public_id
from cornerspot.onboarding.demo import create_demo
from cornerspot.onboarding.demo.cast import MEMBERS, NORDLICHT_TEAM, PASSWORD
from cornerspot.payments.standin.accounts import PLATFORM_CLIENT_ID, PLATFORM_KEY, open_demo_accounts
from cornerspot.people.actors import SYSTEM
from cornerspot.plans.entitlements import entitlements
from cornerspot.settings import load_settings
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team
from tests.browser.action_pictures import Picture, pictures_of_actions
from tests.browser.conftest import ARGUMENTS, CHROMIUM, VIEWPORTS
from tests.browser.script_pictures import compose, small_png, stage_scripts
from tests.browser.staging import Staged, stage_payments
from tests.browser.till import served_standin, to_stripe
from tests.factories.mail_server import free_port

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SLUG = "nordlicht"
ADMIN = next(one for one in NORDLICHT_TEAM if one.role == "admin")


def main() -> None:
    """Photograph everything; prints each picture's name."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cornerspot-pictures-") as folder, served_standin() as standin:
        open_demo_accounts(standin.world)
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        settings = load_settings(
            {
                "CORNERSPOT_ENV": "demo",
                "CORNERSPOT_DATA_DIR": folder,
                "CORNERSPOT_URL": address,
                "STRIPE_BASE": standin.world.public_url,
                "STRIPE_SECRET_KEY": PLATFORM_KEY,
                "STRIPE_CLIENT_ID": PLATFORM_CLIENT_ID,
            }
        )
        try:
            migrating.upgrade(database_url(settings, owner=True))
            app = create_app(settings)
            create_demo(app, say=print)
            with serving(app, port), sync_playwright() as playwright:
                staged = stage_payments(app, standin, SLUG)
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                photograph(browser, f"{address}/{SLUG}", pages_of(app, staged), staged)
                if is_wanted("scripts"):
                    photograph_scripts(browser, app, f"{address}/{SLUG}")
                browser.close()
        finally:
            ensure_running(settings.data_dir / "postgres").stop()


@contextmanager
def serving(app: Flask, port: int) -> Iterator[None]:
    """The app on this port of this machine."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()


def pages_of(app: Flask, staged: Staged) -> dict[str, Picture]:
    """Picture name to page. The wizard is opened by pressing the button on its deal."""
    with app.app_context():
        team = find_team(Team.slug == SLUG)
        with team_scope(team):
            deal_id = _convertible_deal()
            paid, owed, draft = (_invoice(status) for status in ("paid", "partially_paid", "draft"))
    pages = {
        "home": "/",
        "deals": "/deals",
        "board": "/deals/board",
        "deal": f"/deals/{encode_public_id('dea', deal_id)}",
        "conversion": f"/deals/{encode_public_id('dea', deal_id)}",
        "invoices": "/invoices",
        "invoice": f"/invoices/{owed}",
        "invoice-paid": f"/invoices/{paid}",
        "invoice-draft": f"/invoices/{draft}",
        "invoice-form": f"/invoices/{draft}/edit",
        "invoice-online": f"/invoices/{staged.paid}",
        "invoice-disputed": f"/invoices/{staged.disputed}",
        "needs-attention": "/payments/attention",
        "portal-users": "/portal-users",
        "payments-settings": "/settings/payments",
        "plan": "/settings/plan",
    }
    plain = {name: Picture(path, OPENERS.get(name, lambda _: None)) for name, path in pages.items()}
    return plain | pictures_of_actions(app, SLUG, staged, draft, owed)


def pages_of_member(staged: Staged) -> dict[str, str]:
    """Picture name to path, in the portal."""
    return {
        "portal-home": "/portal/",
        "portal-invoices": "/portal/invoices",
        "portal-invoice": f"/portal/invoices/{staged.to_pay}",
        "portal-processing": f"/portal/invoices/{staged.on_its_way}",
    }


def _convertible_deal() -> UUID:
    """A won deal that can be converted, the largest first."""
    deals = session.scalars(
        select(Deal)
        .join(Stage, (Stage.id == Deal.stage_id) & (Stage.tenant_id == Deal.tenant_id))
        .where(Stage.stage_class == StageClass.WON)
        .order_by(Deal.total_minor.desc())
        .options(*deal_page_options())
    ).all()
    granted = entitlements()
    return next(deal.id for deal in deals if offer_conversion(deal, actor=SYSTEM, granted=granted).state == "offered")


def _invoice(status: str) -> str:
    """The public id of a typical invoice with this status: one that came from a deal, the largest of them."""
    statement = select(Invoice.id).where(
        Invoice.status == status, Invoice.deleted_at.is_(None), Invoice.account_id.is_not(None)
    )
    found = session.scalars(statement.order_by(Invoice.deal_id.is_(None), Invoice.total_minor.desc())).first()
    assert found is not None, f"the demo has no {status} invoice"
    return encode_public_id("inv", found)


def photograph(browser: Browser, address: str, pages: dict[str, Picture], staged: Staged) -> None:
    """Each page at each width in each scheme."""
    for device, (width, height) in VIEWPORTS.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
                is_mobile=device == "phone",
                has_touch=device == "phone",
                locale="en-GB",
                timezone_id="Europe/Berlin",
            )
            as_teammate(context.new_page(), address, pages, f"{width}-{scheme}")
            if any(map(is_wanted, ("portal-sign-in", *pages_of_member(staged)))):
                as_member(context.new_page(), address, pages_of_member(staged), f"{width}-{scheme}")
            if any(map(is_wanted, ("pay", "standin-checkout", "pay-done"))):
                as_payer(context.new_page(), staged, f"{width}-{scheme}")
            context.close()


def as_teammate(page: Page, address: str, pages: dict[str, Picture], look: str) -> None:
    """The sign-in and the team's own pages."""
    page.goto(f"{address}/sign-in")
    shoot(page, f"sign-in-{look}")
    enter(page, ADMIN.email)
    page.wait_for_url(f"{address}/**")
    for name, picture in pages.items():
        if is_wanted(name):
            page.goto(f"{address}{picture.path}")
            picture.open(page)
            shoot(page, f"{name}-{look}")


def photograph_scripts(browser: Browser, app: Flask, address: str) -> None:
    """One picture with every script in it, on paper and on a phone."""
    draft, papers = stage_scripts(app, SLUG)
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    enter(page, ADMIN.email)
    page.wait_for_url(f"{address}/**")
    page.goto(f"{address}/invoices/{draft}")
    page.locator("#lines").or_(page.get_by_role("heading", name="Line items")).first.scroll_into_view_if_needed()
    (FOLDER / "scripts.png").write_bytes(compose(page, papers))
    sys.stdout.write("scripts.png\n")
    context.close()


def as_member(page: Page, address: str, pages: dict[str, str], look: str) -> None:
    """The portal's door, and what lies behind it."""
    page.goto(f"{address}/portal/sign-in")
    shoot(page, f"portal-sign-in-{look}")
    enter(page, MEMBERS[0][1])
    page.wait_for_url(f"{address}/portal/")
    for name, path in pages.items():
        page.goto(f"{address}{path}")
        shoot(page, f"{name}-{look}")


def as_payer(page: Page, staged: Staged, look: str) -> None:
    """Who has a pay link only: the invoice, the stand-in's page, and where one lands."""
    page.goto(staged.pay_link)
    shoot(page, f"pay-{look}")
    to_stripe(page, re.compile(r"^Pay €"))
    shoot(page, f"standin-checkout-{look}")
    page.goto(staged.done)
    shoot(page, f"pay-done-{look}")


def enter(page: Page, email: str) -> None:
    """Fill a sign-in and press the button."""
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def open_wizard(page: Page) -> None:
    """Press the button on the deal's page."""
    button = page.get_by_role("button", name="Mark Won + Convert").or_(
        page.get_by_role("button", name="Continue Conversion")
    )
    button.locator("visible=true").first.click()
    page.wait_for_url("**/conversions/**")


OPENERS: dict[str, Callable[[Page], None]] = {"conversion": open_wizard}


def is_wanted(name: str) -> bool:
    """Whether the picture was asked for, by the name of its page; all are when none is named."""
    return not sys.argv[1:] or name in sys.argv[1:]


def shoot(page: Page, name: str) -> None:
    """One picture of what a person sees without scrolling far; one that nobody asked for is not taken."""
    if not is_wanted(name.rsplit("-", 2)[0]):
        return
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    (FOLDER / f"{name}.png").write_bytes(small_png(picture))
    sys.stdout.write(f"{name}.png\n")


if __name__ == "__main__":
    main()
