"""Every component with its variants, on one page."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.operators.blueprint import blueprint
from cornerspot.blueprints.operators.component_samples import component_samples
from cornerspot.blueprints.support.gate import operator_route


@blueprint.get("/operators/components")
@operator_route("the design system, as it is rendered")
def components() -> ResponseReturnValue:
    return render_template("operators/components.html", **component_samples())
