"""Form bodies as Stripe reads them: ``a[b][0][c]=v`` is a map in a list in a map."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from tests.contracts.judge.findings import Finding

KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
BRACKET = re.compile(r"\[([^\[\]]*)\]")

Form = dict[str, "str | Form"]


def nest_form(body: str | bytes) -> tuple[Form, list[Finding]]:
    """The nested map that a form body stands for, and what is wrong with its keys.

    Lists stay maps from "0", "1", …, since only the description knows which
    maps are meant as lists.
    """
    text = body.decode() if isinstance(body, bytes) else body
    form: Form = {}
    findings = []
    for key, value in parse_qsl(text, keep_blank_values=True):
        names = key_names(key)
        if names is None:
            findings.append(Finding((key,), "is no name with brackets"))
        elif not put(form, names, value):
            findings.append(Finding(tuple(names), "is given twice"))
    return form, findings


def key_names(key: str) -> list[str] | None:
    """``a[b][0]`` as a, b, 0; nothing when the brackets do not match."""
    match = KEY.fullmatch(key)
    if match is None:
        return None
    return [match[1], *BRACKET.findall(match[2])]


def put(form: Form, names: list[str], value: str) -> bool:
    """Set a value in the depth; False when something is there already. ``a[]`` takes the next number."""
    here = form
    for name in names[:-1]:
        below = here.setdefault(name or str(len(here)), {})
        if isinstance(below, str):
            return False
        here = below
    last = names[-1] or str(len(here))
    if last in here:
        return False
    here[last] = value
    return True
