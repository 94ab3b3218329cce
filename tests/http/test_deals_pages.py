"""Deals over HTTP: made, edited, moved and found, with clear answers to bad input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from cornerspot.crm.deals import deal_lines
from cornerspot.crm.models import Deal, Stage, StageClass
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope
from tests.factories.browsers import FormBrowser
from tests.factories.catalog import make_tax_rate
from tests.factories.crm import make_account, make_contact, make_deal, make_line, stage_of_class
from tests.factories.teams import Story, open_story


@pytest.fixture
def client(story: Story) -> FormBrowser:
    """The owner's browser."""
    return FormBrowser(story.sign_in("owner"))


JSON = {"Accept": "application/json"}


@pytest.fixture
def given(app: Flask, story: Story) -> Callable[[Callable[[], Any]], Any]:
    """Runs a function in the team's scope, commits, and returns what it returned."""

    def run(make: Callable[[], Any]) -> Any:
        with app.app_context(), team_scope(story.team):
            made = make()
            session.commit()
            return made

    return run


def path_of(deal: Deal) -> str:
    return f"/deals/{encode_public_id('dea', deal.id)}"


def line_fields(index: int = 0, **fields: str) -> dict[str, str]:
    typed = {"description": "Consulting", "quantity": "2", "unit_price": "100.00"} | fields
    return {f"lines-{index}-{name}": value for name, value in typed.items()}


def fields_of(**fields: Any) -> dict[str, Any]:
    return {"name": "Website relaunch", "currency": "EUR", **fields}


def stored(app: Flask, story: Story, **wanted: Any) -> list[Deal]:
    with app.app_context(), team_scope(story.team):
        return list(session.scalars(select(Deal).filter_by(**wanted)))


def test_a_deal_is_made_with_its_lines_taxes_and_discounts(app, story, client, given):
    account, _ = given(lambda: (make_account("Ölmühle"), make_tax_rate("20")))
    answer = client.post(
        "/deals",
        data=fields_of(
            account_id=str(account.id), discounts="10%", taxes=[str(key) for key in _tax_keys(given)], **line_fields()
        ),
    )
    assert answer.status_code == 303
    (deal,) = stored(app, story)
    assert (deal.subtotal_minor, deal.discount_minor, deal.tax_minor, deal.total_minor) == (20000, 2000, 3600, 21600)
    assert deal.value_minor == deal.total_minor
    page = client.get(answer.headers["Location"].removeprefix(client.prefix))
    assert "€216.00" in page.text
    assert "Ölmühle" in page.text


def _tax_keys(given):
    from cornerspot.catalog.lines import tax_copy
    from cornerspot.catalog.tax_rates import tax_rates

    return given(lambda: [tax_copy(rate)["key"] for rate in tax_rates()])


def test_a_deal_without_lines_is_worth_what_was_typed(app, story, client):
    assert client.post("/deals", data=fields_of(value="1,250.50")).status_code == 303
    (deal,) = stored(app, story)
    assert (deal.value_minor, deal.total_minor) == (125050, 0)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Enter what the deal is about."),
        ({"name": "x" * 201}, "Use up to 200 characters."),
        ({"name": "a\0b"}, "Take out the invisible control characters."),
        ({"account_id": "nonsense"}, "Choose an account from the list."),
        ({"account_id": "018f0000-0000-7000-8000-000000000000"}, "Choose an account from the list."),
        ({"contact_id": "018f0000-0000-7000-8000-000000000000"}, "Choose a contact from the list."),
        ({"stage_id": "018f0000-0000-7000-8000-000000000000"}, "Choose a stage from the list."),
        ({"owner_id": "018f0000-0000-7000-8000-000000000000"}, "Choose a teammate from the list."),
        ({"currency": "XXX"}, "Choose a currency from the list."),
        ({"value": "1e999"}, "Enter an amount like 1,234.56."),
        ({"value": "-5"}, "A deal&#39;s value cannot be below zero."),
        ({"value": "9" * 30}, "This amount is too large to keep."),
        ({"expected_close_on": "31.12.2026"}, "Enter a date like 2026-10-31."),
        ({"expected_close_on": "0001-01-01"}, "Enter a year from 1970 to 2200."),
        ({"discounts": "150%"}, "Enter a percentage above 0 and up to 100."),
        ({"taxes": "nonsense"}, "Choose taxes from the list."),
        (line_fields(description=""), "Describe what is sold."),
        (line_fields(quantity="1e999"), "Enter a number like 12.5."),
        (line_fields(quantity="99999999999"), "This quantity is too large."),
        (line_fields(unit_price="-1"), "A price cannot be below zero."),
        (line_fields(unit_price="NaN"), "Enter a number like 12.5."),
        (line_fields(product="018f0000-0000-7000-8000-000000000000"), "Choose a product from the list."),
        (line_fields(quantity="-2"), "The total may not be below zero."),
        (line_fields(id="018f0000-0000-7000-8000-000000000000"), "A line was removed from the deal meanwhile."),
        (line_fields(quantity="9999999999", unit_price="999999999999"), "too large"),
    ],
)
def test_bad_input_is_answered_at_its_field_and_kept(app, story, client, fields, sentence):
    answer = client.post("/deals", data=fields_of(source="Trade fair <b>2026</b> 🎪") | fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Trade fair &lt;b&gt;2026&lt;/b&gt; 🎪" in answer.text
    assert stored(app, story) == []


def test_an_account_of_another_team_cannot_be_chosen(app, story, client):
    other = open_story(app)
    with app.app_context(), team_scope(other.team):
        foreign = make_account("Foreign")
        session.commit()
    answer = client.post("/deals", data=fields_of(account_id=str(foreign.id)))
    assert answer.status_code == 422
    assert "Choose an account from the list." in answer.text
    assert "Foreign" not in answer.text


def test_a_contact_must_belong_to_the_account(client, given):
    one, other = given(lambda: (make_account(), make_account()))
    contact = given(lambda: make_contact(other, first_name="Zoë", last_name="Łuk"))
    answer = client.post("/deals", data=fields_of(account_id=str(one.id), contact_id=str(contact.id)))
    assert answer.status_code == 422
    assert "Zoë Łuk is not a contact of this account." in answer.text


def test_two_people_editing_one_deal_see_the_difference(app, story, client, given):
    deal = given(make_deal)
    first = client.post(path_of(deal), data=fields_of(name="First", version="1"))
    assert first.status_code == 303
    second = client.post(path_of(deal), data=fields_of(name="Second", version="1"))
    assert second.status_code == 422
    assert "Somebody saved this while you were editing." in second.text
    assert "saved “First”, yours “Second”" in second.text
    assert 'name="version" type="hidden" value="2"' in second.text
    assert client.post(path_of(deal), data=fields_of(name="Second", version="2")).status_code == 303


def test_editing_keeps_the_lines_that_are_named_and_drops_the_others(app, story, client, given):
    deal = given(lambda: make_deal(lines=[make_line("Kept"), make_line("Dropped")]))
    kept = next(line for line in deal.lines if line.description == "Kept")
    data = fields_of(
        version="1", **line_fields(0, description="New"), **line_fields(1, id=str(kept.id), description="Kept")
    )
    assert client.post(path_of(deal), data=data).status_code == 303
    lines = given(lambda: deal_lines(deal))
    assert [(line.description, line.id == kept.id) for line in lines] == [("New", False), ("Kept", True)]


def test_a_thousand_lines_can_be_saved_and_shown(app, story, client, given):
    data = fields_of()
    for index in range(1000):
        data |= line_fields(index, description=f"Line {index}", unit_price="0.01", quantity="1")
    answer = client.post("/deals", data=data)
    assert answer.status_code == 303
    (deal,) = stored(app, story)
    assert deal.total_minor == 1000
    assert client.get(f"{path_of(deal)}/lines").status_code == 200
    assert "1,001" not in client.post("/deals", data=data | line_fields(1000)).text
    assert "Use at most 1,000 lines." in client.post("/deals", data=data | line_fields(1000)).text


def test_winning_asks_for_the_close_date(app, story, client, given):
    deal, won = given(lambda: (make_deal(), stage_of_class(StageClass.WON)))
    tomorrow = clock.today(story.team.time_zone) + timedelta(days=1)
    for closed_on, sentence in (
        ("", "Enter the day the deal was won."),
        (str(tomorrow), "The close date is in the future."),
    ):
        answer = client.post(f"{path_of(deal)}/moves", data={"stage_id": str(won.id), "closed_on": closed_on})
        assert answer.status_code == 422
        assert sentence in answer.text
    today = str(clock.today(story.team.time_zone))
    assert client.post(f"{path_of(deal)}/moves", data={"stage_id": str(won.id), "closed_on": today}).status_code == 303
    page = client.get(path_of(deal)).text
    assert "is won. Next: convert it into an invoice with Mark Won + Convert." in page
    (moved,) = stored(app, story)
    assert (moved.stage_id, str(moved.closed_on)) == (won.id, today)


def test_losing_asks_for_a_reason_and_reopening_takes_it_back(app, story, client, given):
    deal, lost, first = given(lambda: (make_deal(), stage_of_class(StageClass.LOST), stage_of_class(StageClass.OPEN)))
    answer = client.post(f"{path_of(deal)}/moves", data={"stage_id": str(lost.id), "lost_reason": " "})
    assert answer.status_code == 422
    assert "Say why the deal was lost." in answer.text
    client.post(f"{path_of(deal)}/moves", data={"stage_id": str(lost.id), "lost_reason": "Price"})
    assert stored(app, story)[0].lost_reason == "Price"
    client.post(f"{path_of(deal)}/moves", data={"stage_id": str(first.id)})
    (reopened,) = stored(app, story)
    assert (reopened.lost_reason, reopened.closed_on) == ("", None)


def test_the_board_moves_a_card_and_answers_with_the_new_sums(client, given):
    deal = given(lambda: make_deal(lines=[make_line(unit_price="80")]))
    second = given(lambda: session.scalars(select(Stage).where(Stage.position == 1)).one())
    answer = client.post(f"{path_of(deal)}/moves", data={"stage_id": str(second.id), "version": "1"}, headers=JSON)
    assert answer.status_code == 200
    assert answer.json["version"] == 2
    assert answer.json["columns"][str(second.id)] == {"count": 1, "sum": "€80.00"}


def test_the_board_says_why_a_move_was_refused(client, given):
    deal = given(make_deal)
    second = given(lambda: session.scalars(select(Stage).where(Stage.position == 1)).one())
    answer = client.post(f"{path_of(deal)}/moves", data={"stage_id": str(second.id), "version": "9"}, headers=JSON)
    assert answer.status_code == 409
    assert "Somebody else saved this" in answer.json["detail"]


def test_the_board_sends_winning_to_the_page_that_asks(client, given):
    deal, won = given(lambda: (make_deal(), stage_of_class(StageClass.WON)))
    answer = client.post(f"{path_of(deal)}/moves", data={"stage_id": str(won.id), "version": "1"}, headers=JSON)
    assert answer.json["href"].endswith("?move=won")
    page = client.get(answer.json["href"].removeprefix(client.prefix))
    assert "data-dialog-shown" in page.text


def test_a_rep_edits_only_own_deals(story, given):
    rep = FormBrowser(story.sign_in("rep"))
    theirs = given(make_deal)
    own = given(lambda: make_deal(by=story.actors["rep"], account=make_account()))
    assert rep.get(path_of(theirs)).status_code == 200
    assert rep.get(f"{path_of(theirs)}/edit").status_code == 403
    assert rep.post(path_of(theirs), data=fields_of(version="1")).status_code == 403
    assert rep.post(path_of(own), data=fields_of(version="1")).status_code == 303


def test_deals_are_found_by_the_beginning_of_their_name_or_account_without_accents(client, given):
    given(lambda: make_deal(make_account("Élan Vital"), name="Rollout"))
    given(lambda: make_deal(make_account("Other"), name="Éclair supply"))
    given(lambda: make_deal(make_account("Third"), name="Unrelated"))
    found = client.get("/deals?q=eL").text
    assert "Rollout" in found
    assert "Éclair supply" not in found
    assert "Éclair supply" in client.get("/deals?q=ecl").text


def test_paging_shows_every_deal_once_in_both_directions(client, given, monkeypatch):
    monkeypatch.setattr("cornerspot.crm.listing.PAGE_SIZE", 50)
    given(lambda: [make_deal(make_account(), name=f"Deal number {n:03}", lines=[]) for n in range(60)])
    for sort in ("newest", "name", "value", "close"):
        first = client.get(f"/deals?sort={sort}").text
        href = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = client.get(href.removeprefix(client.prefix)).text
        shown = [text.split("Deal number ")[1:] for text in (first, second)]
        numbers = {part[:3] for page in shown for part in page}
        assert len(numbers) == 60
        back = second.split('rel="prev" href="')[1].split('"')[0].replace("&amp;", "&")
        assert client.get(back.removeprefix(client.prefix)).text.count("row-link") == first.count("row-link")


@pytest.mark.parametrize(
    "query",
    ["cursor=nonsense", "cursor=WyJuZXh0IiwxLDJd", "sort=nope", "stage=x", "owner=mem_1", "q=%00", "q=%F0%9F%8E%AA"],
)
def test_an_unreadable_query_still_shows_the_list(client, query):
    assert client.get(f"/deals?{query}").status_code == 200
    assert client.get(f"/accounts?{query}").status_code == 200
    assert client.get(f"/contacts?{query}").status_code == 200
    assert client.get(f"/products?{query}").status_code == 200


def test_pages_stay_within_their_statement_budgets(client, given, query_counter):
    vat = given(make_tax_rate)
    client.get("/deals")
    deals = given(lambda: [make_deal(taxes=[vat], won=n % 3 == 0) for n in range(12)])
    for path, most in (
        ("/deals", 8),
        ("/deals/board", 8),
        (path_of(deals[1]), 15),
        (f"{path_of(deals[1])}/activity", 15),
    ):
        with query_counter() as sent:
            assert client.get(path).status_code == 200
        assert len(sent) <= most, (path, sent)


def test_the_preview_shows_what_the_form_comes_to(client):
    answer = client.post("/deals/preview", data=fields_of(**line_fields(3), **line_fields(7, quantity="x")))
    assert answer.status_code == 200
    assert 'id="lines-3-amount">200.00' in answer.text
    assert 'id="lines-7-amount">–' in answer.text


def test_a_note_is_kept_as_text(client, given):
    deal = given(make_deal)
    client.post(f"{path_of(deal)}/notes", data={"body": "<script>alert(1)</script> Ünïcode 🎪"})
    page = client.get(f"{path_of(deal)}/activity").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Ünïcode 🎪" in page


def test_the_edit_form_opens_with_the_totals_that_are_stored(client, given):
    deal = given(lambda: make_deal(lines=[make_line(unit_price="80"), make_line(quantity="2", unit_price="10.5")]))
    page = client.get(f"{path_of(deal)}/edit").text
    assert "€101.00" in page
    assert 'lines-1-unit_price">21.00</output>' in page
