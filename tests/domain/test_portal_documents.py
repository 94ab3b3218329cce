"""Sharing documents in the portal: what is refused, and what the timeline says."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid, PermissionDenied
from cornerspot.portal.documents import (
    LONGEST_TITLE,
    Audience,
    remove_document,
    rename_document,
    share_document,
    shared_documents_page,
)
from cornerspot.portal.models import Membership
from cornerspot.portal.profile import update_profile
from cornerspot.portal.sessions import actor_of
from tests.factories.billing import new_account
from tests.factories.portal import new_member


def share(story, title="", name="Offer.pdf", by=None, **audience):
    return share_document(b"%PDF-1.7", name, title=title, audience=Audience(**audience), by=by or story.owner)


def test_a_document_without_a_title_is_called_like_its_file(team, story):
    assert share(story).title == "Offer.pdf"
    assert share(story, title="  Two \n words ").title == "Two words"
    assert len(share(story, name="x" * 300).title) == LONGEST_TITLE


def test_what_is_for_an_account_stands_on_its_timeline(team, story):
    account = new_account()
    share(story, title="Contract", account=account)
    entry = session.scalars(
        select(ActivityEntry).where(ActivityEntry.subject_id == account.id, ActivityEntry.event == "document_shared")
    ).one()
    assert entry.data["title"] == "Contract"


def test_nothing_is_shared_with_an_account_in_the_trash(team, story):
    account = new_account()
    account.deleted_at = clock.now()
    with pytest.raises(Invalid, match="Trash"):
        share(story, account=account)


def test_nothing_is_shared_with_somebody_whose_access_was_revoked(team, story):
    user = new_member(new_account(), state=Membership.REVOKED)
    with pytest.raises(Invalid, match="revoked"):
        share(story, user=user)


def test_a_document_keeps_a_name(team, story):
    document = share(story)
    with pytest.raises(Invalid, match="name"):
        rename_document(document, "   ", by=story.owner)


def test_a_member_shares_renames_and_removes_nothing(team, story):
    member = actor_of(new_member(new_account()))
    document = share(story)
    for attempt in (
        lambda: share(story, by=member),
        lambda: rename_document(document, "Mine", by=member),
        lambda: remove_document(document, by=member),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


def test_the_staff_sees_all_or_one_accounts(team, story):
    account = new_account()
    mine, everybodys = share(story, account=account), share(story)
    assert {row.id for row in shared_documents_page().rows} == {mine.id, everybodys.id}
    assert [row.id for row in shared_documents_page(account_id=account.id).rows] == [mine.id]


def test_a_member_has_a_name(team, story):
    with pytest.raises(Invalid):
        update_profile(new_member(new_account()), name=" ", locale="de")
