"""The schema of a shape: every cell and holding with its unit, width, range and order.

Circuits are sound only for tables inside their schema (a single wrong sign would let anyone prove anything), so the
same schema is hashed into every commitment and table, enforced by the contracts that admit tables, and enforced again
by `zkmargin verify`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..contracts.encoding import keccak as keccak256
from ..contracts.encoding import table_hash
from ..kernel.errors import InputError, RuleError
from .model import Holdings, Shape, Table

CELL_BITS = 128  # of the widest cell that contracts keep
ORDERS = ("initial>=maintenance", "initial<=maintenance")

__all__ = ["Cell", "HoldingSpec", "Schema", "holding_specs", "keccak256", "signed", "unsigned"]


@dataclass(frozen=True)
class Cell:
    """One public table value: `bits` wide as stored, between `minimum` and `maximum` in value.

    A signed cell is stored as value + 2^(bits-1). `at_least` is the index in the same table of an earlier cell that
    must not exceed this one; `levels` orders this cell between the initial and the maintenance parameter table.

    `unit` is `[1e-N ][words][/words]`, words joined by `·`: money, lot, share, or any other dimension. Lots and shares
    belong to a `slot` ("position 3", "asset 0", "strike 12"), so that no slot's price meets another slot's size; by
    default the cell's own number, a position's for price, funding and charge and an asset's otherwise. `empty` is the
    value while the slot is not listed: by default zero, or the least there is. Neither is part of the hash.
    """

    name: str
    unit: str
    bits: int
    minimum: int
    maximum: int
    at_least: int | None = None
    levels: str = ""  # "", "initial>=maintenance", "initial<=maintenance"
    slot: str = ""
    empty: int | None = None

    def __post_init__(self) -> None:
        """Refuse a cell that could hold what its declaration rules out. Raises RuleError."""
        _bounded(self)
        if self.levels not in ("", *ORDERS):
            raise RuleError(f"{self.name} orders its levels by {self.levels!r}", hint=f"one of {', '.join(ORDERS)}")
        if self.empty is not None and not self.minimum <= self.empty <= self.maximum:
            raise RuleError(f"{self.name} is outside its own range while its slot is empty", hint="empty within bounds")

    @property
    def offset(self) -> int:
        """Return what is added to a value to store it: zero for unsigned cells."""
        return 1 << (self.bits - 1) if self.minimum < 0 else 0


@dataclass(frozen=True)
class HoldingSpec:
    """One hidden quantity: `bits` wide in its offset form, which is what commitments pack.

    Circuits accept exactly the values from `minimum` to `maximum`. `slot` names what its lots are of, as in `Cell`.
    """

    name: str
    unit: str
    bits: int
    minimum: int
    maximum: int
    slot: str = ""

    def __post_init__(self) -> None:
        """Refuse a holding whose packed form would not hold its range. Raises RuleError."""
        _bounded(self)

    @property
    def offset(self) -> int:
        """Return what is added to a value to pack it."""
        return 1 << (self.bits - 1) if self.minimum < 0 else 0


@dataclass(frozen=True)
class Schema:
    """The schema of one rule at one shape. Its hash stands in every commitment and table.

    The schema of a price box names the `plain` one that it is the box of: accounts and parameter tables are shared, so
    commitments and parameter tables carry the plain schema's hash, and only the box's market table its own.
    """

    rule: str
    shape: Shape
    money_digits: int
    holdings: tuple[HoldingSpec, ...]
    tables: tuple[tuple[str, tuple[Cell, ...]], ...]
    plain: Schema | None = None

    def __post_init__(self) -> None:
        """Refuse tables and holdings that circuits and contracts would read otherwise than they are meant.

        Raises RuleError.
        """
        if [name for name, _ in self.tables] != ["market", "parameters"]:
            raise RuleError("a rule's tables are market and parameters, in this order", hint='(("market", ...), ...)')
        for table, cells in self.tables:
            _ordered(table, cells)
        shape = self.shape
        wanted = ["cash", *(f"size.{i}" for i in range(shape.positions))]
        wanted += [f"collateral.{i}" for i in range(shape.collateral)]
        wanted += [f"debt.{i}" for i in range(shape.debts)]
        found = [spec.name for spec in self.holdings]
        if len(found) != len(wanted):
            wanted += [f"entry.{i}" for i in range(shape.positions)]
        if found != wanted:
            wrong = next((name for name, other in zip(found, wanted, strict=False) if name != other), "their number")
            raise RuleError(
                f"the holdings of {self.rule} are not those of its shape: {wrong}",
                hint="cash, size.i, collateral.i, debt.i, then entry.i if any; holding_specs makes them",
            )

    def __hash__(self) -> int:
        """Return the hash of the fields, taken once: a schema has hundreds of cells and finds its rule at each use."""
        return self._fields_hash

    @cached_property
    def _fields_hash(self) -> int:
        return hash((self.rule, self.shape, self.money_digits, self.holdings, self.tables))

    def cells(self, table: str) -> tuple[Cell, ...]:
        """Return the cells of one table, in order. Raises InputError (code "schema") when there is no such table."""
        for name, cells in self.tables:
            if name == table:
                return cells
        raise InputError(f"the schema has no table {table!r}", code="schema")

    def as_json(self) -> dict[str, Any]:
        """Return the content of `schema.json`; integers are decimal strings."""
        box = {} if self.plain is None else {"box_of": "0x" + self.plain.hash.hex()}
        return box | {
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

    @property
    def accounts(self) -> bytes:
        """Return the hash that commitments are made under: the plain schema's."""
        return self.hash if self.plain is None else self.plain.hash

    def table_hash(self, table: Table) -> bytes:
        """Return keccak256(schema hash ‖ round or version ‖ cells), all as 32-byte words: the table as posted."""
        shared = table.name == "parameters"
        return table_hash(self.accounts if shared else self.hash, table.number, table.cells)

    @property
    def nothing(self) -> Holdings:
        """Return holdings of nothing."""
        return Holdings.of(self.shape, (0,) * len(self.holdings))

    @cached_property
    def has_entries(self) -> bool:
        """Whether accounts keep what each position was entered at, rather than have it in their cash."""
        return any(spec.name.startswith("entry.") for spec in self.holdings)

    def fit(self, holdings: Holdings) -> None:
        """Raise InputError when the holdings do not fit the shape or a quantity exceeds its range.

        The message names the slot, never the quantity.
        """
        shape = self.shape
        if not isinstance(holdings, Holdings) or not _whole(holdings.cash, *_rows(holdings)):
            raise InputError("holdings are tuples of whole numbers", code="wrong-type")
        wanted = (shape.positions, shape.collateral, shape.debts, len(self.holdings))
        have = (len(holdings.sizes), len(holdings.collateral), len(holdings.debts), len(holdings.values))
        if have != wanted:
            raise InputError("the holdings have another shape than the circuit", code="shape")
        for spec, value in zip(self.holdings, holdings.values, strict=True):
            if not spec.minimum <= value <= spec.maximum:
                raise InputError(f"{_in_words(spec)} does not fit {_width(spec)}", code="out-of-range")

    def check_table(self, table: Table) -> None:
        """Raise InputError (code "schema") naming the first cell that is outside the schema.

        What a contract enforces at admission; a proof verified without it proves nothing.
        """
        if not isinstance(table, Table) or not isinstance(table.cells, tuple) or not _whole(*table.cells, table.number):
            raise InputError("a table has a whole number and a tuple of them", code="wrong-type")
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


def _rows(holdings: Holdings) -> Iterator[object]:
    """Yield every quantity of some holdings but the cash, and what is no row of them as it is."""
    for row in (holdings.sizes, holdings.collateral, holdings.debts, holdings.entries):
        yield from row if isinstance(row, tuple) else (row,)


def _whole(*values: object) -> bool:
    return all(type(value) is int for value in values)


def unsigned(name: str, unit: str, bits: int, **more: Any) -> Cell:  # noqa: ANN401
    """Return a cell of 0 to 2^bits − 1, unless `minimum` or `maximum` say less; `more` are the cell's other fields."""
    return Cell(name, unit, bits, more.pop("minimum", 0), more.pop("maximum", (1 << bits) - 1), **more)


def signed(name: str, unit: str, bits: int, **more: Any) -> Cell:  # noqa: ANN401
    """Return a signed cell of −2^(bits−1) to 2^(bits−1) − 1, stored offset; `more` are the cell's other fields."""
    half = 1 << (bits - 1)
    return Cell(name, unit, bits, more.pop("minimum", -half), more.pop("maximum", half - 1), **more)


def holding_specs(
    shape: Shape, *, cash: int, size: int, amount: int, slots: Sequence[str] = (), entry: int | None = None
) -> tuple[HoldingSpec, ...]:
    """Return the holdings of a shape in the order commitments pack them: cash, sizes, collateral, debts, entries.

    `cash`, `size`, `amount` and `entry` are bits, the sign one more; without `entry` there are no entries, and what
    positions cost is in the cash. `slots` names what each position's lots are lots of, where
    several positions share one (calls and puts of one strike); by default every position is its own.
    """
    coins, lots, most = 1 << cash, (1 << size) - 1, (1 << amount) - 1
    names = slots or [f"position {i}" for i in range(shape.positions)]
    return (
        HoldingSpec("cash", "money", cash + 1, -coins, coins - 1),
        *(HoldingSpec(f"size.{i}", "lot", size + 1, -lots, lots, name) for i, name in enumerate(names)),
        *(HoldingSpec(f"collateral.{i}", "lot", amount, 0, most, f"asset {i}") for i in range(shape.collateral)),
        *(HoldingSpec(f"debt.{i}", "share", amount, 0, most, f"asset {i}") for i in range(shape.debts)),
        *(
            HoldingSpec(f"entry.{i}", "money", entry + 1, -(1 << entry), (1 << entry) - 1)
            for i in range(shape.positions)
            if entry is not None
        ),
    )


def _bounded(spec: Cell | HoldingSpec) -> None:
    """Raise RuleError unless a quantity's bits hold its range, and its range is one."""
    low, high = spec.minimum, spec.maximum
    if low > high:
        raise RuleError(f"{spec.name} has a minimum above its maximum", hint="minimum <= maximum")
    stored = (low + spec.offset, high + spec.offset)
    if spec.bits < 1 or stored[0] < 0 or stored[1] >= 1 << spec.bits:
        needed = max((high if low >= 0 else max(-low - 1, high)).bit_length() + (low < 0), 1)
        raise RuleError(
            f"{spec.name} is of {spec.bits} bits, which do not hold its values from {low} to {high}",
            hint=f"give it {needed} bits, or bounds that fit",
        )


def _ordered(table: str, cells: Sequence[Cell]) -> None:
    """Raise RuleError unless each cell of a table has a name of its own and comes after the one it is ordered after."""
    names: set[str] = set()
    for place, cell in enumerate(cells):
        if cell.name in names:
            raise RuleError(f"two cells are called {cell.name}", hint="a cell's name is table.column.place")
        names.add(cell.name)
        if not cell.name.startswith(f"{table}.") or "" in cell.name.split("."):
            raise RuleError(f"{cell.name!r} is no name of a cell of the {table}", hint=f"{table}.column.place")
        if cell.bits > CELL_BITS:
            raise RuleError(f"{cell.name} is of {cell.bits} bits", hint=f"contracts hold cells of up to {CELL_BITS}")
        if cell.at_least is None:
            continue
        if not 0 <= cell.at_least < place:
            raise RuleError(
                f"{cell.name} is ordered after cell {cell.at_least}, which does not come before it",
                hint="at_least is the index, in the same table, of an earlier cell",
            )
        if cells[cell.at_least].offset != cell.offset:
            raise RuleError(
                f"{cell.name} is ordered after {cells[cell.at_least].name}, which is stored with another offset",
                hint="give both the same bits and both a sign or none",
            )


def _in_words(spec: HoldingSpec) -> str:
    kind, _, number = spec.name.partition(".")
    if not number:
        return f"the {kind}"
    if kind == "entry":
        return f"the entry value in position slot {number}"
    return f"the size in position slot {number}" if kind == "size" else f"the amount in {kind} slot {number}"


def _width(spec: HoldingSpec) -> str:
    units = {"money": " of money units", "lot": " of lots" if spec.minimum else ""}
    return f"{spec.maximum.bit_length()} bits{units.get(spec.unit, '')}"
