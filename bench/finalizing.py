"""Finalizing 10-line drafts over HTTP: beside the floor, in one team and in fifty at once, without gap or duplicate."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg

from bench.client import Call, send_together
from bench.measuring import machine, share_of_floor, show, summary, take_turns, verdict
from bench.statements import statements_of
from bench.stock import drafts
from bench.world import THREADS, Team, World, world
from cornerspot.kit.ids import encode_public_id

ROUNDS, WARM_UP, IN_ROUND = 31, 1, 20
TEAMS, PER_TEAM_ROUNDS = 50, 3
Work = list[tuple[Team, UUID]]


def measure(place: World) -> dict[str, Any]:
    """Throughput of Finalize beside the floor; one team beside fifty; the numbers that were given."""
    one = place.open_team()
    taken = _beside_the_floor(place, one)
    many, spread = _one_team_beside_many(place)
    share = share_of_floor(taken["ours"], taken["floor"])
    shared = share_of_floor(spread["fifty_teams"], spread["one_team"])
    spare = {side: _call(side, *drafted) for side, drafted in zip(taken, _drafted(place, one, 2), strict=True)}
    numbers = [numbers_of(place, team) for team in (one, *many)]
    return {
        "what": "POST finalization of a 10-line draft",
        "rounds": ROUNDS,
        "requests_in_a_round": IN_ROUND,
        "ours": summary(taken["ours"], per=IN_ROUND),
        "floor": summary(taken["floor"], per=IN_ROUND),
        "share_of_floor": share,
        "one_team": summary(spread["one_team"], per=TEAMS),
        "fifty_teams": summary(spread["fifty_teams"], per=TEAMS),
        "fifty_as_share_of_one": shared,
        "statements": {side: statements_of(place, side, call) for side, call in spare.items()},
        "numbered": {"teams": len(numbers), "invoices": sum(map(len, numbers))},
        "verdicts": {
            "throughput": verdict(share["paired"], at_least=0.5),
            "gaps_and_duplicates": verdict(sum(map(_faults, numbers)), at_most=0),
            "fifty_teams_as_fast_as_one": verdict(shared["paired"], at_least=0.9),
        },
    }


def numbers_of(place: World, team: Team) -> list[int]:
    """The numbers of a team's invoices, as the database's owner reads them."""
    with psycopg.connect(place.server.url("postgres")) as reader:
        found = reader.execute(
            "SELECT number FROM invoices WHERE tenant_id = %s AND number IS NOT NULL", [team.story.team.id]
        )
        return sorted(int(number.rpartition("-")[2]) for (number,) in found)


def _faults(numbers: Sequence[int]) -> int:
    """How many numbers are not what an unbroken series from 1 would have at their place."""
    return sum(number != place for place, number in enumerate(numbers, start=1))


def _beside_the_floor(place: World, team: Team) -> dict[str, list[float]]:
    waiting = {side: iter(_drafted(place, team, (ROUNDS + WARM_UP) * IN_ROUND)) for side in ("ours", "floor")}

    def finalize(side: str) -> None:
        calls = [_call(side, *next(waiting[side])) for _ in range(IN_ROUND)]
        send_together(place.ports[side], calls, browsers=THREADS)

    return take_turns({side: lambda side=side: finalize(side) for side in waiting}, rounds=ROUNDS, warm_up=WARM_UP)


def _one_team_beside_many(place: World) -> tuple[list[Team], dict[str, list[float]]]:
    """As many drafts, of one team and of one each of fifty, sent by fifty browsers at once."""
    with ThreadPoolExecutor(2) as pool:
        many = list(pool.map(lambda _: place.open_team(), range(TEAMS)))
    alone = place.open_team()
    rounds = PER_TEAM_ROUNDS + 1
    of_each = [_drafted(place, team, rounds) for team in many]
    work: dict[str, list[Work]] = {
        "one_team": [_drafted(place, alone, TEAMS) for _ in range(rounds)],
        "fifty_teams": [[mine[number] for mine in of_each] for number in range(rounds)],
    }
    waiting = {name: iter(batches) for name, batches in work.items()}

    def finalize(name: str) -> None:
        send_together(place.ports["ours"], [_call("ours", *entry) for entry in next(waiting[name])], browsers=TEAMS)

    sides = {name: lambda name=name: finalize(name) for name in waiting}
    return [alone, *many], take_turns(sides, rounds=PER_TEAM_ROUNDS)


def _drafted(place: World, team: Team, count: int) -> Work:
    return [(team, invoice_id) for invoice_id in drafts(place, team, count)]


def _call(side: str, team: Team, invoice_id: UUID) -> Call:
    name = encode_public_id("inv", invoice_id) if side == "ours" else str(invoice_id)
    return Call(f"/{team.slug}/invoices/{name}/finalization", team.cookie, {"csrf_token": team.csrf_token})


if __name__ == "__main__":
    with world() as place:
        show({"machine": machine(), "finalizing": measure(place)})
