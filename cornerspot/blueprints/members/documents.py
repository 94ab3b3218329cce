"""Documents that the team shares in its portal: list, share, rename, download, remove."""

from __future__ import annotations

from contextlib import closing
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import joinedload
from wtforms.fields.choices import SelectChoice

from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.members.forms import AccountForm
from cornerspot.blueprints.support.downloads import shared_response
from cornerspot.blueprints.support.fields import CardsField, TextField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.record_fields import IdField
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.kit.errors import Invalid
from cornerspot.kit.ids import decode_public_id
from cornerspot.people.permissions import Permission
from cornerspot.portal.documents import (
    LARGEST_BYTES,
    Audience,
    remove_document,
    rename_document,
    share_document,
    shared_documents_page,
)
from cornerspot.portal.models import DocumentScope, PortalDocument, PortalUser
from cornerspot.portal.reading import portal_users_page
from cornerspot.tenancy import current_tenant_id

SCOPES = (
    (DocumentScope.TEAM, "Everybody in the portal"),
    (DocumentScope.ACCOUNT, "One account"),
    (DocumentScope.USER, "One person"),
)


class DocumentForm(AccountForm):
    """A file, its name and whom it is for."""

    file = FileField("File", validators=[FileRequired("Choose a file.")])
    title = TextField("Name", longest=200)
    scope = CardsField(
        "Shared with",
        choices=[SelectChoice(scope.value, label) for scope, label in SCOPES],
        default=DocumentScope.TEAM.value,
        refusal="Choose whom it is for.",
    )
    user_id = IdField("Person", refusal="Choose a person from the list.")

    def offer(self) -> None:
        super().offer()
        self.account_id.flags.required = False
        people = portal_users_page().rows
        self.user_id.offer([(row.id, f"{row.name}, {row.email}") for row in people], blank="Choose a person")

    @property
    def audience(self) -> Audience:
        """Whom it is for; raises Invalid while the account or person is missing."""
        if self.scope.data == DocumentScope.ACCOUNT:
            if self.account is None:
                raise Invalid("Choose the account.", field="account_id")
            return Audience(account=self.account)
        if self.scope.data == DocumentScope.USER:
            chosen = self.user_id.id_or_none
            user = session.get(PortalUser, (current_tenant_id(), chosen)) if chosen else None
            if user is None:
                raise Invalid("Choose the person.", field="user_id")
            return Audience(user=user)
        return Audience()


class TitleForm(Form):
    """A document's name."""

    title = TextField("Name", longest=200, required="Give the document a name.")


@blueprint.get("/portal-documents")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_documents_index() -> ResponseReturnValue:
    account = _account_argument()
    page = shared_documents_page(account_id=account.id if account else None, cursor=request.args.get("cursor"))
    kept = request.args.get("account") if account else None
    return render_template(
        "members/documents/index.html",
        page=page,
        account=account,
        next_href=_index(kept, page.next_cursor) if page.next_cursor else None,
        previous_href=_index(kept, page.previous_cursor) if page.previous_cursor else None,
    )


@blueprint.get("/portal-documents/new")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_documents_new() -> ResponseReturnValue:
    account = _account_argument()
    data = {"account_id": account.id, "scope": DocumentScope.ACCOUNT.value} if account else {}
    return _form(DocumentForm(formdata=None, data=data))


@blueprint.post("/portal-documents")
@gate(permission=Permission.MANAGE_PORTAL)
@limiter.limit("60 per minute")
def portal_documents_create() -> ResponseReturnValue:
    form = DocumentForm()
    form.offer()
    if form.validate_on_submit():
        with closing(form.file.data) as upload:
            content = upload.read(LARGEST_BYTES + 1)  # One byte more is enough to know that it is too much.
        with use_case(form) as outcome:
            name, title = form.file.data.filename or "document", form.title.data or ""
            document = share_document(content, name, title=title, audience=form.audience, by=current_actor())
        if outcome.ok:
            flash(f"“{document.title}” is in the portal.", "success")
            return redirect(url_for("members.portal_documents_index"), 303)
    return _form(form), 422


@blueprint.get("/portal-documents/<id('pdo'):document_id>/file")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_document_files_show(document_id: UUID) -> ResponseReturnValue:
    document = _document(document_id)
    return shared_response(document.file, name=document.title, inline=False)


@blueprint.get("/portal-documents/<id('pdo'):document_id>/edit")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_documents_edit(document_id: UUID) -> ResponseReturnValue:
    document = _document(document_id)
    form = TitleForm(formdata=None, obj=document)
    return render_template("members/documents/edit.html", form=form, document=document)


@blueprint.post("/portal-documents/<id('pdo'):document_id>")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_documents_update(document_id: UUID) -> ResponseReturnValue:
    document, form = _document(document_id), TitleForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            rename_document(document, form.title.data or "", by=current_actor())
        if outcome.ok:
            flash("Document renamed.", "success")
            return redirect(url_for("members.portal_documents_index"), 303)
    return render_template("members/documents/edit.html", form=form, document=document), 422


@blueprint.post("/portal-documents/<id('pdo'):document_id>/removal")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_document_removals_create(document_id: UUID) -> ResponseReturnValue:
    document = _document(document_id)
    remove_document(document, by=current_actor())
    flash(f"“{document.title}” is no longer in the portal.", "success")
    return redirect(url_for("members.portal_documents_index"), 303)


def _document(document_id: UUID) -> PortalDocument:
    return get_or_404(PortalDocument, document_id, joinedload(PortalDocument.file))


def _form(form: DocumentForm) -> str:
    form.offer()
    return render_template("members/documents/new.html", form=form)


def _account_argument() -> Account | None:
    """The account that the address names, when it is one of the team's."""
    try:
        account_id = decode_public_id("acc", request.args.get("account", ""))
    except ValueError:
        return None
    found = session.get(Account, (current_tenant_id(), account_id))
    return found if found is not None and found.deleted_at is None else None


def _index(account: str | None, cursor: str | None) -> str:
    return url_for("members.portal_documents_index", account=account, cursor=cursor)
