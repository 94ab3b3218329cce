"""What every webhook goes through before it is believed to be one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from werkzeug.wsgi import get_input_stream

from cornerspot.payments.stripe_webhooks import NotFromStripe, SignedEvent, read_signed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGEST_BODY = 1024 * 1024
_KEPT = "cornerspot.webhook_body"
log = structlog.get_logger("cornerspot.webhooks")


def raw_body(environ: WSGIEnvironment) -> bytes:
    """The bytes as they came, which is what was signed; raises RequestEntityTooLarge beyond a megabyte.

    They are kept: a view that PostgreSQL asks to run again reads them again.
    """
    if _KEPT not in environ:
        environ[_KEPT] = get_input_stream(environ, max_content_length=LARGEST_BODY).read()
    body: bytes = environ[_KEPT]
    return body


def signed_event(environ: WSGIEnvironment, body: bytes, secrets: Iterable[str]) -> SignedEvent | None:
    """The event, or None for what Stripe did not send; which endpoint and which body is in the log, no secret is."""
    try:
        return read_signed(body, environ.get("HTTP_STRIPE_SIGNATURE"), secrets)
    except NotFromStripe:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        log.warning("webhook_refused", path=path, body_sha256=hashlib.sha256(body).hexdigest())
        return None
