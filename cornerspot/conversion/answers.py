"""What was entered in the wizard, typed; the conversion keeps it as JSON, by step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from cornerspot.conversion.models import Conversion, Step
from cornerspot.crm.models import Deal


class Invite(StrEnum):
    """Who of the account is to be invited to the portal."""

    ALL = "all"
    PICK = "pick"
    SKIP = "skip"


@dataclass(frozen=True)
class PortalAnswers:
    """Whom to invite; ``contact_ids`` are those that were picked, kept while another choice is tried."""

    choice: Invite = Invite.SKIP
    contact_ids: tuple[UUID, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"choice": self.choice.value, "contact_ids": [str(id_) for id_ in self.contact_ids]}


@dataclass(frozen=True)
class BillingAnswers:
    """How the invoice is to be made. ``terms_days`` None takes the account's terms, then the team's."""

    finalize: bool = False
    terms_days: int | None = None
    contact_id: UUID | None = None
    internal_note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "finalize": self.finalize,
            "terms_days": self.terms_days,
            "contact_id": str(self.contact_id) if self.contact_id else None,
            "internal_note": self.internal_note,
        }


def portal_answers(conversion: Conversion) -> PortalAnswers:
    """What was chosen at Portal Users; nobody is invited until somebody chose so."""
    saved = conversion.answers.get(Step.PORTAL_USERS, {})
    return PortalAnswers(
        Invite(saved.get("choice", Invite.SKIP)), tuple(UUID(id_) for id_ in saved.get("contact_ids", []))
    )


def billing_answers(conversion: Conversion, deal: Deal) -> BillingAnswers:
    """What was chosen at Billing; before that, the deal's contact and the usual terms."""
    saved = conversion.answers.get(Step.BILLING)
    if saved is None:
        fits = deal.contact is not None and deal.contact.account_id == deal.account_id
        return BillingAnswers(contact_id=deal.contact_id if fits else None)
    contact_id = saved["contact_id"]
    return BillingAnswers(
        saved["finalize"], saved["terms_days"], UUID(contact_id) if contact_id else None, saved["internal_note"]
    )
