"""Payment methods: the card or bank account of a try."""

from __future__ import annotations

from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.test_methods import BANKS, Card

NO_ADDRESS: Obj = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def new_method(
    world: World, account: Account, kind: str, customer_id: str | None, *, card: Card | None, bank: str | None
) -> Obj:
    """A payment method on the account, with the details that its kind shows."""
    customer = account.table("customer").get(customer_id or "", {})
    details = _card(card, world) if card is not None else _bank(kind, bank or "success")
    return world.put(
        account,
        {
            "id": world.new_id("payment_method"),
            "object": "payment_method",
            "allow_redisplay": "limited",
            "billing_details": {
                "address": dict(NO_ADDRESS),
                "email": customer.get("email"),
                "name": customer.get("name"),
                "phone": None,
                "tax_id": None,
            },
            "created": world.now(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": kind,
            kind: details,
        },
    )


def method_details(method: Obj) -> Obj:
    """The ``payment_method_details`` of a charge made with it."""
    kind = method["type"]
    details = dict(method[kind])
    if kind == "card":
        for name in ("display_brand", "generated_from", "networks", "three_d_secure_usage"):
            details.pop(name)
        details.update(
            amount_authorized=None,
            authorization_code=None,
            installments=None,
            mandate=None,
            network=method["card"]["brand"],
            three_d_secure=None,
        )
    elif kind == "us_bank_account":
        for name in ("financial_connections_account", "networks", "status_details"):
            details.pop(name)
        details["payment_reference"] = None
    elif kind == "sepa_debit":
        details.pop("generated_from")
        details["mandate"] = None
    return {"type": kind, kind: details}


def _card(card: Card, world: World) -> Obj:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": int(world.clock.now().year) + 3,
        "fingerprint": f"fp{card.number}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _bank(kind: str, bank: str) -> Obj:
    number = BANKS[bank].number
    last4, fingerprint = number[-4:], f"fp{number}"
    if kind == "us_bank_account":
        return {
            "account_holder_type": "company",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": None,
            "fingerprint": fingerprint,
            "last4": last4,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": "110000000",
            "status_details": None,
        }
    if kind == "sepa_debit":
        return {
            "bank_code": "37040044",
            "branch_code": "",
            "country": "AT",
            "fingerprint": fingerprint,
            "generated_from": None,
            "last4": last4,
        }
    if kind == "acss_debit":
        return {
            "bank_name": "STRIPE TEST BANK",
            "fingerprint": fingerprint,
            "institution_number": "000",
            "last4": last4,
            "transit_number": "11000",
        }
    if kind == "bacs_debit":
        return {"fingerprint": fingerprint, "last4": last4, "sort_code": "108800"}
    return {"bsb_number": "000000", "fingerprint": fingerprint, "last4": last4}
