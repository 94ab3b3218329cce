"""Jobs of the installation: how many wait, and those that failed for good."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.operators.blueprint import blueprint
from cornerspot.blueprints.support.gate import operator_route
from cornerspot.jobs.dead import count_jobs, list_dead_jobs, retry_job

GREATEST_ID = 2**63 - 1


@blueprint.get("/operators/jobs")
@operator_route("the queue of the installation")
def jobs_index() -> ResponseReturnValue:
    return render_template("operators/jobs/index.html", counts=count_jobs(), dead=list_dead_jobs())


@blueprint.post(f"/operators/jobs/<int(max={GREATEST_ID}):job_id>/retry")
@operator_route("sends a dead job round again")
def job_retries_create(job_id: int) -> ResponseReturnValue:
    retry_job(job_id)
    flash("The job waits for the worker again.", "success")
    return redirect(url_for("operators.jobs_index"), 303)
