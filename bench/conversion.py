"""Converting a 10-line deal over HTTP: the wizard's Run, beside the same reads and writes in SQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bench.client import Call, send_together
from bench.measuring import machine, share_of_floor, show, summary, take_turns, verdict
from bench.statements import statements_of
from bench.stock import won_deals
from bench.world import THREADS, Team, World, world
from cornerspot.kit.ids import encode_public_id

ROUNDS, WARM_UP, IN_ROUND = 21, 1, 12
SEEN = "4"  # The wizard's version after its three steps.


def measure(place: World) -> dict[str, Any]:
    """Throughput of Run beside the floor, and the statements that it sends."""
    team = place.open_team()
    deals = {side: iter(won_deals(place, team, (ROUNDS + WARM_UP) * IN_ROUND)) for side in ("ours", "floor")}
    addresses = {"ours": _our_call, "floor": _floor_call}

    def convert(side: str) -> None:
        calls = [addresses[side](team, next(deals[side])) for _ in range(IN_ROUND)]
        send_together(place.ports[side], calls, browsers=THREADS)

    taken = take_turns({side: lambda side=side: convert(side) for side in deals}, rounds=ROUNDS, warm_up=WARM_UP)
    share = share_of_floor(taken["ours"], taken["floor"])
    spare = {side: addresses[side](team, won_deals(place, team, 1)[0]) for side in deals}
    sent = {side: statements_of(place, side, spare[side]) for side in deals}
    return {
        "what": "POST run of a 10-line deal, 4 browsers at once",
        "rounds": ROUNDS,
        "requests_in_a_round": IN_ROUND,
        "ours": summary(taken["ours"], per=IN_ROUND),
        "floor": summary(taken["floor"], per=IN_ROUND),
        "share_of_floor": share,
        "statements": sent,
        "verdicts": {
            "throughput": verdict(share["paired"], at_least=0.3),
            "statements": verdict(sent["ours"]["count"], at_most=20),
        },
    }


def _our_call(team: Team, conversion_id: UUID) -> Call:
    path = f"/{team.slug}/conversions/{encode_public_id('cnv', conversion_id)}/run"
    return Call(path, team.cookie, {"csrf_token": team.csrf_token, "seen": SEEN})


def _floor_call(team: Team, conversion_id: UUID) -> Call:
    return Call(f"/{team.slug}/conversions/{conversion_id}/run", team.cookie, {"seen": SEEN})


if __name__ == "__main__":
    with world() as place:
        show({"machine": machine(), "conversion": measure(place)})
