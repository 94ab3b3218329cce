"""Counts for Prometheus: requests by endpoint, and the queue. No team and no person is named."""

from __future__ import annotations

from time import perf_counter

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from cornerspot.blueprints.health.blueprint import blueprint
from cornerspot.blueprints.support.gate import public_route
from cornerspot.jobs.dead import count_jobs

registry = CollectorRegistry()
REQUESTS = Counter("cornerspot_requests", "Requests answered", ["endpoint", "method", "status"], registry=registry)
SECONDS = Histogram(
    "cornerspot_request_seconds",
    "Time to answer",
    ["endpoint"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=registry,
)
JOBS = Gauge("cornerspot_jobs", "Jobs by state", ["status"], registry=registry)
JOB_STATES = ("todo", "doing", "failed")


@blueprint.before_app_request
def begin_timing() -> None:
    g.request_began = perf_counter()


@blueprint.after_app_request
def count_request(response: Response) -> Response:
    endpoint = request.endpoint or "none"  # Never the path: it holds ids, and there is no end of them.
    REQUESTS.labels(endpoint, request.method, response.status_code).inc()
    if "request_began" in g:
        SECONDS.labels(endpoint).observe(perf_counter() - g.request_began)
    return response


@blueprint.get("/metrics")
@public_route("a watcher has no account; it names no team, and a proxy can keep it inside the network")
def metrics() -> ResponseReturnValue:
    counts = count_jobs()
    for status in JOB_STATES:
        JOBS.labels(status).set(counts.get(status, 0))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
