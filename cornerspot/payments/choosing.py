"""Which methods of payment a team offers, and which of them fit a currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cornerspot.activity.recording import record
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.payments.models import ProcessorAccount
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission


@dataclass(frozen=True)
class Method:
    """A way to pay: Stripe's key for it, its name for people, the currencies it takes (None is every one)."""

    key: str
    name: str
    hint: str
    currencies: frozenset[str] | None = None

    def takes(self, currency: str) -> bool:
        return self.currencies is None or currency in self.currencies


def _in(*currencies: str) -> frozenset[str]:
    return frozenset(currencies)


METHODS = (
    Method("card", "Card", "Visa, Mastercard, American Express and wallets. Paid within seconds."),
    Method("us_bank_account", "ACH Direct Debit", "US bank accounts. Clears in up to 4 business days.", _in("USD")),
    Method(
        "sepa_debit", "SEPA Direct Debit", "Accounts in the euro area. Clears in about 5 business days.", _in("EUR")
    ),
    Method("bacs_debit", "Bacs Direct Debit", "UK bank accounts. Clears in about 4 business days.", _in("GBP")),
    Method("acss_debit", "Pre-authorized debit", "Canadian banks. Clears in about 5 business days.", _in("CAD", "USD")),
    Method("au_becs_debit", "BECS Direct Debit", "Australian banks. Clears in about 3 business days.", _in("AUD")),
)
METHOD_KEYS = tuple(method.key for method in METHODS)
METHOD_NAMES = {method.key: method.name for method in METHODS}


def methods_for(account: ProcessorAccount, currency: str) -> tuple[str, ...]:
    """The methods a payer is offered in this currency: what the team offers and the currency takes.

    A card is always among them; Stripe itself leaves out what the account may not take.
    """
    offered = {"card", *account.methods}
    return tuple(method.key for method in METHODS if method.key in offered and method.takes(currency))


def usual_methods(capabilities: dict[str, str]) -> list[str]:
    """What a new connection offers: cards, and every debit that Stripe lets the account take already."""
    return [key for key in METHOD_KEYS if key == "card" or capabilities.get(key) == "active"]


def choose_methods(account: ProcessorAccount, keys: Iterable[str], *, seen: int | None, by: Actor) -> None:
    """Payers are offered these methods from the next payment page on, and always a card.

    Raises Invalid for one that there is not, Conflict when the account is not connected, StaleVersion.
    """
    by.require(Permission.MANAGE_INTEGRATIONS)
    wanted = {"card", *keys}
    if not wanted <= set(METHOD_KEYS):
        raise Invalid("Choose from the methods listed.")
    held = lock(account)
    if held.state == "disconnected":
        raise Conflict("This account is no longer connected.")
    chosen = [key for key in METHOD_KEYS if key in wanted]
    require_version(held, seen, {"methods": chosen})
    if chosen == held.methods:
        return
    held.methods = chosen
    bump(held)
    record(held, "methods_chosen", by=by, methods=[METHOD_NAMES[key] for key in chosen])
