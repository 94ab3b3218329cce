"""Invoices of subscriptions: made when a period begins, paid by the card on file."""

from __future__ import annotations

from cornerspot.payments.standin.blanks import blank
from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.charges import capture, new_charge, refuse
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.payment_intents import new_intent
from cornerspot.payments.standin.rendering import matching, page_of, shown, whole_list
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import INVOICES, ONLY_EXPAND
from cornerspot.payments.standin.test_methods import Card


def new_invoice(
    world: World, account: Account, subscription: Obj, reason: str, amount: int, period: tuple[int, int]
) -> Obj:
    """An open invoice over one period of a subscription."""
    now = world.now()
    invoice_id = world.new_id("invoice")
    customer = account.table("customer")[subscription["customer"]]
    invoice = {
        **blank("invoice"),
        "id": invoice_id,
        "account_country": account.country,
        "account_name": account.name,
        "amount_due": amount,
        "amount_remaining": amount,
        "billing_reason": reason,
        "created": now,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "hosted_invoice_url": f"{world.public_url}/i/{invoice_id}",
        "invoice_pdf": f"{world.public_url}/i/{invoice_id}/pdf",
        "lines": whole_list(
            [_line(world, subscription, item, invoice_id, amount, period) for item in subscription["items"]["data"]],
            f"/v1/invoices/{invoice_id}/lines",
        ),
        "number": _next_number(customer),
        "parent": {
            "quote_details": None,
            "subscription_details": {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]},
            "type": "subscription_details",
        },
        "period_end": period[1],
        "period_start": period[0],
        "status_transitions": {
            "finalized_at": now,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": amount,
        "total": amount,
        "_subscription": subscription["id"],
        "_intent": None,
    }
    world.put(account, invoice)
    emit(world, account, "invoice.created", invoice)
    emit(world, account, "invoice.finalized", invoice)
    return invoice


def _next_number(customer: Obj) -> str:
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    return number


def _line(world: World, subscription: Obj, item: Obj, invoice_id: str, amount: int, period: tuple[int, int]) -> Obj:
    return {
        "id": world.new_id("line_item"),
        "object": "line_item",
        "amount": amount,
        "currency": subscription["currency"],
        "description": f"{item['quantity']} × {item['price']['nickname'] or item['price']['id']}",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": {"start": period[0], "end": period[1]},
        "pricing": None,
        "quantity": item["quantity"],
        "subscription": subscription["id"],
        "subtotal": amount,
        "taxes": [],
    }


def collect(world: World, account: Account, invoice: Obj, card: Card, *, off_session: bool) -> bool:
    """The invoice is paid with the card on file, or has failed once more. Returns whether it is paid."""
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    works = card.code is None and not (off_session and card.fails_later)
    if invoice["amount_due"] and works:
        intent = _intent(world, account, invoice)
        capture(world, account, intent, new_charge(world, account, intent, "card", card=card))
    elif invoice["amount_due"]:
        intent = _intent(world, account, invoice)
        charge = new_charge(world, account, intent, "card", card=card)
        refuse(
            world,
            account,
            intent,
            charge,
            card.code or "card_declined",
            card.decline_code or "generic_decline",
            card.message or "Your card was declined.",
        )
        emit(world, account, "invoice.payment_failed", invoice)
        return False
    invoice.update(status="paid", amount_paid=invoice["amount_due"], amount_remaining=0, auto_advance=False)
    invoice["status_transitions"]["paid_at"] = world.now()
    emit(world, account, "invoice.paid", invoice)
    emit(world, account, "invoice.payment_succeeded", invoice)
    return True


def _intent(world: World, account: Account, invoice: Obj) -> Obj:
    if invoice["_intent"]:
        return account.get("payment_intent", invoice["_intent"])
    stub = {
        "id": None,
        "amount_total": invoice["amount_due"],
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "payment_method_types": ["card"],
        "_platform": None,
        "_intent_data": {"description": f"Subscription invoice {invoice['number']}"},
    }
    intent = new_intent(world, account, stub)
    invoice["_intent"] = intent["id"]
    return intent


@operation("GET", "/v1/invoices", INVOICES, "invoice_read")
def list_invoices(call: Call) -> Obj:
    """Invoices, newest first."""
    rows = matching(call.account.table("invoice").values(), call.params, "customer", "status")
    if wanted := call.params.get("subscription"):
        rows = [row for row in rows if row["_subscription"] == wanted]
    return page_of(call.account, rows, call.params, "/v1/invoices", "invoice")


@operation("GET", "/v1/invoices/<wanted>", ONLY_EXPAND, "invoice_read")
def read_invoice(call: Call) -> Obj:
    """One invoice."""
    return shown(call.account, call.account.get("invoice", call.args["wanted"]), call.expand)
