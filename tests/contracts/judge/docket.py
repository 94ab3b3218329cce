"""Where every bad request and answer is written down until pytest reads it.

It is a file, named by an environment variable, so that threads and the servers
that tests start in processes of their own write to the same one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMED_BY = "CORNERSPOT_STRIPE_DOCKET"


class Excuse:
    """Whether bad requests are sent on purpose just now, in this process."""

    why: str | None = None


@contextmanager
def excused(why: str) -> Iterator[None]:
    """Within, bad requests are let through and not written down; tests of refusals need that."""
    before, Excuse.why = Excuse.why, why
    try:
        yield
    finally:
        Excuse.why = before


def is_excused() -> bool:
    return Excuse.why is not None


def write_down(what: str) -> None:
    """Add a line to the docket; silent where no run of pytest asked for one."""
    path = os.environ.get(NAMED_BY)
    if path and not is_excused():
        line = " ".join(what.split()) + "\n"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(handle, line.encode())  # One write: lines of several processes do not mix.
        finally:
            os.close(handle)


class Docket:
    """The reading side: gives each line once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_to = 0
        path.touch()

    def take(self) -> list[str]:
        """The lines written since the last time."""
        if self.path.stat().st_size == self.read_to:
            return []
        with self.path.open("rb") as file:
            file.seek(self.read_to)
            lines = file.read()
            self.read_to = file.tell()
        return lines.decode().splitlines()
