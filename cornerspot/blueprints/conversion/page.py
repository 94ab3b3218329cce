"""What every step of the wizard shows: the deal, its plan, the stepper, the preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from cornerspot.billing.settings import billing_settings
from cornerspot.blueprints.conversion.forms import BillingForm, ConfirmForm, PortalUsersForm, RunForm, terms_text
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.blueprints.support.totals import totals_rows
from cornerspot.conversion.answers import BillingAnswers, Invite, PortalAnswers, billing_answers, portal_answers
from cornerspot.conversion.changes import digest_of, facts_of
from cornerspot.conversion.models import Conversion, Step
from cornerspot.conversion.planning import ConversionPlan
from cornerspot.conversion.reading import account_contacts, read_deal, read_plan
from cornerspot.conversion.wizard import changes_since_acknowledged
from cornerspot.crm.models import Contact, Deal
from cornerspot.people.models import Membership
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.portal.models import PortalUser
from cornerspot.portal.reading import members_among
from cornerspot.tenancy import team_today

STEPS = {
    Step.CONFIRM: "Confirm",
    Step.PORTAL_USERS: "Portal users",
    Step.BILLING: "Billing",
    Step.REVIEW: "Review",
}
ORDER = list(Step)


@dataclass(frozen=True)
class WizardPage:
    """One view of the wizard, read from the database in a handful of statements."""

    conversion: Conversion
    deal: Deal
    plan: ConversionPlan
    contacts: Sequence[Contact]
    digest: str
    changes: Sequence[str]
    usual_terms: int
    members: dict[UUID, PortalUser]

    @property
    def billing(self) -> BillingAnswers:
        return billing_answers(self.conversion, self.deal)

    @property
    def portal(self) -> PortalAnswers:
        return portal_answers(self.conversion)

    @property
    def held_by(self) -> str:
        """The name of the teammate who has the wizard open, when that is somebody else."""
        holder = self.conversion.holder
        if holder is None or not self.conversion.is_held_by_another(current_actor().membership_id):
            return ""
        return holder.person.name or holder.person.email

    @property
    def is_changed(self) -> bool:
        """Whether the deal is not what was confirmed."""
        return bool(self.conversion.acknowledged_plan) and self.conversion.acknowledged_plan != self.digest

    @property
    def reachable(self) -> list[Contact]:
        """The contacts who can be invited: those with an e-mail address who are not in the portal already."""
        return [contact for contact in self.contacts if contact.email and contact.id not in self.members]

    @property
    def invited(self) -> list[Contact]:
        """The contacts who are to be invited, by what was chosen."""
        if self.portal.choice is Invite.ALL:
            return self.reachable
        picked = set(self.portal.contact_ids) if self.portal.choice is Invite.PICK else set()
        return [contact for contact in self.reachable if contact.id in picked]

    def stepper(self, current: Step) -> list[dict[str, Any]]:
        """The four steps; those that were reached can be gone to."""
        furthest = ORDER.index(Step(self.conversion.step))
        return [
            {
                "label": label,
                "state": self._state(step, current, furthest),
                "href": self.href(step) if ORDER.index(step) <= furthest else None,
            }
            for step, label in STEPS.items()
        ]

    def href(self, step: Step | str) -> str:
        return url_for("conversion.show", conversion_id=self.conversion.id, step=Step(step).value)

    def _state(self, step: Step, current: Step, furthest: int) -> str:
        if step is current:
            return "current"
        return "done" if ORDER.index(step) < furthest else "upcoming"


def find_conversion(conversion_id: UUID) -> Conversion:
    """The team's conversion with the teammate who holds it; answers 404 otherwise."""
    return get_or_404(Conversion, conversion_id, joinedload(Conversion.holder).joinedload(Membership.person))


def wizard_page(conversion: Conversion) -> WizardPage:
    """The wizard as it stands now."""
    deal = read_deal(conversion.deal_id)
    plan = read_plan(deal)
    facts = facts_of(plan)
    digest = digest_of(facts)
    changed = bool(conversion.acknowledged_plan) and conversion.acknowledged_plan != digest
    contacts = account_contacts(deal.account_id)
    return WizardPage(
        conversion=conversion,
        deal=deal,
        plan=plan,
        contacts=contacts,
        digest=digest,
        changes=changes_since_acknowledged(conversion, facts) if changed else [],
        usual_terms=_usual_terms(deal),
        members=members_among(contacts, deal.account_id),
    )


def reached_step(conversion: Conversion) -> Step:
    """The step that was asked for, if it was reached; else the furthest one."""
    furthest = Step(conversion.step)
    asked = request.args.get("step", "")
    if asked in STEPS and ORDER.index(Step(asked)) <= ORDER.index(furthest):
        return Step(asked)
    return furthest


def form_of(page: WizardPage, step: Step) -> Form:
    """The step's form: what was posted, or what was answered before."""
    posted = request.method == "POST"
    if step is Step.CONFIRM:
        confirmed = page.conversion.acknowledged_plan == page.digest
        return ConfirmForm() if posted else ConfirmForm(plan=page.digest, acknowledged=confirmed)
    if step is Step.PORTAL_USERS:
        return PortalUsersForm() if posted else PortalUsersForm.showing(page.portal)
    if step is Step.BILLING:
        form = BillingForm() if posted else BillingForm.showing(page.billing, usual_terms=page.usual_terms)
        return form.offer(page.contacts, usual_terms=page.usual_terms)
    return RunForm(seen=page.conversion.version)


def render_step(page: WizardPage, step: Step, form: Form, *, status: int = 200) -> ResponseReturnValue:
    """The page of one step."""
    if step is Step.CONFIRM:
        form.plan.data = page.digest  # The next tick is for what is shown now.
    answers = form.answers if isinstance(form, BillingForm) and form.is_submitted() else page.billing
    html = render_template(
        f"conversion/{step.value}.html",
        page=page,
        conversion=page.conversion,
        deal=page.deal,
        plan=page.plan,
        step=step,
        form=form,
        saved=step.value in page.conversion.answers and not (step is Step.CONFIRM and page.is_changed),
        preview=preview_of(page, answers),
        may_finalize=current_actor().may(Permission.FINALIZE_INVOICES),
        has_portal=request_entitlements().allows(Feature.PORTAL),
        terms_text=terms_text,
    )
    return html, status


@dataclass(frozen=True)
class InvoicePreview:
    """The invoice as it would be, were it finalized today."""

    contact: Contact | None
    terms: str
    issued_on: date
    due_on: date
    finalize: bool
    totals: list[dict[str, Any]]


def preview_of(page: WizardPage, answers: BillingAnswers) -> InvoicePreview:
    """What the invoice would look like with these answers."""
    days = page.usual_terms if answers.terms_days is None else answers.terms_days
    today = team_today()
    contact = next((contact for contact in page.contacts if contact.id == answers.contact_id), None)
    return InvoicePreview(
        contact, terms_text(days), today, today + timedelta(days=days), answers.finalize, totals_rows(page.plan.totals)
    )


def _usual_terms(deal: Deal) -> int:
    if deal.account is not None and deal.account.terms_days is not None:
        return deal.account.terms_days
    return billing_settings().default_terms_days
