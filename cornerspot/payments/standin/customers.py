"""Customers of an account."""

from __future__ import annotations

from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.errors import invalid
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.params import Range, Shape
from cornerspot.payments.standin.rendering import matching, page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import CUSTOMER, ONLY_EXPAND, TEXT, listing

PLAIN = ("description", "email", "name", "phone", "preferred_locales", "tax_exempt")


def new_customer(world: World, account: Account, params: Obj, request: Obj | None = None) -> Obj:
    """A customer on the account."""
    customer = {
        "id": world.new_id("customer", 14),
        "object": "customer",
        "address": _address(params.get("address")),
        "balance": 0,
        "created": world.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": params.get("description"),
        "discount": None,
        "email": params.get("email"),
        "invoice_prefix": world.token(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "name": params.get("name"),
        "next_invoice_sequence": 1,
        "phone": params.get("phone"),
        "preferred_locales": params.get("preferred_locales", []),
        "shipping": None,
        "tax_exempt": params.get("tax_exempt") or "none",
        "test_clock": None,
    }
    world.put(account, customer)
    emit(world, account, "customer.created", customer, request=request)
    return customer


@operation("POST", "/v1/customers", CUSTOMER, "customer_write")
def create_customer(call: Call) -> Obj:
    """A new customer."""
    _require_email(call.params.get("email"))
    return shown(call.account, new_customer(call.world, call.account, call.params, call.request), call.expand)


@operation("GET", "/v1/customers", listing(created=Range(), email=TEXT), "customer_read")
def list_customers(call: Call) -> Obj:
    """Customers, newest first."""
    rows = matching(call.account.table("customer").values(), call.params, "email")
    return page_of(call.account, rows, call.params, "/v1/customers", "customer")


@operation("GET", "/v1/customers/<wanted>", ONLY_EXPAND, "customer_read")
def read_customer(call: Call) -> Obj:
    """One customer; a deleted one says so."""
    wanted = call.args["wanted"]
    found = call.account.table("customer").get(wanted)
    if found is not None and found.get("deleted"):
        return {"id": wanted, "object": "customer", "deleted": True}
    return shown(call.account, call.account.get("customer", wanted), call.expand)


@operation("POST", "/v1/customers/<wanted>", CUSTOMER, "customer_write")
def update_customer(call: Call) -> Obj:
    """The customer as changed."""
    customer, params = call.account.get("customer", call.args["wanted"]), call.params
    _require_email(params.get("email"))
    customer.update({name: params[name] for name in PLAIN if name in params})
    if "address" in params:
        customer["address"] = _address(params["address"])
    customer["metadata"] = merged(customer["metadata"], params, call.raw)
    emit(call.world, call.account, "customer.updated", customer, request=call.request)
    return shown(call.account, customer, call.expand)


@operation("DELETE", "/v1/customers/<wanted>", Shape(), "customer_write")
def delete_customer(call: Call) -> Obj:
    """The customer is gone for new payments; old ones keep the id."""
    customer = call.account.get("customer", call.args["wanted"])
    emit(call.world, call.account, "customer.deleted", customer, request=call.request)
    customer["deleted"] = True
    return {"id": customer["id"], "object": "customer", "deleted": True}


def merged(kept: dict[str, str], params: Obj, raw: Obj) -> dict[str, str]:
    """Metadata after an update: given names are set, empty values take a name away, ``""`` takes all."""
    if raw.get("metadata") == "":
        return {}
    both = {**kept, **params.get("metadata", {})}
    return {name: value for name, value in both.items() if value != ""}


def _address(given: Obj | None) -> Obj | None:
    if not given:
        return None
    return {name: given.get(name) for name in ("city", "country", "line1", "line2", "postal_code", "state")}


def _require_email(email: str | None) -> None:
    if email is not None and ("@" not in email or " " in email):
        raise invalid(f"Invalid email address: {email}", "email", code="email_invalid")
