"""The test cards and test bank accounts, by what becomes of a payment with them."""

from __future__ import annotations

from dataclasses import dataclass

from cornerspot.payments.standin.errors import invalid


@dataclass(frozen=True)
class Card:
    """A test card: declined with ``decline_code``, or paid, perhaps with an extra step or a later dispute."""

    number: str
    brand: str
    says: str
    code: str | None = None
    decline_code: str | None = None
    message: str = ""
    asks_3ds: bool = False
    disputed: str | None = None
    fails_later: bool = False


@dataclass(frozen=True)
class Bank:
    """A test bank account: what happens four business days after the debit was sent."""

    number: str
    name: str
    says: str
    fails_with: str | None = None
    disputed: str | None = None
    microdeposits: bool = False


def _declined(number: str, says: str, decline_code: str, message: str, code: str = "card_declined") -> Card:
    return Card(number, "visa", says, code, decline_code, message)


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "visa", "Succeeds"),
        Card("5555555555554444", "mastercard", "Succeeds"),
        Card("4000002500003155", "visa", "Asks for 3-D Secure", asks_3ds=True),
        _declined("4000000000000002", "Declined", "generic_decline", "Your card was declined."),
        _declined("4000000000009995", "Insufficient funds", "insufficient_funds", "Your card has insufficient funds."),
        _declined("4000000000009987", "Lost card", "lost_card", "Your card was declined."),
        _declined("4000000000000069", "Expired card", "expired_card", "Your card has expired.", "expired_card"),
        _declined(
            "4000000000000127",
            "Wrong security code",
            "incorrect_cvc",
            "Your card's security code is incorrect.",
            "incorrect_cvc",
        ),
        Card("4000000000000259", "visa", "Succeeds, then is disputed", disputed="fraudulent"),
        Card("4000000000001976", "visa", "Succeeds, then the bank inquires", disputed="inquiry"),
        Card("4000000000000341", "visa", "Can be saved, fails when charged later", fails_later=True),
    )
}
BANKS = {
    bank.name: bank
    for bank in (
        Bank("000123456789", "success", "Succeeds"),
        Bank("000222222227", "insufficient_funds", "Fails on day 4: insufficient funds", "insufficient_funds"),
        Bank("000111111113", "account_closed", "Fails on day 4: account closed", "account_closed"),
        Bank("000333333335", "debit_not_authorized", "Fails on day 4: not authorised", "debit_not_authorized"),
        Bank("000000004954", "disputed", "Succeeds, is returned later", disputed="insufficient_funds"),
        Bank("000000000009", "microdeposits", "Verified by two small deposits first", microdeposits=True),
    )
}
FAILURES = {
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "account_closed": "The customer's bank account has been closed.",
    "debit_not_authorized": "The customer has notified their bank that this payment was unauthorized.",
}


def card_named(number: str) -> Card:
    """The test card with that number, spaces or not; refuses any other number, above all a real one."""
    card = CARDS.get(number.replace(" ", "").replace("-", ""))
    if card is None:
        raise invalid("Your card number is not one of the stand-in's test cards.", "number", code="incorrect_number")
    return card


def bank_named(name: str) -> Bank:
    """The test bank account by its name or number."""
    found = BANKS.get(name) or next((bank for bank in BANKS.values() if bank.number == name), None)
    if found is None:
        raise invalid("That is not one of the stand-in's test bank accounts.", "account_number")
    return found
