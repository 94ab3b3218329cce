"""Every operation of the stand-in answers, and every event of it says, what Stripe could."""

from __future__ import annotations

import re
from functools import cache

import pytest

from cornerspot.payments.standin.calls import OPERATIONS
from tests.contracts.both_judges import MODES, judge_by
from tests.contracts.judge import BadAnswer
from tests.contracts.standin_stories import STORIES, Scene, webhook_endpoints

BY_NAME = {story.__name__: story for story in STORIES}
RAISED = {  # What the stories must have come through; the stand-in could not be judged on others.
    "account.application.deauthorized",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.failed",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_failed",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "refund.created",
    "refund.failed",
    "refund.updated",
}


@cache
def told(name: str) -> Scene:
    """The scene after a story, with all that was said in it."""
    scene = Scene()
    webhook_endpoints(scene)
    if name != webhook_endpoints.__name__:
        BY_NAME[name](scene)
    return scene


@MODES
@pytest.mark.parametrize("name", BY_NAME)
def test_every_answer_could_be_stripes(name, mode):
    judge, wrong = judge_by(mode), {}
    for method, path, status, answer in told(name).witness.seen:
        try:
            judge.check_answer(method, path, status, answer)
        except BadAnswer as refusal:
            wrong[f"{method} {path}"] = [str(finding) for finding in refusal.findings]
    assert wrong == {}


@MODES
@pytest.mark.parametrize("name", BY_NAME)
def test_every_event_could_be_stripes(name, mode):
    judge, wrong = judge_by(mode), {}
    for event in told(name).events:
        if event["data"]["object"]["object"] == "application":
            judge.check_object(
                event
            )  # Stripe publishes the id and name of an application, and no schema of its events.
            continue
        try:
            judge.check_event(event)
        except BadAnswer as refusal:
            wrong[event["type"]] = [str(finding) for finding in refusal.findings]
    assert wrong == {}


def test_the_stories_come_through_every_operation():
    driven = {
        (method, path) for name in BY_NAME for method, path, status, _ in told(name).witness.seen if status == 200
    }
    missed = [
        f"{operation.method} {operation.path}"
        for operation in OPERATIONS
        if not any(
            method == operation.method and re.fullmatch(re.sub(r"<[^>]*>", "[^/]+", operation.path), path)
            for method, path in driven
        )
    ]
    assert missed == []


def test_the_stories_come_through_every_event_that_matters():
    raised = {event["type"] for name in BY_NAME for event in told(name).events}
    assert RAISED - raised == set()
