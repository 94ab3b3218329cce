"""Forms of the operators' pages."""

from __future__ import annotations

from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from cornerspot.blueprints.support.forms import Form
from cornerspot.plans.catalog import PLANS
from cornerspot.plans.features import FEATURES, LIMITS
from cornerspot.plans.overriding import REASON_LENGTH


class AssignmentForm(Form):
    """Which plan a team is on."""

    plan_key = SelectField(
        "Plan", choices=[SelectChoice(plan.key, f"{plan.name} (version {plan.version})") for plan in PLANS.values()]
    )
    end_trial = BooleanField("End the trial now")


class OverrideForm(Form):
    """An exception: a feature on or off, or a limit's size, until a day, with a reason."""

    subject = SelectField(
        "Exception",
        choices=[
            *(SelectChoice(f"grant:{key}", f"Grant {words.name}") for key, words in FEATURES.items()),
            *(SelectChoice(f"revoke:{key}", f"Revoke {words.name}") for key, words in FEATURES.items()),
            *(SelectChoice(f"limit:{key}", f"Limit of {words.name.lower()}") for key, words in LIMITS.items()),
        ],
    )
    limit_size = IntegerField("Size", [Optional()], description="For a limit. Empty means unlimited.")
    ends_on = DateField("Until", [Optional()], description="The last day it counts. Empty means for good.")
    reason = StringField("Reason", [InputRequired("Give a reason."), Length(max=REASON_LENGTH)])


class SuspensionForm(Form):
    """Why a team is suspended."""

    suspension_reason = StringField(
        "Reason", [InputRequired("Say why the team is suspended."), Length(max=REASON_LENGTH)]
    )
