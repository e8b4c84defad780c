"""Decimals at the edge: text to exact numbers and back, without a float anywhere."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

__all__ = ["PLACES", "exact_decimal", "parse_decimal", "parse_fraction", "rounded_decimal"]

_DECIMAL = re.compile(r"(?P<sign>[+-]?)(?P<digits>\d+(?:\.\d+)?)(?:[eE](?P<exponent>[+-]?\d{1,3}))?", re.ASCII)
_FRACTION = re.compile(r"(\d{1,18})/(\d{1,18})", re.ASCII)
PLACES = 1100  # digits after the point: the smallest double, 2^-1074, written out has 1074
_LONGEST = PLACES + 40  # characters of a number; more would only make hostile files slow
_SMALLEST = 400  # the exponent's bound; a double's goes down to 1e-324
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity|snan)", re.IGNORECASE)


def parse_decimal(text: str) -> Decimal:
    """Return the number a decimal string says, exactly.

    Every double is read as it is printed, shortest or written out to its last binary digit. Raises ValueError with a
    sentence's end ("must be ...") for anything else: NaN, infinities, exponents out of reason, magnitudes of 10^24 and
    beyond. The sentence never repeats the value.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"must be a number of at most {_LONGEST} characters")
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("must be a finite number")
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError('must be a decimal number such as "12500.25"')
    exponent = int(match["exponent"] or 0)
    if abs(exponent) > _SMALLEST:
        raise ValueError(f"must not have an exponent beyond {_SMALLEST}")
    value = Decimal(text)
    if value.adjusted() >= 24 and value != 0:
        raise ValueError("must be below 10^24 in magnitude")
    if -int(value.as_tuple().exponent) > PLACES:
        raise ValueError(f"must not have more than {PLACES} digits after the point")
    return value


def parse_fraction(text: str) -> Fraction:
    """Return a rate: a decimal string, or a fraction string such as "1/3". Raises ValueError like `parse_decimal`."""
    match = _FRACTION.fullmatch(text)
    if match is None:
        return Fraction(parse_decimal(text))
    numerator, denominator = int(match[1]), int(match[2])
    if denominator == 0:
        raise ValueError("must not be divided by zero")
    return Fraction(numerator, denominator)


def exact_decimal(units: int, places: int) -> Decimal:
    """Return units·10^-places, exact whatever the decimal context, without trailing zeros after the point."""
    while places > 0 and units % 10 == 0:
        units //= 10
        places -= 1
    digits = tuple(int(digit) for digit in str(abs(units)))
    return Decimal((int(units < 0), digits, -places))


def rounded_decimal(value: Fraction, places: int) -> Decimal:
    """Return a fraction rounded to `places` digits after the point, ties to even, trailing zeros dropped."""
    return exact_decimal(round(value * 10**places), places)
