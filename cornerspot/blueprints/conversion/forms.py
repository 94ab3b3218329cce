"""The forms of the wizard's steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import HiddenInput

from cornerspot.blueprints.support.fields import ChoiceField, LinesField
from cornerspot.blueprints.support.forms import Form
from cornerspot.conversion.answers import BillingAnswers, Invite, PortalAnswers
from cornerspot.conversion.wizard import LONGEST_NOTE
from cornerspot.crm.models import Contact
from cornerspot.kit.ids import decode_public_id, encode_public_id

TERMS = {0: "Due on Receipt", 15: "Net 15", 30: "Net 30", 45: "Net 45", 60: "Net 60", 90: "Net 90"}
INVITES = {
    Invite.ALL: "Invite all",
    Invite.PICK: "Pick contacts",
    Invite.SKIP: "Skip for now",
}


class ConfirmForm(Form):
    """Ticking what will be created; ``plan`` is the digest of what the page shows."""

    plan = HiddenField()
    acknowledged = BooleanField("I have checked the lines, the account and the total above")


class PortalUsersForm(Form):
    """Whom of the account to invite."""

    choice = RadioField(
        "Who gets access to the portal?", choices=[SelectChoice(key.value, text) for key, text in INVITES.items()]
    )
    contact_ids = SelectMultipleField("Contacts", validate_choice=False)

    @classmethod
    def showing(cls, answers: PortalAnswers) -> PortalUsersForm:
        """The form with what was answered before."""
        return cls(choice=answers.choice.value, contact_ids=[_public(id_) for id_ in answers.contact_ids])

    @property
    def answers(self) -> PortalAnswers:
        """What was chosen; anything unknown counts as not chosen."""
        chosen = self.choice.data if self.choice.data in list(Invite) else Invite.SKIP
        picked = (_contact_id(text) for text in self.contact_ids.data or [])
        return PortalAnswers(Invite(chosen), tuple(dict.fromkeys(id_ for id_ in picked if id_ is not None)))


class BillingForm(Form):
    """How the invoice is to be made."""

    contact_id = ChoiceField("Billing contact", refusal="Choose a contact of this account.", coerce=str)
    terms_days = ChoiceField("Payment terms", refusal="Choose payment terms from the list.", coerce=str)
    internal_note = LinesField("Internal note", longest=LONGEST_NOTE)
    finalize = BooleanField("Finalize the first invoice immediately")

    @classmethod
    def showing(cls, answers: BillingAnswers, *, usual_terms: int) -> BillingForm:
        """The form with what was answered before."""
        terms = usual_terms if answers.terms_days is None else answers.terms_days
        return cls(
            contact_id=_public(answers.contact_id) if answers.contact_id else "",
            terms_days=str(terms),
            internal_note=answers.internal_note,
            finalize=answers.finalize,
        )

    def offer(self, contacts: Sequence[Contact], *, usual_terms: int) -> BillingForm:
        """Have these contacts and the usual payment terms to choose from."""
        known = TERMS if usual_terms in TERMS else TERMS | {usual_terms: f"Net {usual_terms}"}
        self.terms_days.choices = [SelectChoice(str(days), text) for days, text in sorted(known.items())]
        listed = [SelectChoice(_public(contact.id), _with_email(contact)) for contact in contacts]
        self.contact_id.choices = [SelectChoice("", "No contact"), *listed]
        return self

    @property
    def answers(self) -> BillingAnswers:
        """What was entered; read it after the form was found valid."""
        return BillingAnswers(
            finalize=bool(self.finalize.data),
            terms_days=_days(self.terms_days.data or ""),
            contact_id=_contact_id(self.contact_id.data or ""),
            internal_note=self.internal_note.data or "",
        )


class RunForm(Form):
    """Running it; ``seen`` is the version of the wizard that the review showed."""

    seen = IntegerField(widget=HiddenInput())

    @property
    def version(self) -> int | None:
        data: Any = self.seen.data
        return data if isinstance(data, int) else None


def terms_text(days: int) -> str:
    """Payment terms in words."""
    return TERMS.get(days, f"Net {days}")


def _public(id_: UUID) -> str:
    return encode_public_id("con", id_)


def _contact_id(text: str) -> UUID | None:
    try:
        return decode_public_id("con", text)
    except ValueError:
        return None


def _days(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,3}", text) else None


def _with_email(contact: Contact) -> str:
    return f"{contact.name} · {contact.email}" if contact.email and contact.email != contact.name else contact.name
