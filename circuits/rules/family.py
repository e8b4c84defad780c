"""What a rule is written against: symbolic accounts and tables, and the family that ties them to a schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ...kernel.errors import RuleError
from ..model import Shape
from ..schema import Schema, keccak256
from .language import CellRef, Expression, HoldingRef, Unit, walk

__all__ = ["Account", "Asset", "Family", "Lookup", "Position", "Rule", "TableView"]


@dataclass(frozen=True)
class Position:
    """A position slot: its signed size in lots."""

    slot: int
    size: Expression


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


class Lookup:
    """A column of cells, indexed by slot: `market.price[perp]`."""

    def __init__(self, cells: dict[str, CellRef], prefix: str) -> None:
        """Keep the cells whose name starts with `prefix`."""
        self._cells = cells
        self._prefix = prefix

    def __getitem__(self, slot: Position | Asset) -> CellRef:
        """Return the slot's only cell in this column."""
        return self._cells[f"{self._prefix}.{slot.slot}"]

    def row(self, slot: Position | Asset) -> list[Expression]:
        """Return the slot's cells in this column, in order (rates, boundaries)."""
        start = f"{self._prefix}.{slot.slot}."
        return [cell for name, cell in self._cells.items() if name.startswith(start)]


class TableView:
    """A table, symbolically: `table.column("price")`."""

    def __init__(self, name: str, cells: dict[str, CellRef]) -> None:
        """Keep the table's name and cells."""
        self.name = name
        self.cells = cells

    def column(self, name: str) -> Lookup:
        """Return one column of the table."""
        return Lookup(self.cells, f"{self.name}.{name}")


Rule = Callable[[Account, TableView, TableView], Expression]


@dataclass(frozen=True)
class Family:
    """A margin rule with the schema it runs under; parts are what reports show beside the surplus.

    `equity` and `requirement` take (account, market, parameters); `position_requirement` one position besides.
    """

    name: str
    schema_of: Callable[[Shape], Schema]
    equity: Rule
    requirement: Rule
    position_requirement: Callable[[Position, TableView, TableView], Expression]

    def bind(self, schema: Schema) -> BoundRule:
        """Return the rule's expressions for one schema."""
        return BoundRule(self, schema)


class BoundRule:
    """A family's expressions at one schema, built once: `surplus`, its parts, and the canonical form's hash."""

    def __init__(self, family: Family, schema: Schema) -> None:
        """Build the symbolic account and tables of the schema."""
        self.family = family
        self.schema = schema
        self.holdings = [
            HoldingRef(i, spec.name, _unit(spec.name, spec.unit), (spec.minimum, spec.maximum))
            for i, spec in enumerate(schema.holdings)
        ]
        self.account = _account(schema, self.holdings)
        self.tables = {name: _table_view(schema, name) for name, _ in schema.tables}

    @cached_property
    def equity(self) -> Expression:
        """Return the equity, in money."""
        return self.family.equity(self.account, self.tables["market"], self.tables["parameters"])

    @cached_property
    def requirement(self) -> Expression:
        """Return the requirement, in money."""
        return self.family.requirement(self.account, self.tables["market"], self.tables["parameters"])

    @cached_property
    def position_requirements(self) -> list[Expression]:
        """Return each position slot's own part of the requirement."""
        market, parameters = self.tables["market"], self.tables["parameters"]
        return [self.family.position_requirement(p, market, parameters) for p in self.account.positions]

    @cached_property
    def surplus(self) -> Expression:
        """Return equity − requirement; margin is met when it is >= 0. Raises RuleError unless it is money."""
        surplus = self.equity - self.requirement
        if surplus.unit.powers != Unit.of(money=1).powers:
            raise RuleError(f"the surplus must be money, not {surplus.unit}")
        return surplus

    @cached_property
    def rule_hash(self) -> bytes:
        """Return keccak256 of the surplus's canonical form: nodes numbered children first, slots without names."""
        numbers: dict[int, int] = {}
        lines: list[str] = []
        for node in walk(self.surplus):
            numbers[id(node)] = len(numbers)
            lines.append(" ".join([node.key, "of", *(str(numbers[id(child)]) for child in node.children)]))
        return keccak256("\n".join(lines).encode())


_LOTS = {"size": "position", "price": "position", "funding": "position", "charge": "position"}


def _unit(name: str, unit: str) -> Unit:
    """Return a schema unit with lots and shares named by slot, so that no slot's price meets another slot's size."""
    parts = name.removeprefix("market.").removeprefix("parameters.").split(".")
    slot = parts[1] if len(parts) > 1 else ""
    lot = f"lot of {_LOTS.get(parts[0], 'asset')} {slot}"
    units = {
        "money": Unit.of(money=1),
        "lot": Unit.of(**{lot: 1}),
        "share": Unit.of(**{f"share of asset {slot}": 1}),
        "money/lot": Unit.of(money=1, **{lot: -1}),
        "1e-9 lot/share": Unit.of(9, **{lot: 1, f"share of asset {slot}": -1}),
        "1e-6": Unit.of(6),
        "1e-4": Unit.of(4),
    }
    return units[unit]


def _table_view(schema: Schema, table: str) -> TableView:
    cells = {
        cell.name: CellRef(
            table,
            i,
            cell.name,
            _unit(cell.name, cell.unit),
            (cell.minimum, cell.maximum),
            cell.at_least,
        )
        for i, cell in enumerate(schema.cells(table))
    }
    return TableView(table, cells)


def _account(schema: Schema, holdings: list[HoldingRef]) -> Account:
    shape = schema.shape
    sizes = holdings[1 : 1 + shape.positions]
    collateral = holdings[1 + shape.positions : 1 + shape.positions + shape.collateral]
    debts = holdings[1 + shape.positions + shape.collateral :]
    return Account(
        cash=holdings[0],
        positions=tuple(Position(i, size) for i, size in enumerate(sizes)),
        collateral=tuple(Asset(i, balance=balance) for i, balance in enumerate(collateral)),
        debts=tuple(Asset(i, owed=owed) for i, owed in enumerate(debts)),
    )
