"""One action on many invoices: a few at once, more by the worker, each by the use-case of the single action.

What an action does not suit is left alone, with the use-case's own reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.billing.deleting import delete_invoice
from cornerspot.billing.exporting import write_export, write_pdfs
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.list_filter import InvoiceFilter
from cornerspot.billing.marking_sent import require_sendable
from cornerspot.billing.message_templates import template_of
from cornerspot.billing.models import BulkAction, BulkRun, Invoice
from cornerspot.billing.sending import proposed_letter, send_invoice
from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.db.transaction import in_transaction
from cornerspot.documents.files import store_file
from cornerspot.jobs.publishing import enqueue
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, DomainError, Invalid, NotFound
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership
from cornerspot.people.permissions import Permission
from cornerspot.people.sessions import teammate
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_tenant_id

log = structlog.get_logger("cornerspot.billing")

MOST = 500  # invoices that one run changes or packs; an export takes any number
AT_ONCE = 20  # are changed while somebody waits

NEEDS = {
    BulkAction.DELETE: Permission.CREATE_INVOICES,
    BulkAction.FINALIZE: Permission.FINALIZE_INVOICES,
    BulkAction.SEND: Permission.SEND_INVOICES,
    BulkAction.PDFS: Permission.READ_INVOICES,
    BulkAction.EXPORT: Permission.READ_INVOICES,
}
NO_ADDRESS = "The customer has no e-mail address. Add one to the billing contact or the account."
STARTER_LEFT = "Whoever began this is no longer in the team, so the rest was left alone."
MOST_TRIES = 3  # of an invoice that an error of ours keeps from being handled
OUR_FAULT = "It could not be handled, through a fault of ours. It is as it was; try it alone."
UNDER_WAY = "This goes on by itself. Give it a few minutes."


@dataclass
class Outcome:
    """How many invoices were handled, and which were left alone: ``{"id", "name", "reason"}``."""

    done: int = 0
    left: list[dict[str, str]] = field(default_factory=list)


def require_may_run(action: BulkAction, *, by: Actor) -> None:
    """Pass when the teammate may do this to invoices and the plan has billing; raises what is missing."""
    by.require(NEEDS[action])
    require_feature(Feature.BILLING)


def act_on_few(action: BulkAction, ids: Iterable[UUID], *, request_key: str, by: Actor) -> Outcome:
    """Each invoice is handled or left alone, the oldest first; none stops another. Flushed."""
    require_may_run(action, by=by)
    outcome = Outcome()
    for invoice_id in sorted(set(ids)):
        reason = _act(action, invoice_id, request_key=request_key, by=by)
        if reason is None:
            outcome.done += 1
        else:
            outcome.left.append(reason)
    return outcome


def start_run(
    action: BulkAction,
    *,
    request_key: str,
    by: Actor,
    ids: Iterable[UUID] | None = None,
    wanted: InvoiceFilter | None = None,
    total: int | None = None,
) -> BulkRun:
    """The run waits for the worker: for these invoices, an export for all of a filter; the same one when asked twice.

    Raises Invalid for more invoices than ``MOST``.
    """
    require_may_run(action, by=by)
    lock_name(f"bulk run {current_tenant_id()} {request_key}")
    known = session.scalars(select(BulkRun).where(BulkRun.request_key == request_key)).one_or_none()
    if known is not None:
        return known
    chosen = sorted(set(ids)) if ids is not None else None
    if (chosen is None) is not (action is BulkAction.EXPORT):
        raise Invalid("An export is of a filter, everything else of invoices that were chosen.")
    if chosen is not None and len(chosen) > MOST:
        raise Invalid(f"Choose at most {MOST} invoices at once.")
    run = BulkRun(
        action=action,
        request_key=request_key,
        invoice_ids=[str(one) for one in chosen] if chosen is not None else None,
        wanted=(wanted or InvoiceFilter()).as_data(),
        total_count=len(chosen) if chosen is not None else total,
        started_by=by.membership_id,
        left=[],
    )
    session.add(run)
    session.flush()
    enqueue("billing.perform_bulk_run", run_id=str(run.id))
    return run


def bulk_run(run_id: UUID) -> BulkRun:
    """The run with its file; raises NotFound."""
    found = session.scalars(select(BulkRun).where(BulkRun.id == run_id).options(joinedload(BulkRun.file))).one_or_none()
    if found is None:
        raise NotFound()
    return found


def continue_run(run: BulkRun, *, by: Actor) -> None:
    """A run that stopped waits for the worker again, to go on where it was; a finished one rests.

    In the name of whoever began it. Raises Conflict while it goes on by itself.
    """
    require_may_run(BulkAction(run.action), by=by)
    lock(run)
    if run.finished_at is None:
        if not run.has_stopped(clock.now()):
            raise Conflict(UNDER_WAY)
        run.moved_at = clock.now()
        enqueue("billing.perform_bulk_run", run_id=str(run.id))


@task("billing.perform_bulk_run", own_transactions=True)
def perform_bulk_run(run_id: str) -> None:
    """Everything of the run is handled; a run that was interrupted goes on where it was, a finished one rests.

    Two at once share the work: each invoice is handled under the run's lock.
    """
    run = in_transaction(partial(bulk_run, UUID(run_id)))
    if run.finished_at is not None:
        return
    if run.action in (BulkAction.PDFS, BulkAction.EXPORT):
        _write_file(run)
        return
    while _step(UUID(run_id)):
        session.expunge_all()


def _step(run_id: UUID) -> bool:
    """Another invoice is handled; one that fails again and again is left alone, so that the rest is not."""
    try:
        return in_transaction(partial(_handle_next, run_id))
    except Exception:
        session.expunge_all()
        if in_transaction(partial(_note_failure, run_id)):
            log.exception("bulk_invoice_failed", run=str(run_id))
            return True
        raise


def _note_failure(run_id: UUID) -> bool:
    """The invoice that is next has failed once more; whether it is left alone for it now."""
    run = lock(session.get_one(BulkRun, (current_tenant_id(), run_id)))
    run.tries += 1
    ahead = (run.invoice_ids or [])[run.handled_count :]
    if run.finished_at is not None or not ahead or run.tries < MOST_TRIES:
        return False
    _leave(run, _reason(_found(UUID(ahead[0])), OUR_FAULT))
    return True


def _handle_next(run_id: UUID) -> bool:
    """One more invoice is handled, and the run says so in the same transaction; False when none is left."""
    run = lock(session.get_one(BulkRun, (current_tenant_id(), run_id)))
    if run.finished_at is not None:
        return False
    by = _starter(run)
    ids = run.invoice_ids or []
    if by is None or run.handled_count >= len(ids):
        run.error = "" if by else STARTER_LEFT
        run.finished_at = clock.now()
        return False
    action = BulkAction(run.action)
    reason = _act(action, UUID(ids[run.handled_count]), request_key=f"bulk {run.id}", by=by)
    if reason is None:
        run.done_count += 1
        run.tries, run.moved_at = 0, clock.now()
    else:
        _leave(run, reason)
    return True


def _leave(run: BulkRun, reason: dict[str, str]) -> None:
    run.left_count += 1
    run.left = [*run.left, reason]
    run.tries, run.moved_at = 0, clock.now()


def _act(action: BulkAction, invoice_id: UUID, *, request_key: str, by: Actor) -> dict[str, str] | None:
    """The invoice is handled, or nothing of it is changed and the answer says why."""
    invoice = _found(invoice_id)
    if invoice is None:
        return _reason(None, "It was deleted.")
    before = _reason(invoice, "")  # What it was called, before an attempt that is taken back.
    try:
        with session.begin_nested():
            _do(action, invoice, request_key=request_key, by=by)
    except DomainError as error:
        return {**before, "reason": error.message}
    return None


def _found(invoice_id: UUID) -> Invoice | None:
    return session.scalars(
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .options(joinedload(Invoice.account), joinedload(Invoice.contact))
        .execution_options(populate_existing=True)
    ).one_or_none()


def _reason(invoice: Invoice | None, reason: str) -> dict[str, str]:
    """An invoice that was left alone, as runs keep it."""
    if invoice is None:
        return {"id": "", "name": "An invoice", "reason": reason}
    name = invoice.number or f"Draft for {invoice.account.name if invoice.account else 'nobody yet'}"
    return {"id": str(invoice.id), "name": name, "reason": reason}


def _do(action: BulkAction, invoice: Invoice, *, request_key: str, by: Actor) -> None:
    if action is BulkAction.DELETE:
        delete_invoice(invoice, by=by)
    elif action is BulkAction.FINALIZE:
        finalize_invoice(invoice, by=by)
    else:
        require_sendable(invoice)
        letter = proposed_letter(invoice, template_of("invoice"))
        if not letter.to:
            raise Conflict(NO_ADDRESS)
        send_invoice(invoice, replace(letter, request_key=request_key), by=by)


def _write_file(run: BulkRun) -> None:
    """The file of the run is stored and the run finished. It is written anew after an interruption."""
    progress = partial(_note_progress, run.id)
    if run.action == BulkAction.PDFS:
        ids = [UUID(one) for one in run.invoice_ids or []]
        name, media_type, content = write_pdfs(ids, progress=progress)
    else:
        wanted = InvoiceFilter.from_data(run.wanted)
        name, media_type, content = write_export(wanted, progress=progress)
    in_transaction(partial(_finish, run.id, content, media_type, name))


def _note_progress(run_id: UUID, handled: int) -> None:
    """So many were written so far."""
    run = lock(session.get_one(BulkRun, (current_tenant_id(), run_id)))
    run.done_count, run.moved_at = handled, clock.now()


def _finish(run_id: UUID, content: bytes, media_type: str, name: str) -> None:
    run = lock(session.get_one(BulkRun, (current_tenant_id(), run_id)))
    if run.finished_at is None:
        run.file_id = store_file(content, media_type, name).id
        run.finished_at = clock.now()


def _starter(run: BulkRun) -> Actor | None:
    """Whoever began the run, with the role that they have now; None when they left the team."""
    wanted = select(Membership).where(Membership.id == run.started_by, Membership.deactivated_at.is_(None))
    row = session.scalars(wanted.options(joinedload(Membership.person))).one_or_none()
    return teammate(row, row.person) if row else None
