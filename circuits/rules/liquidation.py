"""What venues' rules say of liquidation: how much, at which discount, from which price on. Formulas, no contract.

All amounts are in one unit of money, whichever the caller uses, and exact: integers or fractions in, fractions out.

Sources: Derive's DutchAuction.sol (derivexyz/v2-core, `_getMaxProportion`, `_getDiscountPercentage`); Hyperliquid's
documents on liquidations and margining; Aave v3.3's LiquidationLogic.
"""

from __future__ import annotations

from fractions import Fraction

from ...kernel.errors import InputError

__all__ = [
    "aave_close_factor",
    "aave_leaves_enough",
    "aave_seized",
    "derive_buffer_margin",
    "derive_discount",
    "derive_largest_fraction",
    "hyperliquid_backstop",
    "hyperliquid_first_slice",
    "hyperliquid_liquidation_price",
]

Money = int | Fraction

DERIVE_BUFFER = Fraction(15, 100)
DERIVE_START, DERIVE_CUTOFF = Fraction(95, 100), Fraction(70, 100)
DERIVE_FAST, DERIVE_SLOW = 15 * 60, 12 * 60 * 60  # seconds


def derive_buffer_margin(surplus: Money, mark: Money, share: Fraction = DERIVE_BUFFER) -> Fraction:
    """Return the maintenance surplus of an account when its requirement, mark less surplus, is a share larger."""
    return Fraction(surplus) - (Fraction(mark) - surplus) * share


def derive_discount(seconds: int) -> Fraction:
    """Return what of an account's mark the auction asks for, by its age: fast to the cut-off, then slowly to nothing.

    Raises InputError before the start.
    """
    if seconds < 0:
        raise InputError("the auction has not begun", code="wrong-value")
    if seconds < DERIVE_FAST:
        return DERIVE_START - (DERIVE_START - DERIVE_CUTOFF) * Fraction(seconds, DERIVE_FAST)
    left = DERIVE_FAST + DERIVE_SLOW - seconds
    return DERIVE_CUTOFF * max(Fraction(left, DERIVE_SLOW), Fraction(0))


def derive_largest_fraction(
    buffer_margin: Money, mark: Money, discount: Fraction, reserved: Money = 0, cutoff: Money = 0
) -> Fraction:
    """Return the largest fraction that may be bought: what brings the buffer margin to zero.

    B·(1 − f) + f·(M·d + R·(1 − d)) = 0, so f = B / (B − M·d − R·(1 − d)), R the cash that earlier buyers paid in. All
    of an account whose mark is below the cut-off, nothing of one whose buffer margin is positive.
    """
    if mark < cutoff:
        return Fraction(1)
    short = min(Fraction(buffer_margin), Fraction(0))
    paid = mark * discount + reserved * (1 - discount)
    return min(Fraction(1), short / (short - paid)) if short < paid else Fraction(1)


def hyperliquid_liquidation_price(price: Money, size: Money, available: Money, rate: Fraction) -> Fraction:
    """Return the price at which a position's margin is used up, all else equal.

    `size` is signed, `available` the account's value at `price` less its maintenance margin there, `rate` the
    maintenance rate (half of one over the largest leverage). Below zero: never. Raises InputError without a position.
    """
    if not size:
        raise InputError("no position, no liquidation price", code="wrong-value")
    side = 1 if size > 0 else -1
    return price - side * Fraction(available) / abs(Fraction(size)) / (1 - rate * side)


def hyperliquid_first_slice(notional: Money) -> Fraction:
    """Return the share of a position that is sent to the book first: a fifth above 100,000 of the quote, else all."""
    return Fraction(1, 5) if notional > 100_000 else Fraction(1)


def hyperliquid_backstop(maintenance: Money) -> Fraction:
    """Return the account value below which the backstop takes over: two thirds of maintenance margin."""
    return Fraction(maintenance) * Fraction(2, 3)


def aave_close_factor(health: Fraction, collateral: Money, debt: Money) -> Fraction:
    """Return the share of the total debt that one liquidation may repay.

    Half, while health is above 0.95 and both the collateral and the debt at hand are worth 2,000 of the base or more;
    else all.
    """
    large = collateral >= 2_000 and debt >= 2_000
    return Fraction(1, 2) if large and health > Fraction(95, 100) else Fraction(1)


def aave_leaves_enough(collateral: Money, debt: Money) -> bool:
    """Return whether what a liquidation leaves of collateral and debt is nothing, or 1,000 of the base or more."""
    return all(left == 0 or left >= 1_000 for left in (collateral, debt))


def aave_seized(repaid: Money, bonus: Fraction, fee: Fraction) -> tuple[Fraction, Fraction]:
    """Return (what the liquidator gets, what the protocol gets) for a debt repaid, in the value of collateral.

    The bonus is on top of the debt, the fee a share of the bonus.
    """
    extra = Fraction(repaid) * bonus
    return repaid + extra * (1 - fee), extra * fee
