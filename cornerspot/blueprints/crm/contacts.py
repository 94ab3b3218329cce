"""Contacts: list, page, form."""

from __future__ import annotations

from uuid import UUID

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from cornerspot.activity.notes import add_note
from cornerspot.activity.reading import entries_of
from cornerspot.blueprints.crm.account_forms import ContactForm, contact_data
from cornerspot.blueprints.crm.blueprint import blueprint
from cornerspot.blueprints.crm.helpers import cursor_query, id_argument, owner_choices
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.inline import is_inline, made
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.access import require_editable
from cornerspot.crm.archiving import archive_record, restore_record, trash_record
from cornerspot.crm.contacts import create_contact, update_contact
from cornerspot.crm.listing import contact_choices, contacts_page
from cornerspot.crm.models import Contact
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.people.models import Membership
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import KEEPING_CUSTOMERS

OPTIONS = (joinedload(Contact.account), joinedload(Contact.owner).joinedload(Membership.person))


@blueprint.get("/contacts")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def contacts_index() -> ResponseReturnValue:
    search, show = request.args.get("q", "")[:200], request.args.get("show", "live")
    page = contacts_page(
        search=search, owner_id=id_argument("owner", "mem"), show=show, cursor=request.args.get("cursor")
    )
    return render_template(
        "crm/contacts/index.html",
        contacts=page.rows,
        search=search,
        show=show,
        owners=owner_choices(),
        next_href=cursor_query("crm.contacts_index", page.next_cursor),
        previous_href=cursor_query("crm.contacts_index", page.previous_cursor),
    )


@blueprint.get("/contacts/choices")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def contact_choices_index() -> ResponseReturnValue:
    rows = contact_choices(search=request.args.get("q", "")[:200])
    return jsonify(
        [{"value": str(row.id), "text": row.name, "hint": row.account.name if row.account else ""} for row in rows]
    )


@blueprint.get("/contacts/<id('con'):contact_id>")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def contacts_show(contact_id: UUID) -> ResponseReturnValue:
    contact = get_or_404(Contact, contact_id, *OPTIONS, trashed=True)
    page = entries_of(contact, cursor=request.args.get("cursor"))
    return render_template(
        "crm/contacts/show.html",
        contact=contact,
        entries=page.rows,
        next_href=cursor_query("crm.contacts_show", page.next_cursor),
    )


@blueprint.post("/contacts/<id('con'):contact_id>/notes")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def contact_notes_create(contact_id: UUID) -> ResponseReturnValue:
    contact = get_or_404(Contact, contact_id)
    try:
        add_note(contact, request.form.get("body", ""), by=current_actor())
    except Invalid as error:
        flash(error.message, "error")
    else:
        flash("Note added.", "success")
    return redirect(url_for("crm.contacts_show", contact_id=contact_id), 303)


@blueprint.get("/contacts/new")
@gate(permission=Permission.EDIT_OWN_CRM, any_feature=KEEPING_CUSTOMERS)
def contacts_new() -> ResponseReturnValue:
    first_name, _, last_name = request.args.get("name", "")[:200].partition(" ")
    account_id = id_argument("account", "acc") or request.args.get("account_id")
    named = {"first_name": first_name, "last_name": last_name, "account_id": account_id}
    return _form(ContactForm(formdata=None, data=named), None)


@blueprint.post("/contacts")
@gate(permission=Permission.EDIT_OWN_CRM, any_feature=KEEPING_CUSTOMERS)
def contacts_create() -> ResponseReturnValue:
    form = ContactForm()
    form.offer()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            contact = create_contact(form.entered(), by=current_actor())
        if outcome.ok:
            choice = {"value": str(contact.id), "text": contact.name, "hint": contact.email}
            return made(choice, said="Contact created.", page=url_for("crm.contacts_show", contact_id=contact.id))
    return _form(form, None), 422


@blueprint.get("/contacts/<id('con'):contact_id>/edit")
@gate(permission=Permission.EDIT_OWN_CRM, any_feature=KEEPING_CUSTOMERS)
def contacts_edit(contact_id: UUID) -> ResponseReturnValue:
    contact = get_or_404(Contact, contact_id)
    require_editable(contact, current_actor())
    return _form(ContactForm(formdata=None, data=contact_data(contact)), contact)


@blueprint.post("/contacts/<id('con'):contact_id>")
@gate(permission=Permission.EDIT_OWN_CRM, any_feature=KEEPING_CUSTOMERS)
def contacts_update(contact_id: UUID) -> ResponseReturnValue:
    contact = get_or_404(Contact, contact_id)
    form = ContactForm()
    form.offer()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_contact(contact, form.entered(), by=current_actor(), seen=form.version.seen)
        if outcome.ok:
            flash("Contact saved.", "success")
            return redirect(url_for("crm.contacts_show", contact_id=contact_id), 303)
        contact = get_or_404(Contact, contact_id)
        if form.stale:
            form.version.data = str(contact.version)
    return _form(form, contact), 422


@blueprint.post("/contacts/<id('con'):contact_id>/archive")
@gate(permission=Permission.EDIT_OWN_CRM, any_feature=KEEPING_CUSTOMERS)
def contact_archives_create(contact_id: UUID) -> ResponseReturnValue:
    archive_record(get_or_404(Contact, contact_id), by=current_actor())
    flash("Contact archived.", "success")
    return redirect(url_for("crm.contacts_show", contact_id=contact_id), 303)


@blueprint.post("/contacts/<id('con'):contact_id>/deletion")
@gate(permission=Permission.EDIT_OWN_CRM, any_feature=KEEPING_CUSTOMERS)
def contact_deletions_create(contact_id: UUID) -> ResponseReturnValue:
    contact = get_or_404(Contact, contact_id)
    try:
        trash_record(contact, by=current_actor())
    except Conflict as error:
        flash(error.message, "error")
        return redirect(url_for("crm.contacts_show", contact_id=contact_id), 303)
    flash("Contact moved to the Trash.", "success")
    return redirect(url_for("crm.contacts_index"), 303)


@blueprint.post("/contacts/<id('con'):contact_id>/restoration")
@gate(permission=Permission.EDIT_OWN_CRM, any_feature=KEEPING_CUSTOMERS)
def contact_restorations_create(contact_id: UUID) -> ResponseReturnValue:
    restore_record(get_or_404(Contact, contact_id, trashed=True), by=current_actor())
    flash("Contact restored.", "success")
    return redirect(url_for("crm.contacts_show", contact_id=contact_id), 303)


def _form(form: ContactForm, contact: Contact | None) -> str:
    form.offer()
    page = "crm/contacts/dialog.html" if is_inline() and contact is None else "crm/contacts/form.html"
    return render_template(page, form=form, contact=contact)
