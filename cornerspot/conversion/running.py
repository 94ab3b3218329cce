"""Running a conversion: a won deal becomes an invoice, all of it or nothing, and once."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.activity.recording import record, recorded
from cornerspot.billing.deal_billing import bill_deal_lines
from cornerspot.billing.deleting import delete_invoice
from cornerspot.billing.drafting import DraftInput, create_draft
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.settings import billing_settings
from cornerspot.billing.states import InvoiceStatus
from cornerspot.conversion.answers import BillingAnswers, billing_answers
from cornerspot.conversion.changes import DealChanged, digest_of, facts_of
from cornerspot.conversion.events import ConversionCompleted
from cornerspot.conversion.models import Conversion, ConversionStatus
from cornerspot.conversion.planning import ConversionPlan
from cornerspot.conversion.reading import invited_contacts, lock_deal, read_plan
from cornerspot.conversion.wizard import AlreadyRun, changes_since_acknowledged, require_allowed, require_holder
from cornerspot.crm.models import Contact, Deal
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.jobs.publishing import publish
from cornerspot.kit.errors import Conflict
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_tenant_id
from cornerspot.tenancy.writing import write_rows


class TotalsDiffer(Conflict):
    """The invoice would not come to the deal's total. Save the deal again, then convert it."""


class ReviewOutdated(Conflict):
    """The wizard was changed in another tab. Look at the review again, then run the conversion."""


def run_conversion(conversion: Conversion, *, by: Actor, seen: int | None = None) -> Conversion:
    """The deal's unbilled lines stand on a new invoice, exactly as they are on the deal.

    Running it again is harmless: a conversion that ran already comes back as it is
    (``just_completed`` tells the two apart). ``seen`` is the version of the wizard that
    was reviewed. Everything is checked again under the deal's lock: raises Conflict and
    its kinds (DealChanged, HeldByAnother, ReviewOutdated), PermissionDenied, FeatureMissing.
    """
    by.require(Permission.CREATE_INVOICES)
    deal = lock_deal(conversion.deal_id)
    lock(conversion)
    if conversion.status == ConversionStatus.COMPLETED:
        return conversion
    _require_runnable(conversion, seen, by=by)
    plan = read_plan(deal)
    _require_unchanged(conversion, plan)
    answers = billing_answers(conversion, deal)
    if answers.finalize:
        by.require(Permission.FINALIZE_INVOICES)
    invoice = create_draft(_draft_of(deal, plan, answers), by=by, deal=deal, origin="conversion")
    bill_deal_lines(invoice, deal, plan.parts, invoice.lines)
    _require_same_totals(invoice, plan)
    if answers.finalize:
        finalize_invoice(invoice, by=by)
    conversion.complete(invoice_id=invoice.id, by=by.membership_id, summary=_summary(conversion, invoice, plan, by))
    amounts = {"total_minor": invoice.total_minor, "currency": invoice.currency}
    created = {"invoice_id": invoice.id, "number": invoice.number}
    write_rows(recorded(deal, "converted", by=by, **amounts, **created), changed=conversion)
    publish(ConversionCompleted(conversion.id))
    session.flush()
    return conversion


def undo_conversion(conversion: Conversion, *, by: Actor) -> None:
    """The invoice is in the Trash and its lines can be billed again; raises Conflict unless it is a draft."""
    require_allowed(by)
    deal = lock_deal(conversion.deal_id)
    lock(conversion)
    if conversion.status != ConversionStatus.COMPLETED:
        raise AlreadyRun("There is nothing to undo: this conversion created nothing that still stands.")
    invoice = session.scalars(select(Invoice).where(Invoice.id == conversion.invoice_id)).one_or_none()
    if invoice is not None and invoice.deleted_at is None:
        if invoice.status != InvoiceStatus.DRAFT:
            raise Conflict("The invoice is not a draft any more, so this cannot be undone. Void it instead.")
        delete_invoice(invoice, by=by)
    conversion.undo()
    record(deal, "conversion_undone", by=by, invoice_id=conversion.invoice_id)


def _require_runnable(conversion: Conversion, seen: int | None, *, by: Actor) -> None:
    if not conversion.is_in_progress:
        raise AlreadyRun("This conversion was undone. Open the deal to start again.")
    require_allowed(by)
    require_holder(conversion, by=by)
    if seen is not None and conversion.version != seen:
        raise ReviewOutdated()


def _require_unchanged(conversion: Conversion, plan: ConversionPlan) -> None:
    """Pass when the deal is what was confirmed."""
    plan.require_possible()
    if not conversion.acknowledged_plan:
        raise Conflict("Go back to Confirm and tick what will be created, then run the conversion.")
    facts = facts_of(plan)
    if digest_of(facts) != conversion.acknowledged_plan:
        raise DealChanged(changes_since_acknowledged(conversion, facts))


def _draft_of(deal: Deal, plan: ConversionPlan, answers: BillingAnswers) -> DraftInput:
    settings = billing_settings()
    contact = session.get(Contact, (current_tenant_id(), answers.contact_id)) if answers.contact_id else None
    return DraftInput(
        account=deal.account,
        contact=contact,
        currency=plan.currency,
        lines=plan.lines,
        discounts=plan.discounts,
        taxes=plan.taxes,
        prices_include_tax=plan.prices_include_tax,
        terms_days=answers.terms_days,
        notes=settings.default_notes,
        terms_text=settings.default_terms_text,
        internal_note=answers.internal_note,
    )


def _require_same_totals(invoice: Invoice, plan: ConversionPlan) -> None:
    """Pass when the invoice comes to what was shown, and to the deal's total when it bills all of it."""
    totals = plan.totals
    if (invoice.total_minor, invoice.tax_minor) != (totals.total_minor, totals.tax_minor):
        raise TotalsDiffer()
    if plan.is_whole and invoice.total_minor != plan.deal_total_minor:
        raise TotalsDiffer()


def _summary(conversion: Conversion, invoice: Invoice, plan: ConversionPlan, by: Actor) -> dict[str, object]:
    """What was created, as it was then: invoices change and may be purged, the summary stays."""
    return {
        "by": by.name,
        "account": plan.account_name,
        "lines": len(plan.lines),
        "recurring": len(plan.recurring),
        "invited": len(invited_contacts(conversion, plan.account_id)),
        "portal": entitlements().allows(Feature.PORTAL),
        "total_minor": invoice.total_minor,
        "currency": invoice.currency,
        "finalized": invoice.is_finalized,
        "number": invoice.number,
    }
