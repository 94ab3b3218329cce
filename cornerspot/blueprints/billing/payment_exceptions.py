"""What needs attention about payments: the list, and saying that one was looked at."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.models import PaymentException
from cornerspot.billing.online.attention import exceptions_page, names_of, newest_connection, numbers_of
from cornerspot.billing.online.exceptions import TITLES, reopen_exception, resolve_exception
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.attention import forget_attention_count
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.payments.stripe_links import dashboard_url
from cornerspot.people.permissions import Permission


@blueprint.get("/payments/attention")
@gate(permission=Permission.RECORD_PAYMENTS)
def payment_exceptions_index() -> ResponseReturnValue:
    is_resolved = request.args.get("state") == "resolved"
    page = exceptions_page(resolved=is_resolved, cursor=request.args.get("cursor"))
    connection = newest_connection()
    return render_template(
        "billing/payments/attention.html",
        page=page,
        is_resolved=is_resolved,
        titles=TITLES,
        numbers=numbers_of(page.rows),
        names=names_of(row.resolved_by for row in page.rows),
        livemode=connection is not None and connection.livemode,
        stripe_url=dashboard_url,
        next_href=_href(page.next_cursor),
        previous_href=_href(page.previous_cursor),
    )


@blueprint.post("/payments/attention/<id('pex'):exception_id>/resolution")
@gate(permission=Permission.UNDO_PAYMENTS)
def payment_exception_resolutions_create(exception_id: UUID) -> ResponseReturnValue:
    resolve_exception(get_or_404(PaymentException, exception_id), by=current_actor())
    forget_attention_count()
    flash("Resolved. It stays under Resolved.", "success")
    return redirect(url_for("billing.payment_exceptions_index"), 303)


@blueprint.post("/payments/attention/<id('pex'):exception_id>/reopening")
@gate(permission=Permission.UNDO_PAYMENTS)
def payment_exception_resolutions_destroy(exception_id: UUID) -> ResponseReturnValue:
    reopen_exception(get_or_404(PaymentException, exception_id), by=current_actor())
    forget_attention_count()
    flash("It needs attention again.", "success")
    return redirect(url_for("billing.payment_exceptions_index"), 303)


def _href(cursor: str | None) -> str | None:
    state = request.args.get("state")
    return url_for("billing.payment_exceptions_index", cursor=cursor, state=state) if cursor else None
