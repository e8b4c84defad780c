"""Cross margin whose rates follow the market: a public regime chooses them, a public volatility scales them.

requirement = Σ (|size|·charge + tiers(|size|·price)·stress·volatility)
stress = 1 + Σ over the regimes k reached: stress_k − stress_{k−1}, the calm one's being 1

Regimes are ordered, calm first, and the market says of each but the first whether it is reached. The stress multiplies
the calm rates and never falls from regime to regime. Volatility is the instrument's realised one over the one its rates
were made for, cut to what the schema declares: at least 1, at most 8. So whatever the market says, no instrument is
margined below its calm rates; `volatility_multiplier` and `reached` are how a table's maker gets the cells.

Both are public, so hidden size changes nothing about them and both margin levels see the same. Convex in the holdings.
"""

from __future__ import annotations

from itertools import pairwise

from ...kernel.errors import InputError
from ..language.language import Constant, Expression, Unit, absolute, increase, tiers
from ..language.sums import add
from ..model import ASSET_BITS, CASH_BITS, MONEY_DIGITS, SIZE_BITS, Shape
from ..schema import Cell, Schema, holding_specs, unsigned
from . import cross_margin
from .family import Account, Family, Position, TableView

__all__ = ["MULTIPLIER_SCALE", "REGIME_MARGIN", "reached", "regime_margin_schema", "volatility_multiplier"]

MULTIPLIER_SCALE = 10**4
MOST = 8 * MULTIPLIER_SCALE
BITS = 17
ONE = Constant(MULTIPLIER_SCALE, Unit.of(decimals=4))


def position_requirement(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return one position's requirement: the calm one times stress and volatility, and its charge as it stands."""
    size = absolute(perp.size)
    calm = tiers(
        size * market.column("price")[perp],
        rates=parameters.column("rate").row(perp),
        boundaries=parameters.column("boundary").row(perp),
    )
    scale = stress(perp, market, parameters) * market.column("volatility")[perp]
    return size * parameters.column("charge")[perp] + scale * calm


def stress(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return the multiplier of the regimes reached: at least one, whichever flags are set."""
    flag, multipliers = market.column("reached"), parameters.column("stress").row(perp)
    steps = (multipliers[0] - ONE, *(increase(after, before) for before, after in pairwise(multipliers)))
    return ONE + sum((flag[k] * step for k, step in enumerate(steps, start=1)), 0 * ONE)


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the sum of the positions' requirements."""
    parts = (position_requirement(perp, market, parameters) for perp in account.positions)
    return add(parts)


def volatility_multiplier(realised: int, reference: int) -> int:
    """Return the cell of a realised volatility against the one the rates were made for, rounded up, cut to 1 to 8.

    Both in one unit, any. Raises InputError unless the reference is positive.
    """
    if reference <= 0:
        raise InputError("the reference volatility must be positive", code="wrong-value")
    return min(max(-(-realised * MULTIPLIER_SCALE // reference), MULTIPLIER_SCALE), MOST)


def reached(regime: int, regimes: int) -> tuple[int, ...]:
    """Return the flags of a regime, 0 the calm one: one for each regime up to it. Raises InputError out of range."""
    if not 0 <= regime < regimes:
        raise InputError(f"there are regimes 0 to {regimes - 1}, not {regime}", code="wrong-value")
    return tuple(int(k <= regime) for k in range(1, regimes))


def regime_margin_schema(shape: Shape) -> Schema:
    """Return cross margin's schema with volatilities and regimes in the market, and stresses behind the parameters.

    Raises InputError (code "shape") where there are fewer than two regimes.
    """
    shape.needs("tiers", "regimes")
    if shape["regimes"] < 2:
        raise InputError("a rule of regimes needs two of them at least", code="shape")
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=ASSET_BITS)
    market = (*cross_margin.market_cells(shape), *_market_cells(shape))
    parameters = (*cross_margin.parameter_cells(shape), *_stress_cells(shape))
    return Schema("regime-margin", shape, MONEY_DIGITS, holdings, (("market", market), ("parameters", parameters)))


def regime_margin_size(shape: Shape) -> int:
    """Return how many cells both tables have."""
    above = shape["regimes"] - 1
    return cross_margin.cross_margin_size(shape) + shape.positions + above + shape.positions * above


def _market_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return the volatilities, then the regimes' flags, the highest regime first: none is set without those below."""
    cells = [
        unsigned(f"market.volatility.{i}", "1e-4", BITS, minimum=MULTIPLIER_SCALE, maximum=MOST)
        for i in range(shape.positions)
    ]
    first = len(cross_margin.market_cells(shape)) + len(cells)
    for place, k in enumerate(reversed(range(1, shape["regimes"]))):
        cells.append(unsigned(f"market.reached.{k}", "", 1, at_least=first + place - 1 if place else None))
    return tuple(cells)


def _stress_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return each instrument's multipliers in the regimes above the calm one, whose multiplier is one."""
    cells: list[Cell] = []
    first = len(cross_margin.parameter_cells(shape))
    for i in range(shape.positions):
        for k in range(1, shape["regimes"]):
            order = {"at_least": first + len(cells) - 1 if k > 1 else None, "levels": "initial>=maintenance"}
            name = f"parameters.stress.{i}.{k}"
            cells.append(unsigned(name, "1e-4", BITS, minimum=MULTIPLIER_SCALE, maximum=MOST, empty=MOST, **order))
    return tuple(cells)


REGIME_MARGIN = Family(
    "regime-margin",
    regime_margin_schema,
    cross_margin.equity,
    requirement,
    position_requirement,
    size_of=regime_margin_size,
    trial=Shape(1, 1, 1, 2, (("regimes", 3),)),
)
