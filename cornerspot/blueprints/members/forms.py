"""What a team enters about people of its portal."""

from __future__ import annotations

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField

from cornerspot.blueprints.support.fields import LinesField, TextField, VersionField
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.record_fields import IdField
from cornerspot.crm.listing import account_choices
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.portal.configuring import LONGEST_LABEL, PortalLook
from cornerspot.tenancy import current_tenant_id

MOST_CHOICES = 50


class AccountForm(Form):
    """An account that somebody may see."""

    account_id = IdField("Account", refusal="Choose an account from the list.")

    def offer(self) -> None:
        """Fill the list of accounts, with the chosen one among them."""
        self.account_id.flags.required = True
        rows = account_choices(limit=MOST_CHOICES)
        chosen = self.account
        if chosen is not None and chosen.id not in {row.id for row in rows}:
            rows = [chosen, *rows]
        self.account_id.offer([(row.id, row.name) for row in rows], blank="Choose an account")

    @property
    def account(self) -> Account | None:
        """The chosen account, when it is one of the team's."""
        chosen = self.account_id.id_or_none
        found = session.get(Account, (current_tenant_id(), chosen)) if chosen else None
        return found if found is not None and found.deleted_at is None else None


class PortalUserForm(AccountForm):
    """Somebody to invite; ``contact`` is the contact's public id when it began there."""

    email = TextField("E-mail", longest=254, required="Enter an e-mail address.")
    name = TextField("Name", longest=120, required="Enter the person's name.")
    contact = HiddenField()


SECTION_LABELS = {
    "home": "Home",
    "invoices": "Invoices",
    "payments": "Payments",
    "documents": "Documents",
    "profile": "Profile",
}


class BrandingForm(Form):
    """How the portal is called and looks; for each section a name of its own, and whether it is hidden."""

    title = TextField("Title", longest=80)
    greeting = LinesField("Greeting", longest=400)
    accent = TextField("Accent colour", longest=7)
    version = VersionField()

    def entered(self) -> PortalLook:
        """The look as it was entered; only after validation."""
        sections = {
            key: {"label": self[f"{key}_label"].data or "", "hidden": bool(self[f"{key}_hidden"].data)}
            for key in SECTION_LABELS
        }
        return PortalLook(self.title.data or "", self.greeting.data or "", self.accent.data or "", sections)


for _key, _label in SECTION_LABELS.items():
    setattr(BrandingForm, f"{_key}_label", TextField(f"Name of {_label}", longest=LONGEST_LABEL))
    setattr(BrandingForm, f"{_key}_hidden", BooleanField(f"Hide {_label}"))


class PictureForm(Form):
    """A logo or a favicon."""

    picture = FileField("Picture", validators=[FileRequired("Choose a PNG or JPEG picture.")])
