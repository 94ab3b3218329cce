"""What is counted of requests, for Prometheus. No team and no person is named."""

from __future__ import annotations

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram

registry = CollectorRegistry()
REQUESTS = Counter("cornerspot_requests", "Requests answered", ["endpoint", "method", "status"], registry=registry)
SECONDS = Histogram(
    "cornerspot_request_seconds",
    "Time to answer",
    ["endpoint"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=registry,
)


def count_request(endpoint: str, method: str, status: int, *, began: float | None) -> None:
    """One request more; ``began`` is what ``perf_counter`` said then."""
    REQUESTS.labels(endpoint, method, status).inc()
    if began is not None:
        SECONDS.labels(endpoint).observe(perf_counter() - began)
