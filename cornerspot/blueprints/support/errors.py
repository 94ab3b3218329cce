"""The one translation of errors into answers: pages for people, JSON where JSON was asked for."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from jinja2 import Template
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from cornerspot.db import session
from cornerspot.kit import errors
from cornerspot.plans.catalog import plans_with
from cornerspot.plans.features import FEATURES, Feature
from cornerspot.tenancy.http import is_portal_request

log = structlog.get_logger()

STATUS: tuple[tuple[type[errors.DomainError], int], ...] = (
    (errors.NotFound, 404),
    (errors.PermissionDenied, 403),
    (errors.FeatureMissing, 402),
    (errors.LimitReached, 402),
    (errors.TooManyAttempts, 429),
    (errors.Conflict, 409),
    (errors.Invalid, 422),
    (errors.DomainError, 409),
)


def install(app: Flask) -> None:
    """Answer every error with a page that helps."""
    app.register_error_handler(errors.DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DataError, _data_error)
    app.register_error_handler(Exception, _unexpected)


def status_of(error: errors.DomainError) -> int:
    """The HTTP status for a domain error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def _domain_error(error: errors.DomainError) -> ResponseReturnValue:
    details: dict[str, Any] = {}
    if isinstance(error, errors.FeatureMissing):
        feature = Feature(error.feature)
        details = {
            "feature": feature,
            "description": FEATURES[feature],
            "answer": error.answer,
            "plans": plans_with(feature),
        }
    elif isinstance(error, errors.LimitReached):
        details = {"limit": error.limit, "allowed": error.allowed}
    return _answer(status_of(error), error.message, **details)


def _csrf_error(_: CSRFError) -> ResponseReturnValue:
    return _answer(400, "This page was open for too long, or cookies are off. Go back, reload the page and try again.")


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    return _answer(error.code, "", headers=dict(getattr(error, "get_headers", list)() or []))


def _data_error(error: DataError) -> ResponseReturnValue:
    """A value that PostgreSQL cannot hold (a NUL byte, a number out of range): the sender's mistake."""
    session.rollback()
    log.warning("unusable value", path=request.path, error=str(error.orig))
    return _answer(400, "Something that was entered cannot be stored. Check it and try again.")


def _unexpected(error: Exception) -> ResponseReturnValue:
    session.rollback()
    log.exception("unexpected error", path=request.path, exc_info=error)
    return _answer(500, "")


def _answer(
    status: int, message: str, *, headers: dict[str, str] | None = None, **details: object
) -> ResponseReturnValue:
    session.rollback()
    kept = {k: v for k, v in (headers or {}).items() if k in ("Allow", "Retry-After")}
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(status=status, detail=message, **_plain(details)), status, kept
    # A member reads of no plan; what went wrong with us is said without asking the database for the look.
    is_members = is_portal_request() and status < 500
    names: list[str | Template] = [f"errors/{status}.html", "errors/error.html"]
    if is_members:
        names = ["portal/error.html"]
    page = render_template(names, status=status, message=message, **details)
    return page, status, kept


def _plain(details: dict[str, object]) -> dict[str, object]:
    """The details as an API answers them: keys, not sentences."""
    plain: dict[str, object] = {key: value for key, value in details.items() if isinstance(value, str | int)}
    plans = details.get("plans")
    return {**plain, "plans": [plan.key for plan in plans]} if isinstance(plans, list) else plain
