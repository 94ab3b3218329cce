"""A final invoice gets its PDF."""

from __future__ import annotations

from cornerspot.billing.events import InvoiceFinalized
from cornerspot.billing.rendering import render_invoice_pdf
from cornerspot.jobs.registry import reaction


@reaction(InvoiceFinalized)
def render_final_invoice(event: InvoiceFinalized) -> None:
    """The invoice's PDF is in storage before anybody asks for it."""
    render_invoice_pdf(event.invoice_id)
