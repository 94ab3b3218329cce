"""What people type in settings."""

from __future__ import annotations

from flask_wtf.file import FileField, FileRequired
from wtforms.fields.choices import SelectChoice

from cornerspot.blueprints.support.choices import (
    country_choices,
    currency_choices,
    locale_choices,
    time_zone_choices,
)
from cornerspot.blueprints.support.fields import (
    CardsField,
    ChoiceField,
    LinesField,
    SecretField,
    TextField,
    VersionField,
)
from cornerspot.blueprints.support.forms import Form
from cornerspot.people.models import Role

ROLE_HINTS = {
    "rep": "Reads the CRM, edits own deals and contacts, reads invoices.",
    "manager": "Edits the CRM, drafts, finalizes and sends invoices, records payments.",
    "admin": "All of it, and refunds, voids, settings, teammates and integrations.",
    "owner": "Admin, and the plan and closing the team.",
}


class CompanyForm(Form):
    name = TextField("Name", longest=120, required="Enter the name of your company.")
    legal_name = TextField("Legal name", longest=200)
    street = LinesField("Street", longest=300)
    postal_code = TextField("Postal code", longest=20)
    city = TextField("City", longest=120)
    region = TextField("State or region", longest=120)
    country = ChoiceField("Country", choices=country_choices)
    tax_id = TextField("Tax ID", longest=40)
    email = TextField("E-mail", longest=254)
    time_zone = ChoiceField("Time zone", choices=time_zone_choices)
    currency = ChoiceField("Currency", choices=currency_choices)
    locale = ChoiceField("Language and number format", choices=locale_choices)
    version = VersionField()


class LogoForm(Form):
    logo = FileField("Logo", validators=[FileRequired("Choose a PNG or JPEG picture.")])


class InvitationForm(Form):
    email = TextField("E-mail", longest=254, required="Enter an e-mail address.")
    role = CardsField(
        "Role",
        choices=[SelectChoice(role.value, role.value.capitalize()) for role in Role],
        default="rep",
        refusal="Choose a role.",
    )


class RoleForm(Form):
    role = ChoiceField(
        "Role", choices=[SelectChoice(role.value, role.value.capitalize()) for role in Role], refusal="Choose a role."
    )


class ProfileForm(Form):
    name = TextField("Your name", longest=120, required="Enter your name.")


class PasswordForm(Form):
    current = SecretField("Current password", required="Enter your current password.")
    password = SecretField("New password", required="Choose a new password.")
