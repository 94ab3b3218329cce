"""For whoever watches the process: does it live, and can it serve?"""

from __future__ import annotations

import structlog
from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from cornerspot.blueprints.health.blueprint import blueprint
from cornerspot.blueprints.support.gate import public_route
from cornerspot.db import session

log = structlog.get_logger()


@blueprint.get("/health/live")
@public_route("a watcher has no account")
def live() -> ResponseReturnValue:
    return jsonify(status="live")


@blueprint.get("/health/ready")
@public_route("a watcher has no account")
def ready() -> ResponseReturnValue:
    try:
        session.execute(text("SELECT 1 FROM teams LIMIT 1"))
    except SQLAlchemyError as error:
        session.rollback()
        log.warning("not ready", error=str(error))
        return jsonify(status="the database does not answer"), 503
    return jsonify(status="ready")
