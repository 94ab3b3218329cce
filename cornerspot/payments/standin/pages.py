"""What the hosted pages share: their routes, their templates, how money and moments read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from cornerspot.payments.standin.money_rules import THREE_DECIMALS, ZERO_DECIMALS

FOLDER = Path(__file__).parent / "templates"
Page = Callable[..., Response]
_PAGES: list[tuple[str, str, Page]] = []


def page(method: str, path: str) -> Callable[[Page], Page]:
    """Make a function ``(standin, request, **parts of the path)`` one of the pages."""

    def kept(run: Page) -> Page:
        _PAGES.append((method, path, run))
        return run

    return kept


def page_routes() -> Map:
    """The paths of all pages."""
    return Map([Rule(path, methods=[method], endpoint=run) for method, path, run in _PAGES])


def render(template: str, status: int = 200, **content: Any) -> Response:
    """A page from a template. Pages hold no script and load nothing from elsewhere."""
    response = Response(_templates.get_template(template).render(**content), status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; img-src 'self'"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def message_page(title: str, text: str, *, status: int = 200, link: str | None = None) -> Response:
    """A page that only says something."""
    return render("message.html", status, title=title, text=text, link=link)


def see_other(url: str) -> Response:
    """Go there with a GET."""
    return redirect(url, 303)


def money(amount: int, currency: str) -> str:
    """``1,234.50 EUR``: the amount with the decimals Stripe counts in."""
    decimals = 0 if currency in ZERO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    whole, part = divmod(abs(amount), 10**decimals)
    text = f"{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")
    return f"{'−' if amount < 0 else ''}{text} {currency.upper()}"


def day(seconds: int) -> str:
    """``21 November 2026``."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%B %Y}"


def moment(seconds: int) -> str:
    """``21 Nov 2026, 08:15 UTC``."""
    return f"{datetime.fromtimestamp(seconds, UTC):%d %b %Y, %H:%M} UTC"


def words(text: str) -> str:
    """``requires_action`` as ``Requires action``."""
    return text.replace("_", " ").capitalize()


_templates = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_templates.filters.update(money=money, day=day, moment=moment, words=words)


@page("GET", "/_standin/style.css")
def style(_standin: object, _request: object) -> Response:
    """The one style sheet."""
    return Response((FOLDER / "style.css").read_text(), mimetype="text/css")
