"""Drift v2: weights that depend on the square root of the size, to the integer of the program's own arithmetic.

equity = cash + Σ perpetuals: profit, counted + Σ collateral: ⌊V·min(w, ⌊1.1 / (1 + ⌊√s·imf⌋)⌋)⌋
profit = ±V − size·funding index − entry value, counted as min(profit·weight, cap) above zero and whole below
requirement = Σ perpetuals and debts: ⌊V·max(w, w − ⌊w/5⌋ + ⌊√s·imf⌋)⌋

V is the value, ⌊amount·price⌋ (a debt's rounded up), w the weight of the table, s the size; each ⌊⌋ cuts at the digit
at which the program cuts: values at 10⁻⁶ of the quote, weights at 10⁻⁴, √s as ⌊√(10·s + 1)⌋ of s in 10⁻⁹.

Source: `calculate_size_premium_liability_weight`, `calculate_size_discount_asset_weight` and
`calculate_perp_position_value_and_pnl` (math/margin.rs), `get_token_value`, `get_token_amount` (math/spot_balance.rs),
`get_margin_ratio`, `get_unrealized_asset_weight` (state/perp_market.rs) and `get_asset_weight` (state/spot_market.rs)
of drift-labs/protocol-v2. The larger a position, the dearer: doubling it more than doubles its margin. The factor of
the size acts on both levels; an imf of zero leaves the weight as it stands.

A profit not yet settled is capped perpetual by perpetual at initial margin, so accounts keep what each position was
entered at; it is not in their cash. At maintenance the cap is as good as none.

Cash is USDC, at one. What is not modelled, and which side it errs on: docs/rules.md.
"""

from __future__ import annotations

from ..language.language import (
    MONEY,
    Constant,
    Expression,
    Unit,
    absolute,
    by_sign,
    ceil_div,
    exact,
    floor_div,
    floor_sqrt,
    in_units,
    minimum,
    positive,
)
from ..model import INDEX_BITS, INDEX_SCALE, RATE_BITS, Shape
from ..schema import Cell, Schema, holding_specs, signed, unsigned
from .family import Account, Asset, Family, Position, TableView

__all__ = ["DRIFT", "asset_weight", "drift_schema", "liability_weight"]

QUOTE_DIGITS = 6
SIZE_BITS = 50  # sizes are in 10^-9 of the base
AMOUNT_BITS = 50
PRICE_BITS = 40  # 10^-6 of the quote
FUNDING_BITS = 44
CASH_BITS = 60
ENTRY_BITS = 50
CAP_BITS = 60
WEIGHT_BITS = 17
SCALE_BITS = 14

BILLION = Constant(10**9, Unit.of(decimals=9))  # one, in billionths
WEIGHT = Unit.of(decimals=4)
ONE = Constant(10**4, WEIGHT)


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return cash, what the perpetuals' profits count for, and the collateral at its weights."""
    total = account.cash
    for perp in account.positions:
        total += counted_profit(perp, market, parameters)
    for asset in account.collateral:
        size = asset.amount * parameters.column("scale")[asset]
        value = exact(floor_div(size * market.column("asset_price")[asset], BILLION))
        weight = asset_weight(size, parameters.column("asset_weight")[asset], parameters.column("asset_imf")[asset])
        total += floor_div(value * weight, ONE)
    return total


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the margin of positions and debts."""
    total: Expression = Constant(0, MONEY)
    for perp in account.positions:
        total += position_requirement(perp, market, parameters)
    for asset in account.debts:
        size = owed(asset, market) * parameters.column("scale")[asset]
        value = exact(ceil_div(size * market.column("asset_price")[asset], BILLION))
        weight = liability_weight(size, parameters.column("debt_weight")[asset], parameters.column("debt_imf")[asset])
        total += floor_div(value * weight, ONE)
    return total


def counted_profit(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return what a position's profit counts for: a loss whole, a gain at its weight and up to its cap."""
    value = position_value(perp, market)
    worth = by_sign(perp.size, positive=value, negative=-value) - perp.size * market.column("funding")[perp]
    profit = worth - perp.entry
    gain = positive(profit) * parameters.column("profit_weight")[perp]
    return minimum(gain, parameters.column("profit_cap")[perp]) - positive(-profit)


def position_requirement(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return one position's margin."""
    size = absolute(perp.size)
    weight = liability_weight(size, parameters.column("ratio")[perp], parameters.column("imf")[perp])
    return floor_div(position_value(perp, market) * weight, ONE) + size * parameters.column("charge")[perp]


def position_value(perp: Position, market: TableView) -> Expression:
    """Return the magnitude of a position's value."""
    return exact(floor_div(absolute(perp.size) * market.column("price")[perp], BILLION))


def owed(asset: Asset, market: TableView) -> Expression:
    """Return a debt's tokens, rounded up."""
    one = Constant(INDEX_SCALE, Unit.of(decimals=9))
    return exact(ceil_div(asset.debt * market.column("borrow_index")[asset], one))


def liability_weight(size: Expression, weight: Expression, imf: Expression) -> Expression:
    """Return what a liability of this size weighs: the weight, or four fifths of it and the premium of the size."""
    premium = floor_div(root(size) * in_units(imf), Constant(10**7))
    fifth = floor_div(in_units(weight), Constant(5))
    return weight + positive(premium - fifth) * Constant(1, WEIGHT)


def asset_weight(size: Expression, weight: Expression, imf: Expression) -> Expression:
    """Return what an asset of this size weighs: the weight, or less where the size divides it."""
    growth = floor_div(root(size) * in_units(imf), Constant(10**5))
    divided = floor_div(Constant(11 * 10**9), exact(growth + Constant(10**6)))
    return minimum(weight, divided * Constant(1, WEIGHT))


def root(size: Expression) -> Expression:
    """Return √size, in 10^-5 of the root of a whole."""
    return floor_sqrt(10 * in_units(size) + Constant(1))


def drift_schema(shape: Shape) -> Schema:
    """Return the family's schema: sizes in 10⁻⁹ of the base, amounts in tokens' own units."""
    shape.needs()
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=AMOUNT_BITS, entry=ENTRY_BITS)
    tables = (("market", _market_cells(shape)), ("parameters", _parameter_cells(shape)))
    return Schema("drift", shape, QUOTE_DIGITS, holdings, tables)


def _market_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return prices and funding indices, both in 10⁻⁶ of the quote a whole (10⁹ lots), then borrow indices."""
    positions, assets, debts = range(shape.positions), range(shape.assets), range(shape.debts)
    return (
        *(unsigned(f"market.price.{i}", "1e-9 money/lot", PRICE_BITS) for i in positions),
        *(signed(f"market.funding.{i}", "1e-9 money/lot", FUNDING_BITS) for i in positions),
        *(unsigned(f"market.asset_price.{i}", "1e-9 money/lot", PRICE_BITS) for i in assets),
        *(unsigned(f"market.borrow_index.{i}", "1e-9 lot/share", INDEX_BITS, minimum=INDEX_SCALE) for i in debts),
    )


def _parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return the positions' cells, then the assets' scales (10^(9 − decimals)), then weights, each with its imf.

    A slot that is not listed has a profit count for nothing and a loss whole.
    """
    dear, most = {"levels": "initial>=maintenance"}, (1 << WEIGHT_BITS) - 1
    cheap = {"levels": "initial<=maintenance"}
    cells: list[Cell] = []
    for i in range(shape.positions):
        cells += [
            unsigned(f"parameters.ratio.{i}", "1e-4", WEIGHT_BITS, empty=most, **dear),
            unsigned(f"parameters.imf.{i}", "1e-6", RATE_BITS, **dear),
            unsigned(f"parameters.charge.{i}", "money/lot", 28, empty=(1 << 28) - 1, **dear),
            unsigned(f"parameters.profit_weight.{i}", "1e-4", 14, maximum=10**4, empty=0, **cheap),
            unsigned(f"parameters.profit_cap.{i}", "money", CAP_BITS, empty=0, **cheap),
        ]
    cells += [unsigned(f"parameters.scale.{i}", "", SCALE_BITS, minimum=1, maximum=10**4) for i in range(shape.assets)]
    for i in range(shape.collateral):
        cells.append(unsigned(f"parameters.asset_weight.{i}", "1e-4", 14, maximum=10**4, **cheap))
        cells.append(unsigned(f"parameters.asset_imf.{i}", "1e-6", RATE_BITS, **dear))
    for i in range(shape.debts):
        cells.append(unsigned(f"parameters.debt_weight.{i}", "1e-4", WEIGHT_BITS, minimum=10**4, **dear))
        cells.append(unsigned(f"parameters.debt_imf.{i}", "1e-6", RATE_BITS, **dear))
    return tuple(cells)


DRIFT = Family("drift", drift_schema, equity, requirement, position_requirement, trial=Shape(1, 1, 1))
