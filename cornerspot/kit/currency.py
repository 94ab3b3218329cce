"""The currencies people can invoice in, with the number of decimals ISO 4217 gives them.

The table is our own because CLDR (and so Babel) lists how many decimals people
*like to see*: 0 for AFN or IQD, where ISO 4217 and the banks keep 2 and 3. Fund,
metal and testing codes (CLF, XAU, XTS …) are left out: nobody pays an invoice in
them. As of the ISO 4217 list after the Bulgarian lev left it in January 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cornerspot.kit.errors import Invalid

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP
    LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
    NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
    SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST
    XCD XCG YER ZAR ZMW ZWG
"""

EXPONENTS: Mapping[str, int] = MappingProxyType(
    dict(sorted((code, exponent) for exponent, codes in ((0, _ZERO), (2, _TWO), (3, _THREE)) for code in codes.split()))
)


class UnknownCurrency(Invalid):
    """The code is not one of a currency in use."""

    def __init__(self, code: object) -> None:
        super().__init__(f"{code} is not a currency. Use a three-letter code such as EUR.", field="currency")


def exponent(code: str) -> int:
    """How many decimals the currency has (0, 2 or 3); raises UnknownCurrency."""
    try:
        return EXPONENTS[code]
    except (KeyError, TypeError):
        raise UnknownCurrency(code) from None


def is_currency(code: str) -> bool:
    """Whether the code, in capitals, is that of a currency in use."""
    return code in EXPONENTS


def currencies() -> tuple[str, ...]:
    """Every code we accept, in alphabetical order."""
    return tuple(EXPONENTS)
