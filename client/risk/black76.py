"""Black-76: time values in floats with a bound on their error, and one price in decimals of 50 digits.

put = D·(K·N(−d2) − F·N(−d1)), d1 = ln(F/K)/s + s/2, d2 = d1 − s, s = sigma·√τ; a call is C = P + D·(F − K).
The float path is fast, the decimal path decides where a float is too close to a tie between two cells.
Source: F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976).
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["exact_put", "time_values"]

DEEP = Context(prec=50)
ROOT_TWO_PI = Decimal("2.5066282746310005024157652848110452530069867406099383")
FAR = 14  # N(−14) is below 10^-44: nothing a cell can show
BITS = 170  # after the point, of the normal distribution's series
POINT = 1 << BITS
ROUNDING = 3 * 2.0**-52  # of each term: a few roundings, the normal distribution's, and what d² does to its tail


def time_values(
    forward: NDArray[np.float64], strike: NDArray[np.float64], deviation: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what an option is worth beyond max(K − F, 0) for a put, and a bound on the error; arrays broadcast.

    That is the price of the put or the call, whichever is out of the money. Undiscounted; `deviation` is sigma·√τ,
    and where it or the forward is zero there is no time value.
    """
    import numpy as np
    from scipy.special import ndtr  # type: ignore[import-untyped]

    live = (deviation > 0) & (forward > 0)
    s = np.where(live, deviation, 1.0)
    f = np.where(live, forward, 1.0)
    call = np.where(strike > f, 1.0, -1.0)
    d1 = np.log(f / strike) / s + s / 2
    d2 = d1 - s
    of_forward, of_strike = f * ndtr(call * d1), strike * ndtr(call * d2)
    error = ROUNDING * (of_strike * (1 + d2 * d2) + of_forward * (1 + d1 * d1))
    value = np.maximum(call * (of_forward - of_strike), 0.0)
    return np.where(live, value, 0.0), np.where(live, error, 0.0)


def exact_put(forward: Decimal, strike: Decimal, deviation: Decimal) -> Decimal:
    """Return the undiscounted put to about 45 digits of the strike."""
    with localcontext(DEEP):
        if deviation <= 0 or forward <= 0:
            return max(strike - forward, Decimal(0))
        d1 = (_log(forward) - _log(strike)) / deviation + deviation / 2
        d2 = d1 - deviation
        density = (-d2 * d2 / 2).exp() / ROOT_TWO_PI  # φ(d2); φ(d1) = φ(d2)·K/F
        return strike * _normal(-d2, density) - forward * _normal(-d1, density * strike / forward)


@lru_cache(maxsize=1 << 14)
def _log(price: Decimal) -> Decimal:
    """Return ln(price): a table has few prices and many pairs of them."""
    return DEEP.ln(price)


def _normal(x: Decimal, density: Decimal) -> Decimal:
    """Return N(x) as 1/2 + φ(x)·Σ x^(2k+1)/(2k+1)!!, whose terms have one sign, in fixed point."""
    if abs(x) > FAR:
        return Decimal(int(x > 0))
    term = total = int(abs(x) * POINT)
    square, odd = term * term >> BITS, 1
    while term:
        odd += 2
        term = (term * square >> BITS) // odd
        total += term
    half = density * total / POINT
    return Decimal("0.5") + (half if x > 0 else -half)
