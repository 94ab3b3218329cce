"""The Trash: deleted drafts, each with the way back."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.deleting import KEPT_FOR
from cornerspot.billing.trash import trash_page
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.people.permissions import Permission


@blueprint.get("/invoices/trash")
@gate(permission=Permission.READ_INVOICES)
def invoice_trash_index() -> ResponseReturnValue:
    page = trash_page(cursor=request.args.get("cursor"))
    return render_template(
        "billing/invoices/trash.html",
        page=page,
        kept_for=KEPT_FOR,
        next_href=_href(page.next_cursor),
        previous_href=_href(page.previous_cursor),
    )


def _href(cursor: str | None) -> str | None:
    return url_for("billing.invoice_trash_index", cursor=cursor) if cursor else None
