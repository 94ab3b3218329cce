"""``python -m bench`` measures everything in one world and writes ``bench/results.json``.

``python -m bench conversion walls`` measures only these and replaces their results.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import conversion, finalizing, memory, pages, pdfs, thousand_lines, walls, webhooks
from bench.measuring import machine, show
from bench.world import World, world

RESULTS = Path(__file__).with_name("results.json")


def measurements(place: World) -> dict[str, Callable[[], dict[str, Any]]]:
    """Every measurement by name, in the order in which they run."""
    return {
        "conversion": partial(conversion.measure, place),
        "finalizing": partial(finalizing.measure, place),
        "pages": partial(pages.measure, place),
        "thousand_lines": partial(thousand_lines.measure, place),
        "walls": partial(walls.measure, place),
        "pdfs": partial(pdfs.measure, place),
        "memory": partial(memory.measure, place),
        "webhooks": partial(webhooks.measure, place),
    }


def main(wanted: list[str]) -> None:
    """Measure, print JSON and a table, and keep the results."""
    began = perf_counter()
    results: dict[str, Any] = {"measured_at": datetime.now(UTC).isoformat(timespec="minutes"), "machine": machine()}
    kept = json.loads(RESULTS.read_text()) if wanted and RESULTS.exists() else {}
    with world() as place:
        for name, measure in measurements(place).items():
            if not wanted or name in wanted:
                results[name] = measure() | {"load_average": machine()["load_average"]}
                results["took_seconds"] = round(perf_counter() - began)
                RESULTS.write_text(json.dumps(kept | results, indent=2) + "\n")  # What is measured stays.
                print(name, f"{results['took_seconds']} s", file=sys.stderr)
    show(results)
    for line in verdicts(results):
        print(line, file=sys.stderr)


def verdicts(results: dict[str, Any]) -> list[str]:
    """One line for each budget: kept or missed, measured, allowed."""
    found = []
    for name, result in results.items():
        for what, said in (result.get("verdicts", {}) if isinstance(result, dict) else {}).items():
            (bound, size), *_ = said["budget"].items()
            words = f"{'kept  ' if said['kept'] else 'MISSED'} {name}.{what}"
            found.append(f"{words:<62} {said['measured']:>9} ({bound.replace('_', ' ')} {size})")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
