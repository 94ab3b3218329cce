"""Judges requests and answers by the description that is in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tests.contracts.judge.expanding import expand_findings
from tests.contracts.judge.findings import BadAnswer, BadRequest, Finding
from tests.contracts.judge.forms import nest_form
from tests.contracts.judge.matching import Matcher
from tests.contracts.judge.openapi import OpenApi, description_file
from tests.contracts.judge.operations import Description, Operation
from tests.contracts.judge.rules import header_findings, rule_findings
from tests.contracts.judge.typed import TypedParameters

Body = str | bytes | None
NO_IDS = frozenset({"None", "null", "undefined"})


class Judge:
    """One description, ready to judge by."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.forms = Matcher(description.definitions, is_form=True)
        self.json = Matcher(description.definitions, is_form=False)

    def require_good(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> None:
        """Stripe would take this request (the path with its query); raises BadRequest naming every place."""
        url = urlsplit(path)
        operation = self.operation(method, url.path)
        if operation is None:
            raise BadRequest(method, url.path, [self.no_operation(url.path)])
        asked, found = self.read(operation, url.query, body)
        matcher = self.forms if operation.is_form or operation.method == "get" else self.json
        found += matcher.findings(operation.parameters, asked)
        found += rule_findings(asked)
        if self.description.knows_expansions:
            found += expand_findings(self.json, operation.answer(200), asked)
        found += header_findings(headers or {}, expects_version=self.description.version)
        if found:
            raise BadRequest(method, url.path, found)

    def check_answer(self, method: str, path: str, status: int, answer: Any) -> None:
        """Stripe could have answered this; raises BadAnswer naming every place."""
        url = urlsplit(path)
        operation = self.operation(method, url.path)
        # Where there is no such path, only the answer that says so can be right.
        schema = operation.answer(status) if operation else self.description.error_schema
        found = self.json.findings(schema, answer)
        if found:
            raise BadAnswer(method, f"{url.path} ({status})", found)

    def check_object(self, answer: Mapping[str, Any]) -> None:
        """The map is an object of Stripe's by its own ``object``; raises BadAnswer."""
        name = str(answer.get("object"))
        schema = self.description.object_schema(name)
        if schema is None:
            raise BadAnswer("read", name, [Finding(("object",), f"{name!r} is no object of Stripe's")])
        found = self.json.findings(schema, answer)
        if found:
            raise BadAnswer("read", name, found)

    def check_event(self, event: Mapping[str, Any]) -> None:
        """A webhook's body is an event of Stripe's around an object of Stripe's; raises BadAnswer."""
        self.check_object(event)
        self.check_object(event["data"]["object"])

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that a request is for; none where there is no such path or method."""
        if NO_IDS.intersection(path.split("/")):
            return None
        return self.description.routes.at(path).get(method.lower())

    def no_operation(self, path: str) -> Finding:
        methods = self.description.routes.at(path)
        if NO_IDS.intersection(path.split("/")):
            return Finding(("path",), "has an id that was empty")
        if methods:
            return Finding(("method",), f"is not one of {', '.join(methods)}")
        return Finding(("path",), "is no path of Stripe's")

    def read(self, operation: Operation, query: str, body: Body) -> tuple[dict[str, Any], list[Finding]]:
        """What the query and the body say together, and what is wrong with how they say it."""
        asked, found = nest_form(query)
        if query and operation.method == "post":
            found.append(Finding(("query",), "is not for a POST: its parameters go into the body"))
        if body and operation.method == "get":
            found.append(Finding(("body",), "is not for a GET: its parameters go into the query"))
        if not body:
            return asked, found
        if operation.is_form:
            more, wrong = nest_form(body)
            return {**asked, **more}, found + wrong
        more = json.loads(body)
        if not isinstance(more, dict):
            return asked, [*found, Finding(("body",), "is no JSON map")]
        return {**asked, **more}, found


@cache
def the_judge() -> Judge:
    """The judge of this run: by Stripe's OpenAPI description where there is one, else by the SDK's types."""
    path = description_file()
    return Judge(OpenApi(path) if path else TypedParameters())


def in_force() -> str:
    """Which description judges, in words."""
    description = the_judge().description
    return f"{description.name}, {description.version}"


def require_good(method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> None:
    """Stripe would take this request; raises BadRequest naming every place that it would not."""
    the_judge().require_good(method, path, body, headers)


def check_answer(method: str, path: str, status: int, answer: Any) -> None:
    """Stripe could have answered this; raises BadAnswer naming every place."""
    the_judge().check_answer(method, path, status, answer)


def check_object(answer: Mapping[str, Any]) -> None:
    """The map is an object of Stripe's; raises BadAnswer."""
    the_judge().check_object(answer)


def check_event(event: Mapping[str, Any]) -> None:
    """A webhook's body could be Stripe's; raises BadAnswer."""
    the_judge().check_event(event)
