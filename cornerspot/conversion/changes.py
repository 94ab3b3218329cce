"""Whether a deal changed since its plan was acknowledged, and how, in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cornerspot.catalog.lines import Copy, LineInput
from cornerspot.conversion.planning import ConversionPlan
from cornerspot.kit.errors import Conflict
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money

Facts = dict[str, Any]


class DealChanged(Conflict):
    """The deal is not what was confirmed; ``changes`` says how, one sentence each."""

    def __init__(self, changes: list[str]) -> None:
        super().__init__("The deal changed after it was confirmed. Look at the changes and confirm again.")
        self.changes = changes


def facts_of(plan: ConversionPlan) -> Facts:
    """Everything about the plan that a person agreed to, as JSON can hold it."""
    return {
        "deal": str(plan.deal_id),
        "account": str(plan.account_id),
        "account_name": plan.account_name,
        "currency": plan.currency,
        "prices_include_tax": plan.prices_include_tax,
        "discounts": list(plan.discounts),
        "taxes": list(plan.taxes),
        "lines": [_line_facts(line) for line in plan.lines],
        "recurring": [_line_facts(line) for line in plan.recurring],
        "total": plan.totals.total_minor,
        "tax": plan.totals.tax_minor,
    }


def digest_of(facts: Facts) -> str:
    """A word that is another one as soon as any fact is; the account's name is only for showing."""
    agreed = {key: value for key, value in facts.items() if key != "account_name"}
    return hashlib.sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()


def changes_between(old: Facts, new: Facts, *, locale: str) -> list[str]:
    """How the new facts differ from the old ones, in sentences."""
    found = [*_document_changes(old, new), *_line_changes(old, new)]
    if (old["total"], old["currency"]) != (new["total"], new["currency"]):
        found.append(f"The total was {_money(old, old['total'], locale)} and is {_money(new, new['total'], locale)}.")
    elif old["tax"] != new["tax"]:
        found.append(f"The tax was {_money(old, old['tax'], locale)} and is {_money(new, new['tax'], locale)}.")
    return found


def _line_facts(line: LineInput) -> Facts:
    return {
        "id": str(line.id),
        "product": str(line.product_id or ""),
        "description": line.description,
        "unit": line.unit,
        "quantity": _number(line.quantity),
        "unit_price": _number(line.unit_price),
        "discounts": list(line.discounts),
        "taxes": list(line.taxes),
        "frequency": line.frequency or "",
    }


def _document_changes(old: Facts, new: Facts) -> list[str]:
    found = []
    if old["account"] != new["account"]:
        found.append(f"The account was {old['account_name'] or 'missing'} and is {new['account_name'] or 'missing'}.")
    if old["currency"] != new["currency"]:
        found.append(f"The currency was {old['currency']} and is {new['currency']}.")
    if old["prices_include_tax"] != new["prices_include_tax"]:
        found.append(f"Prices {'now include tax' if new['prices_include_tax'] else 'do not include tax any more'}.")
    if old["discounts"] != new["discounts"]:
        found.append("The discounts of the deal changed.")
    if old["taxes"] != new["taxes"]:
        found.append(f"The taxes of the deal were {_names(old['taxes'])} and are {_names(new['taxes'])}.")
    return found


def _line_changes(old: Facts, new: Facts) -> list[str]:
    before, after = _by_id(old), _by_id(new)
    found = [f"“{_title(line)}” is no longer to be billed." for key, line in before.items() if key not in after]
    found += [
        f"“{_title(line)}” was added: {line['quantity']} at {line['unit_price']} {new['currency']}."
        for key, line in after.items()
        if key not in before
    ]
    for key in (key for key in after if key in before):
        found += _changes_of_line(before[key], after[key])
    if not found and [*before] != [*after]:
        found.append("The order of the lines changed.")
    return found


def _changes_of_line(old: Facts, new: Facts) -> list[str]:
    title = _title(old)
    found = [
        f"“{title}”: {word} was {old[key] or 'empty'} and is {new[key] or 'empty'}."
        for key, word in (
            ("description", "the description"),
            ("quantity", "the quantity"),
            ("unit", "the unit"),
            ("unit_price", "the unit price"),
        )
        if old[key] != new[key]
    ]
    if old["discounts"] != new["discounts"]:
        found.append(f"“{title}”: the discount changed.")
    if old["taxes"] != new["taxes"]:
        found.append(f"“{title}”: the taxes were {_names(old['taxes'])} and are {_names(new['taxes'])}.")
    if old["frequency"] != new["frequency"]:
        found.append(f"“{title}” is now {'recurring' if new['frequency'] else 'one-time'}.")
    return found


def _by_id(facts: Facts) -> dict[str, Facts]:
    return {line["id"]: line for line in (*facts["lines"], *facts["recurring"])}


def _title(line: Mapping[str, Any]) -> str:
    first = str(line["description"]).splitlines()[0] if line["description"] else "A line"
    return first if len(first) <= 60 else first[:59] + "…"


def _names(copies: list[Copy]) -> str:
    return " and ".join(f"{copy['name']} {_number(Decimal(copy['percent']))} %" for copy in copies) or "none"


def _money(facts: Facts, minor: int, locale: str) -> str:
    return format_money(Money(minor, facts["currency"]), locale)


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
