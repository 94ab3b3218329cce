"""The first page: of the installation for strangers, of the team for teammates."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.home.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.tenancy.http import team_of_request


@blueprint.get("/")
@gate(open_outside="the installation introduces itself")
def index() -> ResponseReturnValue:
    if team_of_request() is None:
        return render_template("home/landing.html")
    return render_template("home/index.html")
