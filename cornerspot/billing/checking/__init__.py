"""Proof of a team's books: everything stored twice is reckoned again from what it follows from.

``check_books`` runs every check in one snapshot and yields what does not fit; the other
modules hold one topic each. Nothing is changed, whatever is found.
"""

from cornerspot.billing.checking.books import check_books
from cornerspot.billing.checking.findings import Finding

__all__ = ["Finding", "check_books"]
