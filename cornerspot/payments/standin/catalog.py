"""Products and prices."""

from __future__ import annotations

from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.customers import merged
from cornerspot.payments.standin.errors import invalid
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.money_rules import require_currency
from cornerspot.payments.standin.rendering import matching, page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import (
    CHANGED_PRICE,
    CHANGED_PRODUCT,
    NEW_PRICE,
    NEW_PRODUCT,
    ONLY_EXPAND,
    PRICES,
    PRODUCTS,
)

MOST_LOOKUP_KEYS = 10


def new_product(world: World, account: Account, params: Obj) -> Obj:
    """A product on the account."""
    now = world.now()
    return world.put(
        account,
        {
            "id": params.get("id") or world.new_id("product", 14),
            "object": "product",
            "active": params.get("active", True),
            "created": now,
            "default_price": None,
            "description": params.get("description"),
            "images": params.get("images", []),
            "livemode": False,
            "marketing_features": [],
            "metadata": params.get("metadata", {}),
            "name": params["name"],
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": params.get("statement_descriptor"),
            "tax_code": None,
            "unit_label": params.get("unit_label"),
            "updated": now,
            "url": params.get("url"),
        },
    )


def new_price(world: World, account: Account, params: Obj, product: Obj) -> Obj:
    """A price of a product: one amount per unit, once or recurring."""
    recurring = params.get("recurring")
    return world.put(
        account,
        {
            "id": world.new_id("price"),
            "object": "price",
            "active": params.get("active", True),
            "billing_scheme": "per_unit",
            "created": world.now(),
            "currency": params["currency"],
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": params.get("lookup_key"),
            "metadata": params.get("metadata", {}),
            "nickname": params.get("nickname"),
            "product": product["id"],
            "recurring": recurring
            and {
                "interval": recurring["interval"],
                "interval_count": recurring.get("interval_count", 1),
                "meter": None,
                "usage_type": "licensed",
            },
            "tax_behavior": params.get("tax_behavior") or "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring" if recurring else "one_time",
            "unit_amount": params["unit_amount"],
            "unit_amount_decimal": str(params["unit_amount"]),
        },
    )


@operation("POST", "/v1/products", NEW_PRODUCT, "product_write")
def create_product(call: Call) -> Obj:
    """A new product."""
    if call.params.get("id") in call.account.table("product"):
        raise invalid("Product already exists.", "id", code="resource_already_exists")
    product = new_product(call.world, call.account, call.params)
    emit(call.world, call.account, "product.created", product, request=call.request)
    return shown(call.account, product, call.expand)


@operation("GET", "/v1/products", PRODUCTS, "product_read")
def list_products(call: Call) -> Obj:
    """Products, newest first."""
    rows = matching(call.account.table("product").values(), call.params, "active", "url")
    if ids := call.params.get("ids"):
        rows = [row for row in rows if row["id"] in ids]
    return page_of(call.account, rows, call.params, "/v1/products", "product")


@operation("GET", "/v1/products/<wanted>", ONLY_EXPAND, "product_read")
def read_product(call: Call) -> Obj:
    """One product."""
    return shown(call.account, call.account.get("product", call.args["wanted"]), call.expand)


@operation("POST", "/v1/products/<wanted>", CHANGED_PRODUCT, "product_write")
def update_product(call: Call) -> Obj:
    """The product as changed."""
    product, params = call.account.get("product", call.args["wanted"]), call.params
    for name in (
        "active",
        "default_price",
        "description",
        "images",
        "name",
        "statement_descriptor",
        "unit_label",
        "url",
    ):
        if name in params:
            product[name] = params[name]
    product.update(metadata=merged(product["metadata"], params, call.raw), updated=call.world.now())
    emit(call.world, call.account, "product.updated", product, request=call.request)
    return shown(call.account, product, call.expand)


@operation("POST", "/v1/prices", NEW_PRICE, "plan_write")
def create_price(call: Call) -> Obj:
    """A new price of a product, which may be made with it."""
    params, account = call.params, call.account
    if ("product" in params) == ("product_data" in params):
        raise invalid("You must specify either `product` or `product_data` when creating a price.", "product")
    if "unit_amount" not in params:
        raise invalid("Missing required param: unit_amount.", "unit_amount", code="parameter_missing")
    if params.get("billing_scheme") == "tiered":
        raise invalid("The stand-in has no tiered prices.", "billing_scheme")
    require_currency(params["currency"], "currency")
    _claim_lookup_key(account, params)
    if "product" in params:
        product = account.get("product", params["product"], "product", status=400)
    else:
        product = new_product(call.world, account, params["product_data"])
    price = new_price(call.world, account, params, product)
    emit(call.world, account, "price.created", price, request=call.request)
    return shown(account, price, call.expand)


@operation("GET", "/v1/prices", PRICES, "plan_read")
def list_prices(call: Call) -> Obj:
    """Prices, newest first."""
    rows = matching(call.account.table("price").values(), call.params, "active", "currency", "product", "type")
    if keys := call.params.get("lookup_keys"):
        if len(keys) > MOST_LOOKUP_KEYS:
            raise invalid("You can only specify up to 10 lookup_keys.", "lookup_keys")
        rows = [row for row in rows if row["lookup_key"] in keys]
    return page_of(call.account, rows, call.params, "/v1/prices", "price")


@operation("GET", "/v1/prices/<wanted>", ONLY_EXPAND, "plan_read")
def read_price(call: Call) -> Obj:
    """One price."""
    return shown(call.account, call.account.get("price", call.args["wanted"]), call.expand)


@operation("POST", "/v1/prices/<wanted>", CHANGED_PRICE, "plan_write")
def update_price(call: Call) -> Obj:
    """The price as changed; its amount never is."""
    price, params = call.account.get("price", call.args["wanted"]), call.params
    if params.get("lookup_key") != price["lookup_key"]:
        _claim_lookup_key(call.account, params)
    for name in ("active", "lookup_key", "nickname"):
        if name in params:
            price[name] = params[name]
    price["metadata"] = merged(price["metadata"], params, call.raw)
    emit(call.world, call.account, "price.updated", price, request=call.request)
    return shown(call.account, price, call.expand)


def _claim_lookup_key(account: Account, params: Obj) -> None:
    """One price holds a lookup key; it is handed over only when asked to."""
    key = params.get("lookup_key")
    holder = next((one for one in account.table("price").values() if key and one["lookup_key"] == key), None)
    if holder is not None and not params.get("transfer_lookup_key"):
        raise invalid(
            f"A price (`{holder['id']}`) already uses that lookup key. You can transfer the lookup key by setting "
            "`transfer_lookup_key` to `true`.",
            "lookup_key",
        )
    if holder is not None:
        holder["lookup_key"] = None
