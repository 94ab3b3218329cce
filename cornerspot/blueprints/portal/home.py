"""The first page of the portal."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.gate import member_route


@blueprint.get("/")
@member_route()
def home_index() -> ResponseReturnValue:
    return render_template("portal/home.html")
