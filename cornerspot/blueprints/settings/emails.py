"""Settings, E-mail: the sender, and what messages to customers say."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from cornerspot.billing.logo import logo_bytes
from cornerspot.billing.message_samples import sample_content, send_sample
from cornerspot.billing.message_sender import change_sender
from cornerspot.billing.message_templates import (
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    PLACEHOLDERS,
    Template,
    reset_template,
    save_template,
    template_of,
    templates,
    unknown_placeholders,
)
from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.fields import LinesField, TextField, VersionField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.message_page import message_page
from cornerspot.mail.configuring import LONGEST_NAME, MailSettingsInput, mail_settings
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_team

TITLES = {"invoice": "Invoice", "reminder": "Reminder", "receipt": "Receipt"}


class SenderForm(Form):
    """Under which name and colour mail goes out. A team with a portal chooses its colour there, for both."""

    sender_name = TextField("Sender name", longest=LONGEST_NAME)
    reply_to = TextField("Answers go to", longest=254)
    accent = TextField("Accent colour", longest=7)
    version = VersionField()

    def entered(self) -> MailSettingsInput:
        """The settings as they were entered; only after validation."""
        accent = (self.accent.data or "") if "accent" in self else mail_settings().accent
        return MailSettingsInput(self.sender_name.data or "", self.reply_to.data or "", accent)


class TemplateForm(Form):
    """Subject and text of one kind of message."""

    subject = TextField("Subject", longest=LONGEST_SUBJECT, required="Enter a subject.")
    text = LinesField("Text", longest=LONGEST_TEXT, required="Enter what the message says.")
    version = VersionField()
    request_key = HiddenField()


@blueprint.get("/settings/email")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def emails_index() -> ResponseReturnValue:
    return _index(_sender_form(formdata=None, obj=mail_settings()))


@blueprint.post("/settings/email")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def emails_update() -> ResponseReturnValue:
    form = _sender_form()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            change_sender(form.entered(), seen=form.version.seen, by=current_actor())
        if outcome.ok:
            flash("E-mail settings saved.", "success")
            return redirect(url_for("settings.emails_index"), 303)
    return _index(form), 422


@blueprint.get("/settings/email/<any(invoice, reminder, receipt):purpose>")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def email_templates_edit(purpose: str) -> ResponseReturnValue:
    template = template_of(purpose)
    data = {"subject": template.subject, "text": template.text, "version": str(template.version)}
    return _edit(purpose, TemplateForm(formdata=None, data=data))


@blueprint.post("/settings/email/<any(invoice, reminder, receipt):purpose>")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def email_templates_update(purpose: str) -> ResponseReturnValue:
    form = TemplateForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            template: Template = save_template(
                purpose, form.subject.data or "", form.text.data or "", seen=form.version.seen, by=current_actor()
            )
        if outcome.ok:
            flash(f"{TITLES[purpose]} message saved.", "success")
            _warn_of_strange_words(template)
            return redirect(url_for("settings.email_templates_edit", purpose=purpose), 303)
    return _edit(purpose, form), 422


@blueprint.post("/settings/email/<any(invoice, reminder, receipt):purpose>/reset")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def email_template_resets_create(purpose: str) -> ResponseReturnValue:
    reset_template(purpose, by=current_actor())
    flash(f"{TITLES[purpose]} message is the usual one again.", "success")
    return redirect(url_for("settings.email_templates_edit", purpose=purpose), 303)


@blueprint.post("/settings/email/<any(invoice, reminder, receipt):purpose>/test")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def email_tests_create(purpose: str) -> ResponseReturnValue:
    form, actor = TemplateForm(), current_actor()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            send_sample(
                purpose,
                form.subject.data or "",
                form.text.data or "",
                by=actor,
                request_key=f"{actor.id} {form.request_key.data or uuid4().hex}"[:100],
            )
        if outcome.ok:
            flash(f"A test is on its way to {actor.email}.", "success")
            return _edit(purpose, form)  # What was typed is not saved yet.
    return _edit(purpose, form), 422


@blueprint.get("/settings/email/<any(invoice, reminder, receipt):purpose>/preview")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def email_previews_show(purpose: str) -> Response:
    return message_page(sample_content(purpose), logo_bytes())


@blueprint.post("/settings/email/<any(invoice, reminder, receipt):purpose>/preview")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def email_previews_create(purpose: str) -> Response:
    """The message as typed, for the frame beside the form."""
    form = TemplateForm()
    return message_page(
        sample_content(purpose, (form.subject.data or "")[:LONGEST_SUBJECT], (form.text.data or "")[:LONGEST_TEXT]),
        logo_bytes(),
    )


def _warn_of_strange_words(template: Template) -> None:
    """Say which words in braces customers will read as they stand."""
    strange = unknown_placeholders(template.purpose, template.subject, template.text)
    if strange:
        words = ", ".join(strange[:5])
        flash(f"Not among the placeholders, so it is sent as it stands: {words}"[:300], "warning")


def _sender_form(**given: Any) -> SenderForm:
    form = SenderForm(**given)
    if request_entitlements().allows(Feature.PORTAL):
        del form.accent
    return form


def _index(form: SenderForm) -> str:
    return render_template(
        "settings/emails/index.html",
        form=form,
        titles=TITLES,
        templates=templates(),
        team_name=current_team().name,
    )


def _edit(purpose: str, form: TemplateForm) -> str:
    form.request_key.data = uuid4().hex
    return render_template(
        "settings/emails/edit.html",
        form=form,
        purpose=purpose,
        title=TITLES[purpose],
        template=template_of(purpose),
        placeholders=PLACEHOLDERS[purpose],
    )
