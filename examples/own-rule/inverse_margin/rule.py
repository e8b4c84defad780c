"""The circuit side: what is hidden, what is public, and three expressions.

A contract is worth one dollar of coin, so its value in coin falls as the price rises. Long s contracts bought at p and
marked at m have made s·(1/p − 1/m): the part at entry is in the cash, the part at the mark is −s·value, value = 1/m.

equity = cash − Σ size·value
requirement = Σ |size|·value·rate
"""

from __future__ import annotations

from zkmargin.circuits.language.language import MONEY, Constant, Expression, absolute
from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.family import Account, Family, Position, TableView
from zkmargin.circuits.schema import Schema, holding_specs, unsigned

__all__ = ["INVERSE_MARGIN"]

MONEY_DIGITS = 8  # the money unit is 10^-8 of the coin
RATE_SCALE = 10**6


def schema(shape: Shape) -> Schema:
    """Return the schema of a shape: so many perpetuals, coin as cash, nothing else."""
    shape.needs()  # no dimensions of its own
    slots = range(shape.positions)
    charge = {"levels": "initial>=maintenance", "empty": RATE_SCALE}  # what is not listed is charged in full
    market = tuple(unsigned(f"market.value.{i}", "1e-4 money/lot", 40, slot=f"position {i}") for i in slots)
    parameters = tuple(unsigned(f"parameters.rate.{i}", "1e-6", 20, maximum=RATE_SCALE, **charge) for i in slots)
    holdings = holding_specs(shape, cash=62, size=35, amount=56)
    return Schema("inverse-margin", shape, MONEY_DIGITS, holdings, (("market", market), ("parameters", parameters)))


def settled_cash(account: Account, market: TableView, _parameters: TableView) -> Expression:
    """Return the cash with all positions settled at the mark."""
    value = market.column("value")
    total = account.cash
    for perp in account.positions:
        total -= perp.size * value[perp]
    return total


def position_requirement(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return one position's requirement: a share of its value in coin."""
    return absolute(perp.size) * market.column("value")[perp] * parameters.column("rate")[perp]


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the sum of the positions' requirements."""
    total: Expression = Constant(0, MONEY)
    for perp in account.positions:
        total += position_requirement(perp, market, parameters)
    return total


INVERSE_MARGIN = Family(
    "inverse-margin",
    schema,
    equity=settled_cash,  # everything settles in coin, so the three worths are one
    requirement=requirement,
    position_requirement=position_requirement,
    settled_cash=settled_cash,
    net_value=settled_cash,
    trial=Shape(2, 0, 0),
)
