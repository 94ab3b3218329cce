"""Settings, Reminders: when customers are reminded by themselves."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from cornerspot.billing.reminder_settings import (
    MOST_STEPS,
    ReminderSettingsInput,
    paused_accounts,
    reminder_settings,
    resume_reminders,
    update_reminder_settings,
)
from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.fields import ChoiceField, VersionField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account
from cornerspot.kit.errors import Invalid
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_team

HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]
SIDES = (("before", "days before the due date"), ("on", "on the due date"), ("after", "days after the due date"))
SPARE_ROWS = 2  # to fill in


class ReminderForm(Form):
    """The ladder; its rows are read apart, because they are two fields each."""

    enabled = BooleanField("Remind customers automatically")
    hour = ChoiceField("At", choices=HOURS, refusal="Choose an hour of the day.")
    version = VersionField()
    steps_error = ""

    def refuse_steps(self, sentence: str) -> None:
        """Show what is wrong with the rows above them."""
        self.steps_error = sentence


@blueprint.get("/settings/reminders")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def reminders_show() -> ResponseReturnValue:
    settings = reminder_settings()
    data = {"enabled": settings.enabled, "hour": str(settings.hour), "version": str(settings.version)}
    return _page(ReminderForm(formdata=None, data=data), [_row(days) for days in settings.steps])


@blueprint.post("/settings/reminders")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def reminders_update() -> ResponseReturnValue:
    form, rows = ReminderForm(), _typed_rows()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            entered = ReminderSettingsInput(bool(form.enabled.data), _steps(rows), int(form.hour.data))
            update_reminder_settings(entered, seen=form.version.seen, by=current_actor())
        if outcome.ok:
            flash("Reminders saved.", "success")
            return redirect(url_for("settings.reminders_show"), 303)
        if getattr(form.refusal, "field", None) == "steps":
            form.refuse_steps(form.refused)
    return _page(form, rows), 422


@blueprint.post("/settings/reminders/<id('acc'):account_id>/resumption")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def reminder_resumptions_create(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    resume_reminders(account, by=current_actor())
    flash(f"{account.name} is reminded again.", "success")
    return redirect(url_for("settings.reminders_show"), 303)


def _row(days: int) -> tuple[str, str]:
    return (str(abs(days)), "before" if days < 0 else "after") if days else ("", "on")


def _typed_rows() -> list[tuple[str, str]]:
    """The rows as they were sent, without the empty ones."""
    rows = [
        (request.form.get(f"step-{index}-days", "").strip()[:10], request.form.get(f"step-{index}-side", ""))
        for index in range(MOST_STEPS)
    ]
    known = {side for side, _ in SIDES}
    return [(days, side if side in known else "after") for days, side in rows if days or side == "on"]


def _steps(rows: list[tuple[str, str]]) -> tuple[int, ...]:
    steps = []
    for days, side in rows:
        if side == "on":
            steps.append(0)
        elif days.isascii() and days.isdigit():
            steps.append(-int(days) if side == "before" else int(days))
        else:
            raise Invalid("Enter whole numbers of days.", field="steps")
    return tuple(steps)


def _page(form: ReminderForm, rows: list[tuple[str, str]]) -> str:
    return render_template(
        "settings/reminders.html",
        form=form,
        rows=[*rows, *[("", "after")] * min(SPARE_ROWS, MOST_STEPS - len(rows))],
        sides=SIDES,
        most=MOST_STEPS,
        zone=current_team().time_zone,
        paused=paused_accounts(),
    )
