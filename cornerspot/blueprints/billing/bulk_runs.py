"""What is done with many invoices at once: a few while one waits, more by the worker with a page that follows it."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.bulk import (
    AT_ONCE,
    MOST,
    Outcome,
    act_on_few,
    bulk_run,
    continue_run,
    require_may_run,
    start_run,
)
from cornerspot.billing.exporting import COLUMNS, chosen_invoices, export_name, export_row
from cornerspot.billing.list_filter import find
from cornerspot.billing.listing import count_invoices, invoice_ids
from cornerspot.billing.models import BulkAction, BulkRun
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_index import filter_of
from cornerspot.blueprints.support.csv_files import csv_response
from cornerspot.blueprints.support.downloads import stored_response
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.kit import clock
from cornerspot.kit.ids import decode_public_id
from cornerspot.people.permissions import Permission

FILES = (BulkAction.PDFS, BulkAction.EXPORT)
TOO_MANY = f"Choose at most {MOST} invoices at once, or narrow the list. An export takes any number."
# Done, under way.
WORDS = {
    BulkAction.DELETE: ("moved to the Trash", "Moving drafts to the Trash"),
    BulkAction.FINALIZE: ("finalized", "Finalizing drafts"),
    BulkAction.SEND: ("on their way", "Sending invoices"),
    BulkAction.PDFS: ("packed", "Packing PDFs"),
    BulkAction.EXPORT: ("exported", "Exporting invoices"),
}


@blueprint.post("/invoices/bulk-runs")
@gate(permission=Permission.READ_INVOICES)
def bulk_runs_create() -> ResponseReturnValue:
    """The action needs a permission of its own, which the use-case asks for."""
    form = Form()
    action = next((one for one in BulkAction if one == request.form.get("action")), None)
    if action is None or not form.validate_on_submit():
        abort(400)
    require_may_run(action, by=current_actor())
    ids, total = _chosen(action)
    if ids is not None and not ids:
        flash("Choose at least one invoice first.", "error")
    elif ids is not None and len(ids) > MOST:
        flash(TOO_MANY, "error")
    elif action is BulkAction.EXPORT and ids is not None:
        return _download(ids)
    elif action not in FILES and ids is not None and len(ids) <= AT_ONCE:
        _tell(action, act_on_few(action, ids, request_key=_request_key(), by=current_actor()))
    else:
        return _start(action, ids, total)
    return redirect(_list_href(), 303)


@blueprint.get("/invoices/bulk-runs/<id('blk'):run_id>")
@gate(permission=Permission.READ_INVOICES)
def bulk_runs_show(run_id: UUID) -> ResponseReturnValue:
    run = bulk_run(run_id)
    done, doing = WORDS[BulkAction(run.action)]
    return render_template(
        "billing/invoices/bulk_run.html",
        run=run,
        done=done,
        doing=doing,
        makes_file=run.action in FILES,
        has_stopped=run.has_stopped(clock.now()),
        reasons=_reasons(run.left),
    )


@blueprint.post("/invoices/bulk-runs/<id('blk'):run_id>/continuation")
@gate(permission=Permission.READ_INVOICES)
def bulk_run_continuations_create(run_id: UUID) -> ResponseReturnValue:
    """The action needs a permission of its own, which the use-case asks for."""
    run = bulk_run(run_id)
    with use_case(Form) as outcome:
        continue_run(run, by=current_actor())
    if outcome.form is not None:
        flash(outcome.form.refused, "error")
    return redirect(url_for("billing.bulk_runs_show", run_id=run_id), 303)


@blueprint.get("/invoices/bulk-runs/<id('blk'):run_id>/file")
@gate(permission=Permission.READ_INVOICES)
def bulk_run_file_show(run_id: UUID) -> ResponseReturnValue:
    run = bulk_run(run_id)
    if run.file is None:
        abort(404)
    return stored_response(run.file, inline=False)


def _chosen(action: BulkAction) -> tuple[list[UUID] | None, int | None]:
    """The ids that were ticked, or those of the whole filter; None and a number where an export takes all."""
    if not request.form.get("everything"):
        return [one for text in request.form.getlist("invoice") if (one := _id(text))], None
    found = find(filter_of(request.form))
    ids = invoice_ids(found, most=MOST + 1)
    if action is BulkAction.EXPORT and len(ids) > MOST:
        return None, count_invoices(found, most=2_000_000)
    return ids, None


def _start(action: BulkAction, ids: list[UUID] | None, total: int | None) -> ResponseReturnValue:
    with use_case(Form) as outcome:
        run: BulkRun = start_run(
            action,
            ids=ids,
            wanted=filter_of(request.form),
            total=total,
            request_key=_request_key(),
            by=current_actor(),
        )
    if outcome.form is not None:
        flash(outcome.form.refused, "error")
        return redirect(_list_href(), 303)
    return redirect(url_for("billing.bulk_runs_show", run_id=run.id), 303)


def _download(ids: list[UUID]) -> Response:
    """The CSV at once."""
    return csv_response(export_name(), COLUMNS, map(export_row, chosen_invoices(ids)))


def _tell(action: BulkAction, outcome: Outcome) -> None:
    """Two toasts: what was done, and what was left alone and why."""
    if outcome.done:
        what = "draft" if action is BulkAction.DELETE else "invoice"
        words = "on its way" if action is BulkAction.SEND and outcome.done == 1 else WORDS[action][0]
        flash(f"{outcome.done} {what}{'' if outcome.done == 1 else 's'} {words}.", "success")
    if outcome.left:
        reasons = " ".join(f"{reason} ({count})" for reason, count, _ in _reasons(outcome.left))
        flash(f"{len(outcome.left)} left alone. {reasons}"[:600], "warning")


def _reasons(left: list[dict[str, Any]]) -> list[tuple[str, int, list[tuple[UUID | None, str]]]]:
    """The reasons, the most frequent first, each with how many it kept and which: id (if there is one) and name."""
    counted = Counter(one.get("reason", "") for one in left)
    return [
        (
            reason,
            count,
            [(_uuid(one.get("id")), one.get("name", "")) for one in left if one.get("reason", "") == reason],
        )
        for reason, count in counted.most_common()
    ]


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _list_href() -> str:
    kept: dict[str, Any] = {name: values for name, values in request.form.lists() if name in _CARRIED and any(values)}
    return url_for("billing.invoices_index", **kept)


_CARRIED = ("q", "status", "sent", "dated", "since", "until", "account")


def _request_key() -> str:
    return request.form.get("request_key", "")[:64] + " " + request.form.get("action", "")


def _id(text: str) -> UUID | None:
    try:
        return decode_public_id("inv", text)
    except ValueError:
        return None
