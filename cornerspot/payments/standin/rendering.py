"""Objects as they leave the stand-in: own names removed, ``expand`` followed, lists paged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cornerspot.payments.standin.errors import invalid, missing
from cornerspot.payments.standin.state import Account, Obj

# How a field that is not kept as it is shown comes about: kind -> field -> function of (account, object).
SHOWN: dict[str, dict[str, Callable[[Account, Obj], Any]]] = {}
# Fields that appear only when asked for: the same.
SHOWN_WHEN_EXPANDED: dict[str, dict[str, Callable[[Account, Obj], Any]]] = {}
EXPANDABLE = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "configuration": "billing_portal.configuration",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "failure_balance_transaction": "balance_transaction",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "product": "product",
    "subscription": "subscription",
    "source": None,
    "payment_method": "payment_method",
}


def shown(account: Account, obj: Obj, expand: Iterable[str] = ()) -> Obj:
    """A copy of the object as Stripe shows it, with these fields expanded."""
    answer = {name: _copy(value) for name, value in obj.items() if not name.startswith("_")}
    for name, made in SHOWN.get(obj["object"], {}).items():
        answer[name] = made(account, obj)
    for path in expand:
        _expand(account, obj, answer, path.split("."), path)
    return answer


def page_of(
    account: Account, rows: Iterable[Obj], params: Obj, url: str, kind: str, *, newest_first: bool = True
) -> Obj:
    """A list answer: newest first, cut to ``limit`` between the cursors."""
    limit = params.get("limit", 10)
    if limit > 100:
        raise invalid("This value must be less than or equal to 100.", "limit")
    found = list(rows)
    if newest_first:
        found.reverse()
    ids = [row["id"] for row in found]
    has_more = False
    if after := params.get("starting_after"):
        found = found[_place(ids, after, kind, "starting_after") + 1 :]
        has_more, found = len(found) > limit, found[:limit]
    elif before := params.get("ending_before"):
        found = found[: _place(ids, before, kind, "ending_before")]
        has_more, found = len(found) > limit, found[-limit:]
    else:
        has_more, found = len(found) > limit, found[:limit]
    inner = [path.removeprefix("data.") for path in params.get("expand", ()) if path.startswith("data.")]
    if len(inner) != len(params.get("expand", ())):
        raise invalid("This property cannot be expanded on a list; begin it with data.", "expand")
    return {"object": "list", "url": url, "has_more": has_more, "data": [shown(account, row, inner) for row in found]}


def whole_list(rows: list[Obj], url: str) -> Obj:
    """A list inside an object."""
    return {"object": "list", "url": url, "has_more": False, "data": rows}


def in_range(moment: int, bounds: dict[str, int] | None) -> bool:
    """Whether a moment lies within ``created``'s bounds."""
    if not bounds:
        return True
    return (
        moment == bounds.get("eq", moment)
        and moment > bounds.get("gt", moment - 1)
        and moment >= bounds.get("gte", moment)
        and moment < bounds.get("lt", moment + 1)
        and moment <= bounds.get("lte", moment)
    )


def matching(rows: Iterable[Obj], params: Obj, *names: str) -> list[Obj]:
    """The rows that fit ``created`` and these equal-to filters, as far as they are given."""
    wanted = {name: params[name] for name in names if name in params}
    bounds = params.get("created")
    return [
        row
        for row in rows
        if not row.get("deleted")
        and all(row.get(name) == value for name, value in wanted.items())
        and in_range(row["created"], bounds)
    ]


def _place(ids: list[str], wanted: str, kind: str, param: str) -> int:
    if wanted not in ids:
        raise missing(kind, wanted, param, status=400)
    return ids.index(wanted)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    return value


def _expand(account: Account, obj: Obj, answer: Obj, parts: list[str], path: str) -> None:
    name, rest = parts[0], parts[1:]
    made = SHOWN_WHEN_EXPANDED.get(answer.get("object", ""), {}).get(name)
    if made is not None:
        if name not in answer:
            answer[name] = made(account, obj)
    elif name in EXPANDABLE and name in answer:
        value = answer[name]
        if isinstance(value, str):
            answer[name] = _expanded(account, value)
    elif not isinstance(answer.get(name), dict | list):
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    inner = answer[name]
    if rest and inner is not None:
        _expand_inside(account, inner, rest, path)


def _expand_inside(account: Account, inner: Any, rest: list[str], path: str) -> None:
    if isinstance(inner, list):
        for entry in inner:
            _expand(account, entry, entry, rest, path)
    elif rest[0] == "data" and isinstance(inner.get("data"), list):
        if rest[1:]:
            for entry in inner["data"]:
                _expand(account, entry, entry, rest[1:], path)
    elif isinstance(inner, dict):
        _expand(account, inner, inner, rest, path)


def _expanded(account: Account, wanted: str) -> Any:
    for table in account.tables.values():
        if wanted in table:
            return shown(account, table[wanted])
    return wanted
