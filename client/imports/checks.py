"""Whether a response agrees with itself: rows with their own profit, sums with the venue's own totals.

A venue rounds what it prints, so two numbers agree within half a unit of the last printed place of each, carried
through the formula, and a millionth of the money they speak of. A wrong sign is off by twice the amount, a wrong unit
by a price: neither fits in there.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from .response import Response

__all__ = ["half_place", "must_agree", "must_profit", "total"]

_RELATIVE = Fraction(1, 10**6)
_MILLI = Fraction(1, 1000)


def half_place(number: Decimal) -> Fraction:
    """Return half a unit of a number's last printed place."""
    return Fraction(10) ** int(number.as_tuple().exponent) / 2


def total(amounts: Iterable[Fraction]) -> Fraction:
    """Return a sum, zero of nothing."""
    return sum(amounts, Fraction(0))


def must_agree(
    said: Response,
    wanted: Fraction,
    gross: Fraction,
    says: str,
    *,
    slack: Fraction = _MILLI,
    hint: str | None = None,
) -> None:
    """Refuse a total that is not what its parts add up to; `gross` is the money that went into them, unsigned.

    Raises FileError (code "mismatch").
    """
    if abs(said.exactly() - wanted) > slack + gross * _RELATIVE:
        raise said.error(says, "mismatch", hint)


def must_profit(
    said: Response,
    size: Decimal,
    mark: Decimal,
    entry: Decimal,
    *,
    relative: Fraction = _RELATIVE,
    less: Fraction = Fraction(0),
) -> None:
    """Refuse a row whose size × (mark − entry), `less` what was settled, is not the profit that it says itself.

    Raises FileError (code "mismatch").
    """
    signed = Fraction(size)
    wanted = signed * (Fraction(mark) - Fraction(entry)) - less
    price = half_place(mark) + half_place(entry) + abs(Fraction(mark)) * relative
    slack = half_place(said.number()) + abs(signed) * price
    if abs(said.exactly() - wanted) > slack:
        raise said.error(
            "is not the size times what the price moved: its unit or its sign is another",
            "mismatch",
            "hand in the response as the venue gave it; a size in contracts or in money is not one in coins",
        )
