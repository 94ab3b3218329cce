"""The parts of an invoice's page as a person finds them: by what they are called."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import assert_accessible


def choose(page: Page, name: str) -> None:
    """What the menu of further actions offers under this name."""
    page.get_by_role("button", name="More actions").click()
    page.locator("#invoice-menu").get_by_role("button", name=name, exact=True).click()


def dialog(page: Page, name: str) -> Locator:
    """The dialog of this name, which is open and without fault."""
    found = page.get_by_role("dialog", name=name)
    expect(found).to_be_visible()
    assert_accessible(page)
    return found


def state(page: Page) -> Locator:
    """The badges beside the invoice's name."""
    return page.locator(".page-badges")


def assert_told(page: Page, text: str) -> None:
    """The page said this in a toast."""
    expect(page.locator(".toast-text", has_text=text)).to_be_visible()
