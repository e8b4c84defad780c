"""Lost if these fail: a liquidation takes more than its venue's rule allows, or from another price on.

Liquidation prices are those the venue reported for isolated positions (freqtrade's tests, tolerance 1e-4); margins and
the backstop stand in the worked examples of Minnzen/hyperliquid-math.
"""

from fractions import Fraction

import pytest

from zkmargin.circuits.rules.liquidation import (
    aave_close_factor,
    aave_leaves_enough,
    aave_seized,
    derive_buffer_margin,
    derive_discount,
    derive_largest_fraction,
    hyperliquid_backstop,
    hyperliquid_first_slice,
    hyperliquid_liquidation_price,
)
from zkmargin.kernel.errors import InputError


@pytest.mark.parametrize(
    ("entry", "size", "collateral", "leverage", "reported"),
    [
        ("2459.5", "0.0199", "24.454895", 50, "1243.0411908"),
        ("173.06", "0.6", "20.735658", 20, "142.05186667"),
    ],
)
def test_hyperliquid_isolated_positions_are_liquidated_where_the_venue_says(
    entry, size, collateral, leverage, reported
):
    price, lots, rate = Fraction(entry), Fraction(size), Fraction(1, 2 * leverage)
    available = Fraction(collateral) - lots * price * rate
    found = hyperliquid_liquidation_price(price, lots, available, rate)
    assert abs(found / Fraction(reported) - 1) < Fraction(1, 10**4)
    # There value is maintenance margin; and as far above for the opposite position, turned.
    assert Fraction(collateral) + lots * (found - price) == lots * found * rate
    short = hyperliquid_liquidation_price(price, -lots, available, rate)
    assert Fraction(collateral) - lots * (short - price) == lots * short * rate


def test_hyperliquid_slices_and_backstop():
    assert hyperliquid_backstop(10) == Fraction(20, 3)
    assert [hyperliquid_first_slice(notional) for notional in (100_000, 100_001)] == [1, Fraction(1, 5)]
    with pytest.raises(InputError, match="no position"):
        hyperliquid_liquidation_price(1, 0, 1, Fraction(1, 20))


def test_derive_the_discount_falls_fast_then_slowly_then_ends():
    assert [derive_discount(s) for s in (0, 450, 900)] == [Fraction(95, 100), Fraction(825, 1000), Fraction(7, 10)]
    assert derive_discount(900 + 6 * 3600) == Fraction(35, 100)
    assert derive_discount(900 + 12 * 3600) == derive_discount(10**6) == 0
    with pytest.raises(InputError, match="not begun"):
        derive_discount(-1)


def test_derive_the_largest_fraction_brings_the_buffer_margin_to_zero(rng):
    whole = 0
    for _ in range(500):
        mark, surplus = rng.randint(1, 10**9), -rng.randint(1, 10**9)
        buffered = derive_buffer_margin(surplus, mark)
        assert buffered == surplus - (mark - surplus) * Fraction(15, 100)
        discount, reserved = derive_discount(rng.randrange(900 + 12 * 3600)), rng.choice([0, rng.randrange(mark)])
        fraction = derive_largest_fraction(buffered, mark, discount, reserved)
        assert 0 < fraction <= 1
        paid = fraction * (mark * discount + reserved * (1 - discount))
        assert buffered * (1 - fraction) + paid == 0
        more = fraction + Fraction(1, 10**9)
        assert buffered * (1 - more) + more * (mark * discount + reserved * (1 - discount)) > 0
        whole += fraction == 1
    assert not whole


def test_derive_the_ends():
    assert derive_largest_fraction(5, 100, Fraction(9, 10)) == 0  # healthy with the buffer: nothing
    assert derive_largest_fraction(-5, -1, Fraction(9, 10)) == 1  # insolvent: all of it
    assert derive_largest_fraction(-5, 10, Fraction(9, 10), cutoff=20) == 1
    assert derive_largest_fraction(-5, 10, Fraction(0)) == 1  # nothing is asked for it


def test_aave_how_much_may_be_repaid_and_what_it_brings():
    above, below = Fraction(951, 1000), Fraction(95, 100)
    assert aave_close_factor(above, 2_000, 2_000) == Fraction(1, 2)
    assert [
        aave_close_factor(*case) for case in ((below, 2_000, 2_000), (above, 1_999, 2_000), (above, 2_000, 1_999))
    ] == [
        1,
        1,
        1,
    ]
    assert aave_leaves_enough(0, 0)
    assert aave_leaves_enough(1_000, 0)
    assert not aave_leaves_enough(999, 2_000)
    assert not aave_leaves_enough(2_000, 1)
    assert aave_seized(1_000, Fraction(5, 100), Fraction(10, 100)) == (1_045, 5)
