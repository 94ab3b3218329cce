"""Portal users as the domain keeps them: one per address, once-only invitations, races, reactions."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from cornerspot.activity.models import ActivityEntry
from cornerspot.conversion.answers import Invite, PortalAnswers
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.running import run_conversion
from cornerspot.conversion.wizard import choose_portal_users
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, DomainError, FeatureMissing, Invalid, PermissionDenied
from cornerspot.mail.models import OutgoingMessage
from cornerspot.people.models import Role
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.features import Feature
from cornerspot.plans.switching import switch_off
from cornerspot.portal.accepting import accept_invitation, find_invitation
from cornerspot.portal.inviting import Invitee, invite_contact, invite_portal_user, resend_invitation
from cornerspot.portal.links import MOST_PER_HOUR, begin_link, find_link, use_link
from cornerspot.portal.membership import delete_portal_user, suspend_portal_user
from cornerspot.portal.models import LinkPurpose, Membership, PortalAccess, PortalInvitation, PortalLink, PortalUser
from cornerspot.portal.sessions import begin_sign_in, find_member
from cornerspot.portal.upkeep import forget_expired
from cornerspot.tenancy import team_scope
from tests.factories.conversion import reviewed
from tests.factories.crm import make_account, make_contact, make_deal
from tests.factories.portal import new_invitation, new_member

ROUNDS = 5


def users(email):
    return session.scalars(select(PortalUser).where(PortalUser.email == email)).all()


def messages():
    return session.scalars(select(OutgoingMessage)).all()


def race(story, *works):
    """Run each in a thread of its own, in a transaction of the team; what they raised."""
    barrier, raised = threading.Barrier(len(works)), []

    def runner(work):
        with story.app.app_context(), team_scope(story.team):
            barrier.wait()
            try:
                in_transaction(work)
            except DomainError as error:
                raised.append(error)

    threads = [threading.Thread(target=runner, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_one_address_is_one_portal_user_however_it_is_written(team, story):
    with transaction():
        first, second = make_account(), make_account()
        for email, account in (("Nina@Acme.example ", first), ("nina@acme.EXAMPLE", second)):
            invite_portal_user(Invitee(email, "Nina", (account,)), by=story.owner)
    (user,) = users("nina@acme.example")
    accesses = session.scalars(select(PortalAccess).where(PortalAccess.portal_user_id == user.id)).all()
    assert {access.account_id for access in accesses} == {first.id, second.id}
    assert len(messages()) == 1


@pytest.mark.fault
def test_invited_twice_at_once_there_is_one_portal_user_and_one_message(story):
    for number in range(ROUNDS):
        with story.app.app_context(), team_scope(story.team), transaction():
            account_id = make_account().id
        email = f"nina-{number}@acme.example"

        def invite(email=email, account_id=account_id):
            account = session.get_one(Account, (story.team.id, account_id))
            invite_portal_user(Invitee(email, "Nina", (account,)), by=story.owner)

        assert race(story, invite, invite, invite) == []
        with story.app.app_context(), team_scope(story.team):
            assert len(users(email)) == 1
            assert len([message for message in messages() if message.recipient == email]) == 1


@pytest.mark.fault
def test_accepted_twice_at_once_one_wins_and_the_other_is_told(story):
    for _ in range(ROUNDS):
        with story.app.app_context(), team_scope(story.team), transaction():
            token = new_invitation(new_member(make_account(), state=Membership.INVITED))

        def accept(password, token=token):
            invitation, user = find_invitation(token)
            accept_invitation(invitation, user, name="Nina", password=password)

        raised = race(story, lambda: accept("a quiet harbour wall"), lambda: accept("another quiet wall"))
        assert len(raised) == 1
        assert isinstance(raised[0], Conflict)


@pytest.mark.fault
def test_a_link_used_twice_at_once_signs_in_once(story):
    for _ in range(ROUNDS):
        with story.app.app_context(), team_scope(story.team), transaction():
            email = new_member(make_account()).email
            _, token = begin_link(email, LinkPurpose.SIGN_IN)

        def use(token=token):
            use_link(find_link(token, LinkPurpose.SIGN_IN))

        assert len(race(story, use, use, use)) == 2


@pytest.mark.fault
def test_suspended_while_accepting_nobody_is_left_in(story):
    for _ in range(ROUNDS):
        with story.app.app_context(), team_scope(story.team), transaction():
            user = new_member(make_account(), state=Membership.INVITED)
            token, user_id = new_invitation(user), user.id

        def accept(token=token):
            invitation, user = find_invitation(token)
            accept_invitation(invitation, user, name="Nina", password="a quiet harbour wall")

        def suspend(user_id=user_id):
            suspend_portal_user(session.get_one(PortalUser, (story.team.id, user_id)), by=story.owner)

        race(story, accept, suspend)
        with story.app.app_context(), team_scope(story.team):
            assert session.get_one(PortalUser, (story.team.id, user_id)).state == Membership.SUSPENDED


def test_the_database_keeps_one_open_invitation_and_one_address(team):
    with transaction():
        user = new_member(make_account(), state=Membership.INVITED)
        new_invitation(user)
    with pytest.raises(IntegrityError, match="uq_portal_invitations_open"), transaction():
        new_invitation(user)
    with pytest.raises(IntegrityError, match="uq_portal_users_tenant_id_email"), transaction():
        new_member(email=user.email)


def test_a_contact_without_address_or_account_says_what_is_missing(team, story):
    with pytest.raises(Invalid, match="has no e-mail address"):
        invite_contact(make_contact(make_account(), email=""), by=story.owner)
    with pytest.raises(Invalid, match="belongs to no account"):
        invite_contact(make_contact(), by=story.owner)
    session.rollback()


def test_only_those_who_look_after_the_portal_may_and_only_with_a_portal(team, story):
    with transaction():
        contact = make_contact(make_account())
    manager = replace(story.owner, role=Role.MANAGER)
    with pytest.raises(PermissionDenied):
        invite_contact(contact, by=manager)
    with transaction():
        assign_plan("free_v1", end_trial=True)
    with pytest.raises(FeatureMissing):
        invite_contact(contact, by=story.owner)
    session.rollback()


def test_an_invitation_sent_again_counts_and_lasts_anew(team, story):
    with transaction():
        user = new_member(make_account(), state=Membership.INVITED)
        new_invitation(user, expires_at=clock.now() - timedelta(days=1))
        resend_invitation(user, by=story.owner)
    (invitation,) = session.scalars(select(PortalInvitation).where(PortalInvitation.portal_user_id == user.id))
    assert invitation.sent_count == 2
    assert not invitation.is_expired


def test_links_are_few_in_an_hour(team):
    with transaction():
        email = new_member(make_account()).email
        begun = [begin_link(email, LinkPurpose.SIGN_IN) for _ in range(MOST_PER_HOUR + 1)]
    assert [one is None for one in begun] == [False] * MOST_PER_HOUR + [True]


def test_deleting_takes_every_way_in_along(team, story):
    with transaction():
        user = new_member(make_account())
        token, _ = begin_sign_in(user, ip_address="", user_agent="")
        begin_link(user.email, LinkPurpose.PASSWORD_RESET)
    assert find_member(token) is not None
    with transaction():
        delete_portal_user(user, by=story.owner)
    assert find_member(token) is None
    assert session.scalars(select(PortalLink)).all() == []


def test_at_night_what_ended_long_ago_is_forgotten(team):
    with transaction():
        user = new_member(make_account())
        token, _ = begin_sign_in(user, ip_address="", user_agent="")
        begin_link(user.email, LinkPurpose.SIGN_IN)
        with clock.moved_to(clock.now() + timedelta(days=29)):
            forget_expired()
    assert find_member(token) is not None
    with clock.moved_to(clock.now() + timedelta(days=61)), transaction():
        forget_expired()
    assert find_member(token) is None
    assert session.execute(text("SELECT count(*) FROM portal_links")).scalar() == 0


@pytest.mark.parametrize("has_portal", [True, False])
def test_whom_the_wizard_chose_is_invited_once_after_the_conversion_ran(story, empty_queue, has_portal):
    with story.app.app_context(), team_scope(story.team), transaction():
        account = make_account("Acme GmbH")
        make_contact(account, email="new@acme.example")
        make_contact(account, email="")
        make_contact(account, email="out@acme.example")
        new_member(account, email="out@acme.example", state=Membership.REVOKED)
        if not has_portal:
            switch_off(Feature.PORTAL, by=story.owner)
        conversion = reviewed(make_deal(account, won=True, by=story.owner), by=story.owner)
        choose_portal_users(conversion, PortalAnswers(Invite.ALL), by=story.owner)
        conversion_id = conversion.id
    with story.app.app_context(), team_scope(story.team), transaction():
        run_conversion(session.get_one(Conversion, (story.team.id, conversion_id)), by=story.owner)
        assert messages() == []
    run_pending(story.app)
    with story.app.app_context(), team_scope(story.team):
        assert users("out@acme.example")[0].state == Membership.REVOKED
        assert [message.recipient for message in messages()] == (["new@acme.example"] if has_portal else [])
        by = select(ActivityEntry.actor_name).where(ActivityEntry.event == "invited")
        assert session.scalars(by).all() == ([story.owner.name] if has_portal else [])
