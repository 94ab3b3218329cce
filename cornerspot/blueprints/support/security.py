"""Security headers: a strict content policy with a nonce, no framing, no sniffing."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping

from flask import Flask, Response, current_app, g, request

PROCESSOR_PAGES = ("https://checkout.stripe.com", "https://connect.stripe.com", "https://billing.stripe.com")
SELF = "'self'"
_POLICY = (
    "default-src 'none'; "
    "script-src 'self' 'nonce-{nonce}'; "
    "style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; "
    "manifest-src 'self'; form-action {form_targets}; frame-ancestors 'none'; base-uri 'none'"
)
_FIXED = {  # Spelt as ``str.title`` would.
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def csp_nonce() -> str:
    """The nonce of this response, for ``<script nonce>``."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def leads_to_processor() -> None:
    """Forms of this response may end on the pages of the payment processor.

    Browsers hold a redirect after a form to ``form-action`` as well.
    """
    g.form_targets = [*PROCESSOR_PAGES, *filter(None, [current_app.config["SETTINGS"].stripe_base])]


def install(app: Flask) -> None:
    """Send the headers with every response."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.after_request(_add_headers)


def add_static_headers(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    """The headers of a file that is served before the app is asked."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"  # For whoever opens it as a page.


def _add_headers(response: Response) -> Response:
    form_targets = " ".join([SELF, *g.get("form_targets", ())])
    wanted = {"Content-Security-Policy": _POLICY.format(nonce=csp_nonce(), form_targets=form_targets), **_FIXED}
    if request.is_secure:
        wanted["Strict-Transport-Security"] = "max-age=31536000"
    if not request.path.startswith("/static/"):
        wanted["Cache-Control"] = "private, no-store"
    # What the view said of them itself stays; asking the headers for each one looks through all of them.
    said = {name.title() for name, _ in response.headers}
    response.headers.extend({name: value for name, value in wanted.items() if name not in said})
    return response
