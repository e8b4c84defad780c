"""Expected shortfall over historical scenarios: the mean of the worst k of S losses, times a multiplier.

    requirement = weight·max(0, sum of the k largest losses) + Σ |size|·charge
    loss in s   = Σ size·array, a cell what one lot loses in scenario s
    equity      = cash + Σ size·price + Σ collateral·price·factor

The weight is multiplier / k, rounded up once when the table is made, so nothing is divided here. Scenarios are days of
history repriced today, or any other list; k of S sets the confidence: 6 of 250 is about 97.5 %, the level of the Basel
framework's market risk standard (MAR33). The charge is for liquidity, and the most there is where nothing is listed.

The sum of the k largest is convex in the holdings, and two accounts together never need more than apart: of the two
tail measures this is the one to recommend.
"""

from __future__ import annotations

from ...kernel.errors import InputError
from ..language.language import Expression, absolute, positive, sum_largest
from ..language.sums import add
from ..model import (
    ASSET_BITS,
    CASH_BITS,
    CHARGE_BITS,
    FACTOR_BITS,
    FACTOR_SCALE,
    MONEY_DIGITS,
    PRICE_BITS,
    SIZE_BITS,
    Shape,
)
from ..schema import Cell, Schema, holding_specs, signed, unsigned
from .family import Account, Family, TableView

__all__ = ["EXPECTED_SHORTFALL", "charges", "equity", "losses", "profits", "tail", "tail_schema", "tail_size"]

ARRAY_BITS = 32  # the sign included: a short may lose more than the price
WEIGHT_BITS = 33  # in 10^-9: up to 8


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return what the account is worth, collateral at its factor."""
    price, asset_price = market.column("price"), market.column("asset_price")
    factor = parameters.column("factor")
    at_market = add(position.size * price[position] for position in account.positions)
    held = add(asset.amount * asset_price[asset] * factor[asset] for asset in account.collateral)
    return account.cash + at_market + held


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the weighted worst losses, and the charges."""
    rank, weight = tail(parameters)
    worst = sum_largest(losses(account, market), rank)
    return weight * positive(worst) + charges(account, parameters)


def losses(account: Account, market: TableView) -> list[Expression]:
    """Return what the account loses in each scenario."""
    array = market.column("array")
    scenarios = range(len(array.row(0)))
    return [add(p.size * array[p, scenario] for p in account.positions) for scenario in scenarios]


def tail(parameters: TableView) -> tuple[int, Expression]:
    """Return how many losses are the worst, which the weight's cell is named after, and the weight."""
    ((name, weight),) = [(name, cell) for name, cell in parameters.cells.items() if ".weight." in name]
    return int(name.rpartition(".")[2]), weight


def charges(account: Account, parameters: TableView) -> Expression:
    """Return the charges a lot."""
    charge = parameters.column("charge")
    return add(absolute(position.size) * charge[position] for position in account.positions)


def profits(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return the account's profit in each scenario."""
    return {f"scenario {number}": -loss for number, loss in enumerate(losses(account, market))}


def tail_schema(rule: str, shape: Shape) -> Schema:
    """Return the schema of a rule on the worst of historical losses. Raises InputError (code "shape")."""
    shape.needs("scenarios", "worst")
    if not 1 <= shape["worst"] <= shape["scenarios"] or not shape.positions or shape.debts:
        raise InputError("the rule needs positions, the worst of its scenarios, and knows no debts", code="shape")
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=ASSET_BITS)
    tables = (("market", _market_cells(shape)), ("parameters", _parameter_cells(shape)))
    return Schema(rule, shape, MONEY_DIGITS, holdings, tables)


def tail_size(shape: Shape) -> int:
    """Return how many cells both tables have."""
    return shape.positions * (2 + shape["scenarios"]) + shape.assets + 1 + shape.collateral


def _market_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return prices, each position's row of losses, and asset prices."""
    positions = range(shape.positions)
    return (
        *(unsigned(f"market.price.{i}", "money/lot", PRICE_BITS) for i in positions),
        *(
            signed(f"market.array.{i}.{scenario}", "money/lot", ARRAY_BITS, slot=f"position {i}")
            for i in positions
            for scenario in range(shape["scenarios"])
        ),
        *(unsigned(f"market.asset_price.{a}", "money/lot", PRICE_BITS) for a in range(shape.assets)),
    )


def _parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return the weight of the worst losses, named after their number, the charges, and the factors."""
    dearer, looser = {"levels": "initial>=maintenance"}, {"levels": "initial<=maintenance"}
    most = (1 << CHARGE_BITS) - 1
    return (
        unsigned(f"parameters.weight.{shape['worst']}", "1e-9", WEIGHT_BITS, **dearer),
        *(
            unsigned(f"parameters.charge.{i}", "money/lot", CHARGE_BITS, empty=most, **dearer)
            for i in range(shape.positions)
        ),
        *(
            unsigned(f"parameters.factor.{a}", "1e-4", FACTOR_BITS, maximum=FACTOR_SCALE, **looser)
            for a in range(shape.collateral)
        ),
    )


def expected_shortfall_schema(shape: Shape) -> Schema:
    """Return the family's schema."""
    return tail_schema("expected-shortfall", shape)


EXPECTED_SHORTFALL = Family(
    "expected-shortfall",
    expected_shortfall_schema,
    equity,
    requirement,
    scenarios=profits,
    trial=Shape(2, 1, 0, None, (("scenarios", 4), ("worst", 2))),
    size_of=tail_size,
)
