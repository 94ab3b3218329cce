"""The SDK's typed parameters, read as a description of the API.

Stripe generates its SDK from its own description, so the TypedDicts know every
name, type, list of values and which of them are required. They know neither
lengths nor answers.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

import stripe
from stripe import _request_options
from stripe._oauth import OAuth
from stripe._request_options import RequestOptions
from typing_extensions import get_type_hints, is_typeddict

from tests.contracts.judge.matching import REFERENCE, Schema
from tests.contracts.judge.operations import Operation, Routes

SDK = Path(stripe.__file__).parent
VERB = re.compile(r"\n    def \w+\(")
SENT = re.compile(r"self\._request\(\s*\"(get|post|delete)\",\s*\"(/v[12]/[^\"]+)\"")
PARAMETERS = re.compile(r"params: (?:Optional\[)?\s*\"(\w+)\"")
IMPORTED = re.compile(r"from (stripe\.params[\w.]*) import \(?\s*(\w+)")
SCALARS: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    Decimal: {"type": "string", "format": "decimal"},
}
OPTION_NAMES = {**vars(_request_options), "StripeContext": str}  # The last is imported for type checkers alone.
OAUTH = {
    ("get", "/oauth/authorize"): OAuth.OAuthAuthorizeUrlParams,
    ("post", "/oauth/token"): OAuth.OAuthTokenParams,
    ("post", "/oauth/deauthorize"): OAuth.OAuthDeauthorizeParams,
}


class TypedParameters:
    """Judges requests by the SDK that is installed; knows nothing of answers."""

    has_answers = False

    def __init__(self) -> None:
        self.name = f"the typed parameters of stripe-python {stripe.VERSION}"
        self.version: str = stripe.api_version
        self.definitions: Mapping[str, Schema] = Definitions()
        self.routes = Routes([*service_operations(), *oauth_operations()])


def service_operations() -> Iterator[Operation]:
    """One operation for each call in the SDK's services; its parameters are imported when asked for."""
    for path in sorted(SDK.rglob("_*_service.py")):
        source = path.read_text()
        modules = {name: module for module, name in IMPORTED.findall(source)}
        for verb in VERB.split(source)[1:]:
            sent, named = SENT.search(verb), PARAMETERS.search(verb)
            if sent:
                name = named[1] if named else None
                yield Operation(sent[1], sent[2], partial(parameters_of, modules.get(name or ""), name))


def oauth_operations() -> Iterator[Operation]:
    """The three of Connect, which the SDK writes by hand."""
    for (method, path), typed in OAUTH.items():
        yield Operation(method, path, partial(map_of, typed))


def parameters_of(module: str | None, name: str | None) -> Schema:
    """The closed map of a class of parameters; an empty one where a call takes none."""
    if module is None or name is None:
        return {"type": "object", "properties": {}, "additionalProperties": False}
    return map_of(getattr(import_module(module), name))


def map_of(typed: type) -> Schema:
    """A TypedDict as a schema, without the SDK's own options (keys, retries, headers)."""
    hints = get_type_hints(typed, localns=OPTION_NAMES, include_extras=True)
    options = RequestOptions.__annotations__ if issubclass_of_options(typed) else {}
    names = [name for name in hints if name not in options]
    return {
        "type": "object",
        "properties": {name: schema_of(hints[name]) for name in names},
        "required": [name for name in names if name in typed.__required_keys__],
        "additionalProperties": False,
    }


def issubclass_of_options(typed: type) -> bool:
    """Whether the SDK's request options are mixed in; a TypedDict forgets its bases but for this list."""
    return RequestOptions in getattr(typed, "__orig_bases__", ())


def schema_of(hint: Any) -> Schema:
    """A type as a schema; what is not understood fits anything."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        schema = SCALARS[hint]
    elif origin in (NotRequired, Required):
        schema = schema_of(arguments[0])
    elif origin is Literal:
        schema = {"type": "string", "enum": list(arguments)}
    elif origin in (Union, types.UnionType):
        schema = choice_of(arguments)
    elif origin is list:
        schema = {"type": "array", "items": schema_of(arguments[0])}
    elif origin is dict or is_untyped_object(origin):
        schema = {"type": "object", "additionalProperties": schema_of(arguments[-1])}
    elif is_typeddict(hint):
        schema = {"$ref": f"{REFERENCE}{hint.__module__}:{hint.__qualname__}"}
    else:
        schema = {}
    return schema


def is_untyped_object(origin: Any) -> bool:
    """Whether it is the SDK's own kind of map with free names."""
    return isinstance(origin, type) and origin.__name__ == "UntypedStripeObject"


def choice_of(arguments: tuple[Any, ...]) -> Schema:
    """A union. "These words or any text" is a list that Stripe keeps open; only its words pass."""
    if str in arguments and any(get_origin(one) is Literal and get_args(one) != ("",) for one in arguments):
        arguments = tuple(one for one in arguments if one is not str)
    return {"anyOf": [schema_of(one) for one in arguments if one is not type(None)]}


class Definitions(dict[str, Schema]):
    """The TypedDicts by module and name, made into schemas when first needed."""

    def __missing__(self, key: str) -> Schema:
        module, _, name = key.partition(":")
        typed: Any = import_module(module)
        for part in name.split("."):
            typed = getattr(typed, part)
        self[key] = map_of(typed)
        return self[key]
