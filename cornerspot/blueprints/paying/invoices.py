"""The invoice behind a pay link: its page, its PDF, the team's logo, and that it was looked at."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.billing.logo import logo_bytes
from cornerspot.billing.pay_links import note_view
from cornerspot.billing.rendering import invoice_paper, stored_invoice_pdf
from cornerspot.blueprints.paying.blueprint import blueprint
from cornerspot.blueprints.paying.links import REASON, closed_page, invoice_of, opened
from cornerspot.blueprints.support.customer_invoice import customer_invoice
from cornerspot.blueprints.support.downloads import paper_response, stored_response
from cornerspot.blueprints.support.gate import public_route
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.part_form import PartForm
from cornerspot.kit.errors import NotFound


@blueprint.get("/pay/<token>")
@public_route(REASON, in_team=True)
@limiter.limit("60 per minute")
def invoices_show(token: str) -> ResponseReturnValue:
    link = opened(token)
    if link is None:
        return closed_page()
    return render_page(token, PartForm(formdata=None))


def render_page(token: str, form: PartForm) -> str:
    """The page of the token's invoice, with the form for paying a part."""
    link = opened(token)
    if link is None:
        raise NotFound()
    view = customer_invoice(invoice_of(link))
    return render_template("paying/invoice.html", view=view, token=token, form=form.bind(view.invoice.currency))


@blueprint.get("/pay/<token>/pdf")
@public_route(REASON, in_team=True, writes_on_get=True)  # The worker may not have come to it yet.
@limiter.limit("30 per minute")
def pdfs_show(token: str) -> ResponseReturnValue:
    link = opened(token)
    if link is None:
        return closed_page()
    stored = stored_invoice_pdf(link.invoice_id)
    if stored is not None:
        return stored_response(stored, inline="view" in request.args)
    invoice = invoice_of(link)
    return paper_response(invoice_paper(invoice), inline="view" in request.args)


@blueprint.get("/pay/<token>/logo")
@public_route(REASON, in_team=True)
def logos_show(token: str) -> ResponseReturnValue:
    picture = logo_bytes() if opened(token) is not None else None
    if picture is None:
        raise NotFound()
    answer = Response(picture, mimetype="image/png")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@blueprint.post("/pay/<token>/view")
@public_route(REASON, in_team=True)
@limiter.limit("30 per minute")
def views_create(token: str) -> ResponseReturnValue:
    """A person's browser shows the page: mail scanners and previews fetch pages, but run no scripts.

    A teammate who looks at the customer's page does not count.
    """
    link = opened(token)
    if link is not None and current_actor_or_none() is None:
        note_view(link)
    return "", 204
