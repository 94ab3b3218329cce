"""Every form, submitted with what people and machines get wrong: a clear answer, never a 500.

The table of routes is the app's own. Each writing route is posted to empty, over-long,
with wrong types, with pasted markup and emoji, and with bytes that text cannot hold.
What was typed comes back where a form is shown again.
"""

from __future__ import annotations

import pytest
from markupsafe import escape

from cornerspot.kit.ids import encode_public_id
from tests.architecture.test_isolation import build, id_arguments, team_rules
from tests.factories.furnished import furnish
from tests.factories.teams import open_story
from tests.http.form_fields import FIELDS, LINE_FIELDS

pytestmark = pytest.mark.usefixtures("without_tokens")
TEXTS = {
    "empty": "",
    "spaces": "   ",
    "over-long": "x" * 100_000,
    "markup": '<script>alert("1")</script><b>bold</b>',
    "emoji": "👩‍👩‍👧‍👦 née Łukasiewicz ﷽ שלום",
    "nul": "a\0b",
    "number": "-1e999",
    "digits": "9" * 400,
    "injection": "'; DROP TABLE invoices; --",
    "template": "{{ 7 * 7 }} {% raw %} ${7*7}",
    "path": "../../../etc/passwd",
}
BYTES = {
    "not utf-8": b"%FF%FE%80",
    "a surrogate on its own": b"%ED%B3%BF",
    "an unfinished escape": b"%E4%B",
    "nothing but signs": b"&&==&%",
}


@pytest.fixture(scope="module")
def furnished(app):
    story = open_story(app, plan_key="scale_v1", name="The team of bad input")
    return story, furnish(story, mark="ours")


@pytest.mark.parametrize("kind", TEXTS)
def test_no_form_answers_with_a_server_error(app, furnished, kind):
    story, ids = furnished
    wrong = []
    for rule in team_rules(app):
        if "POST" not in rule.methods:
            continue
        browser = story.sign_in("owner")
        path = build(rule, {name: encode_public_id(p, ids[p]) for name, p in id_arguments(rule).items()}, {})
        response = browser.post(path, data=filled_with(TEXTS[kind]))
        if response.status_code >= 500:
            wrong.append((rule.rule, response.status_code))
        if "<script>alert(" in response.get_data(as_text=True):
            wrong.append((rule.rule, "markup came back unescaped"))
    assert wrong == []


@pytest.mark.parametrize("kind", BYTES)
def test_no_form_stumbles_over_bytes_that_are_no_text(app, furnished, kind):
    """Sent as they are: a browser would not, a script does."""
    story, ids = furnished
    body = b"&".join(name.encode() + b"=" + BYTES[kind] for name in filled_with(""))
    wrong = []
    for rule in team_rules(app):
        if "POST" not in rule.methods:
            continue
        path = build(rule, {name: encode_public_id(p, ids[p]) for name, p in id_arguments(rule).items()}, {})
        response = story.sign_in("owner").post(path, data=body, content_type="application/x-www-form-urlencoded")
        if response.status_code >= 500:
            wrong.append((rule.rule, response.status_code))
    assert wrong == []


@pytest.mark.parametrize("kind", ["number", "over-long", "nul", "injection", "emoji"])
def test_no_address_answers_with_a_server_error(app, furnished, kind):
    """Filters, cursors and searches live in the address; people edit it."""
    story, ids = furnished
    browser = story.sign_in("owner")
    reserved = ("endpoint", "_external", "_scheme", "_anchor", "_method", "invoice_id", "contact_id")  # of url_for
    names = (*reserved, "q", "status", "cursor", "before", "after", "sort", "order", "account", "owner", "stage",
             "page", "step", "from", "to", "tab", "kind", "next", "deal", "deal_id", "account_id", "product",
             "archived")  # fmt: skip
    wrong = []
    for rule in team_rules(app):
        if "GET" not in rule.methods:
            continue
        path = build(rule, {name: encode_public_id(p, ids[p]) for name, p in id_arguments(rule).items()}, {})
        response = browser.get(path, query_string=dict.fromkeys(names, TEXTS[kind][:3000]))
        if response.status_code >= 500:
            wrong.append((rule.rule, response.status_code))
    assert wrong == []


FORMS = (
    "/accounts", "/contacts", "/deals", "/products", "/invoices", "/settings/taxes", "/settings/discounts",
)  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
def test_a_refused_form_keeps_what_was_typed_and_points_at_a_field(furnished, path):
    story, _ = furnished
    typed = "Ein <b>fetter</b> Fehler & mehr"
    browser = story.sign_in("owner")
    sent = dict.fromkeys(FIELDS, "not a number, not an id, not a date") | {"name": typed, "description": typed,
            "last_name": typed, "notes": typed, "purchase_order": typed}  # fmt: skip
    response = browser.post(path, data=sent)
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert str(escape(typed)) in page
    assert 'aria-invalid="true"' in page


@pytest.mark.parametrize("path", FORMS)
def test_an_empty_form_says_what_is_missing(furnished, path):
    response = furnished[0].sign_in("owner").post(path, data={})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.get_data(as_text=True)


def test_a_body_that_is_too_large_is_refused(app, furnished):
    too_long = "x" * (app.config["MAX_CONTENT_LENGTH"] + 1)
    response = furnished[0].sign_in("owner").post("/deals", data={"name": too_long})
    assert response.status_code == 413


def filled_with(text: str) -> dict[str, str]:
    """Every field that a form of ours has, with this text."""
    return dict.fromkeys(FIELDS, text) | {f"lines-{row}-{name}": text for row in (0, 1) for name in LINE_FIELDS}
