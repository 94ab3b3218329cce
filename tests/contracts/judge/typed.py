"""The SDK's types, read as a description of the API.

Stripe generates its SDK from its own description, so the typed parameters know
every name, type, list of values and which of them are required, and the classes
of objects every field of an answer. They know no lengths, and they do not tell
a field that is always there, and may be null, from one that may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Union

import stripe
from stripe._error_object import ErrorObject
from stripe._oauth import OAuth
from stripe._object_classes import OBJECT_CLASSES

from tests.contracts.judge.hints import TEXT, Definitions, closed, names_of, parameters_map, schema_of
from tests.contracts.judge.matching import Schema
from tests.contracts.judge.operations import Operation, Routes

SDK = Path(stripe.__file__).parent
VERB = re.compile(r"\n    def \w+\(")
SENT = re.compile(r"cast\(\s*\"([^\"]+)\",\s*self\._request\(\s*\"(get|post|delete)\",\s*\"(/v[12]/[^\"]+)\"")
PARAMETERS = re.compile(r"params: (?:Optional\[)?\s*\"(\w+)\"")
OAUTH = {
    ("get", "/oauth/authorize"): (OAuth.OAuthAuthorizeUrlParams, None),
    ("post", "/oauth/token"): (OAuth.OAuthTokenParams, OAuth.OAuthToken),
    ("post", "/oauth/deauthorize"): (OAuth.OAuthDeauthorizeParams, OAuth.OAuthDeauthorization),
}
OAUTH_ERROR = closed({"error": TEXT, "error_description": TEXT}, ["error"])


class TypedParameters:
    """Judges by the SDK that is installed."""

    knows_expansions = False

    def __init__(self) -> None:
        self.name = f"the types of stripe-python {stripe.VERSION}"
        self.version: str = stripe.api_version
        self.definitions: Mapping[str, Schema] = Definitions()
        self.routes = Routes([*service_operations(), *oauth_operations()])

    def object_schema(self, name: str) -> Schema | None:
        """The schema of an object by its ``object``; none where Stripe has no such."""
        home = OBJECT_CLASSES.get(name)
        return schema_of(getattr(import_module(home[0]), home[1])) if home else None

    @property
    def error_schema(self) -> Schema:
        """What a refusal looks like."""
        return error_answer()


def service_operations() -> Iterator[Operation]:
    """One operation for each call in the SDK's services; its classes are imported when asked for."""
    for path in sorted(SDK.rglob("_*_service.py")):
        source = path.read_text()
        module = ".".join(path.relative_to(SDK.parent).with_suffix("").parts)
        for verb in VERB.split(source)[1:]:
            sent, named = SENT.search(verb), PARAMETERS.search(verb)
            if sent:
                asked = partial(parameters_of, module, named[1] if named else None)
                yield Operation(sent[2], sent[3], asked, partial(answer_of, module, sent[1]))


def oauth_operations() -> Iterator[Operation]:
    """The three of Connect, which the SDK writes by hand."""
    for (method, path), (typed, answer) in OAUTH.items():
        yield Operation(method, path, partial(parameters_map, typed), partial(oauth_answer, answer))


def parameters_of(module: str, name: str | None) -> Schema:
    """The closed map of a class of parameters; an empty one where a call takes none."""
    return parameters_map(names_of(module)[name]) if name else closed({}, [])


def answer_of(module: str, hint: str, status: int) -> Schema:
    """What a call returns, by the words of its service, such as ``ListObject[Refund]``."""
    if status >= 400:
        return error_answer()
    names = names_of(module)
    return schema_of(eval(hint, {"Union": Union}, names))  # The SDK's own source, nobody's input.


def error_answer() -> Schema:
    return closed({"error": schema_of(ErrorObject)}, ["error"])


def oauth_answer(answer: type | None, status: int) -> Schema:
    return schema_of(answer) if status < 400 else OAUTH_ERROR
