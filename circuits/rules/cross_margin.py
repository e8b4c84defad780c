"""Cross margin on perpetuals, with tiered rates and collateral factors.

equity = cash + Σ size·(price − funding index) + Σ collateral·price·factor − Σ debt·borrow index·price
requirement = Σ |size|·charge + Σ tiers(|size|·price)

Sources: Hyperliquid's margin tiers (maintenance = N·rate − deduction, here in marginal form) and Aave v3's collateral
thresholds. Convex requirement, so the surplus is concave in the holdings. Initial and maintenance margin are this one
rule under two parameter tables.
"""

from __future__ import annotations

from ..schema import cross_margin_schema
from .family import Account, Family, Position, TableView
from .language import MONEY, Constant, Expression, absolute, tiers

__all__ = ["CROSS_MARGIN"]


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


CROSS_MARGIN = Family("cross-margin", cross_margin_schema, equity, requirement, position_requirement)
