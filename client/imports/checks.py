"""Whether a response agrees with itself: rows with their own profit, sums with the venue's own totals.

A venue rounds what it prints, so two numbers agree within half a unit of the last printed place of each, carried
through the formula, and a millionth of the money they speak of. Zeros at the end are often not printed, so that half a
unit is not taken for more than half a cent or a hundredth, nor for more than a share of a price. Sums agree to the
cent. A wrong sign is off by twice the amount, a wrong unit by a price or a power of ten: neither fits in there.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from .response import Response

__all__ = ["OPTION", "half_place", "money_slack", "must_agree", "must_profit", "price_slack", "total"]

_RELATIVE = Fraction(1, 10**6)
_CENT = Fraction(1, 100)
_PRICE = Fraction(1, 10_000)  # five significant digits
OPTION = Fraction(1, 10)  # of an option's price, which may be one tick


def half_place(number: Decimal) -> Fraction:
    """Return half a unit of a number's last printed place."""
    return Fraction(10) ** int(number.as_tuple().exponent) / 2


def money_slack(said: Decimal) -> Fraction:
    """Return how far a printed amount of money may be from the true one."""
    return min(half_place(said), max(abs(Fraction(said)) / 100, _CENT / 2))


def price_slack(price: Decimal, share: Fraction = _PRICE) -> Fraction:
    """Return how far a printed price may be from the true one, at most a share of it."""
    return min(half_place(price), abs(Fraction(price)) * share)


def total(amounts: Iterable[Fraction]) -> Fraction:
    """Return a sum, zero of nothing."""
    return sum(amounts, Fraction(0))


def must_agree(
    said: Response,
    wanted: Fraction,
    gross: Fraction,
    says: str,
    *,
    slack: Fraction = _CENT,
    relative: Fraction = _RELATIVE,
    hint: str | None = None,
) -> None:
    """Refuse a total that is not what its parts add up to; `gross` is the money that went into them, unsigned.

    Raises FileError (code "mismatch").
    """
    if abs(said.exactly() - wanted) > slack + gross * relative:
        raise said.error(says, "mismatch", hint)


def must_profit(
    said: Response,
    size: Decimal,
    mark: Decimal,
    entry: Decimal,
    *,
    relative: Fraction = _RELATIVE,
    share: Fraction = _PRICE,
    less: Fraction = Fraction(0),
    slack: Fraction = Fraction(0),
) -> None:
    """Refuse a row whose size × (mark − entry), `less` what was settled, is not the profit that it says itself.

    `slack` is what the venue rounds besides.

    Raises FileError (code "mismatch").
    """
    signed = Fraction(size)
    wanted = signed * (Fraction(mark) - Fraction(entry)) - less
    price = price_slack(mark, share) + price_slack(entry, share) + abs(Fraction(mark)) * relative
    slack += money_slack(said.number()) + abs(signed) * price
    if abs(said.exactly() - wanted) > slack:
        raise said.error(
            "is not the size times what the price moved: its unit or its sign is another",
            "mismatch",
            "hand in the response as the venue gave it; a size in contracts or in money is not one in coins",
        )
