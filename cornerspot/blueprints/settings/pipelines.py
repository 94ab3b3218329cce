"""Settings, Pipelines: their names and stages."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.fields import ChoiceField, TextField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.record_fields import NumberField
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.boards import pipelines
from cornerspot.crm.models import Pipeline, Stage
from cornerspot.crm.stages import (
    StageInput,
    add_stage,
    deals_by_stage,
    order_stages,
    remove_stage,
    rename_pipeline,
    stages_of,
    update_stage,
)
from cornerspot.kit.errors import Conflict
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature

CLASSES = (("open", "Open"), ("won", "Won"), ("lost", "Lost"))


class PipelineForm(Form):
    """The name of a pipeline."""

    name = TextField("Name", longest=60, required="Enter the pipeline's name.")


class StageForm(Form):
    """A stage: its name, what it means for a deal, and how likely a sale is."""

    name = TextField("Name", longest=60, required="Enter the stage's name.")
    stage_class = ChoiceField("Means", choices=CLASSES, refusal="Choose open, won or lost.")
    probability = NumberField("Probability", places=0, between=(0, 100, "Enter a probability from 0 to 100."))

    def entered(self) -> StageInput:
        """The stage as it was entered; only after validation."""
        return StageInput(self.name.data, self.stage_class.data, int(self.probability.number or 0))


@blueprint.get("/settings/pipelines")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def pipelines_index() -> ResponseReturnValue:
    return render_template("settings/pipelines/index.html", pipelines=pipelines(), counts=deals_by_stage())


@blueprint.get("/settings/pipelines/<id('pip'):pipeline_id>/edit")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def pipelines_edit(pipeline_id: UUID) -> ResponseReturnValue:
    pipeline = get_or_404(Pipeline, pipeline_id)
    return _pipeline_form(PipelineForm(formdata=None, data={"name": pipeline.name}), pipeline)


@blueprint.post("/settings/pipelines/<id('pip'):pipeline_id>")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def pipelines_update(pipeline_id: UUID) -> ResponseReturnValue:
    pipeline, form = get_or_404(Pipeline, pipeline_id), PipelineForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            rename_pipeline(pipeline, form.name.data, by=current_actor())
        if outcome.ok:
            flash("Pipeline saved.", "success")
            return redirect(url_for("settings.pipelines_index"), 303)
    return _pipeline_form(form, get_or_404(Pipeline, pipeline_id)), 422


@blueprint.get("/settings/pipelines/<id('pip'):pipeline_id>/stages/new")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def stages_new(pipeline_id: UUID) -> ResponseReturnValue:
    form = StageForm(formdata=None, data={"stage_class": "open"})
    return _stage_form(form, get_or_404(Pipeline, pipeline_id), None)


@blueprint.post("/settings/pipelines/<id('pip'):pipeline_id>/stages")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def stages_create(pipeline_id: UUID) -> ResponseReturnValue:
    pipeline, form = get_or_404(Pipeline, pipeline_id), StageForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            add_stage(pipeline, form.entered(), by=current_actor())
        if outcome.ok:
            flash("Stage added.", "success")
            return redirect(url_for("settings.pipelines_index"), 303)
    return _stage_form(form, get_or_404(Pipeline, pipeline_id), None), 422


@blueprint.get("/settings/pipelines/<id('pip'):pipeline_id>/stages/<id('stg'):stage_id>/edit")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def stages_edit(pipeline_id: UUID, stage_id: UUID) -> ResponseReturnValue:
    pipeline, stage = _both(pipeline_id, stage_id)
    data = {"name": stage.name, "stage_class": stage.stage_class, "probability": str(stage.probability)}
    return _stage_form(StageForm(formdata=None, data=data), pipeline, stage)


@blueprint.post("/settings/pipelines/<id('pip'):pipeline_id>/stages/<id('stg'):stage_id>")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def stages_update(pipeline_id: UUID, stage_id: UUID) -> ResponseReturnValue:
    (pipeline, stage), form = _both(pipeline_id, stage_id), StageForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_stage(pipeline, stage, form.entered(), by=current_actor())
        if outcome.ok:
            flash("Stage saved.", "success")
            return redirect(url_for("settings.pipelines_index"), 303)
    return _stage_form(form, *_both(pipeline_id, stage_id)), 422


@blueprint.post("/settings/pipelines/<id('pip'):pipeline_id>/stages/<id('stg'):stage_id>/place")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def stage_places_create(pipeline_id: UUID, stage_id: UUID) -> ResponseReturnValue:
    """Move a stage one place up or down."""
    pipeline, stage = _both(pipeline_id, stage_id)
    stages = stages_of(pipeline)
    at = stages.index(stage)
    to = at + (-1 if request.form.get("direction") == "up" else 1)
    if 0 <= to < len(stages):
        stages.insert(to, stages.pop(at))
        order_stages(pipeline, stages, by=current_actor())
    return redirect(url_for("settings.pipelines_index"), 303)


@blueprint.post("/settings/pipelines/<id('pip'):pipeline_id>/stages/<id('stg'):stage_id>/deletion")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.CRM)
def stage_deletions_create(pipeline_id: UUID, stage_id: UUID) -> ResponseReturnValue:
    pipeline, stage = _both(pipeline_id, stage_id)
    try:
        remove_stage(pipeline, stage, by=current_actor())
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("Stage removed.", "success")
    return redirect(url_for("settings.pipelines_index"), 303)


def _both(pipeline_id: UUID, stage_id: UUID) -> tuple[Pipeline, Stage]:
    """The pipeline and its stage; 404 when the stage is another pipeline's."""
    pipeline, stage = get_or_404(Pipeline, pipeline_id), get_or_404(Stage, stage_id)
    if stage.pipeline_id != pipeline.id:
        abort(404)
    return pipeline, stage


def _pipeline_form(form: PipelineForm, pipeline: Pipeline) -> str:
    return render_template("settings/pipelines/form.html", form=form, pipeline=pipeline)


def _stage_form(form: StageForm, pipeline: Pipeline, stage: Stage | None) -> str:
    return render_template("settings/pipelines/stage_form.html", form=form, pipeline=pipeline, stage=stage)
