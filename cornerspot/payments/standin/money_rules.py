"""What Stripe says about amounts: the smallest and largest, whole units, fees, and which method takes which currency.

Stripe's lists, not ISO's: UGX and ISK are sent in hundredths, and only whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from cornerspot.payments.standin.errors import invalid

_ZERO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
ZERO_DECIMALS = frozenset(_ZERO_DECIMALS.split())
THREE_DECIMALS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
WHOLE_UNITS_ONLY = frozenset(("isk", "ugx"))
_CURRENCIES = """
    aed afn all amd aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny cop crc
    cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy
    kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio
    nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs
    tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw
"""
CURRENCIES = frozenset(_CURRENCIES.split())
LEAST = {
    "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
LARGEST = 99_999_999
LARGEST_OF = {"idr": 999_999_999_999, "clp": 9_999_999_999, "cop": 9_999_999_999, "huf": 9_999_999_999}

# The methods that Checkout knows here, and the currencies each one takes; None is any.
CURRENCIES_OF_METHOD: dict[str, frozenset[str] | None] = {
    "card": None,
    "us_bank_account": frozenset(("usd",)),
    "sepa_debit": frozenset(("eur",)),
    "bacs_debit": frozenset(("gbp",)),
    "acss_debit": frozenset(("cad", "usd")),
    "au_becs_debit": frozenset(("aud",)),
}
BANK_METHODS = tuple(method for method in CURRENCIES_OF_METHOD if method != "card")
DISPUTE_FEE = {"eur": 2000, "gbp": 2000, "usd": 1500}


def require_currency(currency: str, param: str) -> None:
    """Refuse a currency that Stripe does not take."""
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}. Stripe currently supports these currencies: usd, aed, ...", param)


def require_payable_units(amount: int, currency: str, param: str) -> None:
    """Refuse parts of a unit where only whole ones move, and a third decimal that is not 0."""
    if currency in WHOLE_UNITS_ONLY and amount % 100:
        raise invalid(f"Invalid amount. Amounts in {currency} must be evenly divisible by 100.", param)
    if currency in THREE_DECIMALS and amount % 10:
        raise invalid(f"Invalid amount. The last digit of amounts in {currency} must be 0.", param)


def require_amount(amount: int, currency: str, param: str) -> None:
    """Refuse what is too little, too much, or not payable in this currency."""
    require_payable_units(amount, currency, param)
    if amount < LEAST.get(currency, 1):
        raise invalid(
            "The Checkout Session's total amount due must add up to at least 50 cents or its worth; "
            f"{amount} {currency} is too little.",
            param,
            code="amount_too_small",
        )
    if amount > LARGEST_OF.get(currency, LARGEST):
        raise invalid(
            f"The Checkout Session's total amount due must be no more than 999,999.99 {currency}.",
            param,
            code="amount_too_large",
        )


def offered_methods(
    currency: str, active: Iterable[str], allowed: list[str] | None, excluded: list[str] | None
) -> list[str]:
    """The methods a payer sees: switched on, fit for the currency, allowed, not excluded; refuses unfit ones."""
    for name, named in (("allowed_payment_method_types", allowed), ("excluded_payment_method_types", excluded)):
        for method in named or ():
            if method not in CURRENCIES_OF_METHOD:
                raise invalid(f"Invalid {name}: {method} is not a payment method type.", name)
    for method in allowed or ():
        takes = CURRENCIES_OF_METHOD[method]
        if takes is not None and currency not in takes:
            raise invalid(
                f"The payment method type {method} cannot be used with the currency {currency}; "
                f"it takes {', '.join(sorted(takes))}.",
                "allowed_payment_method_types",
            )
    offered = [
        method
        for method, takes in CURRENCIES_OF_METHOD.items()
        if method in active
        and (takes is None or currency in takes)
        and (not allowed or method in allowed)
        and method not in (excluded or ())
    ]
    if not offered:
        raise invalid(
            f"No valid payment method types for this Checkout Session in {currency}. "
            "Activate one in the Dashboard that this currency and your filter allow.",
            "allowed_payment_method_types",
        )
    return offered


def charge_fee(amount: int, currency: str, method: str) -> int:
    """What Stripe keeps: ACH 0.8 % up to 5.00; 1.4 % + 0.25 in euros, 2.9 % + 0.30 otherwise; rounded half up."""
    if method == "us_bank_account":
        return min(_share(amount, 8), 500)
    permille, fixed = (14, 25) if currency == "eur" else (29, 30)
    if currency in ZERO_DECIMALS:
        return min(amount, _share(amount, permille) + fixed)
    scale = 10 if currency in THREE_DECIMALS else 1
    return min(amount, _share(amount, permille) + fixed * scale)


def dispute_fee(currency: str) -> int:
    """What a withdrawn dispute costs on top."""
    return DISPUTE_FEE.get(currency, 1500)


def _share(amount: int, permille: int) -> int:
    return (amount * permille + 500) // 1000
