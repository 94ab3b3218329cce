"""The names of all form fields, read from the forms themselves."""

from __future__ import annotations

import importlib
import pkgutil

from wtforms import Form
from wtforms.fields.core import UnboundField

import cornerspot.blueprints
from cornerspot.blueprints.support.line_form import FIELDS as LINE_FIELDS


def _names() -> tuple[str, ...]:
    names: set[str] = set()
    for module in pkgutil.walk_packages(cornerspot.blueprints.__path__, "cornerspot.blueprints."):
        for thing in vars(importlib.import_module(module.name)).values():
            if isinstance(thing, type) and issubclass(thing, Form):
                names.update(name for name in dir(thing) if isinstance(getattr(thing, name, None), UnboundField))
    return tuple(sorted(names))


FIELDS = _names()

__all__ = ["FIELDS", "LINE_FIELDS"]
