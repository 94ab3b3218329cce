"""Stripe's OpenAPI description, read from a file that is never part of the project."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.contracts.judge.matching import REFERENCE, Schema
from tests.contracts.judge.operations import Operation, Routes

ROOT = Path(__file__).resolve().parents[3]
BESIDE = ROOT.parent / "shared" / "stripe" / "openapi-subset.json"
NO_FILE = "none"
METHODS = ("get", "post", "delete")


def description_file() -> Path | None:
    """The file named by STRIPE_OPENAPI ("none" for no file), else the one beside the project, else none.

    Raises FileNotFoundError when the variable names no file.
    """
    named = os.environ.get("STRIPE_OPENAPI")
    if named == NO_FILE:
        return None
    elif named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"STRIPE_OPENAPI names {named}, and there is no such file")
        return Path(named)
    else:
        return BESIDE if BESIDE.is_file() else None


class OpenApi:
    """Judges requests and answers; raises when the file is missing or not JSON."""

    knows_expansions = True

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_bytes())
        self.name = f"Stripe's OpenAPI description ({path.name})"
        self.version: str = document["info"]["version"]
        self.definitions: Mapping[str, Schema] = document["components"]["schemas"]
        self.samples: Mapping[str, Any] = document["components"].get("examples", {})
        self.routes = Routes(
            [
                Operation(method, template, partial(asked, methods[method]), partial(answered, methods[method]))
                for template, methods in document["paths"].items()
                for method in METHODS
                if method in methods
            ]
        )

    def object_schema(self, name: str) -> Schema | None:
        """The schema of an object by its ``object``; none where the description has no such."""
        forms = [{"$ref": f"{REFERENCE}{form}"} for form in (name, f"deleted_{name}") if form in self.definitions]
        return {"anyOf": forms} if forms else None

    @property
    def error_schema(self) -> Schema:
        """What a refusal looks like."""
        return self.definitions["error"]


def asked(operation: Mapping[str, Any]) -> Schema:
    """One closed map of the query's names and the body's."""
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query":
            properties[parameter["name"]] = parameter["schema"]
            if parameter.get("required"):
                required.append(parameter["name"])
    for content in operation.get("requestBody", {}).get("content", {}).values():
        properties.update(content["schema"].get("properties", {}))
        required += content["schema"].get("required", ())
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def answered(operation: Mapping[str, Any], status: int) -> Schema:
    """The schema of the answer with this status."""
    answers = operation["responses"]
    answer = answers.get(str(status), answers["default"] if status >= 400 else answers["200"])
    schema: Schema = answer["content"]["application/json"]["schema"]
    return schema
