"""The smaller pages: connecting an account, receipts, invoices, two small deposits."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from cornerspot.payments.standin import paying
from cornerspot.payments.standin.control import StandIn
from cornerspot.payments.standin.pages import message_page, page, render, see_other
from cornerspot.payments.standin.state import Account

MICRODEPOSITS = ["32", "45"]
DENIED = {"error": "access_denied", "error_description": "The user denied your request"}


@page("GET", "/oauth/authorize")
def show_authorize(standin: StandIn, request: Request) -> Response:
    """Which account to connect to the platform."""
    platform, problem = _platform(standin, request)
    if platform is None:
        return message_page("This link does not work", problem, status=400)
    accounts = [one for one in standin.world.accounts.values() if not one.client_id]
    return render("authorize.html", platform=platform, accounts=accounts, action=request.full_path)


@page("POST", "/oauth/authorize")
def answer_authorize(standin: StandIn, request: Request) -> Response:
    """Back to the platform, with a code or with the refusal."""
    platform, problem = _platform(standin, request)
    if platform is None:
        return message_page("This link does not work", problem, status=400)
    state = {"state": request.args["state"]} if "state" in request.args else {}
    wanted = request.form.get("account", "")
    if wanted:
        scope = request.args.get("scope", "read_only")
        answer = {"scope": scope, "code": standin.grant_code(platform, wanted, scope)}
    else:
        answer = DENIED
    return_to = request.args.get("redirect_uri") or platform.redirect_uris[0]
    return see_other(f"{return_to}{'&' if urlsplit(return_to).query else '?'}{urlencode({**answer, **state})}")


def _platform(standin: StandIn, request: Request) -> tuple[Account | None, str]:
    platform = standin.world.platform_with(request.args.get("client_id", ""))
    if platform is None:
        return None, f"No application matches the supplied client identifier: {request.args.get('client_id')}"
    if request.args.get("response_type") != "code":
        return None, "response_type must be code."
    if request.args.get("scope", "read_only") not in ("read_only", "read_write"):
        return None, "scope must be read_only or read_write."
    uri = request.args.get("redirect_uri")
    if not (uri or platform.redirect_uris) or (uri and platform.redirect_uris and uri not in platform.redirect_uris):
        return None, f"Invalid redirect URI '{uri}'. Add it to the platform's settings."
    return platform, ""


@page("GET", "/receipts/<charge_id>")
def show_receipt(standin: StandIn, _request: Request, charge_id: str) -> Response:
    """The receipt of a charge."""
    account, charge = standin.world.find("charge", charge_id)
    return render("receipt.html", account=account, title="Receipt", amount=charge["amount"], document=charge)


@page("GET", "/i/<invoice_id>")
def show_invoice(standin: StandIn, _request: Request, invoice_id: str) -> Response:
    """A subscription's invoice."""
    account, invoice = standin.world.find("invoice", invoice_id)
    title = f"Invoice {invoice['number']}"
    return render("receipt.html", account=account, title=title, amount=invoice["total"], document=invoice)


@page("GET", "/c/microdeposits/<intent_id>")
def show_microdeposits(standin: StandIn, _request: Request, intent_id: str) -> Response:
    """Which two amounts have arrived."""
    account, intent = standin.world.find("payment_intent", intent_id)
    return render("microdeposits.html", account=account, intent=intent, problem=None)


@page("POST", "/c/microdeposits/<intent_id>")
def answer_microdeposits(standin: StandIn, request: Request, intent_id: str) -> Response:
    """The account is verified and the debit on its way; or the page again."""
    account, intent = standin.world.find("payment_intent", intent_id)
    if sorted((request.form.get("first", ""), request.form.get("second", ""))) != MICRODEPOSITS:
        problem = "The amounts do not match. In the stand-in they are 32 and 45."
        return render("microdeposits.html", 400, account=account, intent=intent, problem=problem)
    with standin.acting():
        paying.verify_microdeposits(standin.world, account, intent)
    return message_page("The bank account is verified", "The payment usually clears within four business days.")
