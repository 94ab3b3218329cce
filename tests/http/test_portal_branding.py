"""The portal under the team's own brand."""

from __future__ import annotations

import io
import re

import pytest

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.settling import record_manual_payment
from cornerspot.db.transaction import transaction
from cornerspot.kit.colours import contrast
from cornerspot.tenancy import team_scope, team_today
from tests.factories.billing import line, new_account, new_draft
from tests.factories.crm import make_account
from tests.factories.people import Browser
from tests.factories.pictures import picture as a_picture
from tests.factories.portal import member_browser, new_member

pytestmark = pytest.mark.usefixtures("without_tokens")
ENTERED = {"title": "Member area", "greeting": "Good to see you.", "accent": "#ffd400", "version": "1"}


@pytest.fixture
def visitor(story):
    with story.app.app_context(), team_scope(story.team), transaction():
        user_id = new_member(make_account()).id
    return member_browser(story, user_id)


def test_title_greeting_and_colour_are_the_teams(client, story, visitor):
    assert client.post("/settings/portal", data=ENTERED).status_code == 303
    door = Browser(story.app).get(f"/{story.team.slug}/portal/sign-in").text
    assert "Member area" in door
    assert "Good to see you." in door
    theme = visitor.get(re.search(r'href="([^"]+theme\.css[^"]*)"', door)[1]).text
    light = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", theme.split("}")[0]))
    assert contrast(light["on-accent"], light["accent"]) >= 4.5
    assert contrast(light["accent-ink"], light["accent-wash"]) >= 4.5


def test_the_address_of_the_stylesheet_changes_with_the_colours(client, visitor):
    def address():
        return re.search(r'href="([^"]+theme\.css[^"]*)"', visitor.get("/portal/").text)[1]

    before = address()
    client.post("/settings/portal", data=ENTERED)
    assert address() != before


def test_sections_are_renamed_and_hidden(client, visitor):
    before = visitor.get("/portal/").text
    client.post("/settings/portal", data=ENTERED | {"home_label": "Overview", "profile_hidden": "y"})
    after = visitor.get("/portal/").text
    assert ">Home</a>" in before
    assert ">Overview</a>" in after
    assert ">Profile</a>" not in after


def test_the_first_page_leads_to_no_section_that_is_hidden(client, story):
    def work():
        account = new_account()
        invoice = finalize_invoice(new_draft(story.owner, account=account, lines=[line()]), by=story.owner)
        finalize_invoice(new_draft(story.owner, account=account, lines=[line()]), by=story.owner)
        given = {"amount_minor": 20000, "method": "cash", "received_on": team_today(), "request_key": "k"}
        record_manual_payment(invoice, by=story.owner, **given)
        return new_member(account).id

    with story.app.app_context(), team_scope(story.team), transaction():
        user_id = work()
    browser = member_browser(story, user_id)
    before = browser.get("/portal/").text
    client.post("/settings/portal", data=ENTERED | {"invoices_hidden": "y", "payments_hidden": "y"})
    after = browser.get("/portal/").text
    for words in ("All invoices", "Recent payments", "All payments"):
        assert words in before
        assert words not in after
    assert "Due next" in after
    assert "See and pay" not in after  # Nothing can be paid online here.


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"accent": "yellow"}, "Enter a colour such as"),
        ({"accent": "#ffd40"}, "Enter a colour such as"),
        ({"home_hidden": "y"}, "The first page cannot be hidden"),
        ({"home_label": "x" * 25}, "Use up to 24 characters"),
        ({"version": "9"}, "Somebody else saved"),
    ],
)
def test_what_cannot_be_is_refused_in_words(client, entered, sentence):
    response = client.post("/settings/portal", data=ENTERED | entered)
    assert response.status_code == 422
    assert sentence in response.text


def test_a_logo_and_a_favicon_of_the_portals_own_are_shown_and_removed(client, visitor):
    for kind in ("logo", "favicon"):
        picture = {"picture": (io.BytesIO(a_picture()), "x.png")}
        assert client.post(f"/settings/portal/{kind}", data=picture).status_code == 303
        shown = visitor.get(f"/portal/{kind}.png")
        assert shown.headers["Content-Type"] == "image/png"
        assert f"/portal/{kind}.png" in visitor.get("/portal/").text
        client.post(f"/settings/portal/{kind}/removal")
        assert visitor.get(f"/portal/{kind}.png").status_code == 404


def test_what_is_no_picture_is_refused(client, visitor):
    client.post("/settings/portal/logo", data={"picture": (io.BytesIO(b"<svg/>"), "x.png")})
    assert "Use a PNG or JPEG picture" in client.get("/settings/portal").text
    assert visitor.get("/portal/logo.png").status_code == 404


def test_only_those_who_look_after_the_portal_change_its_look(story):
    manager = story.sign_in("manager")
    assert manager.get("/settings/portal").status_code == 403
    assert manager.post("/settings/portal", data=ENTERED).status_code == 403
