"""Takes the pictures in ``docs/screenshots/`` again: ``bin/screenshots``.

Makes a demo installation in a temporary folder, signs in as a manager and
photographs the main pages, at a desk and on a phone, light and dark.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from flask import Flask
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
from cornerspot.onboarding.demo.cast import NORDLICHT_TEAM, PASSWORD
from cornerspot.people.actors import SYSTEM
from cornerspot.plans.entitlements import entitlements
from cornerspot.settings import load_settings
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team
from tests.browser.conftest import ARGUMENTS, CHROMIUM, VIEWPORTS

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SLUG = "nordlicht"


def main() -> None:
    """Photograph everything; prints each picture's name."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cornerspot-pictures-") as folder:
        settings = load_settings({"CORNERSPOT_ENV": "demo", "CORNERSPOT_DATA_DIR": folder})
        try:
            migrating.upgrade(database_url(settings, owner=True))
            app = create_app(settings)
            create_demo(app, say=print)
            with serving(app) as address, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                photograph(browser, f"{address}/{SLUG}", pages_of(app))
                browser.close()
        finally:
            ensure_running(settings.data_dir / "postgres").stop()


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The app on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def pages_of(app: Flask) -> dict[str, str]:
    """Picture name to path. The wizard is opened by pressing the button on its deal."""
    with app.app_context():
        team = find_team(Team.slug == SLUG)
        with team_scope(team):
            deal_id = _convertible_deal()
            paid, owed, draft = (_invoice(status) for status in ("paid", "partially_paid", "draft"))
    return {
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
        "plan": "/settings/plan",
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


def photograph(browser: Browser, address: str, pages: dict[str, str]) -> None:
    """Each page at each width in each scheme."""
    who = next(one for one in NORDLICHT_TEAM if one.role == "admin")
    for device, (width, height) in VIEWPORTS.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                is_mobile=device == "phone",
                has_touch=device == "phone",
                locale="en-GB",
                timezone_id="Europe/Berlin",
            )
            page = context.new_page()
            page.goto(f"{address}/sign-in")
            shoot(page, f"sign-in-{width}-{scheme}")
            page.get_by_label("E-mail").fill(who.email)
            page.locator("input[type=password]").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{address}/**")
            for name, path in pages.items():
                page.goto(f"{address}{path}")
                OPENERS.get(name, lambda _: None)(page)
                shoot(page, f"{name}-{width}-{scheme}")
            context.close()


def open_wizard(page: Page) -> None:
    """Press the button on the deal's page."""
    button = page.get_by_role("button", name="Mark Won + Convert").or_(
        page.get_by_role("button", name="Continue Conversion")
    )
    button.locator("visible=true").first.click()
    page.wait_for_url("**/conversions/**")


OPENERS: dict[str, Callable[[Page], None]] = {"conversion": open_wizard}


def shoot(page: Page, name: str) -> None:
    """One picture of what a person sees without scrolling far."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready")
    page.screenshot(path=FOLDER / f"{name}.png")
    sys.stdout.write(f"{name}.png\n")


if __name__ == "__main__":
    main()
