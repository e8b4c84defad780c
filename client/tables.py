"""From decimals to cells: the market and parameter tables that a venue's files stand for.

Tables are public, so what is finer than its cell is rounded here, once, and the table is then the truth: prices and
indices to the nearest (ties to even), rates and charges up, factors down. A price cell is money units a lot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..circuits.model import (
    FACTOR_SCALE,
    INDEX_SCALE,
    LEVELS,
    MONEY_DIGITS,
    RATE_SCALE,
    Table,
)
from ..circuits.rules.engine import family
from ..circuits.schema import Cell, Schema
from ..kernel.errors import FileError, InputError
from .files import AssetMarket, InstrumentMarket, Market, Parameters

__all__ = ["MONEY", "Tables", "empty_cells", "lot_price", "make_tables", "market_table", "parameter_table"]

MONEY = 10**MONEY_DIGITS
"""Money units in one unit of the quote."""


@dataclass(frozen=True)
class Tables:
    """What a proof speaks of: the schema, one market table, and the parameter table of each level."""

    schema: Schema
    market: Table
    initial: Table
    maintenance: Table

    def parameters(self, level: str) -> Table:
        """Return the parameter table of "initial" or "maintenance". Raises InputError for any other word."""
        if level not in LEVELS:
            raise InputError("the margin level must be initial or maintenance", code="margin-level")
        return self.initial if level == "initial" else self.maintenance


def make_tables(parameters: Parameters, market: Market, market_file: str | None = None) -> Tables:
    """Return the tables of a parameter and a market file, checked against their schema.

    Raises FileError when the files do not belong together or a value does not fit its cell; the schema's own
    violations are InputError with code "schema".
    """
    schema = family(parameters.rule).schema_of(parameters.slots)
    initial, maintenance = (parameter_table(parameters, level) for level in LEVELS)
    tables = Tables(schema, market_table(parameters, market, market_file), initial, maintenance)
    for table in (tables.market, initial, maintenance):
        schema.check_table(table)
    schema.check_levels(initial, maintenance)
    return tables


def lot_price(price: Fraction, size_step: Fraction) -> int:
    """Return a price in quote a unit as money units a lot, to the nearest, ties to even."""
    cells: int = round(price * size_step * MONEY)
    return cells


def market_table(parameters: Parameters, market: Market, file: str | None = None) -> Table:
    """Return the market table of a snapshot; its number is the round. Listings the parameters lack are ignored."""
    if market.venue != parameters.venue:
        raise FileError(
            f"the market is of {market.venue}, the parameters of {parameters.venue}", code="mismatch", file=file
        )
    if market.quote != parameters.quote.asset:
        raise FileError(
            f"the market is quoted in {market.quote}, the parameters in {parameters.quote.asset}",
            code="mismatch",
            file=file,
        )
    prices = {i.name: i for i in market.instruments}
    assets = {a.name: a for a in market.assets}
    _all_listed([i.name for i in parameters.instruments], prices, "instrument", file)
    _all_listed([a.name for a in parameters.assets], assets, "asset", file)

    cells = _Cells(family(parameters.rule).schema_of(parameters.slots), "market", file)
    for slot, listing in enumerate(parameters.instruments):
        step, values = Fraction(listing.size_step), prices[listing.name]
        cells.price(f"market.price.{slot}", Fraction(values.mark), step, listing.name)
        cells.put(f"market.funding.{slot}", lot_price(Fraction(values.funding_index), step), listing.name)
    for slot, asset in enumerate(parameters.assets):
        quoted = assets[asset.name]
        cells.price(f"market.asset_price.{slot}", Fraction(quoted.price), Fraction(asset.size_step), asset.name)
        if slot < parameters.shape.debts:
            index = round(Fraction(quoted.borrow_index) * INDEX_SCALE)
            cells.put(f"market.borrow_index.{slot}", index, asset.name)
    return cells.table(market.round)


def parameter_table(parameters: Parameters, level: str) -> Table:
    """Return the parameter table of one level; its number is the file's date in unix seconds."""
    shape = parameters.slots
    cells = _Cells(family(parameters.rule).schema_of(shape), "parameters", None)
    for slot, listing in enumerate(parameters.instruments):
        rates = [tier.initial_rate if level == "initial" else tier.maintenance_rate for tier in listing.tiers]
        bounds = [Fraction(tier.from_notional) for tier in listing.tiers]
        for k in range(shape.tiers or 0):
            last = min(k, len(rates) - 1)
            cells.put(f"parameters.rate.{slot}.{k}", math.ceil(rates[last] * RATE_SCALE), listing.name)
            if k:
                boundary = bounds[last] * MONEY if last else cells.spec(f"parameters.boundary.{slot}.{k}").maximum
                cells.put(f"parameters.boundary.{slot}.{k}", math.floor(boundary), listing.name)
        cells.put(f"parameters.charge.{slot}", 0, listing.name)
    for slot, asset in enumerate(parameters.assets[: shape.collateral]):
        factor = asset.initial_factor if level == "initial" else asset.maintenance_factor
        cells.put(f"parameters.factor.{slot}", math.floor(factor * FACTOR_SCALE), asset.name)
    return cells.table(parameters.version)


def empty_cells(schema: Schema, table: str) -> dict[str, int]:
    """Return every cell's value of an unlisted slot: no price, no index growth, and what its schema says is dearest."""
    return {cell.name: max(cell.minimum, 0) if cell.empty is None else cell.empty for cell in schema.cells(table)}


class _Cells:
    """A table being filled by cell name; every cell starts as its empty slot's value."""

    def __init__(self, schema: Schema, table: str, file: str | None) -> None:
        self._specs = {cell.name: cell for cell in schema.cells(table)}
        self._values = empty_cells(schema, table)
        self._labels = dict.fromkeys(self._specs, "")
        self._table = table
        self._file = file

    def spec(self, cell: str) -> Cell:
        return self._specs[cell]

    def price(self, cell: str, price: Fraction, step: Fraction, label: str) -> None:
        value = lot_price(price, step)
        if value == 0:
            raise FileError(
                f"the price of {label} is below half a money unit a lot: its size_step is too small",
                code="out-of-range",
                file=self._file,
            )
        self.put(cell, value, label)

    def put(self, cell: str, value: int, label: str) -> None:
        spec = self._specs[cell]
        if not spec.minimum <= value <= spec.maximum:
            raise FileError(
                f"{cell} of {label} does not fit its cell of {spec.bits} bits of {spec.unit}",
                code="out-of-range",
                file=self._file,
                hint="a smaller size_step makes prices a lot smaller" if spec.unit == "money/lot" else None,
            )
        self._values[cell] = value
        self._labels[cell] = label

    def table(self, number: int) -> Table:
        stored = tuple(self._values[name] + spec.offset for name, spec in self._specs.items())
        return Table(self._table, number, stored, tuple(self._labels.values()))


def _all_listed(
    wanted: Sequence[str],
    found: Mapping[str, InstrumentMarket] | Mapping[str, AssetMarket],
    what: str,
    file: str | None,
) -> None:
    for name in wanted:
        if name not in found:
            raise FileError(f"the market lacks the {what} {name}", code=f"missing-{what}", file=file)
