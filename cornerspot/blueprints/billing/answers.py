"""What every step on an invoice answers: back to its page, or the page again with the refusal."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.models import Invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.blueprints.billing.invoice_page import OpenDialog, render_invoice
from cornerspot.blueprints.support.forms import Form


def back_to(invoice: Invoice) -> ResponseReturnValue:
    """To the invoice's page."""
    return redirect(url_for("billing.invoices_show", invoice_id=invoice.id), 303)


def tell(invoice: Invoice, text: str, *, pdf: bool = False) -> None:
    """A toast, with the way to the PDF where that is what one wants next."""
    if pdf:
        tell_with_link(text, url_for("billing.invoice_pdf_show", invoice_id=invoice.id, view=1), "View PDF")
    else:
        flash(text, "success")


def tell_with_link(text: str, href: str, label: str) -> None:
    """A toast with a link in it; the layouts take a map as well as a text."""
    flash(cast(str, {"text": text, "href": href, "label": label}), "success")


def refused_on_page(
    invoice_id: UUID, form: Form, *, dialog: str = "", form_name: str = "reason"
) -> ResponseReturnValue:
    """The invoice as it is now with the refusal: in its dialog, or above the page."""
    invoice = invoice_with_everything(invoice_id, trashed=True)
    sentences = [form.refused, *(str(error) for errors in form.errors.values() for error in errors)]
    message = next((sentence for sentence in sentences if sentence), "")
    shown = OpenDialog(dialog, {form_name: form} if dialog else {}, "" if dialog else message)
    return render_invoice(invoice, dialog=shown), 422
