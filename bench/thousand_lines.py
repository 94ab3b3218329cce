"""An invoice of a thousand lines over HTTP: its form opened, reckoned while one types, saved, rewritten, finalized."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from bench.client import Browser, Call
from bench.measuring import machine, show, summary, take_turns, times_floor, verdict
from bench.statements import statements_of
from bench.stock import drafts
from bench.world import Team, World, world
from cornerspot.kit.ids import encode_public_id

LINES, FEW, ROUNDS, WARM_UP = 1000, 10, 7, 2


def measure(place: World) -> dict[str, Any]:
    """Milliseconds of each step with a thousand lines, beside ten; finalizing beside the floor."""
    team = place.open_team()
    sides = {"thousand": _steps(place, team, LINES), "ten": _steps(place, team, FEW)}
    taken = {
        step: take_turns({side: steps[step] for side, steps in sides.items()}, rounds=ROUNDS, warm_up=WARM_UP)
        for step in ("open", "reckon", "save", "rewrite")
    }
    taken["finalize"] = _finalized(place, team)
    spare = _Form(place, team, drafts(place, team, 1, line_count=LINES)[0])
    calls = {
        "open": spare.open,
        "reckon": spare.reckon,
        "save": spare.save,
        "rewrite": spare.rewrite,
        "finalize": spare.finalize,
    }
    found = {step: {side: summary(rounds) for side, rounds in sides.items()} for step, sides in taken.items()}
    return {
        "what": f"a draft of {LINES} lines: form opened, reckoned, one line saved, every line rewritten, finalized",
        "rounds": ROUNDS,
        "steps": found,
        "finalize_times_floor": times_floor(taken["finalize"]["thousand"], taken["finalize"]["floor"]),
        "bytes": {"page": len(spare.page), "posted": len(urlencode(spare.fields))},
        "statements": {step: statements_of(place, "ours", call())["count"] for step, call in calls.items()},
        "verdicts": {
            f"{step}_milliseconds": verdict(found[step]["thousand"]["median_ms"], at_most=1000) for step in found
        },
    }


def _steps(place: World, team: Team, line_count: int) -> dict[str, Any]:
    """What a person does to one draft again and again; each save sends the version that was read."""
    browser = place.browser("ours")
    form = _Form(place, team, drafts(place, team, 1, line_count=line_count)[0])
    return {
        "open": lambda: browser.send(form.open()),
        "reckon": lambda: browser.send(form.reckon()),
        "save": lambda: browser.send(form.save()),
        "rewrite": lambda: browser.send(form.rewrite()),
    }


def _finalized(place: World, team: Team) -> dict[str, list[float]]:
    waiting: dict[str, Iterator[UUID]] = {
        side: iter(drafts(place, team, ROUNDS + WARM_UP, line_count=LINES)) for side in ("thousand", "floor")
    }
    browsers = {"thousand": place.browser("ours"), "floor": place.browser("floor")}

    def finalize(side: str) -> None:
        invoice_id = next(waiting[side])
        name = str(invoice_id) if side == "floor" else encode_public_id("inv", invoice_id)
        path = f"/{team.slug}/invoices/{name}/finalization"
        browsers[side].send(Call(path, team.cookie, {"csrf_token": team.csrf_token}))

    return take_turns({side: partial(finalize, side) for side in waiting}, rounds=ROUNDS, warm_up=WARM_UP)


class _Form:
    """The form of a draft as a browser holds it."""

    def __init__(self, place: World, team: Team, invoice_id: UUID) -> None:
        self.team, self.name = team, encode_public_id("inv", invoice_id)
        self.path = f"/{team.slug}/invoices/{self.name}"
        self.version = 0
        self.page = Browser(place.ports["ours"]).send(self.open())
        self.fields = _fields(self.page.decode())

    def open(self) -> Call:
        return Call(f"{self.path}/edit", self.team.cookie)

    def reckon(self) -> Call:
        return Call(f"/{self.team.slug}/invoices/preview?invoice={self.name}", self.team.cookie, self.fields)

    def save(self) -> Call:
        """Another quantity on one line."""
        return self._changed("lines-5-quantity")

    def rewrite(self) -> Call:
        """Another quantity on every line, so that every row is written."""
        return self._changed("-quantity")

    def _changed(self, ending: str) -> Call:
        self.version += 1
        self.fields |= {name: str(self.version) for name in self.fields if name.endswith(ending)}
        return Call(self.path, self.team.cookie, self.fields | {"version": str(self.version)})

    def finalize(self) -> Call:
        return Call(f"{self.path}/finalization", self.team.cookie, {"csrf_token": self.team.csrf_token})


def _fields(page: str) -> dict[str, str]:
    reader = _Reader()
    reader.feed(page)
    return reader.fields


class _Reader(HTMLParser):
    """Reads what a browser would send of the invoice's form."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.reads, self.select, self.area = False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.reads = given.get("id") == "invoice-form"
        elif tag == "template":
            self.reads = False  # The row that "Add line" copies is no field.
        elif self.reads and tag == "input" and given.get("type") != "checkbox":
            self.fields[name] = value
        elif self.reads and tag == "select":
            self.select = name
        elif self.reads and tag == "option" and "selected" in given:
            self.fields[self.select] = value
        elif self.reads and tag == "textarea":
            self.area = name

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.reads = True
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.fields[self.area] = self.fields.get(self.area, "") + data


if __name__ == "__main__":
    with world() as place:
        show({"machine": machine(), "thousand_lines": measure(place)})
