"""The scripts of the world on pages: letters have shapes, amounts keep their order, long words break."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.pay_links import ensure_pay_link, pay_link_url
from cornerspot.db.transaction import transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope
from tests.browser.conftest import assert_accessible
from tests.browser.till import let_in, settings_of
from tests.factories.billing import line, new_account, new_contact, new_draft
from tests.factories.scripts import LONG_WORD, SCRIPTS

LINES = [*(text for _, text in SCRIPTS.values()), f"{LONG_WORD}{LONG_WORD} {'W' * 80}"]
NOTES = "شكراً لكم (24)\nThank you (24)\nתודה רבה (24)"


# The letters that look, drawn in the page's fonts, like one that no font has: a box.
BOXES = """text => {
  const draw = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const picture = letter => {
    draw.canvas.width = draw.canvas.height = 48;
    draw.font = `32px ${getComputedStyle(document.body).fontFamily}`;
    draw.fillText(letter, 4, 36);
    return draw.getImageData(0, 0, 48, 48).data.join();
  };
  const box = picture(String.fromCodePoint(0x10fffd));
  return [...new Set(text)].filter(letter => letter.trim() && picture(letter) === box);
}"""
# The texts in which an amount does not stand as it is written, from its sign to its last digit.
TURNED = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), turned = [];
  while (walk.nextNode()) {
    const found = walk.currentNode.data.match(/€[\\d.,]+\\d/);
    if (!found || !walk.currentNode.parentElement.checkVisibility()) continue;
    const left = place => {
      const range = document.createRange();
      range.setStart(walk.currentNode, found.index + place);
      range.setEnd(walk.currentNode, found.index + place + 1);
      return range.getBoundingClientRect().left;
    };
    const places = [...found[0]].map((_, place) => left(place));
    if (places.some((x, place) => place && x < places[place - 1])) turned.push(walk.currentNode.data.trim());
  }
  return turned;
}"""


@pytest.fixture
def shown(app, story, settings, server_url):
    """Addresses of pages with all scripts on them, and of the pay page, in the invoice of an Arabic customer."""
    with settings_of(app, settings, external_url=server_url):
        with app.app_context(), team_scope(story.team), transaction():
            for name, text in SCRIPTS.values():
                finalize_invoice(new_draft(story.owner, new_account(name), [line(text)]), by=story.owner)
            account = new_account(SCRIPTS["Arabic"][0])
            contact = new_contact(account, "ליאורה", "כהן")
            lines = [line(text, unit="ساعة") for text in LINES]
            new_draft(story.owner, new_account(LONG_WORD * 2), lines, notes=LONG_WORD * 3)
            invoice = finalize_invoice(
                new_draft(story.owner, account, lines, contact=contact, notes=NOTES), by=story.owner
            )
            public, link = encode_public_id("inv", invoice.id), pay_link_url(ensure_pay_link(invoice))
            account_id = encode_public_id("acc", account.id)
        base = f"{server_url}/{story.team.slug}"
        yield {
            "invoice": f"{base}/invoices/{public}",
            "list": f"{base}/invoices",
            "account": f"{base}/accounts/{account_id}",
            "pay": link,
        }


@pytest.mark.parametrize(("device", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_every_script_is_shown_and_stays_in_its_place(story, shown, open_browser, server_url, device, scheme):
    page = open_browser(device, scheme=scheme)
    let_in(page, story, server_url)
    for address in shown.values():
        page.goto(address)
        expect(page.get_by_text(SCRIPTS["Arabic"][0]).first).to_be_visible()
        assert_accessible(page)
        assert page.evaluate(BOXES, "".join(text for _, text in SCRIPTS.values())) == []
        assert page.evaluate(TURNED) == []


def test_a_box_and_a_turned_amount_would_be_noticed(story, shown, open_browser, server_url):
    page = open_browser()
    let_in(page, story, server_url)
    page.goto(shown["invoice"])
    assert page.evaluate(BOXES, "A\U0010fffd") == ["\U0010fffd"]
    page.evaluate("() => { document.querySelector('.hero-amount').textContent = 'شركة €200.00' }")
    assert page.evaluate(TURNED) == ["شركة €200.00"]
