"""Teammates: the plan's limit, roles, the last owner, and two who act at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, DomainError, Invalid, LimitReached, PermissionDenied
from cornerspot.mail.models import OutgoingMessage
from cornerspot.onboarding.inviting import invite_teammate, resend_invitation
from cornerspot.onboarding.joining import accept_invitation, reactivate_teammate
from cornerspot.people.invitations import InvitationUnusable, require_usable, revoke_invitation
from cornerspot.people.joining import create_person
from cornerspot.people.models import Invitation, Membership, Person, Role
from cornerspot.people.sessions import teammate
from cornerspot.people.teammates import LastOwner, change_role, deactivate_teammate
from cornerspot.plans.assigning import assign_plan
from cornerspot.tenancy import team_scope
from tests.factories.people import add_membership, person_id_of
from tests.factories.teams import Story


def mate(story: Story, role: str) -> Membership:
    actor = story.actors[role]
    return session.get_one(Membership, (story.team.id, actor.id))


@pytest.fixture
def crew(app, story):
    """The story's team with somebody in every role, inside its scope."""
    ids = {role: person_id_of(app, role) for role in ("admin", "manager", "rep")}
    with app.app_context(), team_scope(story.team):
        _fill(story, ids)
        yield story


def _fill(story: Story, ids: dict) -> None:
    for role, person_id in ids.items():
        member = Membership(person_id=person_id, role=Role(role))
        session.add(member)
        session.flush()
        story.actors[role] = teammate(member, session.get_one(Person, member.person_id))
    session.commit()


def test_an_admin_changes_roles_below_owner(crew):
    change_role(mate(crew, "rep"), Role.MANAGER, by=crew.actors["admin"])
    assert mate(crew, "rep").role == Role.MANAGER


@pytest.mark.parametrize(("who", "to"), [("owner", Role.ADMIN), ("rep", Role.OWNER), ("admin", Role.OWNER)])
def test_only_owners_make_and_unmake_owners(crew, who, to):
    with pytest.raises(PermissionDenied):
        change_role(mate(crew, who), to, by=crew.actors["admin"])


@pytest.mark.parametrize("role", ["manager", "rep"])
def test_managers_and_reps_manage_nobody(crew, role):
    by = crew.actors[role]
    for action in (
        lambda: change_role(mate(crew, "rep"), Role.REP, by=by),
        lambda: deactivate_teammate(mate(crew, "admin"), by=by),
        lambda: invite_teammate("new@example.com", Role.REP, by=by),
    ):
        with pytest.raises(PermissionDenied):
            action()


def test_the_last_owner_stays_owner(crew):
    with pytest.raises(LastOwner):
        change_role(mate(crew, "owner"), Role.ADMIN, by=crew.owner)


def test_nobody_deactivates_themselves(crew):
    with pytest.raises(Conflict, match="yourself"):
        deactivate_teammate(mate(crew, "admin"), by=crew.actors["admin"])


@pytest.mark.fault
def test_two_owners_who_demote_each_other_leave_one(app, story):
    add_membership(story, person_id_of(app, "second owner"), "owner")
    with app.app_context(), team_scope(story.team):
        ids = session.scalars(select(Membership.id)).all()
    start, refused = threading.Barrier(2), []

    def demote(membership_id) -> None:
        def work() -> None:
            change_role(session.get_one(Membership, (story.team.id, membership_id)), Role.ADMIN, by=story.owner)

        with app.app_context(), team_scope(story.team):
            start.wait()
            try:
                in_transaction(work)
            except LastOwner:
                refused.append(membership_id)

    threads = [threading.Thread(target=demote, args=(membership_id,)) for membership_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), team_scope(story.team):
        owners = session.scalar(select(func.count()).select_from(Membership).where(Membership.role == Role.OWNER))
    assert (owners, len(refused)) == (1, 1)


def test_an_invitation_is_mail_with_a_link_that_is_stored_as_a_digest(crew):
    invitation = invite_teammate("Neu@Example.com", Role.REP, by=crew.actors["admin"])
    session.flush()
    message = session.scalars(select(OutgoingMessage)).one()
    assert message.recipient == "neu@example.com"
    assert f"/{crew.team.slug}/invitations/" in message.text_body
    token = message.text_body.split("/invitations/")[1].split()[0]
    assert token != invitation.token_digest
    assert token in message.html_body


@pytest.mark.parametrize(
    "email", ["", "no-at", "a@b@c", "<b>@x.example", "a\x00@example.com", "x" * 300 + "@example.com"]
)
def test_an_address_that_is_none_is_refused_at_its_field(crew, email):
    with pytest.raises(Invalid) as refused:
        invite_teammate(email, Role.REP, by=crew.owner)
    assert refused.value.field == "email"


def test_an_address_is_invited_once_and_teammates_never(crew):
    invite_teammate("neu@example.com", Role.REP, by=crew.owner)
    for email in ("neu@example.com", crew.actors["rep"].email):
        with pytest.raises(Invalid):
            invite_teammate(email, Role.REP, by=crew.owner)


def test_open_invitations_count_against_the_plan(story, team):
    assign_plan("free_v1", end_trial=True)  # two teammates
    invite_teammate("first@example.com", Role.REP, by=story.owner)
    with pytest.raises(LimitReached):
        invite_teammate("second@example.com", Role.REP, by=story.owner)


def test_an_expired_invitation_gives_its_seat_back(story, team):
    assign_plan("free_v1", end_trial=True)
    old = invite_teammate("first@example.com", Role.REP, by=story.owner)
    session.flush()
    with clock.moved_to(clock.now() + timedelta(days=8)):
        invite_teammate("second@example.com", Role.REP, by=story.owner)
        session.flush()
        with pytest.raises(LimitReached):
            resend_invitation(old, by=story.owner)


@pytest.mark.fault
def test_two_invitations_at_once_do_not_exceed_the_plan(app, story):
    with app.app_context(), team_scope(story.team), transaction():
        assign_plan("free_v1", end_trial=True)
    start, refused = threading.Barrier(4), []

    def invite(number: int) -> None:
        with app.app_context(), team_scope(story.team):
            start.wait()
            try:
                in_transaction(lambda: invite_teammate(f"n{number}@example.com", Role.REP, by=story.owner))
            except DomainError as error:
                refused.append(type(error))

    threads = [threading.Thread(target=invite, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [LimitReached] * 3


def test_reactivating_needs_a_seat(crew):
    deactivate_teammate(mate(crew, "rep"), by=crew.owner)
    session.flush()
    assign_plan("free_v1", end_trial=True)
    with pytest.raises(LimitReached):
        reactivate_teammate(mate(crew, "rep"), by=crew.owner)
    assign_plan("scale_v1")
    reactivate_teammate(mate(crew, "rep"), by=crew.owner)
    assert mate(crew, "rep").deactivated_at is None


def test_accepting_makes_a_teammate_once(crew):
    invitation = invite_teammate("neu@example.com", Role.MANAGER, by=crew.owner)
    person = create_person(name="Neu", email="neu@example.com", password="one good long phrase")
    assert accept_invitation(invitation, person).role == Role.MANAGER
    with pytest.raises(InvitationUnusable):
        accept_invitation(invitation, person)
    session.rollback()


def test_only_the_invited_address_may_accept(crew):
    invitation = invite_teammate("neu@example.com", Role.OWNER, by=crew.owner)
    person = create_person(
        name="Mallory", email=f"mallory-{crew.team.slug}@example.com", password="one good long phrase"
    )
    with pytest.raises(Conflict, match=r"neu@example\.com"):
        accept_invitation(invitation, person)
    session.rollback()


def test_a_withdrawn_or_expired_invitation_is_refused(crew):
    withdrawn = invite_teammate("a@example.com", Role.REP, by=crew.owner)
    revoke_invitation(withdrawn, by=crew.owner)
    expired = invite_teammate("b@example.com", Role.REP, by=crew.owner)
    expired.expires_at = clock.now()
    for invitation in (withdrawn, expired):
        with pytest.raises(InvitationUnusable):
            require_usable(invitation)


def test_somebody_withdrawn_can_be_invited_again(crew):
    revoke_invitation(invite_teammate("a@example.com", Role.REP, by=crew.owner), by=crew.owner)
    session.flush()
    invite_teammate("a@example.com", Role.REP, by=crew.owner)
    session.flush()
    assert session.scalar(select(func.count()).select_from(Invitation)) == 2
