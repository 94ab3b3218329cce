"""The list of settings pages that a teammate may open."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate


@blueprint.get("/settings")
@gate()
def index() -> ResponseReturnValue:
    return render_template("settings/index.html")
