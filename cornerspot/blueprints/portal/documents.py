"""Documents that the team shares with the member: list and download."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.downloads import shared_response
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import current_account, current_member
from cornerspot.documents.sniffing import PICTURES
from cornerspot.portal.documents import member_document, member_documents_page


@blueprint.get("/documents")
@member_route()
def documents_index() -> ResponseReturnValue:
    cursor = request.args.get("cursor")
    page = member_documents_page(current_account().id, current_member().user.id, cursor=cursor)
    return render_template(
        "portal/documents.html",
        page=page,
        pictures=PICTURES,
        next_href=_page_href(page.next_cursor),
        previous_href=_page_href(page.previous_cursor),
    )


@blueprint.get("/documents/<id('pdo'):document_id>/file")
@member_route()
@limiter.limit("60 per minute")
def document_files_show(document_id: UUID) -> ResponseReturnValue:
    document = member_document(current_account().id, current_member().user.id, document_id)
    return shared_response(document.file, name=document.title, inline="view" in request.args)


def _page_href(cursor: str | None) -> str | None:
    return url_for("portal.documents_index", cursor=cursor) if cursor else None
