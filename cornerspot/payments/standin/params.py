"""Request bodies: from ``a[b][0]=c`` to nested values, checked against a table at every depth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from cornerspot.payments.standin.errors import ApiRefusal, invalid

_WHOLE = re.compile(r"-?\d{1,18}\Z")
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")


@dataclass(frozen=True)
class Text:
    """A text, at most ``limit`` long, or one of ``choices``; ``""`` unsets where Stripe says so."""

    limit: int = 5000
    choices: tuple[str, ...] = ()
    unsets: bool = False

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, str):
            raise invalid("Invalid string: expected a text", name)
        if value == "" and not self.unsets:
            raise invalid(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
                f"however '{name}' cannot be unset.",
                name,
                code="parameter_invalid_empty",
            )
        if len(value) > self.limit:
            raise invalid(f"Invalid string: {value[:20]}...; must be at most {self.limit} characters", name)
        if self.choices and value and value not in self.choices:
            raise invalid(f"Invalid {name}: must be one of {', '.join(self.choices)}", name)
        return value or None


@dataclass(frozen=True)
class Whole:
    """A whole number, not below ``least``."""

    least: int | None = None
    unsets: bool = False

    def read(self, value: Any, name: str) -> int | None:
        if self.unsets and value == "":
            return None
        if not isinstance(value, str) or not _WHOLE.match(value):
            raise invalid(f"Invalid integer: {value}", name, code="parameter_invalid_integer")
        if self.least is not None and int(value) < self.least:
            raise invalid(
                f"This value must be greater than or equal to {self.least}.", name, code="parameter_invalid_integer"
            )
        return int(value)


@dataclass(frozen=True)
class Flag:
    """``true`` or ``false``."""

    def read(self, value: Any, name: str) -> bool:
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", name)
        return bool(value == "true")


@dataclass(frozen=True)
class Currency:
    """Three letters; the stand-in insists on lower case, as the API description does."""

    def read(self, value: Any, name: str) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[a-z]{3}", value):
            raise invalid(f"Invalid currency: {value}. Use a three-letter code in lower case.", name)
        return value


@dataclass(frozen=True)
class ListOf:
    """Many of the same."""

    item: Any

    def read(self, value: Any, name: str) -> list[Any]:
        if value == "":
            return []
        if isinstance(value, dict) and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        if not isinstance(value, list):
            raise invalid("Invalid array", name)
        return [self.item.read(entry, f"{name}[{index}]") for index, entry in enumerate(value)]


@dataclass(frozen=True)
class Pairs:
    """Metadata: at most 50 names of 40 characters, with values of 500."""

    def read(self, value: Any, name: str) -> dict[str, str]:
        if value == "":
            return {}
        if not isinstance(value, dict):
            raise invalid("Invalid hash", name)
        if len(value) > 50:
            raise invalid("You can only specify up to 50 metadata keys.", name)
        for key, text in value.items():
            if not isinstance(text, str):
                raise invalid(f"Metadata values must be strings, but for key {key} you passed something else.", name)
            if len(key) > 40:
                raise invalid(f"Metadata key {key[:20]}... is too long; it can have 40 characters.", name)
            if len(text) > 500:
                raise invalid(f"Metadata values can have up to 500 characters, but for key {key} it has more.", name)
        return value


@dataclass(frozen=True)
class Shape:
    """A map with known names only."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    required: Sequence[str] = ()
    unsets: bool = False

    def read(self, value: Any, name: str = "") -> dict[str, Any] | None:
        if value == "" and self.unsets:
            return None
        if not isinstance(value, dict):
            raise invalid("Invalid object", name)
        for key in value:
            if key not in self.fields:
                raise unknown_parameter(_joined(name, key))
        for key in self.required:
            if key not in value:
                wanted = _joined(name, key)
                raise invalid(f"Missing required param: {wanted}.", wanted, code="parameter_missing")
        return {key: self.fields[key].read(entry, _joined(name, key)) for key, entry in value.items()}


@dataclass(frozen=True)
class Range:
    """A moment, or bounds of one (``created[gte]``)."""

    def read(self, value: Any, name: str) -> dict[str, int]:
        if isinstance(value, str):
            return {"eq": Whole().read(value, name) or 0}
        bounds = Shape({bound: Whole() for bound in ("gt", "gte", "lt", "lte")}).read(value, name)
        return {bound: limit for bound, limit in (bounds or {}).items() if limit is not None}


def unknown_parameter(name: str) -> ApiRefusal:
    """Stripe's refusal of a name it does not know."""
    return invalid(f"Received unknown parameter: {name}", name, code="parameter_unknown")


def nested(text: str) -> dict[str, Any]:
    """The parameters of a form body or query string, brackets unfolded."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        match = _NAME.match(name)
        if match is None:
            raise unknown_parameter(name)
        parts = [match[1], *(part[:-1] for part in match[2].split("[")[1:])]
        _put(tree, parts, value, name)
    return tree


def _put(tree: dict[str, Any], parts: list[str], value: str, name: str) -> None:
    for part, following in pairwise(parts):
        fresh: Any = {}
        key = str(len(tree)) if part == "" else part
        tree = tree.setdefault(key, fresh)
        if not isinstance(tree, dict):
            raise invalid(f"Invalid object: {name} is given twice in different shapes ({following})", name)
    last = parts[-1]
    tree[str(len(tree)) if last == "" else last] = value


def _joined(outer: str, inner: str) -> str:
    return f"{outer}[{inner}]" if outer else inner
