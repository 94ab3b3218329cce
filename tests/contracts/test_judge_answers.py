"""The judge of answers takes Stripe's own samples and nothing that Stripe would not send, by either description."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.contracts.both_judges import BOTH, MODES, OPENAPI, TYPED, judge_by, wrong_places
from tests.contracts.judge import BadAnswer

# Stripe's samples show fields that its description hides, and lack two that are newer than they are.
HIDDEN = {
    "account": {"statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji"},
    "charge": {"source"},
    "payment_intent": {"source"},
    "price": {"trial_period_days"},
    "product": {"type"},
    "subscription": {"plan", "trial_period_days"},
    "subscription_item": {"plan", "trial_period_days"},
}
NEWER = {"billing_portal.configuration": {"subscription_pause"}, "dispute": {"submission_method"}}
KNOWN = {OPENAPI: (HIDDEN, "is no such name"), TYPED: (NEWER, "is missing")}

REFUND = {"id": "re_1", "object": "refund", "amount": 100, "created": 1, "currency": "eur"}
PAGE = {"object": "list", "url": "/v1/refunds", "has_more": False, "data": [REFUND]}
GONE = {"id": "cus_1", "object": "customer", "deleted": True}
ERROR = {"type": "invalid_request_error", "message": "No such refund", "code": "resource_missing"}


def places(mode: str, method: str, path: str, status: int, answer: object) -> list[tuple[str, ...]]:
    """Where an answer is wrong; nowhere when it is good."""
    return wrong_places(judge_by(mode).check_answer, method, path, status, answer)


def sample(name: str) -> dict[str, Any]:
    """One of Stripe's sample objects, which come with its OpenAPI description."""
    found = judge_by(OPENAPI).description.samples[name]
    return copy.deepcopy(found.get("value", found))


@MODES
def test_stripes_own_samples_pass_but_for_what_is_known(mode):
    fields, says = KNOWN[mode]
    samples = judge_by(OPENAPI).description.samples
    assert len(samples) >= 20
    for name in samples:
        wrong = judge_by(mode).json.findings(judge_by(mode).description.object_schema(name), sample(name))
        assert {(found.place[-1], found.says) for found in wrong} == {(field, says) for field in fields.get(name, ())}


@MODES
def test_an_object_is_judged_by_the_schema_of_its_operation(mode):
    assert places(mode, "post", "/v1/refunds", 200, REFUND) == []
    assert places(mode, "get", "/v1/refunds/re_1", 200, {**REFUND, "charge": None, "metadata": {}}) == []


@MODES
@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"amount": "100"}, ("amount",)),
        ({"amount": True}, ("amount",)),
        ({"amount": None}, ("amount",)),
        ({"object": "charge"}, ("object",)),
        ({"invented": 1}, ("invented",)),
        ({"charge": {"id": "ch_1"}}, ("charge",)),
        ({"metadata": {"k": 1}}, ("metadata", "k")),
        ({"reason": "because"}, ("reason",)),
        ({"destination_details": {"type": "card", "card": {"typ": "x"}}}, ("destination_details", "card", "typ")),
    ],
)
def test_an_answer_is_refused_where_it_is_wrong(mode, changes, place):
    wrong = places(mode, "post", "/v1/refunds", 200, {**REFUND, **changes})
    assert place in [found[: len(place)] for found in wrong]


def test_only_the_description_knows_how_currencies_and_addresses_look():
    for answer in ({**PAGE, "data": [{**REFUND, "currency": "EUR"}]}, {**PAGE, "url": "/v1/charges"}):
        assert places(TYPED, "get", "/v1/refunds", 200, answer) == []
        assert len(places(OPENAPI, "get", "/v1/refunds", 200, answer)) == 1


@MODES
def test_a_required_field_left_out_is_missed(mode):
    answer = {name: value for name, value in REFUND.items() if name != "created"}
    assert places(mode, "get", "/v1/refunds/re_1", 200, answer) == [("created",)]


@MODES
def test_an_expanded_field_is_judged_in_its_depth(mode):
    charge = sample("charge")
    charge.pop("source")
    assert places(mode, "get", "/v1/refunds/re_1", 200, {**REFUND, "charge": charge}) == []
    charge["billing_details"]["adress"] = None
    wrong = places(mode, "get", "/v1/refunds/re_1", 200, {**REFUND, "charge": charge})
    assert ("charge", "billing_details", "adress") in wrong


@MODES
def test_a_list_is_judged_with_its_rows(mode):
    assert places(mode, "get", "/v1/refunds?limit=1", 200, PAGE) == []
    rows = [REFUND, {**REFUND, "amount": 1.5}]
    assert places(mode, "get", "/v1/refunds", 200, {**PAGE, "data": rows}) == [("data", "1", "amount")]
    assert places(mode, "get", "/v1/refunds", 200, {**PAGE, "total": 1}) == [("total",)]


@MODES
def test_a_deleted_object_is_one_of_the_answers(mode):
    assert places(mode, "get", "/v1/customers/cus_1", 200, GONE) == []
    assert places(mode, "delete", "/v1/customers/cus_1", 200, GONE) == []
    assert places(mode, "delete", "/v1/customers/cus_1", 200, {**GONE, "name": "Ada"})


@MODES
def test_an_error_is_judged_as_an_error(mode):
    assert places(mode, "get", "/v1/refunds/re_2", 404, {"error": ERROR}) == []
    assert places(mode, "get", "/v1/nothing", 404, {"error": ERROR}) == []
    assert places(mode, "get", "/v1/refunds/re_2", 404, REFUND)
    wrong = {"error": {**ERROR, "type": "bad", "hint": "x"}}
    assert ("error", "hint") in places(mode, "get", "/v1/refunds/re_2", 404, wrong)
    used = {"error": "invalid_grant", "error_description": "Used"}
    assert places(mode, "post", "/oauth/token", 400, used) == []


@MODES
def test_an_event_is_judged_with_the_object_in_it(mode):
    judge = judge_by(mode)
    event = {**sample("event"), "data": {"object": REFUND}}
    assert wrong_places(judge.check_event, event) == []
    with pytest.raises(BadAnswer):
        judge.check_event({**event, "data": {"object": {**REFUND, "amount": "1"}}})
    with pytest.raises(BadAnswer, match="no object of Stripe's"):
        judge.check_event({**event, "data": {"object": {"object": "payment"}}})


def test_both_descriptions_answer_for_the_same_operations():
    for mode in BOTH:
        operation = judge_by(mode).operation("get", "/v1/checkout/sessions/cs_1/line_items")
        assert operation is not None
        assert operation.answer(200)["properties"].keys() == {"object", "url", "has_more", "data"}
