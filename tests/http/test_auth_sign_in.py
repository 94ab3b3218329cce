"""Signing in: the right password, the wrong one, strangers, waits, and where it leads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.people.models import Person, SignIn
from cornerspot.people.passwords import hash_password
from cornerspot.tenancy import system_scope
from tests.factories.people import PASSWORD, Browser, give_password


@pytest.fixture
def owner_email(story) -> str:
    """The address of the story's owner, who has a password."""
    return give_password(story, "owner")


def test_the_right_password_opens_the_team(app, story, owner_email):
    browser = Browser(app)
    page = browser.submit(f"/{story.team.slug}/sign-in", email=owner_email, password=PASSWORD)
    assert page.status_code == 302
    assert page.location == f"/{story.team.slug}/"
    assert browser.get(page.location).status_code == 200
