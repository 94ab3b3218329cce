"""The stand-in takes no parameter and no word that Stripe does not: its tables are compared with the descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from cornerspot.payments.standin.calls import OPERATIONS
from cornerspot.payments.standin.params import Currency, Flag, ListOf, Pairs, Range, Shape, Text, Whole
from tests.contracts.both_judges import MODES, judge_by
from tests.contracts.judge.matching import Matcher, Schema

KINDS = {Text: ("string",), Currency: ("string",), Whole: ("integer",), Flag: ("boolean",), ListOf: ("array",)}
# Refused by the operation itself, in the words of OAuth; the last three are in Stripe's reference and not in the SDK.
BY_HAND = {
    "[grant_type] must be required",
    "[stripe_user_id] must be required",
    "[client_id] is no such name",
    "[client_secret] is no such name",
    "[redirect_uri] is no such name",
}
BY_NAME = {f"{operation.method} {operation.path}": operation for operation in OPERATIONS}


def forms_of(matcher: Matcher, schemas: list[Schema]) -> list[Schema]:
    """Every form that a value may take, choices opened."""
    forms = []
    for schema in map(matcher.resolved, schemas):
        options = schema.get("anyOf") or schema.get("oneOf")
        forms += forms_of(matcher, list(options)) if options else [schema]
    return forms


def differences(matcher: Matcher, taken: Any, schemas: list[Schema], place: str) -> Iterator[str]:
    """What the stand-in takes there, and Stripe would not."""
    forms = forms_of(matcher, schemas)
    maps = [form for form in forms if form.get("type") == "object"]
    if isinstance(taken, Shape):
        yield from map_differences(matcher, taken, maps, place)
    elif isinstance(taken, Range):
        if not any("gte" in form.get("properties", {}) for form in maps):
            yield f"{place} is no range"
    elif isinstance(taken, Pairs):
        if not any(isinstance(form.get("additionalProperties"), dict) for form in maps):
            yield f"{place} is no map of free names"
    else:
        fitting = [form for form in forms if form.get("type") in KINDS[type(taken)]]
        if not fitting:
            yield f"{place} is no {KINDS[type(taken)][0]}"
        elif isinstance(taken, ListOf):
            yield from differences(matcher, taken.item, [form["items"] for form in fitting], f"{place}[]")
        elif isinstance(taken, Text):
            yield from word_differences(taken, fitting, place)


def map_differences(matcher: Matcher, taken: Shape, maps: list[Schema], place: str) -> Iterator[str]:
    for name, inner in taken.fields.items():
        schemas = [form["properties"][name] for form in maps if name in form.get("properties", {})]
        if schemas:
            yield from differences(matcher, inner, schemas, f"{place}[{name}]")
        else:
            yield f"{place}[{name}] is no such name"
    for form in maps[:1]:
        for name in form.get("required", ()):
            if name not in taken.required:
                yield f"{place}[{name}] must be required"


def word_differences(taken: Text, forms: list[Schema], place: str) -> Iterator[str]:
    if any("enum" not in form for form in forms if form.get("enum") != [""]):
        return
    known = {word for form in forms for word in form.get("enum", ())}
    for word in taken.choices:
        if word not in known:
            yield f"{place} has no {word!r}"


@MODES
@pytest.mark.parametrize("name", BY_NAME)
def test_the_standin_takes_only_what_stripe_takes(name, mode):
    taken, judge = BY_NAME[name], judge_by(mode)
    operation = judge.operation(taken.method, re.sub(r"<[^>]*>", "some_1", taken.path))
    assert operation is not None
    found = set(differences(judge.forms, taken.takes, [operation.parameters], ""))
    assert found - (BY_HAND if taken.path.startswith("/oauth/") else set()) == set()
