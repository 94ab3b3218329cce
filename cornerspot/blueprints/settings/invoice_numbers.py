"""The gap report: each series of invoice numbers with the proof that it has no hole, manual numbers apart."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.billing.number_proof import SeriesProof, count_manual_numbers, manual_numbers, prove_numbers
from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.csv_files import csv_response
from cornerspot.blueprints.support.gate import gate
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_today

MOST_LISTED = 100
HEAD = ("Series", "Counter", "Numbers given", "Void", "First number", "Last number", "Missing")


@blueprint.get("/settings/invoices/numbers")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def invoice_numbers_show() -> ResponseReturnValue:
    return render_template(
        "settings/invoice_numbers.html",
        proofs=prove_numbers(),
        manual=manual_numbers(most=MOST_LISTED),
        manual_count=count_manual_numbers(),
    )


@blueprint.get("/settings/invoices/numbers.csv")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def invoice_numbers_csv() -> ResponseReturnValue:
    series = [_row(proof) for proof in prove_numbers()]
    manual = [("Manual", "", "", int(row.status == "void"), row.number, row.number, "") for row in manual_numbers()]
    return csv_response(f"Invoice numbers {team_today().isoformat()}", HEAD, [*series, *manual])


def _row(proof: SeriesProof) -> tuple[object, ...]:
    name = proof.period or "All"
    return name, proof.counter, proof.given, proof.void, proof.first, proof.last, proof.missing
