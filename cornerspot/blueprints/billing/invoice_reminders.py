"""Reminding a customer of an invoice by hand, and having the ladder leave it alone."""

from __future__ import annotations

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from cornerspot.billing.models import Invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.reminder_settings import pause_reminders, resume_reminders
from cornerspot.billing.reminding import send_reminder
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_letters import LetterForm, offered_letters
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.crm.models import Account
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/reminders")
@gate(permission=Permission.SEND_INVOICES)
def invoice_reminders_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id), LetterForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            send_reminder(invoice, form.entered(), by=current_actor())
        if outcome.ok:
            tell(invoice, "Reminder sent")
            return back_to(invoice)
    # Where the dialog is not offered any more, the page itself says why.
    dialog = "remind" if "reminder" in offered_letters(invoice_with_everything(invoice_id)) else ""
    return refused_on_page(invoice_id, form, dialog=dialog, form_name="reminder")


@blueprint.post("/invoices/<id('inv'):invoice_id>/reminder-pause")
@gate(permission=Permission.SEND_INVOICES)
def invoice_reminder_pauses_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoice_with_everything(invoice_id)
    of = _meant(invoice)
    pause_reminders(of, by=current_actor())
    tell(invoice, f"No automatic reminders for {_name(of)}.")
    return back_to(invoice)


@blueprint.post("/invoices/<id('inv'):invoice_id>/reminder-pause/removal")
@gate(permission=Permission.SEND_INVOICES)
def invoice_reminder_pauses_destroy(invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoice_with_everything(invoice_id)
    of = _meant(invoice)
    resume_reminders(of, by=current_actor())
    tell(invoice, f"Automatic reminders for {_name(of)} go on.")
    return back_to(invoice)


def _meant(invoice: Invoice) -> Invoice | Account:
    """The invoice, or its account where the button says so."""
    return invoice.account if request.form.get("of") == "account" and invoice.account else invoice


def _name(of: Invoice | Account) -> str:
    return of.name if isinstance(of, Account) else f"invoice {of.number}"
