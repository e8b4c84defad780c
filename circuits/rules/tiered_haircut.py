"""Tiered haircuts: the more of an asset an account holds, the less of each further unit counts.

equity = cash + Σ ⌊collateral·price − tiers(collateral·price; haircuts, ends)⌋
requirement = Σ debt·borrow index·price

Source: Binance's proof of solvency. Value up to the end of tier k counts at ratio_k = 1 − haircut_k, ratios falling,
and beyond the last end nothing more counts. Written as what is lost, the rates rise and `tiers` is the whole formula.

The venue floors each tier's part, the rule the sum. They agree because every full tier is worth a whole number: ends
are whole hundreds of money units and ratios whole hundredths, so only the part of the tier that the account has reached
has a fraction. A cell holds an end's hundreds: no table can break this, and no admission has to check it.

Loan, margin and portfolio-margin collateral of one asset have tiers of their own: three slots of one price.
"""

from __future__ import annotations

from ..language.language import Constant, Expression, Unit, floor_div, positive, tiers
from ..model import ASSET_BITS, CASH_BITS, MONEY_DIGITS, SIZE_BITS, Shape
from ..schema import Cell, Schema, holding_specs, unsigned
from .collateral_factor import debts, lending_market_cells
from .family import Account, Asset, Family, TableView

__all__ = ["TIERED_HAIRCUT", "tiered_haircut_schema"]

WHOLE = Constant(100, Unit.of(decimals=2))  # 1, in hundredths
END_BITS = 64


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return cash and what the collateral counts for."""
    return account.cash + sum((counted(asset, market, parameters) for asset in account.collateral), 0 * account.cash)


def counted(asset: Asset, market: TableView, parameters: TableView) -> Expression:
    """Return what one collateral counts for, in whole money units."""
    value = asset.amount * market.column("asset_price")[asset]
    haircuts = parameters.column("haircut").row(asset)
    *ends, last = (100 * hundreds for hundreds in parameters.column("hundreds").row(asset))
    lost = tiers(value, rates=haircuts, boundaries=ends) + (WHOLE - haircuts[-1]) * positive(value - last)
    return floor_div(value - lost, WHOLE)


def requirement(account: Account, market: TableView, _parameters: TableView) -> Expression:
    """Return the debt at its price."""
    return debts(account, market)


def tiered_haircut_schema(shape: Shape) -> Schema:
    """Return the family's schema, for any number of tiers."""
    shape.needs("tiers")
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=ASSET_BITS)
    tables = (("market", lending_market_cells(shape)), ("parameters", _parameter_cells(shape)))
    return Schema("tiered-haircut", shape, MONEY_DIGITS, holdings, tables)


def _parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return each asset's haircuts, rising, then the ends of its tiers, in hundreds of money units.

    Unused tiers repeat the last one. An empty slot counts for nothing.
    """
    cells: list[Cell] = []
    for i in range(shape.collateral):
        for k in range(shape.tiers or 1):
            order = {"at_least": len(cells) - 1 if k else None, "levels": "initial>=maintenance", "empty": 100}
            cells.append(unsigned(f"parameters.haircut.{i}.{k}", "1e-2", 7, maximum=100, **order))
        for k in range(shape.tiers or 1):
            order = {"at_least": len(cells) - 1 if k else None, "levels": "initial<=maintenance"}
            cells.append(unsigned(f"parameters.hundreds.{i}.{k}", "money", END_BITS, **order))
    return tuple(cells)


TIERED_HAIRCUT = Family(
    "tiered-haircut",
    tiered_haircut_schema,
    equity,
    requirement,
    box={"asset_price": "asset_price", "borrow_index": "borrow_index"},
    trial=Shape(0, 1, 1, 2),
)
