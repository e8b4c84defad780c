"""Cross margin with offsets between correlated underlyings: a delta-neutral book pays less.

requirement = cross margin's at specific rates + Σ over the factors f: shock_f·|Σ loading_f·size·price|

A factor is what several underlyings share: an underlying's spot and its futures, a sector, the market. A loading says
how far an instrument moves with it (1 for the underlying itself, minus for an inverse product), the shock how far the
factor moves; what is left of an instrument's risk is its own, and its tiers charge that as cross margin would. Opposite
exposures cancel within a factor and nowhere else, and every term is zero or more whatever a table says, so no set of
loadings turns a position into credit. Convex, hence the surplus is concave.

Initial margin is at least maintenance for every book where the two tables have the same loadings. The form is Sharpe's
index model, a move of the factor standing for its standard deviation. What a clearing house calls the intercommodity
credit of two legs is what they would pay less than each would alone.
"""

from __future__ import annotations

from ..language.language import Expression, absolute
from ..language.sums import add
from ..model import ASSET_BITS, CASH_BITS, MONEY_DIGITS, RATE_BITS, RATE_SCALE, SIZE_BITS, Shape
from ..schema import Cell, Schema, holding_specs, signed, unsigned
from . import cross_margin
from .family import Account, Family, TableView

__all__ = ["CORRELATED_MARGIN", "LOADING_SCALE", "correlated_margin_schema", "exposure"]

LOADING_SCALE = 10**4
LOADING_BITS = 18  # the sign included: up to ±13


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return what the instruments' own risks ask for, and each factor's shock of the net exposure to it."""
    return sum(factor_risks(account, market, parameters), cross_margin.requirement(account, market, parameters))


def factor_risks(account: Account, market: TableView, parameters: TableView) -> list[Expression]:
    """Return each factor's shock of the net exposure to it."""
    shocks = parameters.column("shock").row()
    return [absolute(exposure(account, market, parameters, f)) * shock for f, shock in enumerate(shocks)]


def exposure(account: Account, market: TableView, parameters: TableView, factor: int) -> Expression:
    """Return the account's net exposure to a factor, long less short, in money."""
    price, loading = market.column("price"), parameters.column("loading")
    terms = (perp.size * price[perp] * loading[factor, perp] for perp in account.positions)
    return add(terms)


def parts(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return what adds up to the surplus."""
    found = {"equity": cross_margin.equity(account, market, parameters)}
    found["specific risk"] = -cross_margin.requirement(account, market, parameters)
    for f, risk in enumerate(factor_risks(account, market, parameters)):
        found[f"factor {f}"] = -risk
    return found


def correlated_margin_schema(shape: Shape) -> Schema:
    """Return cross margin's schema with the factors' shocks and loadings behind it."""
    shape.needs("tiers", "factors")
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=ASSET_BITS)
    parameters = (*cross_margin.parameter_cells(shape), *_factor_cells(shape))
    tables = (("market", cross_margin.market_cells(shape)), ("parameters", parameters))
    return Schema("correlated-margin", shape, MONEY_DIGITS, holdings, tables)


def correlated_margin_size(shape: Shape) -> int:
    """Return how many cells both tables have."""
    return cross_margin.cross_margin_size(shape) + shape["factors"] * (1 + shape.positions)


def _factor_cells(shape: Shape) -> tuple[Cell, ...]:
    cells = []
    for f in range(shape["factors"]):
        dear = {"maximum": RATE_SCALE, "levels": "initial>=maintenance"}
        cells.append(unsigned(f"parameters.shock.{f}", "1e-6", RATE_BITS, **dear))
        cells += [signed(f"parameters.loading.{f}.{i}", "1e-4", LOADING_BITS) for i in range(shape.positions)]
    return tuple(cells)


CORRELATED_MARGIN = Family(
    "correlated-margin",
    correlated_margin_schema,
    cross_margin.equity,
    requirement,
    parts=parts,
    size_of=correlated_margin_size,
    trial=Shape(2, 1, 1, 1, (("factors", 1),)),
)
