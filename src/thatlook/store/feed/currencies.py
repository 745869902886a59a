"""Currencies: the codes of ISO 4217, the signs that shops write for them, how many decimals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CODES: Final = frozenset((
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
    "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD",
    "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD",
    "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ",
    "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD",
    "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP",
    "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR",
    "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB",
    "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD",
    "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SLL", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
    "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD",
    "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR",
    "ZMW", "ZWG", "ZWL",
))  # fmt: skip

WHOLE: Final = frozenset((
    "BIF", "CLP", "COP", "DJF", "GNF", "HUF", "IDR", "ISK", "JPY", "KMF", "KRW", "LAK", "LBP",
    "PYG", "RWF", "UGX", "UZS", "VND", "VUV", "XAF", "XOF", "XPF",
))  # fmt: skip
"""Currencies whose prices have no decimals, by ISO 4217 or because all shops leave them away."""

THOUSANDTHS: Final = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
"""Currencies of three decimals."""

COMMA_GROUPS: Final = frozenset((
    "AED", "AUD", "BDT", "CNY", "DOP", "EGP", "GBP", "GHS", "GTQ", "HKD", "ILS", "INR", "JMD",
    "KES", "LKR", "MXN", "MYR", "NGN", "NPR", "NZD", "PEN", "PHP", "PKR", "QAR", "SAR", "SGD",
    "THB", "TTD", "TWD", "TZS", "USD",
))  # fmt: skip
"""Currencies in whose countries a "," separates thousands and nothing else (Unicode CLDR)."""

_DOLLARS: Final = "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU"
SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    sign: tuple(codes.split())
    for signs, codes in (
        ("€", "EUR"),
        ("$", _DOLLARS),
        ("us$ u$s us", "USD"),
        ("ca$ c$ can$ cdn$", "CAD"),
        ("a$ au$", "AUD"),
        ("nz$", "NZD"),
        ("s$ sg$", "SGD"),
        ("hk$", "HKD"),
        ("nt$", "TWD"),
        ("mx$ mex$", "MXN"),
        ("r$", "BRL"),
        ("£ £", "GBP EGP"),
        ("¥ ￥", "JPY CNY"),
        ("円", "JPY"),
        ("元 rmb", "CNY"),
        ("₩ 원", "KRW"),
        ("₹", "INR"),
        ("rs rs. ₨", "INR PKR LKR NPR MUR"),
        ("zł", "PLN"),
        ("kč", "CZK"),
        ("ft ft.", "HUF"),
        ("lei", "RON MDL"),
        ("лв лв.", "BGN"),
        ("₺ tl", "TRY"),
        ("₽ руб руб. р. р", "RUB"),
        ("₴ грн грн.", "UAH"),
        ("₪", "ILS"),
        ("฿", "THB"),
        ("₫ đ", "VND"),
        ("₱", "PHP"),
        ("rp rp.", "IDR"),
        ("rm", "MYR"),
        ("₦", "NGN"),
        ("fr. sfr. sfr", "CHF"),
        ("s/ s/.", "PEN"),
        ("د.إ", "AED"),
        ("ر.س", "SAR"),
        ("r", "ZAR"),
    )
    for sign in signs.split()
}
"""Sign, in small letters -> the currencies that it may mean, the one first that it means alone."""

KRONER: Final = ("kr", "kr.")
"""Signs of several currencies none of which comes first."""
_KRONER_CODES: Final = ("SEK", "NOK", "DKK", "ISK")


def meant(word: str) -> tuple[str, ...]:
    """The currencies that a code or a sign may mean, the likeliest first; () for another word."""
    known = SIGNS.get(word.casefold())
    if known:
        return known
    if word.casefold() in KRONER:
        return _KRONER_CODES
    return (word.upper(),) if word.upper() in CODES else ()
