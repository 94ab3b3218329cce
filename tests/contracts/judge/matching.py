"""Compares a value with a schema, closed at every depth.

Stripe's description closes only the top level of a request; the real API
refuses unknown names everywhere. So every map that lists its properties is
closed here, except where it names a schema for the others (metadata).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.contracts.judge.findings import Finding

Schema = Mapping[str, Any]
Place = tuple[str, ...]

WHOLE = re.compile(r"-?\d+")
DECIMAL = re.compile(r"-?\d+(\.\d+)?")
CURRENCY = re.compile(r"[a-z]{3}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
REFERENCE = "#/components/schemas/"


class Matcher:
    """Matches values against schemas that may refer to definitions.

    As a form every scalar is a string and every list a map from 0, 1, …;
    otherwise values are those of JSON.
    """

    def __init__(self, definitions: Mapping[str, Schema], *, is_form: bool) -> None:
        self.definitions = definitions
        self.is_form = is_form
        self.by_type: dict[str, Callable[[Schema, Any, Place], list[Finding]]] = {
            "object": self.map_findings,
            "array": self.list_findings,
            "string": self.string_findings,
            "integer": self.integer_findings,
            "number": self.number_findings,
            "boolean": self.boolean_findings,
        }

    def findings(self, schema: Schema, value: Any, place: Place = ()) -> list[Finding]:
        """What is wrong with the value; nothing when it fits."""
        if value is None and schema.get("nullable"):
            return []
        schema = self.resolved(schema)
        options = schema.get("anyOf") or schema.get("oneOf")
        if options:
            return self.choice_findings(options, value, place)
        match = self.by_type.get(schema.get("type", ""))
        return match(schema, value, place) if match else []

    def resolved(self, schema: Schema) -> Schema:
        """The schema itself, or the one that it points to."""
        reference = schema.get("$ref")
        return self.definitions[reference.removeprefix(REFERENCE)] if reference else schema

    def choice_findings(self, options: list[Schema], value: Any, place: Place) -> list[Finding]:
        """Nothing when one option fits; else what the option that came furthest says."""
        nearest: list[Finding] = []
        reach = (-1, 0)
        for option in options:
            found = self.findings(option, value, place)
            if not found:
                return []
            depth = (max(len(finding.place) for finding in found), -len(found))
            if self.is_meant(option, value) and depth > reach:
                nearest, reach = found, depth
        return nearest or [Finding(place, f"{shown(value)} fits none of the {len(options)} forms that it may have")]

    def is_meant(self, option: Schema, value: Any) -> bool:
        """Whether the option is of the value's kind: a map for a map, and the same ``object`` where both name one."""
        resolved = self.resolved(option)
        if isinstance(value, dict) and "object" in value:
            named = resolved.get("properties", {}).get("object", {}).get("enum")
            return named is None or value["object"] in named
        return isinstance(value, dict) == (resolved.get("type") in ("object", "array"))

    def map_findings(self, schema: Schema, value: Any, place: Place) -> list[Finding]:
        if not isinstance(value, dict):
            return [Finding(place, f"{shown(value)} is no map")]
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties")
        found = [Finding((*place, name), "is missing") for name in schema.get("required", ()) if name not in value]
        for name, below in value.items():
            if name in properties:
                found += self.findings(properties[name], below, (*place, name))
            elif isinstance(others, dict):
                found += self.findings(others, below, (*place, name))
            elif not others and "properties" in schema:
                found.append(Finding((*place, name), "is no such name"))
        return found

    def list_findings(self, schema: Schema, value: Any, place: Place) -> list[Finding]:
        if self.is_form and isinstance(value, dict) and list(value) == [str(n) for n in range(len(value))]:
            value = list(value.values())
        if not isinstance(value, list):
            return [Finding(place, f"{shown(value)} is no list counted from 0")]
        items = schema.get("items", {})
        return [found for n, item in enumerate(value) for found in self.findings(items, item, (*place, str(n)))]

    def string_findings(self, schema: Schema, value: Any, place: Place) -> list[Finding]:
        if not isinstance(value, str):
            return [Finding(place, f"{shown(value)} is no text")]
        allowed = schema.get("enum")
        if allowed is not None and value not in allowed:
            return [Finding(place, f"{shown(value)} is not one of {', '.join(map(repr, allowed[:12]))}")]
        if len(value) > schema.get("maxLength", len(value)):
            return [Finding(place, f"has {len(value)} characters, {schema['maxLength']} are allowed")]
        pattern = schema.get("pattern")
        if pattern is not None and not re.search(pattern, value):
            return [Finding(place, f"{shown(value)} does not match {pattern}")]
        return self.format_findings(schema.get("format"), value, place)

    def format_findings(self, form: str | None, value: str, place: Place) -> list[Finding]:
        expected = {"currency": CURRENCY, "decimal": DECIMAL, "date-time": MOMENT}.get(form or "")
        is_unset = self.is_form and value == ""
        if expected is None or is_unset or expected.fullmatch(value):
            return []
        return [Finding(place, f"{shown(value)} is no {form}")]

    def integer_findings(self, schema: Schema, value: Any, place: Place) -> list[Finding]:
        if self.is_form:
            fits = isinstance(value, str) and WHOLE.fullmatch(value) is not None
        else:
            fits = isinstance(value, int) and not isinstance(value, bool)
        return [] if fits else [Finding(place, f"{shown(value)} is no whole number")]

    def number_findings(self, schema: Schema, value: Any, place: Place) -> list[Finding]:
        if self.is_form:
            fits = isinstance(value, str) and DECIMAL.fullmatch(value) is not None
        else:
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        return [] if fits else [Finding(place, f"{shown(value)} is no number")]

    def boolean_findings(self, schema: Schema, value: Any, place: Place) -> list[Finding]:
        allowed = schema.get("enum", (True, False))
        fits = value in ("true", "false") if self.is_form else isinstance(value, bool) and value in allowed
        return [] if fits else [Finding(place, f"{shown(value)} is neither true nor false")]


def shown(value: Any) -> str:
    """The value, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
