"""Portal users: the list, a person's page, inviting and deleting them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.activity.reading import entries_of
from cornerspot.blueprints.members.answers import portal_user, refusal_as_toast
from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.members.forms import AccountForm, PortalUserForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.records import find, get_or_404
from cornerspot.crm.models import Account, Contact
from cornerspot.kit.ids import decode_public_id
from cornerspot.people.browsers import browser_name
from cornerspot.people.permissions import Permission
from cornerspot.portal.inviting import Invitee, invite_portal_user
from cornerspot.portal.membership import delete_portal_user
from cornerspot.portal.models import Membership, PortalUser
from cornerspot.portal.reading import DETAILS, counts_by_state, portal_users_page, user_of_contact
from cornerspot.portal.sessions import live_sign_ins

STATES = {
    Membership.INVITED: "Invited",
    Membership.ACTIVE: "Active",
    Membership.SUSPENDED: "Suspended",
    Membership.REVOKED: "Revoked",
}


@blueprint.get("/portal-users")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_users_index() -> ResponseReturnValue:
    search, state = request.args.get("q", "")[:200], request.args.get("state", "")
    page = portal_users_page(search=search, state=state, cursor=request.args.get("cursor"))
    counts = counts_by_state(search)
    return render_template(
        "members/index.html",
        users=page.rows,
        search=search,
        state=state if state in STATES else "",
        tabs=[_tab("", "All", sum(counts.values()), search, state)]
        + [_tab(key, label, counts.get(key, 0), search, state) for key, label in STATES.items()],
        next_href=_index(search, state, page.next_cursor) if page.next_cursor else None,
        previous_href=_index(search, state, page.previous_cursor) if page.previous_cursor else None,
    )


@blueprint.get("/portal-users/new")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_users_new() -> ResponseReturnValue:
    contact, account = _argument("contact", "con", Contact), _argument("account", "acc", Account)
    known = user_of_contact(contact) if contact else None
    if known is not None:
        return redirect(url_for("members.portal_users_show", user_id=known.id))
    data: dict[str, Any] = {"account_id": account.id if account else None}
    if contact is not None:
        data = {
            "email": contact.email,
            "name": contact.name,
            "account_id": contact.account_id or data["account_id"],
            "contact": request.args.get("contact"),
        }
    return _form(PortalUserForm(formdata=None, data=data))


@blueprint.post("/portal-users")
@gate(permission=Permission.MANAGE_PORTAL)
@limiter.limit("60 per minute; 1000 per day")
def portal_users_create() -> ResponseReturnValue:
    form = PortalUserForm()
    form.offer()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            user = invite_portal_user(_invitee(form), by=current_actor())
        if outcome.ok:
            flash(_done(user), "success")
            return redirect(url_for("members.portal_users_show", user_id=user.id), 303)
    return _form(form), 422


@blueprint.get("/portal-users/<id('ptu'):user_id>")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_users_show(user_id: UUID) -> ResponseReturnValue:
    user = get_or_404(PortalUser, user_id, *DETAILS)
    form = AccountForm(formdata=None)
    form.offer()
    return render_template(
        "members/show.html",
        user=user,
        form=form,
        sign_ins=live_sign_ins(user),
        browser_name=browser_name,
        entries=entries_of(user, size=30).rows,
    )


@blueprint.post("/portal-users/<id('ptu'):user_id>/deletion")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_user_deletions_create(user_id: UUID) -> ResponseReturnValue:
    user = portal_user(user_id)
    name = user.name
    with refusal_as_toast():
        delete_portal_user(user, by=current_actor())
        flash(f"{name} is deleted from the portal. The contact and the history stay.", "success")
    return redirect(url_for("members.portal_users_index"), 303)


def _form(form: PortalUserForm) -> str:
    form.offer()
    return render_template("members/form.html", form=form)


def _invitee(form: PortalUserForm) -> Invitee:
    contact = _record(form.contact.data or "", "con", Contact)
    account = form.account
    if form.account_id.data is not None and account is None:
        abort(404)
    return Invitee(
        email=form.email.data or "",
        name=form.name.data or "",
        accounts=(account,) if account is not None else (),
        contact=contact,
    )


def _done(user: PortalUser) -> str:
    if user.state == Membership.ACTIVE:
        return f"{user.name} has accepted before and sees the account from now on."
    return f"{user.email} is invited and sees the account after accepting."


def _argument(name: str, prefix: str, model: Any) -> Any:
    return _record(request.args.get(name, ""), prefix, model)


def _record(public_id: str, prefix: str, model: Any) -> Any:
    """The team's record with a public id, None when there is none or it is in the Trash."""
    try:
        row = find(model, decode_public_id(prefix, public_id))
    except ValueError:
        return None
    return row if row is not None and row.deleted_at is None else None


def _tab(key: str, label: str, count: int, search: str, state: str) -> dict[str, Any]:
    is_active = key == (state if state in STATES else "")
    return {"label": label, "href": _index(search, key, None), "active": is_active, "count": count}


def _index(search: str, state: str, cursor: str | None) -> str:
    return url_for("members.portal_users_index", q=search or None, state=state or None, cursor=cursor)
