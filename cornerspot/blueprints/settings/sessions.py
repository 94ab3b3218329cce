"""Where a person is signed in, and ending that."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_sign_in, sign_out_browser
from cornerspot.db import session
from cornerspot.people.browsers import browser_name
from cornerspot.people.models import SignIn
from cornerspot.people.sessions import end_session, live_sessions


@blueprint.get("/settings/sessions")
@gate()
def sessions_index() -> ResponseReturnValue:
    user = current_sign_in()
    rows = sorted(live_sessions(user.person), key=lambda row: row.browser_id != user.row.browser_id)
    return render_template("settings/sessions.html", rows=rows, here=user.row.browser_id, browser_name=browser_name)


@blueprint.post("/settings/sessions/<id('sin'):sign_in_id>/ending")
@gate()
def session_endings_create(sign_in_id: UUID) -> ResponseReturnValue:
    user = current_sign_in()
    row = session.scalars(
        select(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == user.person.id)
    ).one_or_none()
    if row is None:
        abort(404)
    if row.browser_id == user.row.browser_id:
        sign_out_browser()
        flash("You are signed out.", "success")
        return redirect(url_for("auth.sign_in_show"))
    end_session(row)
    flash("That browser is signed out.", "success")
    return redirect(url_for("settings.sessions_index"))
