"""Seeds that failed once, with what was wrong; each is walked by every run of the test-suite."""

from __future__ import annotations

FAILED_ONCE: dict[int, str] = {
    10042: "a page stayed open beside a bank debit for all that was owed",
    20004: "an error that Stripe repeats to a key kept a page from being closed for a day",
    10060: "an error that Stripe repeats to a key kept an invoice from being paid for a day",
}
