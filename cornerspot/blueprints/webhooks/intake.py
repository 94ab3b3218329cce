"""The endpoint of a team's own Stripe account: in front of Flask, and with one round trip for each step.

Five hundred of these come in a second while a Stripe account is busy, so they are met before
Flask puts together what only pages need. The scope of the team has been entered already, by the
same middleware as for every request; the signature is what lets an event in. See
``docs/adr/0022-webhooks-in-front-of-flask.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from flask import Flask
from werkzeug.exceptions import HTTPException

from cornerspot.blueprints.support.counts import count_request
from cornerspot.blueprints.webhooks.receiving import raw_body, signed_event
from cornerspot.kit.ids import decode_public_id
from cornerspot.payments.inbox import endpoint, receive_event, webhook_secrets
from cornerspot.tenancy.http import team_of_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESS = "/hooks/stripe/"
NAME = "webhooks.stripe_events_create"  # in what is counted, like the name of a route
log = structlog.get_logger("cornerspot.webhooks")


class WebhookIntake:
    """Answers what is sent to a team's webhook endpoint; hands everything else on."""

    def __init__(self, wsgi: WSGIApplication, app: Flask) -> None:
        self.wsgi, self.app = wsgi, app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        account_id = _account_of(environ.get("PATH_INFO", "")) if team_of_request() else None
        if account_id is None:
            return self.wsgi(environ, start)
        began, method = perf_counter(), environ["REQUEST_METHOD"]
        status = self._answer(environ, account_id) if method == "POST" else HTTPStatus.METHOD_NOT_ALLOWED
        count_request(NAME, method, status, began=began)
        start(f"{status} {HTTPStatus(status).phrase}", [("Content-Length", "0"), ("Allow", "POST")])
        return []  # An answer without words: nobody reads it.

    def _answer(self, environ: WSGIEnvironment, account_id: UUID) -> int:
        try:
            with self.app.app_context():
                return _receive(environ, account_id)
        except HTTPException as error:  # Too large, or gone before all was said.
            return error.code or HTTPStatus.BAD_REQUEST
        except Exception as error:
            log.exception("webhook_failed", account_id=str(account_id), exc_info=error)
            return HTTPStatus.INTERNAL_SERVER_ERROR  # Stripe sends it again.


def install(app: Flask) -> None:
    """Meet webhooks before the app does; goes behind what finds the team."""
    app.wsgi_app = WebhookIntake(app.wsgi_app, app)  # type: ignore[method-assign, assignment]


def _account_of(path: str) -> UUID | None:
    """The connection that an address is the endpoint of."""
    if not path.startswith(ADDRESS):
        return None
    try:
        return decode_public_id("pac", path.removeprefix(ADDRESS))
    except ValueError:
        return None


def _receive(environ: WSGIEnvironment, account_id: UUID) -> int:
    body = raw_body(environ)
    account = endpoint(account_id)
    if account is None:
        return HTTPStatus.NOT_FOUND
    event = signed_event(environ, body, webhook_secrets(account))
    if event is None:
        return HTTPStatus.BAD_REQUEST
    receive_event(account, event, body)
    return HTTPStatus.OK
