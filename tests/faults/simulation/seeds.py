"""Seeds that failed once, with what was wrong; each is walked by every run of the test-suite."""

from __future__ import annotations

FAILED_ONCE: dict[int, str] = {
    10096: "the fee of a dispute after a full refund, which moved nothing else, was not booked",
}
