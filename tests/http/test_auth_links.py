"""Links in e-mail: invitations and password resets, once, in time, in their own team."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.kit.secrets import digest
from cornerspot.mail.models import OutgoingMessage
from cornerspot.onboarding.inviting import invite_teammate
from cornerspot.people.models import PasswordReset, Person, Role
from cornerspot.people.resetting import MOST_PER_HOUR, begin_reset
from cornerspot.tenancy import system_scope, team_scope
from tests.factories.people import PASSWORD, Browser, add_person, give_password
from tests.factories.teams import open_story

NEW = "another good long phrase"


def invite(story, email: str, role: Role = Role.REP) -> str:
    """The path of the link in the invitation's message."""
    with story.app.app_context(), team_scope(story.team), transaction():
        invite_teammate(email, role, by=story.owner)
        message = session.scalars(select(OutgoingMessage).where(OutgoingMessage.recipient == email)).one()
        return re.search(r"http://[^/]+(/\S+)", message.text_body)[1]


def reset_path(app, email: str) -> str:
    with app.app_context(), system_scope("a test asks"), transaction():
        begun = begin_reset(email)
        assert begun is not None
        return f"/password/reset/{begun[1]}"


# Invitations


def test_a_newcomer_joins_with_a_name_and_a_password(app, story):
    email = f"neu-{story.team.slug}@example.com"
    browser = Browser(app)
    page = browser.follow(browser.submit(invite(story, email), name="Neu Ling", password=NEW))
    assert page.status_code == 200
    assert "Hello, Neu" in page.text
    assert Browser(app).submit(f"/{story.team.slug}/sign-in", email=email, password=NEW).status_code == 302


def test_somebody_known_joins_with_the_password_they_have(app, story):
    email = add_person(app)
    path = invite(story, email, Role.MANAGER)
    assert Browser(app).submit(path, password="a wrong password").status_code == 422
    browser = Browser(app)
    assert browser.submit(path, password=PASSWORD).status_code == 302
    assert browser.get(f"/{story.team.slug}/").status_code == 200


def test_guessing_at_an_invitation_locks_like_guessing_at_the_sign_in(app, story):
    email = add_person(app)
    path = invite(story, email)
    browser = Browser(app)
    for _ in range(5):
        browser.submit(path, password="a wrong password")
    assert "Wait 1 minute" in browser.submit(path, password=PASSWORD).text


def test_an_invitation_is_accepted_once(app, story):
    path = invite(story, f"once-{story.team.slug}@example.com")
    Browser(app).submit(path, name="Once", password=NEW)
    again = Browser(app).get(path)
    assert again.status_code == 410
    assert "accepted already" in again.text


def test_an_old_invitation_is_a_page_that_helps(app, story):
    path = invite(story, f"late-{story.team.slug}@example.com")
    with clock.moved_to(clock.now() + timedelta(days=8)):
        assert Browser(app).get(path).status_code == 410


def test_an_invitation_of_another_team_is_not_found(app, story):
    path = invite(story, f"cross-{story.team.slug}@example.com")
    other = open_story(app)
    foreign = path.replace(f"/{story.team.slug}/", f"/{other.team.slug}/")
    assert Browser(app).get(foreign).status_code == 404
    assert Browser(app).get(f"/{story.team.slug}/invitations/forged").status_code == 404


@pytest.mark.parametrize(
    "typed",
    [{}, {"name": "x" * 500, "password": NEW}, {"name": "a\x00", "password": NEW}, {"name": "Ok", "password": "short"}],
)
def test_a_refused_join_keeps_the_name_and_not_the_password(app, story, typed):
    path = invite(story, f"form-{story.team.slug}@example.com")
    page = Browser(app).submit(path, **typed)
    assert page.status_code == 422
    assert NEW not in page.text


# Password resets


def test_the_answer_is_the_same_for_an_address_nobody_has(app, story):
    known = give_password(story, "owner")
    pages = [Browser(app).submit("/password/reset", email=email) for email in (known, "nobody-x@example.com")]
    texts = [page.text.replace(known, "…").replace("nobody-x@example.com", "…") for page in pages]
    texts = [re.sub(r'nonce="[^"]+"', "", text) for text in texts]
    assert [page.status_code for page in pages] == [200, 200]
    assert texts[0] == texts[1]


def test_a_link_sets_the_password_once_and_signs_out_everywhere(app, story):
    email = give_password(story, "owner")
    signed_in = Browser(app)
    signed_in.follow(signed_in.submit("/sign-in", email=email, password=PASSWORD))
    path, second = reset_path(app, email), reset_path(app, email)
    assert Browser(app).submit(path, password=NEW).status_code == 302
    assert signed_in.get(f"/{story.team.slug}/").status_code == 302
    assert Browser(app).get(path).status_code == 410
    assert Browser(app).get(second).status_code == 410
    assert Browser(app).submit("/sign-in", email=email, password=PASSWORD).status_code == 422
    assert Browser(app).submit("/sign-in", email=email, password=NEW).status_code == 302


def test_a_link_ends_a_lock_out(app, story):
    email = give_password(story, "owner")
    browser = Browser(app)
    for _ in range(5):
        browser.submit("/sign-in", email=email, password="a wrong password")
    Browser(app).submit(reset_path(app, email), password=NEW)
    assert browser.submit("/sign-in", email=email, password=NEW).status_code == 302


def test_a_link_lives_for_an_hour(app, story):
    path = reset_path(app, give_password(story, "owner"))
    with clock.moved_to(clock.now() + timedelta(minutes=61)):
        page = Browser(app).get(path)
    assert page.status_code == 410
    assert "Ask for a new" in page.text


def test_a_forged_link_is_a_page_that_helps(app, story):
    path = reset_path(app, give_password(story, "owner"))
    changed = path[:-1] + ("0" if path[-1] != "0" else "1")
    for forged in (changed, "/password/reset/x", "/password/reset/rst_" + "0" * 26 + ".", path + "%F0%9F%98%80"):
        assert Browser(app).get(forged).status_code == 410


def test_a_bad_new_password_keeps_the_link(app, story):
    path = reset_path(app, give_password(story, "owner"))
    assert Browser(app).submit(path, password="1234567890").status_code == 422
    assert Browser(app).submit(path, password="").status_code == 422
    assert Browser(app).submit(path, password=NEW).status_code == 302


def test_nobody_is_flooded_with_links(app, story):
    email = give_password(story, "owner")
    for _ in range(MOST_PER_HOUR):
        reset_path(app, email)
    with app.app_context(), system_scope("a test asks"):
        assert begin_reset(email) is None


def test_the_worker_sends_the_link(app, story):
    """The reaction makes the row and the mail; the browser's request makes neither."""
    from cornerspot.people.events import PasswordResetAsked
    from cornerspot.reactions.people_to_mail import send_reset_link

    email = give_password(story, "owner")
    with app.app_context(), system_scope("a test reacts"), transaction():
        send_reset_link(PasswordResetAsked(email))
        send_reset_link(PasswordResetAsked("nobody-y@example.com"))
        person_id = session.scalar(select(Person.id).where(Person.email == email))
        assert len(session.scalars(select(PasswordReset).where(PasswordReset.person_id == person_id)).all()) == 1


# One's own password and browsers


def test_changing_the_password_signs_out_the_other_browsers(app, story):
    email = give_password(story, "owner")
    path = f"/{story.team.slug}/"
    here, there = Browser(app), Browser(app)
    for browser in (here, there):
        browser.submit(f"{path}sign-in", email=email, password=PASSWORD)
    page = f"{path}settings/profile"
    assert here.submit(page, to=f"{path}settings/password", current="wrong", password=NEW).status_code == 422
    assert here.submit(page, to=f"{path}settings/password", current=PASSWORD, password=NEW).status_code == 302
    assert (here.get(path).status_code, there.get(path).status_code) == (200, 302)


def test_one_browser_can_be_signed_out_from_another(app, story):
    email = give_password(story, "owner")
    path = f"/{story.team.slug}/"
    here, there = Browser(app), Browser(app)
    for browser in (here, there):
        browser.submit(f"{path}sign-in", email=email, password=PASSWORD)
    page = here.get(f"{path}settings/sessions").text
    actions = re.findall(r'action="(/[^"]+/ending)"', page)
    assert len(actions) == 2
    assert here.submit(f"{path}settings/sessions", to=actions[1]).status_code == 302
    assert (here.get(path).status_code, there.get(path).status_code) == (200, 302)


def test_signing_out_everywhere(app, story):
    email = give_password(story, "owner")
    path = f"/{story.team.slug}/"
    here, there = Browser(app), Browser(app)
    for browser in (here, there):
        browser.submit(f"{path}sign-in", email=email, password=PASSWORD)
    here.submit(f"{path}settings/profile", to=f"{path}sign-out/everywhere")
    assert (here.get(path).status_code, there.get(path).status_code) == (302, 302)


def test_nobody_ends_somebody_elses_sign_in(app, story):
    mine, theirs = give_password(story, "owner"), give_password(story, "rep")
    path = f"/{story.team.slug}/"
    here, there = Browser(app), Browser(app)
    here.submit(f"{path}sign-in", email=mine, password=PASSWORD)
    there.submit(f"{path}sign-in", email=theirs, password=PASSWORD)
    action = re.search(r'action="(/[^"]+/ending)"', there.get(f"{path}settings/sessions").text)[1]
    assert here.submit(f"{path}settings/profile", to=action).status_code == 404
    assert there.get(path).status_code == 200


def test_tokens_of_links_are_stored_as_digests(app, story):
    path = invite(story, f"digest-{story.team.slug}@example.com")
    from cornerspot.people.models import Invitation

    with app.app_context(), team_scope(story.team):
        assert session.scalars(select(Invitation.token_digest)).all() == [digest(path.rpartition("/")[2])]


def test_a_form_whose_address_holds_a_token_works_over_https(app, story):
    """Its page sends no referrer, which a check of referrers would take for an attack."""
    path = invite(story, f"secure-{story.team.slug}@example.com")
    browser = app.test_client()
    page = browser.get(path, base_url="https://localhost")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))[1]
    sent = browser.post(
        path, data={"csrf_token": token, "name": "Neu Ling", "password": NEW}, base_url="https://localhost"
    )
    assert sent.status_code in (302, 303)
