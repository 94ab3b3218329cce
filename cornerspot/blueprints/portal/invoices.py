"""The account's invoices: list, one of them, its PDF, and that it was looked at."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.issued import issued_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.pay_links import note_invoice_viewed
from cornerspot.billing.rendering import invoice_paper, stored_invoice_pdf
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.customer_invoice import customer_invoice
from cornerspot.blueprints.support.downloads import paper_response, stored_response
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import current_account, current_member
from cornerspot.blueprints.support.part_form import PartForm
from cornerspot.portal.invoices import FILTERS, member_invoices_page
from cornerspot.tenancy import team_today

LABELS = {"all": "All", "open": "Open", "overdue": "Overdue", "paid": "Paid"}


@blueprint.get("/invoices")
@member_route()
def invoices_index() -> ResponseReturnValue:
    status, search = request.args.get("status", "all"), request.args.get("q", "").strip()[:60]
    status = status if status in FILTERS else "all"
    page = member_invoices_page(current_account().id, status=status, search=search, cursor=request.args.get("cursor"))
    kept = {"status": None if status == "all" else status, "q": search or None}
    return render_template(
        "portal/invoices/index.html",
        page=page,
        status=status,
        search=search,
        today=team_today(),
        tabs=[
            {
                "label": LABELS[name],
                "href": url_for("portal.invoices_index", status=None if name == "all" else name, q=search or None),
                "active": name == status,
            }
            for name in FILTERS
        ],
        next_href=_page_href(page.next_cursor, kept),
        previous_href=_page_href(page.previous_cursor, kept),
    )


@blueprint.get("/invoices/<id('inv'):invoice_id>")
@member_route()
def invoices_show(invoice_id: UUID) -> ResponseReturnValue:
    return invoice_page(invoice_of(invoice_id), PartForm(formdata=None))


def invoice_page(invoice: Invoice, form: PartForm) -> str:
    """The page of an invoice, with the form for paying it or a part of it."""
    return render_template(
        "portal/invoices/show.html",
        view=customer_invoice(invoice),
        form=form.bind(invoice.currency, locale=current_member().locale),
    )


@blueprint.get("/invoices/<id('inv'):invoice_id>/pdf")
@member_route(writes_on_get=True)  # The worker may not have come to it yet.
@limiter.limit("60 per minute")
def invoice_pdf_show(invoice_id: UUID) -> ResponseReturnValue:
    inline = "view" in request.args
    stored = stored_invoice_pdf(invoice_id)
    if stored is not None:
        return stored_response(stored, inline=inline)
    invoice = invoice_of(invoice_id)
    return paper_response(invoice_paper(invoice), inline=inline)


@blueprint.post("/invoices/<id('inv'):invoice_id>/view")
@member_route()
@limiter.limit("60 per minute")
def invoice_views_create(invoice_id: UUID) -> ResponseReturnValue:
    """The browser shows the page. Reading it writes nothing, so that this is told apart from it."""
    note_invoice_viewed(invoice_of(invoice_id).id, by=current_member().actor)
    return "", 204


def invoice_of(invoice_id: UUID) -> Invoice:
    """The invoice of the account that the member looks at; raises NotFound."""
    return issued_invoice(current_account().id, invoice_id)


def _page_href(cursor: str | None, kept: dict[str, str | None]) -> str | None:
    return url_for("portal.invoices_index", cursor=cursor, **kept) if cursor else None  # type: ignore[arg-type]
