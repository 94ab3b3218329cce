"""The board of a pipeline."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.crm.blueprint import blueprint
from cornerspot.blueprints.crm.helpers import id_argument, owner_choices
from cornerspot.blueprints.support.filters import money
from cornerspot.blueprints.support.gate import gate
from cornerspot.crm.boards import Column, pipeline_board, pipelines
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_team


@blueprint.get("/deals/board")
@gate(permission=Permission.READ_CRM)
def deals_board() -> ResponseReturnValue:
    found = pipelines()
    wanted = id_argument("pipeline", "pip")
    pipeline = next((one for one in found if one.id == wanted), found[0])
    owner_id = id_argument("owner", "mem")
    return render_template(
        "crm/deals/board.html",
        pipeline=pipeline,
        pipelines=found,
        columns=pipeline_board(pipeline, owner_id=owner_id),
        owners=owner_choices(),
        owner=request.args.get("owner", ""),
        sum_text=sum_text,
    )


def sum_text(column: Column) -> str:
    """What a column comes to, currency by currency; zero in the team's own when it is empty."""
    if not column.sums:
        return money(0, current_team().currency)
    return " + ".join(
        money(entry.value_minor, entry.currency) for entry in sorted(column.sums, key=lambda one: -one.count)
    )
