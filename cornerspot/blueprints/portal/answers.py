"""Answers that several pages of the portal give."""

from __future__ import annotations

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.support.addresses import local_target
from cornerspot.tenancy.http import PORTAL


def to_asked_page() -> ResponseReturnValue:
    """On to the page that was asked for before signing in, when it is one of the portal; else home."""
    wanted = request.args.get("next") or ""
    home = f"{PORTAL}/"
    return redirect(local_target(wanted if wanted.startswith(home) else None, default=home), 303)


def kept_private(page: tuple[str, int]) -> ResponseReturnValue:
    """The page, with its address (which holds a token) kept from every other site."""
    response = make_response(page)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
