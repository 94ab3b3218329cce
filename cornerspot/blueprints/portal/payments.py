"""The account's payments, each with its receipt, and its credit."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.crediting import credit_balances, payments_with_credit
from cornerspot.billing.models import Payment
from cornerspot.billing.papers import PaperPart, letterhead, receipt_pdf
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.downloads import named_pdf
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import current_account, current_member
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.payments.choosing import METHOD_NAMES
from cornerspot.portal.payments import (
    SettledPart,
    has_receipt,
    invoices_of,
    member_payment,
    member_payments_page,
    payment_state,
    refunds_of,
    settled_parts,
)
from cornerspot.tenancy import current_tenant_id


@blueprint.get("/payments")
@member_route()
def payments_index() -> ResponseReturnValue:
    account = current_account()
    page = member_payments_page(account.id, cursor=request.args.get("cursor"))
    return render_template(
        "portal/payments/index.html",
        page=page,
        paid=invoices_of(page.rows),
        credit=credit_balances(account.id),
        state=payment_state,
        next_href=_page_href(page.next_cursor),
        previous_href=_page_href(page.previous_cursor),
    )


@blueprint.get("/payments/<id('pay'):payment_id>")
@member_route()
def payments_show(payment_id: UUID) -> ResponseReturnValue:
    payment = member_payment(current_account().id, payment_id)
    return render_template(
        "portal/payments/show.html",
        payment=payment,
        parts=settled_parts([payment]).get(payment.id, []),
        invoices=invoices_of([payment]).get(payment.id, []),
        refunds=refunds_of(payment),
        state=payment_state(payment),
        has_receipt=has_receipt(payment),
    )


@blueprint.get("/payments/<id('pay'):payment_id>/receipt")
@member_route()
@limiter.limit("30 per minute")
def receipt_pdf_show(payment_id: UUID) -> ResponseReturnValue:
    payment = member_payment(current_account().id, payment_id)
    if not has_receipt(payment):
        abort(404)
    account = session.get_one(Account, (current_tenant_id(), payment.account_id))
    parts = _paper_parts(payment, settled_parts([payment]).get(payment.id, []))
    head = letterhead(account, locale=current_member().locale)
    content = receipt_pdf(payment, parts, method=_method(payment), head=head)
    return named_pdf(content, f"Receipt {payment.received_on.isoformat()} {account.name}")


@blueprint.get("/credit")
@member_route()
def credits_index() -> ResponseReturnValue:
    account = current_account()
    payments = payments_with_credit(account.id)
    return render_template(
        "portal/payments/credit.html",
        credit=credit_balances(account.id),
        payments=payments,
        paid=invoices_of(payments),
    )


def _paper_parts(payment: Payment, settled: list[SettledPart]) -> list[PaperPart]:
    """What a receipt says the payment was for; what settles nothing is credit, or went back."""
    parts = [PaperPart(f"Invoice {part.number}", part.amount_minor) for part in settled]
    rest = payment.amount_minor - sum(part.amount_minor for part in settled)
    return [*parts, PaperPart("Not for an invoice", rest)] if rest else parts


def _method(payment: Payment) -> str:
    usual = payment.method.replace("_", " ").capitalize()
    return payment.method_detail or METHOD_NAMES.get(payment.method_type, usual)


def _page_href(cursor: str | None) -> str | None:
    return url_for("portal.payments_index", cursor=cursor) if cursor else None
