"""What a team enters about people of its portal."""

from __future__ import annotations

from wtforms import HiddenField

from cornerspot.blueprints.support.fields import TextField
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.record_fields import IdField
from cornerspot.crm.listing import account_choices
from cornerspot.crm.models import Account
from cornerspot.db import session
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
