"""The wizard as a browser sees it: four saved steps, one run, a summary."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from cornerspot.billing.models import Invoice
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.reading import read_deal
from cornerspot.crm.deals import DealInput, update_deal
from cornerspot.db import session
from cornerspot.kit.ids import encode_public_id
from cornerspot.plans.assigning import assign_plan
from cornerspot.tenancy import team_scope
from tests.factories.catalog import make_tax_rate
from tests.factories.conversion import converted, reviewed, shown_plan
from tests.factories.crm import make_account, make_contact, make_deal, make_line
from tests.factories.teams import open_story


@pytest.fixture
def scene(app, story):
    """A won deal of an account with two contacts, one of them without e-mail."""
    with app.app_context(), team_scope(story.team):
        account = make_account("Acme GmbH")
        anna = make_contact(account, first_name="Anna", last_name="Berg", email="anna@acme.example")
        make_contact(account, first_name="Tom", last_name="Decker", email="")
        deal = make_deal(account, name="Acme rollout", won=True, contact_id=anna.id)
        session.commit()
        return Scene(app, story, deal.id, anna.id)


class Scene:
    """The deal of a test, and reading what the database says about it."""

    def __init__(self, app, story, deal_id, contact_id):
        self.app, self.story, self.deal_id = app, story, deal_id
        self.deal_path = f"/deals/{encode_public_id('dea', deal_id)}"
        self.contact = encode_public_id("con", contact_id)

    def plan(self):
        with self.app.app_context(), team_scope(self.story.team):
            return shown_plan(read_deal(self.deal_id))

    def invoices(self):
        with self.app.app_context(), team_scope(self.story.team):
            return session.scalar(select(func.count()).select_from(Invoice))

    def change(self, **changes):
        with self.app.app_context(), team_scope(self.story.team):
            deal = read_deal(self.deal_id)
            entered = {"name": deal.name, "currency": "EUR", "account_id": deal.account_id} | changes
            update_deal(deal, DealInput(**entered), by=self.story.owner)
            session.commit()


def start(client, scene):
    """The wizard's path, opened from the deal."""
    answer = post(client, scene.deal_path + "/conversion", {}, page=scene.deal_path)
    assert answer.status_code == 302, answer.text
    return re.search(r"/conversions/cnv_\w+", answer.location).group()


def post(client, path, data, *, page):
    """Send a form as its page would, with the page's token."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text).group(1)
    return client.post(path, data={"csrf_token": token, **data})


def fill_in(client, scene, path, **billing):
    """Go through the steps up to Review."""
    steps = f"{path}/steps"
    assert post(client, f"{steps}/confirm", {"plan": scene.plan(), "acknowledged": "y"}, page=path).status_code == 303
    assert post(client, f"{steps}/portal_users", {"choice": "skip"}, page=path).status_code == 303
    entered = {"terms_days": "30", "contact_id": scene.contact, **billing}
    assert post(client, f"{steps}/billing", entered, page=path).status_code == 303


def run(client, path):
    return post(client, f"{path}/run", {"seen": seen(client, path)}, page=f"{path}?step=review")


def seen(client, path):
    return re.search(r'name="seen"[^>]*value="(\d+)"', client.get(f"{path}?step=review").text).group(1)


def test_the_whole_way_makes_one_draft_and_a_summary_that_links_it(client, scene):
    path = start(client, scene)
    page = client.get(path).text
    assert "Set-up" in page
    assert "2 one-time lines" in page.replace("\xa0", " ")
    fill_in(client, scene, path, internal_note="PO follows")
    review = client.get(path).text
    assert "PO follows" in review
    assert "Run conversion" in review
    answer = run(client, path)
    assert (answer.status_code, answer.location.endswith(f"{path}/summary")) == (303, True)
    summary = client.get(f"{path}/summary").text
    assert "Acme rollout is converted" in summary
    assert "/invoices/inv_" in summary
    assert scene.invoices() == 1


def test_the_server_asks_for_the_tick_too(client, scene):
    path = start(client, scene)
    answer = post(client, f"{path}/steps/confirm", {"plan": scene.plan()}, page=path)
    assert answer.status_code == 422
    assert "Tick this to confirm" in answer.text


def test_pressing_run_twice_lands_on_the_same_summary(client, scene):
    path = start(client, scene)
    fill_in(client, scene, path)
    version = seen(client, path)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text).group(1)
    answers = [client.post(f"{path}/run", data={"csrf_token": token, "seen": version}) for _ in range(2)]
    assert [answer.location.endswith("/summary") for answer in answers] == [True, True]
    assert scene.invoices() == 1


def test_every_page_of_a_finished_wizard_leads_to_its_summary(client, scene):
    path = start(client, scene)
    fill_in(client, scene, path)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text).group(1)
    run(client, path)
    for step in ("confirm", "portal_users", "billing", "review"):
        assert client.get(f"{path}?step={step}").location.endswith("/summary")
    late = client.post(f"{path}/steps/billing", data={"csrf_token": token, "terms_days": "15"})
    assert late.location.endswith("/summary")


def test_back_keeps_what_was_typed(client, scene):
    path = start(client, scene)
    fill_in(client, scene, path)
    page = f"{path}?step=billing"
    entered = {"terms_days": "60", "contact_id": "", "internal_note": "Half a thought", "go": "back"}
    answer = post(client, f"{path}/steps/billing", entered, page=page)
    assert answer.location.endswith("step=portal_users")
    assert "Half a thought" in client.get(page).text
    unfinished = post(client, f"{path}/steps/portal_users", {"choice": "pick", "go": "back"}, page=path)
    assert unfinished.location.endswith("step=confirm")


def test_typing_is_saved_without_going_on(client, scene):
    path = start(client, scene)
    post(client, f"{path}/steps/confirm", {"plan": scene.plan(), "acknowledged": "y"}, page=path)
    answer = post(client, f"{path}/steps/portal_users?autosave=1", {"choice": "all"}, page=path)
    assert answer.status_code == 204
    page = client.get(path).text
    assert re.search(r'<input[^>]*checked[^>]*value="all"', page)
    assert client.get(f"{path}?step=billing").text.count("Portal users") == page.count("Portal users")


def test_it_is_resumed_on_another_device(scene):
    first, second = scene.story.sign_in("owner"), scene.story.sign_in("owner")
    path = start(first, scene)
    post(first, f"{path}/steps/confirm", {"plan": scene.plan(), "acknowledged": "y"}, page=path)
    assert start(second, scene) == path
    assert 'value="skip"' in second.get(path).text


def test_contacts_without_email_are_shown_and_cannot_be_picked(client, scene, app, story):
    with app.app_context(), team_scope(story.team):
        from cornerspot.crm.models import Contact

        tom = session.scalars(select(Contact.id).where(Contact.email == "")).one()
    path = start(client, scene)
    post(client, f"{path}/steps/confirm", {"plan": scene.plan(), "acknowledged": "y"}, page=path)
    assert "No e-mail address" in client.get(path).text
    answer = post(
        client,
        f"{path}/steps/portal_users",
        {"choice": "pick", "contact_ids": encode_public_id("con", tom)},
        page=path,
    )
    assert answer.status_code == 422
    assert "who have an e-mail address" in answer.text
    nobody = post(client, f"{path}/steps/portal_users", {"choice": "pick"}, page=path)
    assert "Pick at least one contact" in nobody.text


def test_a_deal_changed_before_run_is_refused_and_the_changes_are_shown(client, scene):
    path = start(client, scene)
    fill_in(client, scene, path)
    version = seen(client, path)
    scene.change(lines=(make_line("Training", "2", "80"),))
    answer = post(client, f"{path}/run", {"seen": version}, page=path)
    assert answer.status_code == 422
    assert "“Set-up” is no longer to be billed." in answer.text
    assert "“Training” was added: 2 at 80 EUR." in answer.text
    assert scene.invoices() == 0
    again = post(client, f"{path}/steps/confirm", {"plan": scene.plan(), "acknowledged": "y"}, page=path)
    assert again.status_code == 303
    assert run(client, path).status_code == 303


def test_a_confirm_page_that_is_out_of_date_does_not_count(client, scene):
    path = start(client, scene)
    shown = scene.plan()
    scene.change(lines=(make_line("Training", "2", "80"),))
    answer = post(client, f"{path}/steps/confirm", {"plan": shown, "acknowledged": "y"}, page=path)
    assert answer.status_code == 422
    assert "Training" in answer.text
    assert not re.search(r"<input[^>]*checked[^>]*acknowledged", answer.text)


def test_a_review_of_another_tab_is_not_run(client, scene):
    path = start(client, scene)
    fill_in(client, scene, path)
    version = seen(client, path)
    post(client, f"{path}/steps/billing", {"terms_days": "15", "contact_id": "", "finalize": "y"}, page=path)
    answer = post(client, f"{path}/run", {"seen": version}, page=path)
    assert answer.status_code == 422
    assert "changed in another tab" in answer.text


def test_a_colleague_sees_who_has_it_and_takes_it_over(scene):
    owner, manager = scene.story.sign_in("owner"), scene.story.sign_in("manager")
    path = start(owner, scene)
    fill_in(owner, scene, path)
    assert start(manager, scene) == path
    page = manager.get(path).text
    assert "Tess Tester has this wizard open" in page
    assert post(manager, f"{path}/run", {"seen": "4"}, page=path).status_code == 422
    assert post(manager, f"{path}/takeover", {}, page=path).status_code == 303
    assert run(manager, path).status_code == 303
    late = owner.get(f"{path}/summary").text
    assert "Tess Tester drafted an invoice" in late


def test_a_deal_that_cannot_be_converted_says_why(client, scene, app, story):
    scene.change(lines=())
    answer = post(client, scene.deal_path + "/conversion", {}, page=scene.deal_path)
    assert answer.location.endswith(scene.deal_path)
    assert "This deal has no lines" in client.get(scene.deal_path).text


def test_a_rep_may_not_convert(scene):
    rep = scene.story.sign_in("rep")
    page = rep.get(scene.deal_path)
    assert "Mark Won + Convert" not in page.text
    assert post(rep, scene.deal_path + "/conversion", {}, page=scene.deal_path).status_code == 403


def test_without_billing_the_button_gives_way_to_an_explanation(client, scene, app, story):
    assert "Mark Won + Convert" in client.get(scene.deal_path).text
    path = start(client, scene)
    with app.app_context(), team_scope(story.team):
        assign_plan("free_v1")
        session.commit()
    page = client.get(scene.deal_path).text
    assert "<strong>Mark Won + Convert</strong> needs Billing" in page
    assert "/settings/plan" in page
    answer = client.get(path)
    assert answer.status_code == 402
    assert "Billing" in answer.text


def test_undo_frees_the_lines_and_the_deal_offers_to_continue(client, scene):
    path = start(client, scene)
    fill_in(client, scene, path)
    run(client, path)
    assert "Mark Won + Convert" not in client.get(scene.deal_path).text
    answer = post(client, f"{path}/undo", {}, page=f"{path}/summary")
    assert answer.location.endswith(scene.deal_path)
    assert "Continue Conversion" in client.get(scene.deal_path).text
    assert "This conversion was undone" in client.get(f"{path}/summary").text


def test_unknown_steps_are_not_there(client, scene):
    path = start(client, scene)
    for step in ("review", "done", "nonsense"):
        assert post(client, f"{path}/steps/{step}", {}, page=path).status_code == 404


def test_another_teams_deal_and_conversion_are_not_there(client, scene, app):
    other = open_story(app, name="Other team")
    with app.app_context(), team_scope(other.team):
        deal = make_deal(won=True)
        conversion = reviewed(deal, by=other.owner)
        session.commit()
        deal_path = f"/deals/{encode_public_id('dea', deal.id)}"
        path = f"/conversions/{encode_public_id('cnv', conversion.id)}"
    assert post(client, f"{deal_path}/conversion", {}, page=scene.deal_path).status_code == 404
    for page in (path, f"{path}/summary", f"{path}/preview"):
        assert client.get(page).status_code == 404
    for action in ("steps/confirm", "run", "takeover", "undo"):
        assert post(client, f"{path}/{action}", {}, page=scene.deal_path).status_code == 404
    with app.app_context(), team_scope(other.team):
        assert session.scalars(select(Conversion.status)).one() == "in_progress"


@pytest.mark.parametrize(
    "entered",
    [
        {},
        {"terms_days": "soon", "contact_id": "con_nobody", "internal_note": "x" * 6000, "finalize": "y"},
        {"terms_days": "-1", "internal_note": "\0"},
        {"terms_days": "99999999999999999999", "contact_id": "💥", "internal_note": "<script>alert(1)</script>"},
    ],
)
def test_bad_input_at_billing_is_refused_at_the_field_and_kept(client, scene, entered):
    path = start(client, scene)
    fill_in(client, scene, path)
    answer = post(client, f"{path}/steps/billing", entered, page=path)
    assert answer.status_code == 422
    assert "form-error" in answer.text
    assert "<script>alert(1)" not in answer.text


def test_bad_input_at_the_other_steps_is_refused(client, scene):
    path = start(client, scene)
    for data in ({}, {"plan": "x" * 10_000, "acknowledged": "💥"}, {"acknowledged": "y"}):
        assert post(client, f"{path}/steps/confirm", data, page=path).status_code == 422
    post(client, f"{path}/steps/confirm", {"plan": scene.plan(), "acknowledged": "y"}, page=path)
    for data in ({}, {"choice": "everyone"}, {"choice": "pick", "contact_ids": "con_\0"}):
        assert post(client, f"{path}/steps/portal_users", data, page=path).status_code == 422
    assert post(client, f"{path}/run", {"seen": "many"}, page=path).status_code == 422


def test_the_preview_follows_what_is_chosen(client, scene):
    path = start(client, scene)
    assert "Due on Receipt" in client.get(f"{path}/preview?terms_days=0").text
    assert "Finalized at once" in client.get(f"{path}/preview?terms_days=soon&finalize=y").text


def test_a_step_takes_at_most_fifteen_statements_whatever_the_lines(scene, query_counter, app, story, client):
    with app.app_context(), team_scope(story.team):
        deal = make_deal(lines=[make_line(f"Line {n}") for n in range(60)], won=True)
        converted(deal, by=story.owner)
        session.commit()
    scene.change(lines=tuple(make_line(f"Line {n}", "2", "10") for n in range(60)))
    path = start(client, scene)
    for page in (path, f"{path}/summary", scene.deal_path):
        with query_counter() as sent:
            client.get(page)
        assert len(sent) <= 15, "\n".join(sent)


def test_running_a_deal_of_ten_lines_takes_at_most_twenty_statements(app, story, client, query_counter):
    with app.app_context(), team_scope(story.team):
        vat = make_tax_rate("19")
        deal = make_deal(lines=[make_line(f"Line {n}", "3", "33.33", taxes=[vat]) for n in range(10)], won=True)
        path = f"/conversions/{encode_public_id('cnv', reviewed(deal, by=story.owner).id)}"
        session.commit()
    page = client.get(path).text
    data = {name: re.search(rf'name="{name}"[^>]*value="([^"]+)"', page).group(1) for name in ("csrf_token", "seen")}
    with query_counter() as sent:
        answer = client.post(f"{path}/run", data=data)
    assert answer.location.endswith("/summary")
    assert len(sent) <= 20, "\n".join(sent)
