"""The wizard before it runs: opened once per deal, saved step by step, held by one teammate."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.conversion.answers import BillingAnswers, Invite, PortalAnswers
from cornerspot.conversion.changes import DealChanged, changes_between, digest_of, facts_of
from cornerspot.conversion.models import Conversion, ConversionStatus, Step
from cornerspot.conversion.reading import account_contacts, find_wizard, lock_deal, read_deal, read_plan
from cornerspot.crm.models import Deal
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_team

LONGEST_NOTE = 5000
LONGEST_TERMS_DAYS = 365


class HeldByAnother(Conflict):
    """Another teammate is filling this wizard in."""


class AlreadyRun(Conflict):
    """This conversion ran already. Nothing was created twice."""


def start_conversion(deal: Deal, *, by: Actor) -> Conversion:
    """The deal's wizard: the one under way, whoever opened it, or a new one; flushed.

    Raises Conflict with the sentence that stands in the way, PermissionDenied, FeatureMissing.
    """
    require_allowed(by)
    locked = lock_deal(deal.id)
    found = find_wizard(locked.id)
    if found is not None:
        return found
    read_plan(locked).require_possible()
    conversion = Conversion(deal_id=locked.id, started_by=by.membership_id, held_by=by.membership_id)
    session.add(conversion)
    session.flush()  # Its address is made of its id.
    return conversion


def confirm_plan(conversion: Conversion, *, acknowledged: bool, shown: str, by: Actor) -> None:
    """The plan with the digest ``shown`` is acknowledged, and kept to be compared at Run.

    Raises Invalid (field ``acknowledged``) when it was not ticked, DealChanged when the
    deal's plan is another one than the page showed, Conflict when it cannot be run.
    """
    hold(conversion, by=by)
    plan = read_plan(read_deal(conversion.deal_id))
    plan.require_possible()
    facts = facts_of(plan)
    if digest_of(facts) != shown:
        raise DealChanged(changes_since_acknowledged(conversion, facts))
    if not acknowledged:
        raise Invalid("Tick this to confirm what will be created.", field="acknowledged")
    conversion.answer(Step.CONFIRM, {"acknowledged": True, "plan": facts}, by=by.membership_id)
    conversion.acknowledged_plan = shown


def choose_portal_users(conversion: Conversion, chosen: PortalAnswers, *, by: Actor, finished: bool = True) -> None:
    """It is known whom to invite; raises Invalid (field ``contact_ids``) for a contact who cannot be.

    Not ``finished`` while somebody still chooses: nobody has to be picked yet.
    """
    hold(conversion, by=by)
    reachable = {contact.id for contact in account_contacts(read_deal(conversion.deal_id).account_id) if contact.email}
    if not reachable.issuperset(chosen.contact_ids):
        raise Invalid("Pick contacts of this account who have an e-mail address.", field="contact_ids")
    if chosen.choice is Invite.PICK and not chosen.contact_ids and finished:
        raise Invalid("Pick at least one contact, or skip this for now.", field="contact_ids")
    conversion.answer(Step.PORTAL_USERS, chosen.to_json(), by=by.membership_id, finished=finished)


def choose_billing(conversion: Conversion, chosen: BillingAnswers, *, by: Actor, finished: bool = True) -> None:
    """It is known how the invoice is to be made; raises Invalid at its field, PermissionDenied.

    Not ``finished`` while somebody still fills it in.
    """
    hold(conversion, by=by)
    if chosen.finalize:
        by.require(Permission.FINALIZE_INVOICES)
    if chosen.terms_days is not None and not 0 <= chosen.terms_days <= LONGEST_TERMS_DAYS:
        raise Invalid(f"Payment terms are between 0 and {LONGEST_TERMS_DAYS} days.", field="terms_days")
    if len(chosen.internal_note) > LONGEST_NOTE:
        raise Invalid(f"Use at most {LONGEST_NOTE:,} characters.", field="internal_note")
    contacts = {contact.id for contact in account_contacts(read_deal(conversion.deal_id).account_id)}
    if chosen.contact_id is not None and chosen.contact_id not in contacts:
        raise Invalid("Choose a contact of this account.", field="contact_id")
    conversion.answer(Step.BILLING, chosen.to_json(), by=by.membership_id, finished=finished)


def take_over(conversion: Conversion, *, by: Actor) -> None:
    """The teammate fills the wizard in from now on; what was saved stays."""
    require_allowed(by)
    lock(conversion)
    _require_in_progress(conversion)
    if conversion.is_held_by_another(by.membership_id):
        conversion.hand_to(by.membership_id)


def require_allowed(by: Actor) -> None:
    """Pass for a teammate who may convert, in a team that has CRM and Billing; raises what is missing."""
    by.require(Permission.CREATE_INVOICES)
    require_feature(Feature.CRM, Feature.BILLING)


def hold(conversion: Conversion, *, by: Actor) -> None:
    """The wizard is locked, under way and this teammate's; raises AlreadyRun, HeldByAnother."""
    require_allowed(by)
    lock(conversion)
    _require_in_progress(conversion)
    require_holder(conversion, by=by)


def require_holder(conversion: Conversion, *, by: Actor) -> None:
    """Pass unless another teammate is filling the wizard in; raises HeldByAnother naming them."""
    if conversion.is_held_by_another(by.membership_id):
        holding = select(Membership).where(Membership.id == conversion.held_by).options(joinedload(Membership.person))
        holder = session.scalars(holding).one().person
        raise HeldByAnother(f"{holder.name or holder.email} has this wizard open. Take it over to continue yourself.")


def changes_since_acknowledged(conversion: Conversion, facts: dict[str, object]) -> list[str]:
    """How the plan differs from the one that was confirmed, in sentences; empty when none was."""
    confirmed = conversion.answers.get(Step.CONFIRM)
    return changes_between(confirmed["plan"], facts, locale=current_team().locale) if confirmed else []


def _require_in_progress(conversion: Conversion) -> None:
    if conversion.status == ConversionStatus.UNDONE:
        raise AlreadyRun("This conversion was undone. Open the deal to start again.")
    if not conversion.is_in_progress:
        raise AlreadyRun()
