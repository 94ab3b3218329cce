"""The judge of answers takes Stripe's own samples and nothing that Stripe would not send."""

from __future__ import annotations

import copy
from functools import cache

import pytest

from tests.contracts.judge import BadAnswer, Judge
from tests.contracts.judge.openapi import OpenApi, description_file
from tests.contracts.judge.typed import TypedParameters

# Stripe's samples still show fields that its description hides.
HIDDEN = {
    "account": {"statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji"},
    "charge": {"source"},
    "payment_intent": {"source"},
    "price": {"trial_period_days"},
    "product": {"type"},
    "subscription": {"plan", "trial_period_days"},
    "subscription_item": {"plan", "trial_period_days"},
}
REFUND = {"id": "re_1", "object": "refund", "amount": 100, "created": 1, "currency": "eur"}


@cache
def judge() -> Judge:
    path = description_file()
    if path is None:
        pytest.skip("STRIPE_OPENAPI gives no file: the SDK's types describe no answers")
    return Judge(OpenApi(path))


def places(method: str, path: str, status: int, answer: object) -> list[tuple[str, ...]]:
    """Where an answer is wrong."""
    with pytest.raises(BadAnswer) as refusal:
        judge().check_answer(method, path, status, answer)
    return [finding.place for finding in refusal.value.findings]


def test_stripes_own_samples_pass_but_for_hidden_fields():
    samples = judge().description.samples
    assert len(samples) >= 20
    for name, sample in samples.items():
        wrong = judge().json.findings({"$ref": f"#/components/schemas/{name}"}, sample.get("value", sample))
        assert {(found.place[-1], found.says) for found in wrong} == {
            (field, "is no such name") for field in HIDDEN.get(name, ())
        }


def test_an_object_is_judged_by_the_schema_of_its_operation():
    judge().check_answer("post", "/v1/refunds", 200, REFUND)
    judge().check_answer("get", "/v1/refunds/re_1", 200, {**REFUND, "charge": None, "metadata": {}})


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"amount": "100"}, ("amount",)),
        ({"amount": True}, ("amount",)),
        ({"amount": None}, ("amount",)),
        ({"currency": "EUR"}, ("currency",)),
        ({"object": "charge"}, ("object",)),
        ({"invented": 1}, ("invented",)),
        ({"charge": {"id": "ch_1"}}, ("charge",)),
        ({"metadata": {"k": 1}}, ("metadata", "k")),
        ({"reason": "because"}, ("reason",)),
        ({"destination_details": {"type": "card", "card": {"typ": "x"}}}, ("destination_details", "card", "typ")),
    ],
)
def test_an_answer_is_refused_where_it_is_wrong(changes, place):
    wrong = places("post", "/v1/refunds", 200, {**REFUND, **changes})
    assert place in [found[: len(place)] for found in wrong]


def test_a_required_field_left_out_is_missed():
    answer = {name: value for name, value in REFUND.items() if name != "created"}
    assert places("get", "/v1/refunds/re_1", 200, answer) == [("created",)]


def test_an_expanded_field_is_judged_in_its_depth():
    charge = copy.deepcopy(sample("charge"))
    charge.pop("source")
    judge().check_answer("get", "/v1/refunds/re_1", 200, {**REFUND, "charge": charge})
    charge["billing_details"]["adress"] = None
    wrong = places("get", "/v1/refunds/re_1", 200, {**REFUND, "charge": charge})
    assert ("charge", "billing_details", "adress") in wrong


def test_a_list_is_judged_with_its_rows():
    page = {"object": "list", "url": "/v1/refunds", "has_more": False, "data": [REFUND]}
    judge().check_answer("get", "/v1/refunds?limit=1", 200, page)
    assert places("get", "/v1/refunds", 200, {**page, "data": [{**REFUND, "amount": 1.5}]}) == [("data", "0", "amount")]
    assert places("get", "/v1/refunds", 200, {**page, "url": "/v1/charges"}) == [("url",)]
    assert places("get", "/v1/refunds", 200, {**page, "total": 1}) == [("total",)]


def test_a_deleted_object_is_one_of_the_answers():
    gone = {"id": "cus_1", "object": "customer", "deleted": True}
    judge().check_answer("get", "/v1/customers/cus_1", 200, gone)
    judge().check_answer("delete", "/v1/customers/cus_1", 200, gone)
    assert places("delete", "/v1/customers/cus_1", 200, {**gone, "deleted": False}) == [("deleted",)]


def test_an_error_is_judged_as_an_error():
    error = {"error": {"type": "invalid_request_error", "message": "No such refund", "code": "resource_missing"}}
    judge().check_answer("get", "/v1/refunds/re_2", 404, error)
    judge().check_answer("get", "/v1/nothing", 404, error)
    assert places("get", "/v1/refunds/re_2", 404, REFUND)
    assert places("get", "/v1/refunds/re_2", 404, {"error": {**error["error"], "type": "bad"}}) == [("error", "type")]
    judge().check_answer("post", "/oauth/token", 400, {"error": "invalid_grant", "error_description": "No such code"})


def test_an_event_is_judged_with_the_object_in_it():
    event = {**sample("event"), "data": {"object": REFUND}}
    judge().check_event(event)
    with pytest.raises(BadAnswer):
        judge().check_event({**event, "data": {"object": {**REFUND, "amount": "1"}}})
    with pytest.raises(BadAnswer, match="no object of Stripe's"):
        judge().check_event({**event, "data": {"object": {"object": "payment"}}})


def sample(name: str) -> dict:
    """One of Stripe's sample objects."""
    found = judge().description.samples[name]
    return found.get("value", found)


def test_the_types_say_nothing_about_answers():
    Judge(TypedParameters()).check_answer("get", "/v1/refunds/re_1", 200, {"anything": "goes"})
