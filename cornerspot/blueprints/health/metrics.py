"""Counts for Prometheus: requests by endpoint, and the queue. No team and no person is named."""

from __future__ import annotations

from time import perf_counter

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from cornerspot.blueprints.health.blueprint import blueprint
from cornerspot.blueprints.support.counts import count_request, registry
from cornerspot.blueprints.support.gate import public_route
from cornerspot.jobs.dead import count_jobs

JOBS = Gauge("cornerspot_jobs", "Jobs by state", ["status"], registry=registry)
JOB_STATES = ("todo", "doing", "failed")


@blueprint.before_app_request
def begin_timing() -> None:
    g.request_began = perf_counter()


@blueprint.after_app_request
def end_timing(response: Response) -> Response:
    endpoint = request.endpoint or "none"  # Never the path: it holds ids, and there is no end of them.
    count_request(endpoint, request.method, response.status_code, began=g.get("request_began"))
    return response


@blueprint.get("/metrics")
@public_route("a watcher has no account; it names no team, and a proxy can keep it inside the network")
def metrics() -> ResponseReturnValue:
    counts = count_jobs()
    for status in JOB_STATES:
        JOBS.labels(status).set(counts.get(status, 0))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
