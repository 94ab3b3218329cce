"""The judge lets good requests pass and points at what is wrong in bad ones, by either description."""

from __future__ import annotations

import time

import pytest
import stripe

from tests.contracts.both_judges import BOTH, MODES, OPENAPI, judge_by, wrong_places
from tests.contracts.judge import BadRequest
from tests.contracts.requests_to_judge import BAD, GOOD, PAY, Bad, captured

CALLS_A_SECOND = 1_000


@MODES
@pytest.mark.parametrize("name", GOOD)
@pytest.mark.unjudged("each judge is asked by hand")
def test_a_good_request_passes(name, mode):
    assert wrong_places(judge_by(mode).require_good, *captured(GOOD[name])) == []


@pytest.mark.parametrize(("name", "mode"), [(name, mode) for name, bad in BAD.items() for mode in bad.told_by])
@pytest.mark.unjudged("the judge must refuse them")
def test_a_bad_request_is_refused_where_it_is_wrong(name, mode):
    with pytest.raises(BadRequest) as refusal:
        judge_by(mode).require_good(*BAD[name].request())
    assert BAD[name].place in [finding.place for finding in refusal.value.findings]


@pytest.mark.parametrize("name", [name for name, bad in BAD.items() if bad.told_by == (OPENAPI,)])
@pytest.mark.unjudged("by the types alone nobody can tell")
def test_the_types_know_neither_lengths_nor_expansions(name):
    assert wrong_places(judge_by("typed").require_good, *BAD[name].request()) == []


@MODES
def test_headers_are_judged_too(mode):
    judge = judge_by(mode)
    for headers in (
        {"Idempotency-Key": "k" * 256},
        {"Stripe-Account": "cus_1"},
        {"Stripe-Version": "2019-01-01"},
    ):
        with pytest.raises(BadRequest) as refusal:
            judge.require_good("get", "/v1/account", None, headers)
        assert refusal.value.findings[0].place == tuple(headers)


@MODES
def test_a_literal_path_comes_before_an_id(mode):
    operation = judge_by(mode).operation("get", "/v1/customers/search")
    assert operation is not None
    assert operation.path == "/v1/customers/search"


@MODES
def test_a_list_may_be_sent_with_empty_brackets(mode):
    asked = "/v1/events?types[]=charge.failed&types[]=charge.updated"
    assert wrong_places(judge_by(mode).require_good, "get", asked) == []


@MODES
def test_the_message_names_the_place_as_it_was_sent(mode):
    bad = Bad("post", "/v1/refunds", {"charge": "ch_1", "metadata": {"k" * 41: "v"}}, ())
    with pytest.raises(
        BadRequest, match=r"POST /v1/refunds would be refused by Stripe: metadata\[k{41}\]: has a key of 41"
    ):
        judge_by(mode).require_good(*bad_request(bad))


def bad_request(bad: Bad):
    body = "&".join(["charge=ch_1", *(f"metadata[{key}]={value}" for key, value in bad.asked["metadata"].items())])
    return bad.method, bad.path, body


def test_both_descriptions_are_of_the_version_that_the_sdk_asks_for():
    assert {judge_by(mode).description.version for mode in BOTH} == {stripe.api_version}


def test_the_types_know_every_operation_of_the_description():
    typed = judge_by("typed")
    routes = judge_by(OPENAPI).description.routes
    templates = [(path, by_method) for path, by_method in routes.literal.items()]
    templates += [
        ("/".join(segments), by_method) for found in routes.templates.values() for segments, by_method in found
    ]
    missing = [
        (method, path)
        for path, by_method in templates
        for method in by_method
        if typed.operation(method, path.replace("{", "").replace("}", "")) is None
    ]
    assert missing == []


@MODES
@pytest.mark.unjudged("one request is captured and judged by hand many times")
def test_a_thousand_calls_are_judged_in_a_second(mode):
    judge = judge_by(mode)
    request = captured(lambda client: client.v1.checkout.sessions.create(PAY))
    judge.require_good(*request)
    began = time.process_time()
    for _ in range(500):
        judge.require_good(*request)
    assert 500 / (time.process_time() - began) > CALLS_A_SECOND
