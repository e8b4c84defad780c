"""What a rule is written against: an account and tables, symbolically, their cells found by column and place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...kernel.errors import RuleError
from ..language.language import CellRef, Expression, HoldingRef, Unit
from ..schema import Cell, HoldingSpec, Schema
from .slips import nearest

__all__ = [
    "DIMENSIONS",
    "Account",
    "Asset",
    "Lookup",
    "Position",
    "TableView",
    "account_of",
    "columns_of",
    "table_view",
    "unit_of",
]


@dataclass(frozen=True)
class Position:
    """A position slot: its signed size in lots and, where accounts keep it, what it was entered at."""

    slot: int
    size: Expression
    at: Expression | None = None

    @property
    def entry(self) -> Expression:
        """Return what the position was entered at, in money."""
        if self.at is None:
            raise RuleError(
                "accounts of this schema have no entry values", hint="ask for them: holding_specs(..., entry=bits)"
            )
        return self.at


@dataclass(frozen=True)
class Asset:
    """A collateral or debt slot; `balance` in lots or `debt` in shares, whichever the account's list is of."""

    slot: int
    balance: Expression | None = None
    owed: Expression | None = None

    @property
    def debt(self) -> Expression:
        """Return the debt shares of a debt slot."""
        if self.owed is None:
            raise RuleError("a collateral slot has no debt: loop over account.debts")
        return self.owed

    @property
    def amount(self) -> Expression:
        """Return the lots of a collateral slot."""
        if self.balance is None:
            raise RuleError("a debt slot has no balance: loop over account.collateral")
        return self.balance


@dataclass(frozen=True)
class Account:
    """The hidden holdings, symbolically."""

    cash: Expression
    positions: tuple[Position, ...]
    collateral: tuple[Asset, ...]
    debts: tuple[Asset, ...]


Place = Position | Asset | int
"""Where a cell stands in its column: a slot, or a number (an expiry, a strike, a scenario)."""


class Lookup:
    """A column of cells: `price[perp]`, `array[perp, scenario]`, `rate.row(perp)`."""

    def __init__(self, cells: dict[str, CellRef], rows: dict[str, list[Expression]], prefix: str) -> None:
        """Look up the cells whose name starts with `prefix`."""
        self._cells = cells
        self._rows = rows
        self._prefix = prefix

    def __getitem__(self, place: Place | tuple[Place, ...]) -> CellRef:
        """Return the cell at a place, `table.column.place` or `table.column.place.place`. Raises RuleError."""
        places = place if isinstance(place, tuple) else (place,)
        name = ".".join([self._prefix, *map(_number, places)])
        if name not in self._cells:
            mine = [
                cell.removeprefix(f"{self._prefix}.") for cell in self._cells if cell.startswith(f"{self._prefix}.")
            ]
            held = f"its places are {mine[0]} to {mine[-1]}" if mine else "at this shape it has no places"
            raise RuleError(f"there is no cell {name}", hint=held)
        return self._cells[name]

    def row(self, *places: Place) -> list[Expression]:
        """Return all cells `table.column.place.*`, in order: rates, scenarios; without a place, the whole column."""
        return self._rows.get(".".join([self._prefix, *map(_number, places)]), [])


class TableView:
    """A table, symbolically: `table.column("price")`, `table["scale"]`."""

    def __init__(
        self, name: str, cells: dict[str, CellRef], elsewhere: Callable[[str], frozenset[str]] | None = None
    ) -> None:
        """Keep the table's name and cells; `elsewhere` gives the columns that a table has at other shapes."""
        self.name = name
        self.cells = cells
        self._elsewhere = elsewhere
        self._rows: dict[str, list[Expression]] = {}
        for cell, reference in cells.items():
            self._rows.setdefault(cell.rpartition(".")[0], []).append(reference)
        self._columns = columns_of(cells)

    def column(self, name: str) -> Lookup:
        """Return one column of the table, empty where this shape has none of it.

        Raises RuleError when no shape has it: loops over a misspelt column would leave its charges out without a word.
        """
        if name not in self._columns:
            others = self._elsewhere(self.name) if self._elsewhere else frozenset[str]()
            if name not in others:
                hint = nearest(name, self._columns | others)
                raise RuleError(f"the {self.name} has no column {name!r}", hint=hint)
        return Lookup(self.cells, self._rows, f"{self.name}.{name}")

    def __getitem__(self, name: str) -> CellRef:
        """Return the table's only cell of that name: `table.name`. Raises RuleError when there is none."""
        cell = f"{self.name}.{name}"
        if cell not in self.cells:
            raise RuleError(f"there is no cell {cell}", hint=nearest(name, self._columns))
        return self.cells[cell]


def _number(place: Place) -> str:
    return str(place if isinstance(place, int) else place.slot)


def columns_of(cells: Mapping[str, CellRef] | tuple[Cell, ...]) -> frozenset[str]:
    """Return the names of the columns that cells stand in."""
    names = (cell.name if isinstance(cell, Cell) else cell for cell in cells)
    return frozenset(name.split(".")[1] for name in names)


DIMENSIONS = ("money", "lot", "share")  # what every rule counts in; the last two are of a slot
_OF_POSITIONS = ("size", "price", "funding", "charge")


def unit_of(spec: Cell | HoldingSpec, more: tuple[str, ...] = ()) -> Unit:
    """Return a schema's unit, lots and shares named by their slot.

    Raises RuleError when it cannot be read or names a dimension that is neither money, lot or share nor among `more`.
    """
    column, _, number = spec.name.removeprefix("market.").removeprefix("parameters.").partition(".")
    slot = spec.slot or f"{'position' if column in _OF_POSITIONS else 'asset'} {number.partition('.')[0]}"
    decimals, text = 0, spec.unit
    if text.startswith("1e-"):
        digits, _, text = text.removeprefix("1e-").partition(" ")
        decimals = int(digits) if digits.isdecimal() else 0
        text = text if digits.isdecimal() else "?"
    above, _, below = text.partition("/")
    powers: dict[str, int] = {}
    for words, sign in ((above, 1), (below, -1)):
        for word in filter(None, words.split("·")):
            if not word.isalpha():
                way = '"money/lot", "1e-6", "1e-9 lot/share": a power of ten, then words joined by · and one /'
                raise RuleError(f"{spec.name} has a unit that cannot be read: {spec.unit!r}", hint=way)
            if word not in (*DIMENSIONS, *more):
                hint = f"{nearest(word, (*DIMENSIONS, *more))} Dimensions of a rule's own stand in Family(units=...)"
                raise RuleError(f"{spec.name} has an unknown unit: {word!r} of {spec.unit!r}", hint=hint)
            base = f"{word} of {slot}" if word in ("lot", "share") else word
            powers[base] = powers.get(base, 0) + sign
    return Unit.of(decimals, **powers)


def table_view(
    schema: Schema,
    table: str,
    units: tuple[str, ...] = (),
    elsewhere: Callable[[str], frozenset[str]] | None = None,
) -> TableView:
    """Return a table of a schema, symbolically; `units` and `elsewhere` are the family's own dimensions and columns."""
    cells = {
        cell.name: CellRef(
            table,
            i,
            cell.name,
            unit_of(cell, units),
            (cell.minimum, cell.maximum),
            cell.at_least,
        )
        for i, cell in enumerate(schema.cells(table))
    }
    return TableView(table, cells, elsewhere)


def account_of(schema: Schema, holdings: list[HoldingRef]) -> Account:
    """Return the hidden holdings of a schema, slot by slot."""
    shape = schema.shape
    sizes = holdings[1 : 1 + shape.positions]
    collateral = holdings[1 + shape.positions : 1 + shape.positions + shape.collateral]
    after = 1 + shape.positions + shape.collateral + shape.debts
    debts = holdings[1 + shape.positions + shape.collateral : after]
    entries: Sequence[HoldingRef | None] = holdings[after:] or [None] * shape.positions
    return Account(
        cash=holdings[0],
        positions=tuple(Position(i, size, entry) for i, (size, entry) in enumerate(zip(sizes, entries, strict=True))),
        collateral=tuple(Asset(i, balance=balance) for i, balance in enumerate(collateral)),
        debts=tuple(Asset(i, owed=owed) for i, owed in enumerate(debts)),
    )
