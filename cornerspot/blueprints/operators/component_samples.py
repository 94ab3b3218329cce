"""What the component page shows: believable values, made up here and stored nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired

from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.line_form import LineForm, LineRow, empty_row
from cornerspot.kit import clock

INVOICES = (
    ("INV-000042", "Acme GmbH", "open", True, 476000, 476000),
    ("INV-000041", "Bäckerei Sonnenschein & Söhne", "partially_paid", False, 1250000, 250000),
    ("INV-000040", "Kestrel Ltd", "paid", False, 99900, 0),
    ("INV-000039", "Umbra Systems", "void", False, 45000, 0),
    ("DRAFT", "Acme GmbH", "draft", False, 120000, 120000),
)
STAGES = (
    ("1", "Qualified", "open", (("Umbra website", "Umbra Systems", False), ("Kestrel audit", "Kestrel Ltd", True))),
    ("2", "Proposal", "open", (("Acme rollout 2027", "Acme GmbH", False),)),
    ("3", "Negotiation", "open", ()),
    ("4", "Won", "won", (("Solar maintenance", "Sonnenschein", False),)),
    ("5", "Lost", "lost", ()),
)


class SampleForm(Form):
    """One field of each kind."""

    name = StringField("Name", validators=[DataRequired()])
    account = SelectField("Account", choices=["", "Acme GmbH", "Kestrel Ltd", "Umbra Systems"])
    terms = SelectField("Payment terms", choices=["Due on Receipt", "Net 15", "Net 30"])
    due_on = DateField("Due date")
    amount = StringField("Amount")
    percent = StringField("Discount")
    notes = TextAreaField("Notes")
    role = RadioField("Role", choices=[("rep", "Rep"), ("manager", "Manager")], default="rep")
    agreed = BooleanField("I checked the lines and totals")
    finalize = BooleanField("Finalize the first invoice immediately")
    password = PasswordField("Password")


def component_samples() -> dict[str, Any]:
    """Everything the component page refers to."""
    form = SampleForm(formdata=None)
    form.due_on.errors = ["Due date is before the issue date."]
    now = clock.now()
    moments = [now, now - timedelta(days=2), now - timedelta(days=40)]
    lines = LineForm([_sample_line("Rollout, fixed price", "2,500.00"), _sample_line("Consulting day", "500.00")])
    made_up = {"form": form, "moments": moments, "rows": INVOICES, "columns": STAGES}
    return made_up | {"lines": lines, "empty": empty_row()}


def _sample_line(description: str, price: str) -> LineRow:
    row = empty_row()
    row.values |= {"description": description, "unit_price": price}
    row.tax_keys.append("vat")
    return row
