"""The team's colours as a stylesheet, its logo and its favicon: open, for they stand on the sign-in page."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, make_response

from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.gate import public_route
from cornerspot.db import session
from cornerspot.documents.files import read_file
from cornerspot.documents.models import StoredFile
from cornerspot.portal.branding import branding, stylesheet
from cornerspot.tenancy import current_tenant_id

KEPT = "private, max-age=86400"  # Addresses change with what they name.


@blueprint.get("/theme.css")
@public_route("the colours of the sign-in page", in_team=True)
def theme_show() -> Response:
    response = make_response(stylesheet(branding()))
    response.headers["Content-Type"] = "text/css; charset=utf-8"
    response.headers["Cache-Control"] = KEPT
    return response


@blueprint.get("/logo.png")
@public_route("the logo of the sign-in page", in_team=True)
def logo_show() -> Response:
    return _picture(branding().logo_file_id)


@blueprint.get("/favicon.png")
@public_route("the favicon of the sign-in page", in_team=True)
def favicon_show() -> Response:
    return _picture(branding().favicon_file_id)


def _picture(file_id: UUID | None) -> Response:
    stored = session.get(StoredFile, (current_tenant_id(), file_id)) if file_id else None
    if stored is None:
        abort(404)
    response = make_response(read_file(stored))
    response.headers["Content-Type"] = stored.media_type
    response.headers["Cache-Control"] = KEPT
    return response
