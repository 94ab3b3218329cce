"""The form of an invoice at work: making what is missing, moving lines, two hundred of them, two people at once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from cornerspot.db.transaction import transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope
from tests.browser.conftest import assert_accessible
from tests.factories.billing import line, new_account, new_draft
from tests.factories.catalog import make_product, make_tax_rate

NOVEL = ("Once upon a time " * 150).strip()
SEARCH = re.compile("[?&]q=Umbra$")
# Which rows anything was done to.
WATCH_ROWS = """() => {
  window.touched = new Set();
  const rowOf = (node) => (node.closest ? node : node.parentElement).closest('[data-line]');
  const note = (all) => all.forEach(({target}) => rowOf(target) && window.touched.add(rowOf(target).dataset.line));
  const everything = {subtree: true, childList: true, characterData: true, attributes: true};
  new MutationObserver(note).observe(document.querySelector('[data-lines]'), everything);
}"""


@pytest.fixture
def given(app, story):
    """Runs a function in the team's scope, commits, and returns what it returned."""

    def run(make):
        with app.app_context(), team_scope(story.team), transaction():
            return make()

    return run


@pytest.fixture
def team_url(server_url, story):
    return f"{server_url}/{story.team.slug}"


def edit_url(given, story, team_url, items):
    """The form of a new draft with these lines."""
    draft_id = given(lambda: new_draft(story.owner, new_account(), items).id)
    return f"{team_url}/invoices/{encode_public_id('inv', draft_id)}/edit"


def descriptions(page: Page) -> list[str]:
    return page.locator("[data-lines] [name$=-description]").evaluate_all("areas => areas.map(area => area.value)")


def amount(page: Page, number: int):
    return page.locator(f"#lines-{number}-amount")


def test_what_is_pressed_stays_under_the_pointer_while_rows_are_found(story, given, open_browser, sign_in, team_url):
    given(lambda: [new_account(f"Umbra Systems {number}") for number in range(5)])
    page = open_browser()
    sign_in(page, story)
    page.goto(f"{team_url}/invoices/new")
    asked = []

    def hold(route):
        asked.append(route)

    page.route(SEARCH, hold)
    with page.expect_request(SEARCH):
        page.locator("#account-ts-control").press_sequentially("Umbra")
    offer = page.get_by_role("option", name="New customer “Umbra”")
    offer.hover()
    page.mouse.down()
    with page.expect_response(SEARCH):
        asked[0].continue_()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.mouse.up()
    expect(page.get_by_role("dialog", name="New account").get_by_label("Name")).to_have_value("Umbra")


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_customer_contact_and_product_are_made_over_the_form_that_loses_nothing(
    story, given, open_browser, sign_in, team_url, device
):
    given(lambda: make_tax_rate("20", "VAT"))
    page = open_browser(device)
    sign_in(page, story)
    page.goto(f"{team_url}/invoices/new")
    page.locator("#lines-0-description").fill("Typed before")
    page.get_by_label("Purchase order").fill("PO-7")
    page.get_by_role("link", name="New contact").click()
    expect(page.get_by_text("Choose the customer first.")).to_be_visible()

    page.locator("#account-ts-control").press_sequentially("Umbra Systems")
    expect(page.get_by_role("option", name="New customer “Umbra Systems”")).to_be_visible()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New account")
    expect(dialog.get_by_label("Name")).to_have_value("Umbra Systems")
    dialog.get_by_label("Billing e-mail").fill("nobody")
    dialog.get_by_role("button", name="Create account").click()
    expect(dialog.get_by_text("Enter an address like anna@example.com.")).to_be_visible()
    assert_accessible(page)
    dialog.get_by_label("Billing e-mail").fill("pay@umbra.example")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator(".ts-wrapper .item", has_text="Umbra Systems")).to_be_visible()

    page.get_by_role("link", name="New contact").click()
    dialog = page.get_by_role("dialog", name="New contact")
    expect(dialog.get_by_text("At Umbra Systems.")).to_be_visible()
    dialog.get_by_label("First name").fill("Ada")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#contact option:checked")).to_have_text("Ada")

    page.locator("#lines-0-product").focus()
    page.keyboard.type("Rollout")
    expect(page.get_by_role("option", name="New product “Rollout”")).to_be_visible()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New product")
    expect(dialog.get_by_label("Name")).to_have_value("Rollout")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#lines-0-description")).to_have_value("Typed before")
    page.locator("#lines-0-quantity").focus()
    page.get_by_role("link", name="New product").click()
    dialog.get_by_label("Name").fill("Rollout")
    dialog.get_by_label("Price").fill("1250")
    dialog.get_by_role("button", name="Create product").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#lines-1-description")).to_have_value("Rollout")
    expect(amount(page, 1)).to_have_text("1,250.00")

    expect(page.locator("#lines-0-description")).to_have_value("Typed before")
    expect(page.get_by_label("Purchase order")).to_have_value("PO-7")
    page.locator("#lines-0-unit_price").fill("50")
    expect(page.locator("#bill-summary")).to_contain_text("€1,300.00")
    page.evaluate("() => scrollTo(0, 0)")  # Out from under the bar at the bottom.
    assert_accessible(page)
    page.get_by_role("button", name="Create draft invoice").click()
    expect(page.get_by_text("Draft invoice created.")).to_be_visible()
    expect(page.get_by_text("Umbra Systems").first).to_be_visible()


def test_a_deal_makes_its_account_contact_and_product_the_same_way(story, open_browser, sign_in, team_url):
    page = open_browser()
    sign_in(page, story)
    page.goto(f"{team_url}/deals/new")
    page.get_by_label("Deal name").fill("Relaunch")
    page.locator("#account_id-ts-control").press_sequentially("Kestrel")
    expect(page.locator(".ts-wrapper.loading")).to_have_count(0)  # Found rows would move the option away.
    page.get_by_role("option", name="New account “Kestrel”").click()
    page.get_by_role("dialog").get_by_role("button", name="Create account").click()
    expect(page.locator(".ts-wrapper .item", has_text="Kestrel")).to_be_visible()
    page.locator("#contact_id-ts-control").press_sequentially("Ada King")
    expect(page.locator(".ts-wrapper.loading")).to_have_count(0)  # Found rows would move the option away.
    page.get_by_role("option", name="New contact “Ada King”").click()
    dialog = page.get_by_role("dialog", name="New contact")
    expect(dialog.get_by_text("At Kestrel.")).to_be_visible()
    expect(dialog.get_by_label("Last name")).to_have_value("King")
    dialog.get_by_role("button", name="Create contact").click()
    expect(page.locator(".ts-wrapper .item", has_text="Ada King")).to_be_visible()
    page.get_by_role("link", name="New product").click()
    dialog = page.get_by_role("dialog", name="New product")
    dialog.get_by_label("Name").fill("Care")
    dialog.get_by_label("Price").fill("90")
    dialog.get_by_label("Billed").select_option("monthly")
    dialog.get_by_role("button", name="Create product").click()
    expect(page.locator("#lines-0-frequency")).to_have_value("monthly")
    expect(amount(page, 0)).to_have_text("90.00")
    page.get_by_role("button", name="Create deal").click()
    expect(page.get_by_text("Deal created.")).to_be_visible()


def test_lines_are_moved_by_keys_and_by_hand_and_saved_in_that_order(story, given, open_browser, sign_in, team_url):
    items = [line(name, unit_price=price) for name, price in (("One", "1"), ("Two", "2"), ("Three", "3"))]
    page = open_browser()
    sign_in(page, story)
    page.goto(edit_url(given, story, team_url, items))
    page.locator("#lines-0-quantity").press("Alt+ArrowDown")
    assert descriptions(page) == ["Two", "One", "Three"]
    expect(page.locator("#lines-1-quantity")).to_be_focused()
    expect(page.locator("[data-line-status]")).to_have_text("Line 2 of 3")
    page.locator("#lines-1-quantity").fill("10")
    expect(amount(page, 1)).to_have_text("10.00")
    expect(amount(page, 0)).to_have_text("4.00")

    page.wait_for_function("() => 'Sortable' in window")
    page.locator("[data-line-handle]").nth(2).hover()
    page.mouse.down()
    top = page.locator("[data-line]").first.bounding_box()
    page.mouse.move(top["x"] + 20, top["y"] + 20, steps=8)
    for step in range(40):  # As a hand does it: until the line is seen where it shall be.
        page.mouse.move(top["x"] + 20 + step % 2, top["y"] + 6)
        if descriptions(page)[0] == "Three":
            break
    page.mouse.up()
    assert descriptions(page) == ["Three", "Two", "One"]
    names = page.locator("[data-lines] [name$=-description]").evaluate_all("areas => areas.map(area => area.name)")
    assert names == [f"lines-{number}-description" for number in range(3)]

    page.locator("[data-line-remove]").nth(1).click()
    page.locator("#lines-2-quantity").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Four")
    page.locator("#lines-3-unit_price").fill("4")
    expect(amount(page, 3)).to_have_text("4.00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Invoice saved.")).to_be_visible()
    shown = page.locator("#lines tbody .bill-description").all_inner_texts()
    assert shown == ["Three", "One", "Four"]


def test_two_hundred_lines_stay_fluid(story, given, open_browser, sign_in, team_url):
    """What counts is what is done, not how long this machine took: no answer waited for, no row touched in vain."""
    page = open_browser()
    sign_in(page, story)
    page.goto(edit_url(given, story, team_url, [line(f"Work {number}") for number in range(200)]))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/preview" in request.url else None)
    skipped = page.locator("[data-line]").evaluate_all(
        "rows => rows.filter(row => !row.querySelector('input').checkVisibility({contentVisibilityAuto: true})).length"
    )
    assert skipped > 150, "rows out of sight are laid out"
    page.evaluate(WATCH_ROWS)
    page.locator("#lines-100-description").focus()
    page.keyboard.type(" and a good deal more of it")
    page.locator("#lines-100-quantity").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("12345")
    expect(amount(page, 100)).to_have_text("1,234,500.00")
    assert 1 <= len(asked) <= 5, "a request for each key"
    assert page.evaluate("() => [...window.touched]") == ["100"]
    page.locator("[data-line-remove]").nth(50).click()
    page.locator("[data-line-add]").click()
    expect(page.locator("#lines-200-product-ts-control")).to_be_focused()
    page.locator("#lines-200-quantity").focus()
    touched = page.evaluate("() => [...window.touched].map(Number).filter(number => number < 100)")
    assert set(touched) <= {51}, "rows below the removed one were numbered anew"
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Invoice saved.")).to_be_visible()
    expect(page.get_by_text("199 lines")).to_be_visible()


def test_the_second_of_two_editors_loses_nothing_and_sees_what_changed(story, given, open_browser, sign_in, team_url):
    story.add_teammate("manager")
    url = edit_url(given, story, team_url, [line("Work"), line("Travel")])
    first, second = open_browser(), open_browser("phone")
    for page, role in ((first, "owner"), (second, "manager")):
        sign_in(page, story, role)
        page.goto(url)
    first.locator("#lines-0-unit_price").fill("80")
    first.get_by_label("Notes").fill("From the first")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_text("Invoice saved.")).to_be_visible()

    second.locator("#lines-1-description").fill("Travel by train")
    second.get_by_label("Notes").fill("From the second")
    second.get_by_role("button", name="Save").click()
    note = second.get_by_role("alert").filter(has_text="Somebody saved this invoice while you were editing.")
    expect(note).to_be_visible()
    expect(note.get_by_role("row", name=re.compile("Notes.*From the first.*From the second"))).to_be_visible()
    expect(note.get_by_role("row", name=re.compile("Line 2.*Travel: 2.*Travel by train: 2"))).to_be_visible()
    assert descriptions(second) == ["Work", "Travel by train"]
    assert_accessible(second)
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("Invoice saved.")).to_be_visible()
    expect(second.get_by_text("From the second")).to_be_visible()


def test_mistakes_lead_to_their_fields_and_a_novel_stays_within_bounds(story, given, open_browser, sign_in, team_url):
    given(lambda: make_product("Rollout"))
    page = open_browser("phone", scheme="dark")
    sign_in(page, story)
    page.goto(f"{team_url}/invoices/new")
    page.locator("#lines-0-description").fill(NOVEL)
    page.locator("#lines-0-quantity").fill("1,5")
    expect(amount(page, 0)).to_have_text("–")
    assert page.locator("#lines-0-description").bounding_box()["height"] <= 330
    page.get_by_role("button", name="Create draft invoice").click()
    expect(page.get_by_text("Use at most 2,000 characters.")).to_be_visible()
    expect(page.locator("[data-form-errors]")).to_be_focused()
    expect(page.locator("#lines-0-quantity-error")).to_have_text("Enter a number like 12.5.")
    assert page.locator("#lines-0-description").input_value() == NOVEL
    assert_accessible(page)


def test_without_script_lines_are_added_and_removed_and_links_lead_on(story, given, open_browser, sign_in, team_url):
    page = open_browser(scripts=False)
    sign_in(page, story)
    page.goto(edit_url(given, story, team_url, [line("One"), line("Two")]))
    page.get_by_role("button", name="Remove line").first.click()
    expect(page.locator("[data-lines] textarea")).to_have_value("Two")
    page.get_by_role("button", name="Add line").click()
    page.locator("#lines-1-description").fill("Three")
    page.locator("#lines-1-unit_price").fill("7")
    for name, heading in (
        ("New customer", "New account"),
        ("New contact", "New contact"),
        ("New product", "New product"),
    ):
        with page.context.expect_page() as opened:
            page.get_by_role("link", name=name).click()
        expect(opened.value.get_by_role("heading", level=1, name=heading)).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Three")).to_be_visible()
