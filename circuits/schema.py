"""The schema of a shape: every cell and holding with its unit, width, range and order.

Circuits are sound only for tables inside their schema (a single wrong sign would let anyone prove anything), so the
same schema is hashed into every commitment and table, enforced by the contracts that admit tables, and enforced again
by `zkmargin verify`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..contracts.encoding import keccak as keccak256
from ..contracts.encoding import table_hash
from ..kernel.errors import InputError
from . import model
from .model import Shape, Table

__all__ = ["Cell", "HoldingSpec", "Schema", "cross_margin_schema", "keccak256"]


@dataclass(frozen=True)
class Cell:
    """One public table value: `bits` wide as stored, between `minimum` and `maximum` in value.

    A signed cell is stored as value + 2^(bits-1). `at_least` is the index in the same table of an earlier cell that
    must not exceed this one; `levels` orders this cell between the initial and the maintenance parameter table.
    """

    name: str
    unit: str
    bits: int
    minimum: int
    maximum: int
    at_least: int | None = None
    levels: str = ""  # "", "initial>=maintenance", "initial<=maintenance"

    @property
    def offset(self) -> int:
        """Return what is added to a value to store it: zero for unsigned cells."""
        return 1 << (self.bits - 1) if self.minimum < 0 else 0


@dataclass(frozen=True)
class HoldingSpec:
    """One hidden quantity: `bits` wide in its offset form, which is what commitments pack.

    Circuits accept exactly the values from `minimum` to `maximum`.
    """

    name: str
    unit: str
    bits: int
    minimum: int
    maximum: int

    @property
    def offset(self) -> int:
        """Return what is added to a value to pack it."""
        return 1 << (self.bits - 1) if self.minimum < 0 else 0


@dataclass(frozen=True)
class Schema:
    """The schema of one rule at one shape. Its hash stands in every commitment and table."""

    rule: str
    shape: Shape
    money_digits: int
    holdings: tuple[HoldingSpec, ...]
    tables: tuple[tuple[str, tuple[Cell, ...]], ...]

    def cells(self, table: str) -> tuple[Cell, ...]:
        """Return the cells of one table, in order. Raises InputError (code "schema") when there is no such table."""
        for name, cells in self.tables:
            if name == table:
                return cells
        raise InputError(f"the schema has no table {table!r}", code="schema")

    def as_json(self) -> dict[str, Any]:
        """Return the content of `schema.json`; integers are decimal strings."""
        return {
            "schema": "zkmargin/schema/1",
            "rule": self.rule,
            "shape": self.shape.as_json(),
            "money_digits": self.money_digits,
            "holdings": [
                {
                    "name": h.name,
                    "unit": h.unit,
                    "bits": h.bits,
                    "offset": str(h.offset),
                    "minimum": str(h.minimum),
                    "maximum": str(h.maximum),
                }
                for h in self.holdings
            ],
            "tables": {
                name: [
                    {
                        "name": c.name,
                        "unit": c.unit,
                        "bits": c.bits,
                        "offset": str(c.offset),
                        "minimum": str(c.minimum),
                        "maximum": str(c.maximum),
                        "at_least": c.at_least,
                        "levels": c.levels,
                    }
                    for c in cells
                ]
                for name, cells in self.tables
            },
        }

    @cached_property
    def canonical(self) -> bytes:
        """Return the bytes that are hashed: the JSON with sorted keys and no spaces."""
        return json.dumps(self.as_json(), sort_keys=True, separators=(",", ":")).encode()

    @cached_property
    def hash(self) -> bytes:
        """Return the 32-byte schema hash."""
        return keccak256(self.canonical)

    def table_hash(self, table: Table) -> bytes:
        """Return keccak256(schema hash ‖ round or version ‖ cells), all as 32-byte words: the table as posted."""
        return table_hash(self.hash, table.number, table.cells)

    def check_table(self, table: Table) -> None:
        """Raise InputError (code "schema") naming the first cell that is outside the schema.

        What a contract enforces at admission; a proof verified without it proves nothing.
        """
        cells = self.cells(table.name)
        if len(table.cells) != len(cells):
            raise InputError(f"the {table.name} table has {len(table.cells)} cells, not {len(cells)}", code="schema")
        for cell, stored in zip(cells, table.cells, strict=True):
            if not cell.minimum <= stored - cell.offset <= cell.maximum:
                raise InputError(f"{cell.name} is outside its schema's range", code="schema")
            if cell.at_least is not None and stored < table.cells[cell.at_least]:
                raise InputError(f"{cell.name} is below {cells[cell.at_least].name}", code="schema")

    def check_levels(self, initial: Table, maintenance: Table) -> None:
        """Raise InputError (code "schema") when initial margin would be looser than maintenance in any cell."""
        for cell, first, second in zip(self.cells(initial.name), initial.cells, maintenance.cells, strict=True):
            if cell.levels == "initial>=maintenance" and first < second:
                raise InputError(f"{cell.name}: the initial value is below the maintenance value", code="schema")
            if cell.levels == "initial<=maintenance" and first > second:
                raise InputError(f"{cell.name}: the initial value is above the maintenance value", code="schema")


def _unsigned(name: str, unit: str, bits: int, **more: Any) -> Cell:  # noqa: ANN401
    return Cell(name, unit, bits, more.pop("minimum", 0), more.pop("maximum", (1 << bits) - 1), **more)


def _market_cells(shape: Shape) -> tuple[Cell, ...]:
    half = 1 << (model.FUNDING_BITS - 1)
    return (
        *(_unsigned(f"market.price.{i}", "money/lot", model.PRICE_BITS) for i in range(shape.positions)),
        *(
            Cell(f"market.funding.{i}", "money/lot", model.FUNDING_BITS, -half, half - 1)
            for i in range(shape.positions)
        ),
        *(_unsigned(f"market.asset_price.{i}", "money/lot", model.PRICE_BITS) for i in range(shape.assets)),
        *(
            _unsigned(f"market.borrow_index.{i}", "1e-9 lot/share", model.INDEX_BITS, minimum=model.INDEX_SCALE)
            for i in range(shape.debts)
        ),
    )


def _parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for i in range(shape.positions):
        for k in range(shape.tiers):
            cells.append(
                _unsigned(
                    f"parameters.rate.{i}.{k}",
                    "1e-6",
                    model.RATE_BITS,
                    maximum=model.RATE_SCALE,
                    at_least=len(cells) - 1 if k else None,
                    levels="initial>=maintenance",
                )
            )
        for k in range(1, shape.tiers):
            below = len(cells) - 1 if k > 1 else None
            cells.append(
                _unsigned(
                    f"parameters.boundary.{i}.{k}",
                    "money",
                    model.BOUNDARY_BITS,
                    at_least=below,
                    levels="initial<=maintenance",
                )
            )
        cells.append(_unsigned(f"parameters.charge.{i}", "money/lot", model.CHARGE_BITS, levels="initial>=maintenance"))
    cells += (
        _unsigned(
            f"parameters.factor.{i}",
            "1e-4",
            model.FACTOR_BITS,
            maximum=model.FACTOR_SCALE,
            levels="initial<=maintenance",
        )
        for i in range(shape.collateral)
    )
    return tuple(cells)


def cross_margin_schema(shape: Shape) -> Schema:
    """Return the schema of the cross-margin family: the default widths, cells in the order tables are posted in."""
    cash, size, amount = 1 << model.CASH_BITS, (1 << model.SIZE_BITS) - 1, (1 << model.ASSET_BITS) - 1
    holdings = (
        HoldingSpec("cash", "money", model.CASH_BITS + 1, -cash, cash - 1),
        *(HoldingSpec(f"size.{i}", "lot", model.SIZE_BITS + 1, -size, size) for i in range(shape.positions)),
        *(HoldingSpec(f"collateral.{i}", "lot", model.ASSET_BITS, 0, amount) for i in range(shape.collateral)),
        *(HoldingSpec(f"debt.{i}", "share", model.ASSET_BITS, 0, amount) for i in range(shape.debts)),
    )
    tables = (("market", _market_cells(shape)), ("parameters", _parameter_cells(shape)))
    return Schema("cross-margin", shape, model.MONEY_DIGITS, holdings, tables)
