"""The rules between the fields of a new Checkout Session, and what its lines come to."""

from __future__ import annotations

from urllib.parse import urlsplit

from cornerspot.payments.standin.calls import Call
from cornerspot.payments.standin.catalog import new_price, new_product
from cornerspot.payments.standin.errors import ApiRefusal, invalid
from cornerspot.payments.standin.money_rules import require_amount, require_currency
from cornerspot.payments.standin.state import Obj

SHORTEST_SECONDS, LONGEST_SECONDS = 30 * 60, 24 * 3600
MOST_LINES = 100


def require_rules(call: Call) -> None:
    """Refuse what Stripe refuses beyond the shape of the parameters."""
    params = call.params
    params.setdefault("mode", "payment" if "line_items" in params else None)
    mode = params["mode"]
    if mode is None:
        raise invalid("Missing required param: mode.", "mode", code="parameter_missing")
    if mode == "setup":
        raise invalid("The stand-in has no setup mode.", "mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The stand-in has the hosted page only.", "ui_mode")
    if not params.get("line_items"):
        raise invalid(f"Missing required param: line_items. It is needed in `{mode}` mode.", "line_items",
                      code="parameter_missing")  # fmt: skip
    if len(params["line_items"]) > MOST_LINES:
        raise invalid("You can have up to 100 line items.", "line_items")
    if not params.get("success_url"):
        raise invalid("Missing required param: success_url.", "success_url", code="parameter_missing")
    for name in ("success_url", "cancel_url"):
        _require_url(params.get(name), name)
    _require_customer(call)
    _require_mode_data(call, mode)
    _require_expiry(call)
    if not call.account.charges_enabled:
        raise ApiRefusal("Your account cannot currently make live charges.", code="account_invalid", kept=False)


def priced_lines(call: Call) -> tuple[str, list[Obj]]:
    """The session's currency, and its lines with their prices; refuses sums that cannot be paid."""
    mode, lines = call.params["mode"], []
    for index, asked in enumerate(call.params["line_items"]):
        price = _price(call, asked, f"line_items[{index}]")
        _require_kind(price, mode, f"line_items[{index}]")
        if "quantity" not in asked:
            raise invalid(
                f"Missing required param: line_items[{index}][quantity].", f"line_items[{index}][quantity]",
                code="parameter_missing",
            )  # fmt: skip
        lines.append(_line(call, price, asked["quantity"], asked.get("metadata", {})))
    currency = lines[0]["currency"]
    if any(line["currency"] != currency for line in lines):
        raise invalid("You cannot combine currencies on a single Checkout Session.", "line_items")
    if call.params.get("currency", currency) != currency:
        raise invalid(f"The lines are in {currency}, not in {call.params['currency']}.", "currency")
    total = sum(line["amount_total"] for line in lines)
    if mode == "payment" or total:
        require_amount(total, currency, "line_items")
    fee = call.params.get("payment_intent_data", {}).get("application_fee_amount")
    if fee is not None and fee > total:
        raise invalid("The application fee cannot be greater than the amount.",
                      "payment_intent_data[application_fee_amount]")  # fmt: skip
    return currency, lines


def _price(call: Call, asked: Obj, name: str) -> Obj:
    data = asked.get("price_data")
    if (data is None) == ("price" not in asked):
        raise invalid(f"You must specify either `price` or `price_data` for {name}.", f"{name}[price]")
    if data is None:
        price = call.account.get("price", asked["price"], f"{name}[price]", status=400)
        if not price["active"]:
            raise invalid("The price specified is inactive. This field only accepts active prices.", f"{name}[price]")
        return price
    if ("product" in data) == ("product_data" in data):
        raise invalid(
            f"You must specify either `product` or `product_data` when creating a price for {name}.",
            f"{name}[price_data]",
            code="parameter_missing",
        )
    if "unit_amount" not in data:
        raise invalid(
            f"You must specify `unit_amount` for {name}[price_data].", f"{name}[price_data][unit_amount]",
            code="parameter_missing",
        )  # fmt: skip
    require_currency(data["currency"], f"{name}[price_data][currency]")
    if "product" in data:
        product = call.account.get("product", data["product"], f"{name}[price_data][product]", status=400)
    else:
        product = new_product(call.world, call.account, {**data["product_data"], "active": False})
    return new_price(call.world, call.account, {**data, "active": False}, product)


def _line(call: Call, price: Obj, quantity: int, metadata: Obj) -> Obj:
    amount = (price["unit_amount"] or 0) * quantity
    product = call.account.get("product", price["product"])
    return {
        "id": call.world.new_id("item"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product["name"],
        "metadata": metadata,
        "price": price,
        "quantity": quantity,
    }


def _require_kind(price: Obj, mode: str, name: str) -> None:
    if mode == "payment" and price["recurring"]:
        raise invalid("You specified `payment` mode but passed a recurring price. Either switch to `subscription` "
                      "mode or use only one-time prices.", f"{name}[price]")  # fmt: skip
    if mode == "subscription" and not price["recurring"]:
        raise invalid("The stand-in takes recurring prices only in `subscription` mode.", f"{name}[price]")


def _require_customer(call: Call) -> None:
    params = call.params
    if "customer" in params and "customer_email" in params:
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer")
    if "customer" in params and "customer_creation" in params:
        raise invalid("You may only specify one of these parameters: customer, customer_creation.", "customer")
    if "customer" in params:
        call.account.get("customer", params["customer"], "customer", status=400)
    elif _saves_method(params) and params.get("customer_creation") != "always":
        raise invalid("`saved_payment_method_options` needs a customer.", "saved_payment_method_options")
    if "@" not in params.get("customer_email", "@"):
        raise invalid(f"Invalid email address: {params['customer_email']}", "customer_email", code="email_invalid")


def _saves_method(params: Obj) -> bool:
    return bool(params.get("saved_payment_method_options", {}).get("payment_method_save") == "enabled")


def _require_mode_data(call: Call, mode: str) -> None:
    params = call.params
    if mode != "payment" and "payment_intent_data" in params:
        raise invalid("You can not pass `payment_intent_data` in `subscription` mode.", "payment_intent_data")
    if mode != "payment" and "customer_creation" in params:
        raise invalid("`customer_creation` can only be used in `payment` mode.", "customer_creation")
    if mode != "subscription" and "subscription_data" in params:
        raise invalid("You can not pass `subscription_data` in `payment` mode.", "subscription_data")
    if mode == "subscription" and "submit_type" in params and params["submit_type"] not in ("auto", "subscribe"):
        raise invalid("`submit_type` can only be `subscribe` in `subscription` mode.", "submit_type")
    if "application_fee_amount" in params.get("payment_intent_data", {}) and not call.on_connected_account:
        raise invalid(
            "Can only apply an application_fee_amount when the request is made on behalf of another account, using an "
            "OAuth key or the Stripe-Account header.",
            "payment_intent_data[application_fee_amount]",
        )


def _require_expiry(call: Call) -> None:
    if "expires_at" not in call.params:
        return
    expires_at, now = call.world.clock.of_callers(call.params["expires_at"]), call.world.now()
    if expires_at < now + SHORTEST_SECONDS:
        raise invalid("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
                      "expires_at")  # fmt: skip
    if expires_at > now + LONGEST_SECONDS:
        raise invalid("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
                      "expires_at")  # fmt: skip


def _require_url(url: str | None, name: str) -> None:
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise invalid("Not a valid URL", name, code="url_invalid")
