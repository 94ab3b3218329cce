"""Documents in the portal: whom they are for, how they are handed out, who may share them; and the profile."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.documents.sniffing import media_type_of
from cornerspot.kit.ids import encode_public_id
from cornerspot.portal.documents import LARGEST_BYTES, Audience, share_document
from cornerspot.portal.models import PortalDocument, PortalUser
from tests.factories.billing import new_account
from tests.factories.pictures import picture
from tests.factories.portal import member_browser, new_member

PICTURE = picture()


@pytest.fixture
def people(team):
    """Two accounts with a member each, and a colleague at the first."""
    ours, theirs = new_account("Acme GmbH"), new_account("Other Ltd")
    made = {"ours": ours, "theirs": theirs}
    made["me"], made["colleague"], made["stranger"] = new_member(ours), new_member(ours), new_member(theirs)
    session.commit()
    return made


@pytest.fixture
def browser(story, people):
    return member_browser(story, people["me"].id)


def shared(story, content=b"%PDF-1.7 x", name="Contract.pdf", title="", **audience):
    return in_transaction(
        lambda: share_document(content, name, title=title, audience=Audience(**audience), by=story.owner).id
    )


def path(document_id, more=""):
    return f"/portal/documents/{encode_public_id('pdo', document_id)}/file{more}"


def text_of(answer):
    return answer.get_data(as_text=True)


def csrf(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text_of(page))[1]


def test_a_member_finds_what_is_for_them_and_nothing_else(story, people, browser):
    for_me = [
        shared(story, title="For the team"),
        shared(story, title="For the account", account=people["ours"]),
        shared(story, title="For me", user=people["me"]),
    ]
    others = [
        shared(story, title="For theirs", account=people["theirs"]),
        shared(story, title="For a colleague", user=people["colleague"]),
        shared(story, title="For a stranger", user=people["stranger"]),
    ]
    page = text_of(browser.get("/portal/documents"))
    for title in ("For the team", "For the account", "For me"):
        assert title in page
    for title in ("For theirs", "For a colleague", "For a stranger"):
        assert title not in page
    assert [browser.get(path(one)).status_code for one in for_me] == [200] * 3
    assert [browser.get(path(one)).status_code for one in others] == [404] * 3


def test_a_document_is_saved_and_nothing_in_it_runs(story, people, browser):
    page = shared(story, b"<script>alert(1)</script>", "evil.html", title="Price list")
    for more in ("", "?view=1"):
        answer = browser.get(path(page, more))
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="Price list.html"')
        assert answer.mimetype == "text/plain"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_picture_can_be_looked_at(story, people, browser):
    picture = shared(story, PICTURE, "photo.exe", title="Photo")
    assert browser.get(path(picture)).headers["Content-Disposition"].startswith("attachment")
    seen = browser.get(path(picture, "?view=1"))
    assert seen.headers["Content-Disposition"].startswith("inline")
    assert seen.mimetype == "image/png"


def test_documents_ask_the_database_little(story, people, browser, query_counter):
    for _ in range(3):
        shared(story, account=people["ours"])
    browser.get("/portal/documents")
    with query_counter() as sent:
        assert browser.get("/portal/documents").status_code == 200
    assert len(sent) <= 8


def upload(client, content, name="Offer.pdf", **fields):
    form = {"csrf_token": csrf(client.get("/portal-documents/new")), "scope": "team", "title": ""} | fields
    return client.post(
        "/portal-documents", data=form | {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )


def documents():
    return in_transaction(lambda: list(session.scalars(select(PortalDocument).order_by(PortalDocument.id))))


def test_the_staff_shares_renames_and_removes(story, people, client, query_counter):
    account_id = str(people["ours"].id)
    assert upload(client, b"%PDF-1.7", scope="account", account_id=account_id).status_code == 303
    [document] = documents()
    assert (document.title, document.account_id) == ("Offer.pdf", people["ours"].id)
    address = f"/portal-documents/{encode_public_id('pdo', document.id)}"
    page = client.get("/portal-documents")
    with query_counter() as sent:
        assert "Offer.pdf" in text_of(client.get("/portal-documents"))
    assert len(sent) <= 8
    assert client.get(f"{address}/file").get_data() == b"%PDF-1.7"
    client.post(address, data={"csrf_token": csrf(client.get(f"{address}/edit")), "title": "Offer of May"})
    assert "Offer of May" in text_of(client.get("/portal-documents"))
    client.post(f"{address}/removal", data={"csrf_token": csrf(page)})
    assert documents() == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"scope": "account"}, "Choose the account."),
        ({"scope": "user"}, "Choose the person."),
        ({"scope": "nobody"}, "Choose whom it is for."),
    ],
)
def test_a_document_needs_somebody_it_is_for(story, people, client, fields, sentence):
    answer = upload(client, b"%PDF-1.7", **fields)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert documents() == []


def test_a_file_has_something_in_it_and_at_most_20_mb(story, people, client):
    assert "This file is empty" in text_of(upload(client, b""))
    assert "at most 20 MB" in text_of(upload(client, b" " * (LARGEST_BYTES + 1)))
    assert documents() == []


def test_an_account_of_another_team_is_refused(app, story, people, client):
    from cornerspot.tenancy import team_scope
    from tests.factories.teams import open_story

    other = open_story(app)
    session.rollback()
    with app.app_context(), team_scope(other.team):
        foreign = new_account("Foreign").id
        session.commit()
    assert upload(client, b"%PDF-1.7", scope="account", account_id=str(foreign)).status_code == 422


@pytest.mark.parametrize("role", ["rep"])
def test_only_who_looks_after_the_portal_shares(story, role):
    assert story.sign_in(role).get("/portal-documents").status_code == 403


def office(*names):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4", "application/pdf"),
        (PICTURE, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", "application/octet-stream"),
        (b"<svg onload=alert(1)>", "text/plain"),
        ("Zoë\n".encode(), "text/plain"),
        ("é".encode()[:1] + b"abcdef", "application/octet-stream"),
        (b"MZ\x90\0", "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"PK\x03\x04broken", "application/octet-stream"),
        (office("a.txt"), "application/zip"),
        (
            office("[Content_Types].xml", "xl/a.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (office("[Content_Types].xml"), "application/zip"),
        (office("mimetype"), "application/vnd.oasis.opendocument.text"),
    ],
)
def test_what_a_file_is_comes_from_its_bytes(content, kind):
    assert media_type_of(content) == kind


def test_a_member_changes_name_and_number_format(story, people, browser):
    page = browser.get("/portal/profile")
    assert people["me"].email in text_of(page)
    saved = browser.post("/portal/profile", data={"csrf_token": csrf(page), "name": "Mona Neu", "locale": "de"})
    assert saved.status_code == 303
    user = in_transaction(
        lambda: session.scalars(
            select(PortalUser).where(PortalUser.id == people["me"].id).execution_options(populate_existing=True)
        ).one()
    )
    assert (user.name, user.locale) == ("Mona Neu", "de")
    refused = browser.post("/portal/profile", data={"csrf_token": csrf(page), "name": "", "locale": "xx"})
    assert refused.status_code == 422
