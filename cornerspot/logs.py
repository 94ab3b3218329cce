"""Structured logs: one JSON line an event, with the request and the team."""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from cornerspot.settings import Settings
from cornerspot.tenancy.context import current_scope


def configure_logs(settings: Settings) -> None:
    """Send JSON in production, readable lines elsewhere."""
    renderer = (
        structlog.processors.JSONRenderer() if settings.is_production else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_team,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(settings.log_level, logging.INFO)
        ),
    )


def _add_team(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    scope = current_scope()
    if scope is not None and scope.team is not None:
        event["team"] = scope.team.slug
    return event
