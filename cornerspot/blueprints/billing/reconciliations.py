"""Comparisons with Stripe: what was missed and mended, and asking for one now."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.online.attention import names_of, newest_connection
from cornerspot.billing.online.reconciling import ask_for_check, recent_runs
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission

KIND_WORDS = {"hot": "Waiting rows", "events": "Events of Stripe", "full": "Payments, money and books"}
FOUND_WORDS = {
    "attempts": ("payment page", "payment pages"),
    "refunds": ("refund", "refunds"),
    "late_events": ("late message", "late messages"),
    "events": ("message that had not arrived", "messages that had not arrived"),
    "payments": ("payment", "payments"),
    "movements": ("movement of money", "movements of money"),
    "books": ("difference in the books", "differences in the books"),
}


@blueprint.get("/payments/reconciliation")
@gate(permission=Permission.RECORD_PAYMENTS)
def reconciliations_index() -> ResponseReturnValue:
    runs = recent_runs()
    connection = newest_connection()
    return render_template(
        "billing/payments/reconciliation.html",
        runs=[(run, _found(run.found)) for run in runs],
        kinds=KIND_WORDS,
        names=names_of(run.asked_by for run in runs),
        is_connected=connection is not None and connection.state != "disconnected",
    )


@blueprint.post("/payments/reconciliation/checks")
@gate(permission=Permission.UNDO_PAYMENTS)
def reconciliations_create() -> ResponseReturnValue:
    with use_case(Form) as outcome:
        ask_for_check(by=current_actor())
    if outcome.ok:
        flash("Asking Stripe. Reload the page in a moment to see what was found.", "success")
    elif outcome.form is not None:
        flash(outcome.form.refused, "error")
    return redirect(url_for("billing.reconciliations_index"), 303)


def _found(counts: dict[str, int]) -> str:
    """What a run mended, in words; empty when everything was right."""
    parts = []
    for kind, count in counts.items():
        one, several = FOUND_WORDS.get(kind, (kind, kind))
        parts.append(f"{count} {one if count == 1 else several}")
    return ", ".join(parts)
