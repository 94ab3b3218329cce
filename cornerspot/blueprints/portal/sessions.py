"""Where a member is signed in, and ending that."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.members import current_member, sign_out_member
from cornerspot.people.browsers import browser_name
from cornerspot.portal.sessions import end_all_sign_ins, end_sign_in, live_sign_ins


@blueprint.get("/sign-ins")
@member_route()
def sessions_index() -> ResponseReturnValue:
    member = current_member()
    here = member.sign_in.id
    rows = sorted(live_sign_ins(member.user), key=lambda row: row.id != here)
    return render_template("portal/sessions.html", rows=rows, here=here, browser_name=browser_name)


@blueprint.post("/sign-ins/<id('psi'):sign_in_id>/ending")
@member_route()
def session_endings_create(sign_in_id: UUID) -> ResponseReturnValue:
    member = current_member()
    row = next((row for row in live_sign_ins(member.user) if row.id == sign_in_id), None)
    if row is None:
        abort(404)
    if row.id == member.sign_in.id:
        sign_out_member()
        flash("You are signed out.", "success")
        return redirect(url_for("portal.sign_in_show"), 303)
    end_sign_in(row)
    flash("That browser is signed out.", "success")
    return redirect(url_for("portal.sessions_index"), 303)


@blueprint.post("/sign-ins/endings")
@member_route()
def session_endings_all() -> ResponseReturnValue:
    member = current_member()
    end_all_sign_ins(member.user, except_for=member.sign_in)
    flash("Every other browser is signed out.", "success")
    return redirect(url_for("portal.sessions_index"), 303)
