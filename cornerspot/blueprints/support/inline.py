"""Making a record from within another form, in a dialog over it that loses nothing typed.

The routes that make accounts, contacts and products serve both: asked with ``?inline``
their form is the dialog alone, and what was made is answered as the choice that the
form behind it then takes. Gates, use-cases and refusals are the same.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.gate import need_of
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.plans.entitlements import Answer


def is_inline() -> bool:
    """Whether a form over another form asks, and not a page."""
    return "inline" in request.args


def made(choice: dict[str, Any], *, said: str, page: str) -> ResponseReturnValue:
    """The answer to a record that was made: the choice for the form behind, or its own page.

    ``choice`` has ``value`` and ``text``, and what the form behind may fill in.
    """
    if is_inline():
        return jsonify(choice | {"said": said}), 201
    flash(said, "success")
    return redirect(page, 303)


def creation_url(endpoint: str, **values: Any) -> str | None:
    """The address of a form that makes a record; None for whoever may not open it."""
    need, actor, answers = need_of(current_app, endpoint), current_actor_or_none(), request_entitlements()
    if need is None or actor is None:
        return None
    permitted = need.permission is None or actor.may(need.permission)
    bought = not answers.missing(*need.features) and (not need.any_of or answers.answer_any(*need.any_of) is Answer.YES)
    return url_for(endpoint, **values) if permitted and bought else None


def install(app: Flask) -> None:
    """Let templates ask who may make what, and whether a dialog asks."""
    app.jinja_env.globals.update(creation_url=creation_url, is_inline=is_inline)
