"""Whether what a request wants expanded can be: Stripe refuses other names, at every depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.contracts.judge.findings import Finding
from tests.contracts.judge.matching import Matcher, Schema

DEEPEST = 4


def expand_findings(matcher: Matcher, answer: Schema, asked: Mapping[str, Any]) -> Iterator[Finding]:
    """What of ``expand`` Stripe would refuse, seen from the schema of the answer."""
    wanted = asked.get("expand")
    for place, path in wanted.items() if isinstance(wanted, dict) else ():
        names = str(path).split(".")
        if len(names) > DEEPEST:
            yield Finding(("expand", place), f"{path!r} is more than {DEEPEST} deep")
        elif not can_expand(matcher, answer, names):
            yield Finding(("expand", place), f"{path!r} cannot be expanded")


def can_expand(matcher: Matcher, schema: Schema, names: list[str]) -> bool:
    """Each name is a field of the one before, and the last one can be expanded."""
    name, *below = names
    for form in maps_of(matcher, schema):
        field = form.get("properties", {}).get(name)
        if field is None:
            continue
        if below and can_expand(matcher, field, below):
            return True
        if not below and name in form.get("x-expandableFields", ()):
            return True
    return False


def maps_of(matcher: Matcher, schema: Schema) -> Iterator[Schema]:
    """Every map that a value may be, or that the rows of a list may be."""
    schema = matcher.resolved(schema)
    for option in schema.get("anyOf") or schema.get("oneOf") or ():
        yield from maps_of(matcher, option)
    if schema.get("type") == "array":
        yield from maps_of(matcher, schema["items"])
    elif "properties" in schema:
        yield schema
