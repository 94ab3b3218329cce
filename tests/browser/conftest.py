"""A real Chromium against a real server, with axe to judge accessibility.

The server is the app itself in a thread, on the test's database. Every page that
a story visits is watched: an error in the console, a failed request or a blocked
script fails the test at its end.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from werkzeug.serving import make_server

from cornerspot.db.transaction import transaction
from cornerspot.people.models import Person
from cornerspot.people.passwords import hash_password
from cornerspot.settings import Settings, current_settings
from tests.browser.till import Till, served_standin, settings_of
from tests.factories.mail_server import running_mail_server
from tests.factories.teams import PASSWORD, Story

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOWN_BY_THE_PAGE = ("402", "404", "409", "410", "422")
VIEWPORTS = {"desktop": (1440, 900), "phone": (390, 844)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(str(item.path)).is_relative_to(ROOT / "tests" / "browser"):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server_url(app: Flask) -> Iterator[str]:
    """The address of the app, served by threads as production serves it."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a browser of its own (own cookies) and gives its page: ``open_browser("phone")``."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_one(device: str = "desktop", *, scheme: str = "light", scripts: bool = True) -> Page:
        width, height = VIEWPORTS[device]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=scripts,
            has_touch=device == "phone",
            is_mobile=device == "phone",
            locale="en-GB",
            timezone_id="Europe/Vienna",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watch(page, troubles)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert troubles == []


def watch(page: Page, troubles: list[str]) -> None:
    """Note what a person with the developer tools open would frown at.

    Refusals that the page shows by itself are part of stories; what a page loads must be there.
    """

    def console(message) -> None:  # type: ignore[no-untyped-def]
        refused = any(f"status of {status}" in message.text for status in SHOWN_BY_THE_PAGE)
        if message.type == "error" and not refused:
            troubles.append(f"{page.url}: {message.text}")

    def response(answer) -> None:  # type: ignore[no-untyped-def]
        is_missing = answer.status in (404, 410) and not answer.request.is_navigation_request()
        if answer.status >= 500 or is_missing:
            troubles.append(f"{answer.status} {answer.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    page.on("response", response)


@pytest.fixture
def till(app: Flask, story: Story, settings: Settings, server_url: str, empty_queue: None) -> Iterator[Till]:
    """The story's team takes payments at a stand-in, which reports to the server; its mail is caught."""
    with running_mail_server(settings) as mail, served_standin() as standin:
        addresses = {"external_url": server_url, "stripe_base": standin.world.public_url}
        with settings_of(app, current_settings(), **addresses):
            opened = Till(app, story, standin, mail, f"{server_url}/{story.team.slug}")
            opened.open()
            yield opened


@pytest.fixture
def sign_in(server_url: str, app: Flask) -> Callable[[Page, Story, str], None]:
    """Signs a page in through the form, as a person does."""

    def through_the_form(page: Page, story: Story, role: str = "owner") -> None:
        actor = story.actors.get(role) or story.add_teammate(role)
        give_password(app, actor.person_id)
        page.goto(f"{server_url}/{story.team.slug}/sign-in")
        page.get_by_label("E-mail").fill(actor.email)
        page.locator("input[type=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{server_url}/{story.team.slug}/**")

    return through_the_form


def give_password(app: Flask, person_id) -> None:  # type: ignore[no-untyped-def]
    """The person can sign in with the tests' password."""
    from cornerspot.db import session
    from cornerspot.tenancy import system_scope

    with app.app_context(), system_scope("a test sets a password"), transaction():
        session.get_one(Person, person_id).password_hash = hash_password(PASSWORD)


# What fades in is pale until it has: the last frame is awaited, of all that does not move for ever.
ARRIVED = """() => Promise.all(document.getAnimations()
  .filter(moving => moving.effect.getComputedTiming().endTime !== Infinity)
  .map(moving => moving.finished.catch(() => null)))"""


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, one line each: in the open dialog, or on the page where none is open.

    What lies under a dialog cannot be reached meanwhile, and is judged when it can.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    page.evaluate(ARRIVED)
    found = page.evaluate(
        """() => axe.run(document.querySelector('dialog:modal') ?? document, {runOnly: {type: 'tag',
             values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}})
             .then(result => result.violations)"""
    )
    return [
        json.dumps({"rule": one["id"], "help": one["help"], "nodes": [_node(node) for node in one["nodes"][:3]]})
        for one in found
    ]


def _node(node) -> str:  # type: ignore[no-untyped-def]
    return f"{node['html'][:160]} {node['failureSummary'][:300]}"


def assert_accessible(page: Page) -> None:
    """Pass when axe finds nothing and the page does not scroll sideways."""
    found = violations(page)
    assert not found, found
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} scrolls sideways by {wide} px"
