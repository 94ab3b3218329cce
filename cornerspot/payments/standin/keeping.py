"""Keeping the stand-in's world in one JSON file, so that a demo goes on after a restart."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from cornerspot.payments.standin.state import Account, World

KEPT = (
    "keys",
    "connections",
    "codes",
    "homes",
    "agenda",
    "plans",
    "deliveries",
    "waiting",
    "card_refund_days",
    "fee_delay_seconds",
    "made",
)


def save_world(world: World, lock: threading.RLock, path: Path) -> None:
    """The file holds the world as it is now; a crash in between leaves the old file."""
    with lock:
        content = json.dumps(
            {
                **{name: getattr(world, name) for name in KEPT},
                "accounts": [asdict(account) for account in world.accounts.values()],
                "ahead_seconds": world.clock.offset.total_seconds(),
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(content)
    fresh.replace(path)


def load_world(world: World, path: Path) -> None:
    """The world is as the file says; without a file it stays as it is."""
    if not path.exists():
        return
    content = json.loads(path.read_text())
    for name in KEPT:
        setattr(world, name, content[name])
    world.accounts = {one["id"]: Account(**one) for one in content["accounts"]}
    world.clock.offset = timedelta(seconds=content["ahead_seconds"])
    for delivery in world.deliveries.values():
        if delivery["state"] == "sending":
            delivery["state"] = "waiting"
