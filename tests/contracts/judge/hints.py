"""Python types of the SDK as schemas: what a TypedDict or an object's class says, closed.

Forms of a hint: text, whole numbers, truth, lists, maps with free names, unions,
lists of words, TypedDicts (requests) and StripeObjects (answers).
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal, NotRequired, Required, Union, get_args, get_origin

from stripe import ListObject, SearchResultObject, StripeObject, _request_options
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import get_type_hints, is_typeddict

from tests.contracts.judge.matching import REFERENCE, Schema

TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
SCALARS: Mapping[Any, Schema] = {
    str: TEXT,
    int: {"type": "integer"},
    bool: TRUTH,
    float: {"type": "number"},
    Decimal: {"type": "string", "format": "decimal"},
}
IMPORTED = re.compile(r"from (stripe[\w.]*) import (\([^)]*\)|[^\n]+)")
LEGACY = frozenset({"Product.type", "SubscriptionItem.plan"})  # The classes have them, the description hides them.
OPTION_NAMES = {**vars(_request_options), "StripeContext": str}  # The last is imported for type checkers alone.


def closed(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    """A map with these names and no others."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def schema_of(hint: Any) -> Schema:
    """A type as a schema; what is not understood fits anything."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        schema = SCALARS[hint]
    elif origin in (NotRequired, Required):
        schema = schema_of(arguments[0])
    elif origin is Literal:
        schema = {**SCALARS[type(arguments[0])], "enum": list(arguments)}
    elif origin in (Union, types.UnionType):
        schema = choice_of(arguments)
    elif origin is list:
        schema = {"type": "array", "items": schema_of(arguments[0])}
    elif origin in (dict, UntypedStripeObject):
        schema = {"type": "object", "additionalProperties": schema_of(arguments[-1])}
    elif origin in (ListObject, SearchResultObject):
        schema = page_of(origin, arguments[0])
    elif is_typeddict(hint) or (isinstance(hint, type) and issubclass(hint, StripeObject)):
        schema = {"$ref": f"{REFERENCE}{hint.__module__}:{hint.__qualname__}"}
    else:
        schema = {}
    return schema


def choice_of(arguments: tuple[Any, ...]) -> Schema:
    """A union. "These words or any text" is a list that Stripe keeps open; only its words pass."""
    if str in arguments and any(get_origin(one) is Literal and get_args(one) != ("",) for one in arguments):
        arguments = tuple(one for one in arguments if one is not str)
    options = [schema_of(one) for one in arguments if one is not type(None)]
    return {"anyOf": options, "nullable": type(None) in arguments}


def page_of(kind: type, row: Any) -> Schema:
    """A list of the API, or the result of a search, with its rows."""
    named = {"object": {"type": "string", "enum": [kind.OBJECT_NAME]}, "has_more": TRUTH, "url": TEXT}
    rows = {"data": {"type": "array", "items": schema_of(row)}}
    more = (
        {"next_page": {**TEXT, "nullable": True}, "total_count": {"type": "integer"}} if kind is not ListObject else {}
    )
    return closed({**named, **rows, **more}, [*named, *rows])


class Definitions(dict[str, Schema]):
    """The SDK's classes by module and name, made into schemas when first needed."""

    def __missing__(self, key: str) -> Schema:
        module, _, name = key.partition(":")
        named: Any = import_module(module)
        for part in name.split("."):
            named = getattr(named, part)
        self[key] = parameters_map(named) if is_typeddict(named) else object_map(named)
        return self[key]


def parameters_map(typed: Any) -> Schema:
    """A TypedDict as a schema, without the SDK's own options (keys, retries, headers)."""
    hints = get_type_hints(typed, localns=OPTION_NAMES, include_extras=True)
    options = RequestOptions.__annotations__ if RequestOptions in getattr(typed, "__orig_bases__", ()) else {}
    names = [name for name in hints if name not in options]
    return closed(
        {name: schema_of(hints[name]) for name in names}, [name for name in names if name in typed.__required_keys__]
    )


def object_map(kind: type[StripeObject]) -> Schema:
    """A class of answers as a schema; a field that may be None may also be left out."""
    hints = get_type_hints(kind, localns=names_of(kind.__module__), include_extras=True)
    fields = {
        name: hint for name, hint in hints.items() if not name.startswith("_") and get_origin(hint) is not ClassVar
    }
    properties = {name: schema_of(hint) for name, hint in fields.items()}
    required = [name for name, hint in fields.items() if type(None) not in get_args(hint)]
    required = [name for name in required if f"{kind.__qualname__}.{name}" not in LEGACY]
    whole = closed(properties, required)
    if "deleted" not in properties:
        return whole
    gone = {name: properties[name] for name in ("id", "object")} | {"deleted": {"type": "boolean", "enum": [True]}}
    return {"anyOf": [whole, closed(gone, list(gone))]}


@cache
def names_of(module: str) -> Names:
    """The names that a module of the SDK imports, for type checkers or not."""
    return Names(module)


class Names(dict[str, Any]):
    """Classes by the names that a module imports them under; each module is loaded when first asked for."""

    def __init__(self, module: str) -> None:
        super().__init__()
        import_module(module)
        source = Path(str(sys.modules[module].__file__)).read_text()
        self.homes: dict[str, tuple[str, str]] = {}
        for home, imported in IMPORTED.findall(source):
            for one in imported.strip("()").split(","):
                name, _, other = one.strip().partition(" as ")
                self.homes[other or name] = (home, name)

    def __missing__(self, name: str) -> Any:
        home, original = self.homes[name]
        self[name] = getattr(import_module(home), original)
        return self[name]
