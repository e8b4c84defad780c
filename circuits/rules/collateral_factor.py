"""Lending: collateral at a factor, debt at its price, and groups of correlated assets with factors of their own.

equity = cash + max(Σ collateral·price·factor, over the groups g: Σ collateral·price·factor_g where g is open)
requirement = Σ debt·borrow index·price

Source: Aave v3, health factor = Σ collateral·price·liquidation threshold / Σ debt·price; loan-to-value in the initial
table, liquidation threshold in the maintenance table. A group is Aave's efficiency mode: while every debt is of assets
that the group lends, its members count at higher factors (an asset outside keeps its own; zero is a stricter venue).

Which group an account uses stays hidden, and nothing else chooses it: each candidate is what a venue would grant an
account in that mode, so each is an honest lower bound and the best of them is the surplus. A group is open only while
the debt it does not lend is worth nothing. A wall stands for that, larger than any collateral: one smallest unit of a
barred debt takes more than the group's factors could ever give. Quote is owed through a debt slot like any asset, so
that groups can bar it: cash is never below zero.
"""

from __future__ import annotations

from itertools import count, takewhile

from ..language.language import Constant, Expression, Unit, maximum, minimum
from ..language.sums import add
from ..model import (
    ASSET_BITS,
    CASH_BITS,
    FACTOR_BITS,
    FACTOR_SCALE,
    INDEX_BITS,
    INDEX_SCALE,
    MONEY_DIGITS,
    PRICE_BITS,
    SIZE_BITS,
    Shape,
)
from ..schema import Cell, HoldingSpec, Schema, holding_specs, unsigned
from .family import Account, Asset, Family, TableView

__all__ = ["COLLATERAL_FACTOR", "collateral_factor_schema", "debts", "lending_market_cells"]


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return cash and the collateral at the best factors the account may use."""
    return account.cash + counted(account, market, parameters)


def counted(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the collateral at its own factors or an open group's, whichever is best."""
    groups = takewhile(parameters.column("group_factor").row, count())
    return maximum(
        weighted(account, market, parameters.column("factor").row()),
        *(in_group(account, market, parameters, group) for group in groups),
    )


def requirement(account: Account, market: TableView, _parameters: TableView) -> Expression:
    """Return the debt at its price."""
    return debts(account, market)


def debts(account: Account, market: TableView) -> Expression:
    """Return the debt at its price."""
    return add(debt_value(asset, market) for asset in account.debts)


def weighted(account: Account, market: TableView, factors: list[Expression]) -> Expression:
    """Return the collateral at one row of factors."""
    price = market.column("asset_price")
    terms = (asset.amount * price[asset] * factor for asset, factor in zip(account.collateral, factors, strict=True))
    return add(terms)


def in_group(account: Account, market: TableView, parameters: TableView, group: int) -> Expression:
    """Return the collateral at a group's factors, less the wall where the account owes what the group does not lend."""
    counted = weighted(account, market, parameters.column("group_factor").row(group))
    barred = parameters.column("barred")
    terms = (debt_value(asset, market) * barred[group, asset] for asset in account.debts)
    owed = add(terms)
    smallest = Constant(1, owed.unit)
    wall = Constant(counted.interval[1], Unit.of(decimals=counted.unit.decimals - owed.unit.decimals))
    return counted - minimum(owed, smallest) * wall


def debt_value(asset: Asset, market: TableView) -> Expression:
    """Return what a debt is worth."""
    return asset.debt * market.column("borrow_index")[asset] * market.column("asset_price")[asset]


def parts(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return what adds up to the surplus."""
    own = weighted(account, market, parameters.column("factor").row())
    return {
        "cash": account.cash,
        "collateral": own,
        "gained by a group": counted(account, market, parameters) - own,
        "debt": -debts(account, market),
    }


def collateral_factor_schema(shape: Shape) -> Schema:
    """Return the family's schema, for any number of groups."""
    shape.needs("groups")
    _signed_cash, *others = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=ASSET_BITS)
    holdings = (HoldingSpec("cash", "money", CASH_BITS, 0, (1 << CASH_BITS) - 1), *others)
    tables = (("market", lending_market_cells(shape)), ("parameters", _parameter_cells(shape)))
    return Schema("collateral-factor", shape, MONEY_DIGITS, holdings, tables)


def collateral_factor_size(shape: Shape) -> int:
    """Return how many cells both tables have."""
    return shape.assets + shape.debts + shape.collateral + shape["groups"] * (shape.collateral + shape.debts)


def lending_market_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return the prices of all assets and the borrow indices of those that are lent."""
    return (
        *(unsigned(f"market.asset_price.{i}", "money/lot", PRICE_BITS) for i in range(shape.assets)),
        *(
            unsigned(f"market.borrow_index.{i}", "1e-9 lot/share", INDEX_BITS, minimum=INDEX_SCALE)
            for i in range(shape.debts)
        ),
    )


def _parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return the assets' own factors, then each group's factors and the debts it bars."""
    factor = {"maximum": FACTOR_SCALE, "levels": "initial<=maintenance"}
    bar = {"levels": "initial>=maintenance", "empty": 1}
    cells = [unsigned(f"parameters.factor.{i}", "1e-4", FACTOR_BITS, **factor) for i in range(shape.collateral)]
    for g in range(shape["groups"]):
        for i in range(shape.collateral):
            cells.append(unsigned(f"parameters.group_factor.{g}.{i}", "1e-4", FACTOR_BITS, **factor))
        cells += [unsigned(f"parameters.barred.{g}.{i}", "", 1, **bar) for i in range(shape.debts)]
    return tuple(cells)


COLLATERAL_FACTOR = Family(
    "collateral-factor",
    collateral_factor_schema,
    equity,
    requirement,
    parts=parts,
    trial=Shape(0, 2, 2, None, (("groups", 1),)),
    size_of=collateral_factor_size,
)
