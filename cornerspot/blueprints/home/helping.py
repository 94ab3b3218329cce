"""Help: the way from a deal to a paid invoice, with a link to each place it passes."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.home.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate


@blueprint.get("/help", endpoint="help")
@gate()
def help_show() -> ResponseReturnValue:
    return render_template("home/help.html")
