"""Decimals at the edge: text to exact numbers and back, without a float anywhere."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

__all__ = ["PLACES", "NotDecimal", "exact_decimal", "parse_decimal", "parse_fraction", "rounded_decimal"]

_DECIMAL = re.compile(r"(?P<sign>[+-]?)(?P<digits>\d+(?:\.\d+)?)(?:[eE](?P<exponent>[+-]?\d{1,3}))?", re.ASCII)
_FRACTION = re.compile(r"(\d{1,18})/(\d{1,18})", re.ASCII)
PLACES = 1100  # digits after the point: the smallest double, 2^-1074, written out has 1074
_LONGEST = PLACES + 40  # characters of a number; more would only make hostile files slow
_SMALLEST = 400  # the exponent's bound; a double's goes down to 1e-324
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity|snan)", re.IGNORECASE)


class NotDecimal(ValueError):
    """A text that is no decimal number, with what to write instead where it is clear what was meant.

    The sentence never repeats the value; `wanted` does, for the eyes of whoever wrote it.
    """

    def __init__(self, sentence: str, wanted: str | None = None) -> None:
        """Keep the sentence's end and what to write instead."""
        super().__init__(sentence)
        self.wanted = wanted


def parse_decimal(text: str) -> Decimal:
    """Return the number a decimal string says, exactly.

    Every double is read as it is printed, shortest or written out to its last binary digit. Raises ValueError with a
    sentence's end ("must be ...") for anything else: NaN, infinities, exponents out of reason, magnitudes of 10^24 and
    beyond. The sentence never repeats the value. Thousands apart, commas for points and the like are no numbers here:
    what they seem to mean is told (`NotDecimal.wanted`), never taken.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"must be a number of at most {_LONGEST} characters")
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("must be a finite number")
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise _misspelt(text)
    exponent = int(match["exponent"] or 0)
    if abs(exponent) > _SMALLEST:
        raise ValueError(f"must not have an exponent beyond {_SMALLEST}")
    value = Decimal(text)
    if value.adjusted() >= 24 and value != 0:
        raise ValueError("must be below 10^24 in magnitude")
    if -int(value.as_tuple().exponent) > PLACES:
        raise ValueError(f"must not have more than {PLACES} digits after the point")
    return value


_GROUPS = re.compile(
    r"(?P<whole>\d{1,3}(?P<apart>[ ,._'\u2019\u00a0\u2009\u202f])\d{3}(?:(?P=apart)\d{3})*)"
    r"(?:(?P<point>[.,])(?P<rest>\d+))?",
    re.ASCII,
)
_POINTS = re.compile(r"(?P<whole>\d*)[.,](?P<rest>\d*)", re.ASCII)
_PLAIN = 'must be a decimal number such as "12500.25"'


def _misspelt(text: str) -> NotDecimal:
    """Return what is wrong with a text that is no decimal number, and what was meant where only one number can be."""
    spelt, sign = text.strip(), ""
    if spelt.startswith("(") and spelt.endswith(")"):  # as accounts write what is owed
        spelt, sign = spelt[1:-1], "-"
    elif spelt[:1] in ("+", "-", "\u2212", "\u2013"):
        spelt, sign = spelt[1:].strip(), "" if spelt[0] == "+" else "-"
    groups, points = _GROUPS.fullmatch(spelt), _POINTS.fullmatch(spelt)
    if groups is not None and groups["point"] != groups["apart"]:
        whole, rest = re.sub(r"\D", "", groups["whole"]), groups["rest"]
        if rest is None and groups["apart"] in ",." and len(whole) <= 6:
            point = f"{sign}{groups['whole'].replace(',', '.')}"
            return NotDecimal(
                f"{_PLAIN}: its comma may part thousands or stand for the point",
                f"{sign}{whole} or {point}, whichever it is",
            )
        return NotDecimal(f"{_PLAIN}, without thousands apart", f"{sign}{whole}" + (f".{rest}" if rest else ""))
    if points is not None and (points["whole"] or points["rest"]):
        rest = f".{points['rest']}" if points["rest"] else ""
        whole = points["whole"] or "0"
        return NotDecimal(f"{_PLAIN}, with digits on both sides of a point, not a comma", f"{sign}{whole}{rest}")
    if _DECIMAL.fullmatch(spelt):
        return NotDecimal(f"{_PLAIN}, without spaces, its sign + or -", f"{sign}{spelt}")
    return NotDecimal(_PLAIN)


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
