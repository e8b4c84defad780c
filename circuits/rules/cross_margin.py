"""Cross margin on perpetuals, with tiered rates and collateral factors.

equity = cash + Σ size·(price − funding index) + Σ collateral·price·factor − Σ debt·borrow index·price
requirement = Σ |size|·charge + Σ tiers(|size|·price)

Sources: Hyperliquid's margin tiers (maintenance = N·rate − deduction, here in marginal form) and Aave v3's collateral
thresholds. Convex requirement, so the surplus is concave in the holdings. Initial and maintenance margin are this one
rule under two parameter tables.
"""

from __future__ import annotations

from ..language.language import MONEY, Constant, Expression, absolute, tiers
from ..model import (
    ASSET_BITS,
    BOUNDARY_BITS,
    CASH_BITS,
    CHARGE_BITS,
    FACTOR_BITS,
    FACTOR_SCALE,
    FUNDING_BITS,
    INDEX_BITS,
    INDEX_SCALE,
    MONEY_DIGITS,
    PRICE_BITS,
    RATE_BITS,
    RATE_SCALE,
    SIZE_BITS,
    Shape,
)
from ..schema import Cell, Schema, holding_specs, signed, unsigned
from .family import Account, Family, Position, TableView

__all__ = [
    "CROSS_MARGIN",
    "cross_margin_schema",
    "cross_margin_size",
    "equity",
    "market_cells",
    "parameter_cells",
    "position_requirement",
    "requirement",
]


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return what the account is worth, collateral at its factor."""
    price, funding = market.column("price"), market.column("funding")
    asset_price, borrow_index = market.column("asset_price"), market.column("borrow_index")
    factor = parameters.column("factor")

    total = account.cash
    for perp in account.positions:
        total += perp.size * (price[perp] - funding[perp])
    for asset in account.collateral:
        total += asset.amount * asset_price[asset] * factor[asset]
    for asset in account.debts:
        total -= asset.debt * borrow_index[asset] * asset_price[asset]
    return total


def position_requirement(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return one position's requirement: a charge a lot, and marginal rates on its notional."""
    size = absolute(perp.size)
    notional = size * market.column("price")[perp]
    return size * parameters.column("charge")[perp] + tiers(
        notional,
        rates=parameters.column("rate").row(perp),
        boundaries=parameters.column("boundary").row(perp),
    )


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the sum of the positions' requirements."""
    total: Expression = Constant(0, MONEY)
    for perp in account.positions:
        total += position_requirement(perp, market, parameters)
    return total


def cross_margin_schema(shape: Shape) -> Schema:
    """Return the family's schema: the default widths, cells in the order tables are posted in."""
    shape.needs("tiers")
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=ASSET_BITS)
    tables = (("market", market_cells(shape)), ("parameters", parameter_cells(shape)))
    return Schema("cross-margin", shape, MONEY_DIGITS, holdings, tables)


def cross_margin_size(shape: Shape) -> int:
    """Return how many cells both tables have."""
    slots = shape.positions * (3 + 2 * (shape.tiers or 1) - 1)
    return slots + shape.assets + shape.debts + shape.collateral


def market_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return prices and funding indices of positions, then prices and borrow indices of assets."""
    positions, assets, debts = range(shape.positions), range(shape.assets), range(shape.debts)
    return (
        *(unsigned(f"market.price.{i}", "money/lot", PRICE_BITS) for i in positions),
        *(signed(f"market.funding.{i}", "money/lot", FUNDING_BITS) for i in positions),
        *(unsigned(f"market.asset_price.{i}", "money/lot", PRICE_BITS) for i in assets),
        *(unsigned(f"market.borrow_index.{i}", "1e-9 lot/share", INDEX_BITS, minimum=INDEX_SCALE) for i in debts),
    )


def parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return each position's rates, boundaries above zero and charge, then the factors.

    An empty slot is charged the most there is, so that it cannot be traded free of margin and become rich on listing.
    """
    cells: list[Cell] = []
    initial = "initial>=maintenance"
    for i in range(shape.positions):
        for k in range(shape.tiers or 1):
            order = {"at_least": len(cells) - 1 if k else None, "levels": initial, "empty": RATE_SCALE}
            cells.append(unsigned(f"parameters.rate.{i}.{k}", "1e-6", RATE_BITS, maximum=RATE_SCALE, **order))
        for k in range(1, shape.tiers or 1):
            order = {"at_least": len(cells) - 1 if k > 1 else None, "levels": "initial<=maintenance"}
            empty = (1 << BOUNDARY_BITS) - 1
            cells.append(unsigned(f"parameters.boundary.{i}.{k}", "money", BOUNDARY_BITS, empty=empty, **order))
        most = (1 << CHARGE_BITS) - 1
        cells.append(unsigned(f"parameters.charge.{i}", "money/lot", CHARGE_BITS, levels=initial, empty=most))
    for i in range(shape.collateral):
        looser = "initial<=maintenance"
        cells.append(unsigned(f"parameters.factor.{i}", "1e-4", FACTOR_BITS, maximum=FACTOR_SCALE, levels=looser))
    return tuple(cells)


CROSS_MARGIN = Family(
    "cross-margin",
    cross_margin_schema,
    equity,
    requirement,
    position_requirement,
    box={"price": "price", "funding": "price", "asset_price": "asset_price", "borrow_index": "borrow_index"},
    trial=Shape(4, 2, 2, 2),
)
