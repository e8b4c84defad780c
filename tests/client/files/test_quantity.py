"""A float, or a context's rounding, on the way in or out would change what an account is worth."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st

from zkmargin.client.files.quantity import exact_decimal, parse_decimal, parse_fraction, rounded_decimal

from ..conftest import SEED


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("+1.50", Fraction(3, 2)),
        ("1e-8", Fraction(1, 10**8)),
        ("2.5E3", 2500),
        ("0e30", 0),
        ("999999999999999999999999", 10**24 - 1),
        ("0." + "0" * 1099 + "1", Fraction(1, 10**1100)),
        ("4.9406564584124654e-324", Fraction(49406564584124654, 10**340)),
        ("1e-324", Fraction(1, 10**324)),
        (format(Decimal.from_float(5e-324), "f"), Fraction(1, 2**1074)),
        ("-92.5979999999999989768184605054557323455810546875", Fraction(-92.598)),
    ],
)
def test_a_decimal_is_exactly_what_it_says(text, value):
    with localcontext() as context:
        context.prec = 3
        assert Fraction(parse_decimal(text)) == value


@pytest.mark.parametrize(
    "text",
    [
        "1" + "0" * 24,
        "1e24",
        "-1e24",
        "0." + "0" * 1100 + "1",
        "1e-401",
        "1e31",
        "1e401",
        "0." + "9" * 2000,
        "1e",
        "e5",
        ".5",
        "5.",
        "+-1",
        "1 ",
        "١",
    ],
)
def test_what_is_out_of_reason_is_refused(text):
    with pytest.raises(ValueError, match="must"):
        parse_decimal(text)


def test_rates_may_be_fractions():
    assert parse_fraction("1/3") == Fraction(1, 3)
    assert parse_fraction("0.25") == Fraction(1, 4)
    for text in ("1/0", "-1/3", "1/3/5", "1//3", "1/ 3", "1/" + "9" * 19):
        with pytest.raises(ValueError, match="must"):
            parse_fraction(text)


def test_numbers_come_out_as_exactly_as_they_went_in():
    count = 0

    @hypothesis_seed(SEED)
    @settings(max_examples=500)
    @given(units=st.integers(-(10**40), 10**40), places=st.integers(0, 20))
    def check(units, places):
        nonlocal count
        count += 1
        with localcontext() as context:
            context.prec = 3
            value = exact_decimal(units, places)
        assert Fraction(value) == Fraction(units, 10**places)
        text = format(value, "f")
        assert "." not in text or not text.endswith("0")
        assert abs(Fraction(rounded_decimal(Fraction(units, 7), places)) - Fraction(units, 7)) * 2 * 10**places <= 1

    check()
    print(f"numbers: {count}, seed {SEED}")
    assert count >= 500
    assert exact_decimal(-5, 1) == Decimal("-0.5")
