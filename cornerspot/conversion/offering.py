"""Whether a deal's page offers to convert it, and in which words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import exists, inspect, select
from sqlalchemy.orm.attributes import set_committed_value

from cornerspot.billing.deal_billing import unbilled_lines
from cornerspot.billing.models import BilledDealLine
from cornerspot.conversion.models import Conversion, ConversionStatus
from cornerspot.conversion.reading import find_wizard
from cornerspot.crm.deals import deal_lines
from cornerspot.crm.models import Deal, StageClass
from cornerspot.db import session
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.catalog import PlanVersion, plans_with
from cornerspot.plans.entitlements import Answer, Entitlements
from cornerspot.plans.features import Feature

NEEDED = (Feature.CRM, Feature.BILLING)
FIRST_LABEL, NEXT_LABEL = "Mark Won + Convert", "Continue Conversion"


class OfferState(StrEnum):
    """What stands in the place of the button."""

    HIDDEN = "hidden"
    OFFERED = "offered"
    NOT_IN_PLAN = "not_in_plan"
    SWITCHED_OFF = "switched_off"


@dataclass(frozen=True)
class ConversionOffer:
    """What a deal's page shows about converting it.

    ``missing`` are the features that stand in the way, ``plans`` those that have them
    all, ``wizard`` the conversion under way, ``lines`` how many are left to bill,
    ``may_change`` whether this teammate can do something about what is missing.
    """

    state: OfferState
    label: str = FIRST_LABEL
    lines: int = 0
    missing: tuple[Feature, ...] = ()
    plans: tuple[PlanVersion, ...] = ()
    wizard: Conversion | None = None
    may_change: bool = False

    @property
    def is_shown(self) -> bool:
        return self.state is not OfferState.HIDDEN


HIDDEN = ConversionOffer(OfferState.HIDDEN)


def offer_conversion(deal: Deal, *, actor: Actor, granted: Entitlements) -> ConversionOffer:
    """What the deal's page shows this teammate; the deal comes with its stage loaded.

    Offered in a won stage, with one-time lines left to bill, to who may create
    invoices, in a team with CRM and Billing. When only a feature is missing, the place
    explains it; what an admin switched off is a note for those who can switch it on.
    """
    if deal.stage.stage_class != StageClass.WON or not actor.may(Permission.CREATE_INVOICES):
        return HIDDEN
    if deal.archived_at is not None or deal.deleted_at is not None:
        return HIDDEN
    if "lines" in inspect(deal).unloaded:
        set_committed_value(deal, "lines", deal_lines(deal))
    left = [part for part in unbilled_lines(deal) if not part.line.is_recurring]
    if not left:
        return HIDDEN
    missing = tuple(granted.missing(*NEEDED))
    if missing:
        return _explanation(missing, actor, granted, lines=len(left))
    return ConversionOffer(
        OfferState.OFFERED,
        label=NEXT_LABEL if _was_billed_before(deal) else FIRST_LABEL,
        lines=len(left),
        wizard=find_wizard(deal.id),
    )


def _explanation(missing: tuple[Feature, ...], actor: Actor, granted: Entitlements, *, lines: int) -> ConversionOffer:
    may_change = actor.may(Permission.MANAGE_FEATURES)
    if any(granted.answer(feature) is Answer.NOT_IN_PLAN for feature in missing):
        plans = tuple(plans_with(*NEEDED))
        return ConversionOffer(OfferState.NOT_IN_PLAN, lines=lines, missing=missing, plans=plans, may_change=may_change)
    if may_change:
        return ConversionOffer(OfferState.SWITCHED_OFF, lines=lines, missing=missing, may_change=True)
    return HIDDEN


def _was_billed_before(deal: Deal) -> bool:
    """Whether a line was ever billed, also on an invoice that is void by now, or a wizard ran."""
    billed = exists().where(BilledDealLine.deal_id == deal.id)
    ran = exists().where(Conversion.deal_id == deal.id, Conversion.status == ConversionStatus.COMPLETED)
    return bool(session.scalar(select(billed | ran)))
