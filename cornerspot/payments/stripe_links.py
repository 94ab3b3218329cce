"""Where a person sees an object in Stripe's dashboard."""

from __future__ import annotations

HOST = "https://dashboard.stripe.com"
_PAGES = {"pi": "payments", "ch": "payments", "py": "payments", "du": "disputes", "dp": "disputes", "cs": "search"}


def dashboard_url(object_id: str, *, livemode: bool) -> str:
    """The page of a payment or dispute, or a search for anything else; empty for no object."""
    if not object_id:
        return ""
    base = HOST if livemode else f"{HOST}/test"
    page = _PAGES.get(object_id.partition("_")[0], "search")
    return f"{base}/search?query={object_id}" if page == "search" else f"{base}/{page}/{object_id}"
