"""Moving a deal: from the board as JSON, from its page by a form."""

from __future__ import annotations

from uuid import UUID

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.reading import invoices_of_deal
from cornerspot.billing.states import WITHDRAWN
from cornerspot.blueprints.crm.blueprint import blueprint
from cornerspot.blueprints.crm.deal_board import sum_text
from cornerspot.blueprints.crm.deals import show_page
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.fields import LinesField, VersionField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.record_fields import DayField, IdField
from cornerspot.blueprints.support.records import find, get_or_404
from cornerspot.conversion.offering import OfferState, offer_conversion
from cornerspot.crm.boards import pipeline_board
from cornerspot.crm.deal_page import deal_lines_options, deal_page_options
from cornerspot.crm.models import Deal, Stage, StageClass
from cornerspot.crm.moving import LONGEST_REASON, move_deal
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import team_today


class MoveForm(Form):
    """Where a deal goes, and what won and lost ask for."""

    stage_id = IdField("Stage", refusal="Choose a stage from the list.")
    closed_on = DayField("Close date")
    lost_reason = LinesField("Reason", longest=LONGEST_REASON)
    version = VersionField()


@blueprint.app_template_global()
def deal_move_form() -> MoveForm:
    """The form of the won and lost dialogs, closed today unless another day is chosen."""
    return MoveForm(formdata=None, data={"closed_on": team_today()})


@blueprint.post("/deals/<id('dea'):deal_id>/moves")
@gate(permission=Permission.EDIT_OWN_CRM)
def deal_moves_create(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id, *deal_page_options())
    form = MoveForm()
    stage = find(Stage, form.stage_id.id_or_none) if form.stage_id.id_or_none else None
    if _wants_json():
        return _answer_board(deal, stage, form)
    if stage is None:
        form.refused = "Choose a stage from the list."
    elif form.validate_on_submit():
        with use_case(form) as outcome:
            _move(deal, stage, form)
        if outcome.ok:
            flash(_done(deal, stage), "success")
            return redirect(url_for("crm.deals_show", deal_id=deal_id), 303)
    deal = get_or_404(Deal, deal_id, *deal_lines_options())
    return show_page(deal, move_form=form, move_stage=stage), 422


def _answer_board(deal: Deal, stage: Stage | None, form: MoveForm) -> ResponseReturnValue:
    """What board.js understands: the new version and sums, where to go on, or a reason."""
    if stage is None:
        return jsonify(detail="This stage is gone. Reload the board."), 422
    if _asks_more(deal, stage, form):
        return jsonify(href=url_for("crm.deals_show", deal_id=deal.id, move=stage.stage_class))
    if _leaves_invoices(deal, stage):
        return jsonify(href=url_for("crm.deals_show", deal_id=deal.id, move="back", stage=str(stage.id)))
    if not form.validate_on_submit():
        return jsonify(detail="The board is out of date. Reload it and try again."), 422
    _move(deal, stage, form)
    deal = get_or_404(Deal, deal.id, *deal_page_options())
    columns = {
        str(column.stage.id): {"count": column.count, "sum": sum_text(column)}
        for column in pipeline_board(deal.pipeline)
    }
    return jsonify(version=deal.version, columns=columns)


def _asks_more(deal: Deal, stage: Stage, form: MoveForm) -> bool:
    """Whether winning or losing still needs a date or a reason."""
    if stage.id == deal.stage_id:
        return False
    missing_date = stage.stage_class == StageClass.WON and not form.closed_on.data
    return missing_date or (stage.stage_class == StageClass.LOST and not form.lost_reason.data)


def _leaves_invoices(deal: Deal, stage: Stage) -> bool:
    """Whether a won deal would go back and leave its invoices standing; its page warns first."""
    if deal.stage.stage_class != StageClass.WON or stage.stage_class != StageClass.OPEN:
        return False
    return any(invoice.status not in WITHDRAWN for invoice in invoices_of_deal(deal.id))


def _move(deal: Deal, stage: Stage, form: MoveForm) -> None:
    move_deal(
        deal,
        stage,
        by=current_actor(),
        seen=form.version.seen or None,
        closed_on=form.closed_on.data,
        lost_reason=form.lost_reason.data or "",
    )


def _done(deal: Deal, stage: Stage) -> str:
    """What the toast says; a won deal's next step has its button on the page that shows it."""
    if stage.stage_class == StageClass.WON:
        won = get_or_404(Deal, deal.id, *deal_page_options())
        offer = offer_conversion(won, actor=current_actor(), granted=request_entitlements())
        if offer.state is OfferState.OFFERED:
            return f"{deal.name} is won. Next: convert it into an invoice with {offer.label}."
    words = {StageClass.WON: f"{deal.name} is won.", StageClass.LOST: f"{deal.name} is lost."}
    return words.get(StageClass(stage.stage_class), f"Moved to {stage.name}.")


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
