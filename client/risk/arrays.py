"""Risk arrays: one row of puts a strike and one of forwards an expiry, rounded once into integers.

By put-call parity a book of calls c and puts p at one strike is worth (c + p)·put + c·(discounted forward − discounted
strike), whatever the scenario, so a strike needs one row and not two; calls are never priced. Linear instruments need
none at all: their price and the scenarios' own moves (`shocks.linear_moves`).

Cells are the real numbers of the formulas rounded to the nearest, ties to even: not what some computer's floats say.
A float within its error bound of a tie is settled in 50 digits, so anybody who recomputes a table from the same
decimals, on any machine, gets the same cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from types import ModuleType
from typing import TYPE_CHECKING

from ...kernel.errors import EnvironmentFault, InputError
from .black76 import DEEP, exact_put, time_values
from .shocks import CONTEXT, Expiry, Scenario, SkewShock, Strike, VolMove, VolShock, shocked_vol, years

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["RiskArrays", "nearest", "risk_arrays"]

TIES = 2.0**-40  # what the sum of two fractions and a time value may round off
Grid = Sequence[Sequence[Decimal]]
Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class RiskArrays:
    """Cells in the caller's unit: `puts[strike][scenario]`, `forwards[expiry][scenario]`, `strikes[strike]`.

    Forwards and strikes are discounted. `settled` counts the puts that were too close to a tie for floats.
    """

    puts: Rows
    forwards: Rows
    strikes: tuple[int, ...]
    settled: int = 0


def risk_arrays(
    expiries: Sequence[Expiry],
    strikes: Sequence[Strike],
    scenarios: Sequence[Scenario],
    *,
    scale: Decimal,
    factors: Sequence[Decimal] | None = None,
    vol_shock: VolShock | None = None,
    skew: SkewShock | None = None,
) -> RiskArrays:
    """Reprice every strike and forward under every scenario; `scale` is cells a unit of quote.

    `factors` multiply an expiry's values before they are rounded (a static discount). Weights of scenarios are not
    applied: they belong to the sum over expiries. Raises InputError where a shock's parameters are missing or a
    price is beyond 62 bits of the unit, EnvironmentFault without numpy and scipy.
    """
    if factors is None:
        factors = [Decimal(1)] * len(expiries)
    with localcontext(CONTEXT):
        worth = [expiry.discount * factor * scale for expiry, factor in zip(expiries, factors, strict=True)]
        shocked = [[expiry.shocked_forward(s.spot) for s in scenarios] for expiry in expiries]
        given = [[forward * unit for forward in row] for row, unit in zip(shocked, worth, strict=True)]
        paid = [[strike.price * worth[strike.expiry]] for strike in strikes]
    cells, settled = _puts(expiries, strikes, scenarios, (shocked, given, paid, worth), vol_shock, skew)
    forwards = tuple(tuple(map(nearest, row)) for row in given)
    return RiskArrays(cells, forwards, tuple(nearest(strike) for (strike,) in paid), settled)


def nearest(value: Decimal) -> int:
    """Return the nearest integer, ties to even."""
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))


def _puts(
    expiries: Sequence[Expiry],
    strikes: Sequence[Strike],
    scenarios: Sequence[Scenario],
    prices: tuple[Grid, Grid, Grid, Sequence[Decimal]],
    vol_shock: VolShock | None,
    skew: SkewShock | None,
) -> tuple[Rows, int]:
    if not strikes or not scenarios:
        return tuple(() for _ in strikes), 0
    np = _numpy()
    shocked, given, paid, worth = prices
    moves = list(dict.fromkeys(s.vol for s in scenarios))
    roots = [CONTEXT.sqrt(years(expiry.seconds)) for expiry in expiries]
    deviations = [_deviations(expiries, strike, roots, moves, vol_shock, skew) for strike in strikes]
    column = [moves.index(s.vol) for s in scenarios]
    home = [strike.expiry for strike in strikes]

    forward = np.array(shocked, dtype=np.float64)[home]
    price = np.array([strike.price for strike in strikes], dtype=np.float64)[:, None]
    deviation = np.array(deviations, dtype=np.float64)[:, column]
    unit = np.array(worth, dtype=np.float64)[home][:, None]
    value, error = (part * unit for part in time_values(forward, price, deviation))
    # What a put in the money pays is taken in integers and their fractions: in floats alone it would drown the rest.
    forward_whole, forward_rest = _split(given)
    strike_whole, strike_rest = _split(paid)
    inside = price > forward
    value += np.where(inside, strike_rest - forward_rest[home], 0.0)
    rounded = np.rint(value)
    cells = np.where(inside, strike_whole - forward_whole[home], 0) + rounded.astype(np.int64)
    near = np.argwhere(np.abs(value - rounded) > 0.5 - error - TIES)
    table: list[list[int]] = cells.tolist()
    for i, j in near.tolist():
        with localcontext(DEEP):
            exact = exact_put(shocked[home[i]][j], strikes[i].price, deviations[i][column[j]]) * worth[home[i]]
        table[i][j] = nearest(exact)
    return tuple(map(tuple, table)), len(near)


def _split(values: Grid) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return whole parts and fractions. Raises InputError for what is beyond 62 bits: no cell is that wide."""
    np = _numpy()
    whole = [[int(value) for value in row] for row in values]
    if any(part >> 62 for row in whole for part in row):
        raise InputError("a price does not fit 62 bits of its unit", code="out-of-range")
    rest = [
        [float(value - part) for value, part in zip(*rows, strict=True)] for rows in zip(values, whole, strict=True)
    ]
    return np.array(whole, dtype=np.int64), np.array(rest)


def _numpy() -> ModuleType:
    try:
        import numpy as np
        import scipy  # type: ignore[import-untyped]  # noqa: F401
    except ImportError as error:
        raise EnvironmentFault("risk arrays need numpy and scipy", hint='pip install "zkmargin[risk]"') from error
    return np


def _deviations(
    expiries: Sequence[Expiry],
    strike: Strike,
    roots: Sequence[Decimal],
    moves: Sequence[VolMove],
    vol_shock: VolShock | None,
    skew: SkewShock | None,
) -> list[Decimal]:
    """Return sigma·√τ under each kind of move."""
    expiry, root = expiries[strike.expiry], roots[strike.expiry]
    if not root:
        return [Decimal(0)] * len(moves)
    with localcontext(CONTEXT):
        return [shocked_vol(expiry, strike, move, vol_shock, skew) * root for move in moves]
