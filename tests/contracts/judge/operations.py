"""The operations of an API, and which of them a request is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from tests.contracts.judge.matching import Schema


@dataclass(frozen=True)
class Operation:
    """One method on one path: what may be asked, and what is answered with a status."""

    method: str
    path: str
    ask: Callable[[], Schema]
    answer: Callable[[int], Schema]

    @cached_property
    def parameters(self) -> Schema:
        """The closed map of everything that may be asked, in the query or in the body."""
        return self.ask()

    @property
    def is_form(self) -> bool:
        """Whether bodies are forms; those of v2 are JSON."""
        return not self.path.startswith("/v2/")


class Routes:
    """Finds the operations of a path; a literal path comes before one with ``{id}``."""

    def __init__(self, operations: list[Operation]) -> None:
        self.literal: dict[str, dict[str, Operation]] = {}
        self.templates: dict[int, list[tuple[list[str], dict[str, Operation]]]] = {}
        methods: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            methods.setdefault(operation.path, {})[operation.method] = operation
        for path, by_method in methods.items():
            if "{" in path:
                segments = path.split("/")
                self.templates.setdefault(len(segments), []).append((segments, by_method))
            else:
                self.literal[path] = by_method

    def at(self, path: str) -> Mapping[str, Operation]:
        """The operations at a path by method; none where Stripe has no such path."""
        found = self.literal.get(path)
        if found is not None:
            return found
        segments = path.split("/")
        for template, by_method in self.templates.get(len(segments), ()):
            if all(t == s or (t[:1] == "{" and s) for t, s in zip(template, segments, strict=True)):
                return by_method
        return {}


class Description(Protocol):
    """Stripe's words in one of their two forms."""

    name: str
    version: str
    definitions: Mapping[str, Schema]
    routes: Routes
    error_schema: Schema
    knows_expansions: bool

    def object_schema(self, name: str) -> Schema | None:
        """The schema of an object by its ``object``; none where Stripe has no such."""
