"""What a rule is written against: symbolic accounts and tables, and the family that ties them to a schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from ...kernel.errors import RuleError
from ..language.language import CellRef, Expression, HoldingRef, Unit, walk
from ..model import Shape
from ..schema import Cell, HoldingSpec, Schema, keccak256

__all__ = ["Account", "Asset", "BoundRule", "Family", "Lookup", "Parts", "Position", "Rule", "TableView", "table_view"]


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
            raise RuleError("accounts of this schema have no entry values: ask for them in holding_specs")
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
        """Keep the cells whose name starts with `prefix`."""
        self._cells = cells
        self._rows = rows
        self._prefix = prefix

    def __getitem__(self, place: Place | tuple[Place, ...]) -> CellRef:
        """Return the cell at a place, named `table.column.place` or `table.column.place.place`."""
        places = place if isinstance(place, tuple) else (place,)
        return self._cells[".".join([self._prefix, *map(_number, places)])]

    def row(self, *places: Place) -> list[Expression]:
        """Return all cells `table.column.place.*`, in order: rates, scenarios; without a place, the whole column."""
        return self._rows.get(".".join([self._prefix, *map(_number, places)]), [])


class TableView:
    """A table, symbolically: `table.column("price")`, `table["scale"]`."""

    def __init__(self, name: str, cells: dict[str, CellRef]) -> None:
        """Keep the table's name and cells."""
        self.name = name
        self.cells = cells
        self._rows: dict[str, list[Expression]] = {}
        for cell, reference in cells.items():
            self._rows.setdefault(cell.rpartition(".")[0], []).append(reference)

    def column(self, name: str) -> Lookup:
        """Return one column of the table."""
        return Lookup(self.cells, self._rows, f"{self.name}.{name}")

    def __getitem__(self, name: str) -> CellRef:
        """Return the table's only cell of that name: `table.name`."""
        return self.cells[f"{self.name}.{name}"]


def _number(place: Place) -> str:
    return str(place if isinstance(place, int) else place.slot)


Rule = Callable[[Account, TableView, TableView], Expression]
Parts = Callable[[Account, TableView, TableView], Mapping[str, Expression]]


@dataclass(frozen=True, eq=False)
class Family:
    """A margin rule with the schema it runs under.

    The surplus is `equity` − `requirement`, each a function of (account, market, parameters). The rest is what reports
    and the explainer show: `position_requirement`, one position's own part, where the requirement is a sum over
    positions; `parts`, named parts that add up to the surplus (the waterfall); `scenarios`, the account's profit in
    each scenario by name, where the rule has any; `box`, the market columns that may move inside a
    price box, each with the column that its reach is a share of (funding moves with the price, not with itself).
    """

    name: str
    schema_of: Callable[[Shape], Schema]
    equity: Rule
    requirement: Rule
    position_requirement: Callable[[Position, TableView, TableView], Expression] | None = None
    parts: Parts | None = None
    scenarios: Parts | None = None
    box: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make one schema a shape: it is asked for again and again, and what is bound to it is found by it."""
        object.__setattr__(self, "schema_of", lru_cache(maxsize=64)(self.schema_of))

    def bind(self, schema: Schema) -> BoundRule:
        """Return the rule's expressions for one schema, a box's (`box_schema`) at the worst of the box."""
        if schema.plain is not None:
            from ..statements.price_box import BoxRule

            return BoxRule(self, schema)
        return BoundRule(self, schema)


class BoundRule:
    """A family's expressions at one schema, built once: `surplus`, its parts, and the canonical form's hash."""

    def __init__(self, family: Family, schema: Schema) -> None:
        """Build the symbolic account and tables of the schema."""
        self.family = family
        self.schema = schema
        self.holdings = [
            HoldingRef(i, spec.name, _unit(spec), (spec.minimum, spec.maximum))
            for i, spec in enumerate(schema.holdings)
        ]
        self.account = _account(schema, self.holdings)
        self.tables = {name: table_view(schema, name) for name, _ in schema.tables}

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
        """Return each position slot's own part of the requirement; none where the rule margins them together."""
        part = self.family.position_requirement
        if part is None:
            return []
        return [part(p, self.tables["market"], self.tables["parameters"]) for p in self.account.positions]

    @cached_property
    def parts(self) -> dict[str, Expression]:
        """Return named parts that add up to the surplus: the family's own, or equity and requirement."""
        if self.family.parts is None:
            return {"equity": self.equity, "requirement": -self.requirement}
        return dict(self.family.parts(self.account, self.tables["market"], self.tables["parameters"]))

    @cached_property
    def scenarios(self) -> dict[str, Expression]:
        """Return the account's profit in each scenario by name; empty where the rule has none."""
        if self.family.scenarios is None:
            return {}
        return dict(self.family.scenarios(self.account, self.tables["market"], self.tables["parameters"]))

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


_OF_POSITIONS = ("size", "price", "funding", "charge")


def _unit(spec: Cell | HoldingSpec) -> Unit:
    """Return a schema's unit, lots and shares named by their slot. Raises RuleError when it cannot be read."""
    column, _, number = spec.name.removeprefix("market.").removeprefix("parameters.").partition(".")
    slot = spec.slot or f"{'position' if column in _OF_POSITIONS else 'asset'} {number.partition('.')[0]}"
    decimals, text = 0, spec.unit
    if text.startswith("1e-"):
        digits, _, text = text.removeprefix("1e-").partition(" ")
        decimals = int(digits)
    above, _, below = text.partition("/")
    powers: dict[str, int] = {}
    for words, sign in ((above, 1), (below, -1)):
        for word in filter(None, words.split("·")):
            if not word.isalpha():
                raise RuleError(f"{spec.name} has a unit that cannot be read: {spec.unit}")
            base = f"{word} of {slot}" if word in ("lot", "share") else word
            powers[base] = powers.get(base, 0) + sign
    return Unit.of(decimals, **powers)


def table_view(schema: Schema, table: str) -> TableView:
    """Return a table of a schema, symbolically."""
    cells = {
        cell.name: CellRef(
            table,
            i,
            cell.name,
            _unit(cell),
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
    after = 1 + shape.positions + shape.collateral + shape.debts
    debts = holdings[1 + shape.positions + shape.collateral : after]
    entries: Sequence[HoldingRef | None] = holdings[after:] or [None] * shape.positions
    return Account(
        cash=holdings[0],
        positions=tuple(Position(i, size, entry) for i, (size, entry) in enumerate(zip(sizes, entries, strict=True))),
        collateral=tuple(Asset(i, balance=balance) for i, balance in enumerate(collateral)),
        debts=tuple(Asset(i, owed=owed) for i, owed in enumerate(debts)),
    )
