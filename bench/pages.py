"""An invoice's page and the list of invoices, beside bare pages that read the same."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from bench.client import Call, send_together
from bench.measuring import machine, share_of_floor, show, summary, take_turns, times_floor, verdict
from bench.statements import statements_of
from bench.stock import open_invoices
from bench.world import THREADS, Team, World, world
from cornerspot.kit.ids import encode_public_id

ROUNDS, WARM_UP, IN_ROUND = 5, 1, 20
SHORT, LONG, IN_LIST = 2, 200, 60


def measure(place: World) -> dict[str, Any]:
    """The pages beside their floors, and a long invoice beside a short one."""
    team = place.open_team()
    short = open_invoices(place, team, IN_LIST, line_count=SHORT)[0]
    long = open_invoices(place, team, 1, line_count=LONG)[0]
    calls = {
        f"{page}_{side}": (side, Call(path, team.cookie))
        for page, paths in _paths(team, short, long).items()
        for side, path in paths.items()
    }
    sides = {
        name: partial(send_together, place.ports[side], [call] * IN_ROUND, browsers=THREADS)
        for name, (side, call) in calls.items()
    }
    taken = take_turns(sides, rounds=ROUNDS, warm_up=WARM_UP)
    longer = times_floor(taken["long_ours"], taken["short_ours"])
    result: dict[str, Any] = {
        "what": f"GET of an invoice of {SHORT} and of {LONG} lines, and of the first page of the list (50 rows)",
        "rounds": ROUNDS,
        "requests_in_a_round": IN_ROUND,
    }
    for page in ("short", "long", "list"):
        side, call = calls[f"{page}_ours"]
        result[page] = {
            "ours": summary(taken[f"{page}_ours"], per=IN_ROUND),
            "floor": summary(taken[f"{page}_floor"], per=IN_ROUND),
            "share_of_floor": share_of_floor(taken[f"{page}_ours"], taken[f"{page}_floor"]),
            "statements": statements_of(place, side, call),
        }
    result["long_beside_short"] = longer
    result["verdicts"] = {
        "long_invoice": verdict(longer["paired"], at_most=3),
        "list_statements": verdict(result["list"]["statements"]["count"], at_most=8),
        "page_statements": verdict(result["long"]["statements"]["count"], at_most=15),
    }
    return result


def _paths(team: Team, short: UUID, long: UUID) -> dict[str, dict[str, str]]:
    def page(invoice_id: UUID) -> dict[str, str]:
        ours = encode_public_id("inv", invoice_id)
        return {"ours": f"/{team.slug}/invoices/{ours}", "floor": f"/{team.slug}/invoices/{invoice_id}"}

    index = f"/{team.slug}/invoices"
    return {"short": page(short), "long": page(long), "list": {"ours": index, "floor": index}}


if __name__ == "__main__":
    with world() as place:
        show({"machine": machine(), "pages": measure(place)})
