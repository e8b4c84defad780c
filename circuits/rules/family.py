"""A family: a margin rule and the schema it runs under, and its expressions bound to one schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial, wraps

from ...kernel.errors import InputError, RuleError, ZkmarginError
from ..language.language import CellRef, Expression, HoldingRef, walk
from ..model import Shape
from ..schema import Schema, keccak256
from .slips import as_money, as_parts, placed
from .symbols import Account, Asset, Lookup, Position, TableView, account_of, columns_of, table_view, unit_of

__all__ = [
    "MOST_CELLS",
    "Account",
    "Asset",
    "BoundRule",
    "Family",
    "Lookup",
    "Parts",
    "Position",
    "Rule",
    "TableView",
    "table_view",
]

MOST_CELLS = 1 << 14  # of both tables: what a rule computes of more takes minutes, and no chain is posted as many


Rule = Callable[[Account, TableView, TableView], Expression]
Parts = Callable[[Account, TableView, TableView], Mapping[str, Expression]]


@dataclass(frozen=True, eq=False)
class Family:
    """A margin rule with the schema it runs under.

    A rule is three expressions of (account, market, parameters): the surplus, `equity` − `requirement`; `settled_cash`,
    cash and what positions that settle in cash are worth; `net_value`, what the account is worth with factors and
    weights of one, over market cells alone. The last two may be missing.

    The rest is what reports and the explainer show: `position_requirement`, one position's own part, where the
    requirement is a sum over positions; `parts`, named parts that add up to the surplus (the waterfall); `scenarios`,
    the account's profit in each scenario by name, where the rule has any; `box`, the market columns that may move
    inside a price box, each with the column that its reach is a share of (funding moves with the price, not with
    itself). `trial` is a small shape at which the rule has every one of its columns: there `zkmargin rule test` tries
    it. `units` are dimensions of the rule's own, beside money, lots and shares.

    `size_of` says how many cells a shape asks for, and whatever of the rule's expressions there is more of, so that a
    shape past `MOST_CELLS` is refused before anything of it is made. A rule without it is counted once it is made:
    enough where no shape comes near.
    """

    name: str
    schema_of: Callable[[Shape], Schema]
    equity: Rule
    requirement: Rule
    position_requirement: Callable[[Position, TableView, TableView], Expression] | None = None
    parts: Parts | None = None
    scenarios: Parts | None = None
    box: Mapping[str, str] = field(default_factory=dict)
    settled_cash: Rule | None = None
    net_value: Rule | None = None
    trial: Shape | None = None
    units: tuple[str, ...] = ()
    size_of: Callable[[Shape], int] | None = None

    def __post_init__(self) -> None:
        """Make one schema a shape: it is asked for again and again, and what is bound to it is found by it."""
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,47}", self.name):
            raise RuleError(f"{self.name!r} is no name of a rule", hint="lower-case letters, digits and dashes")
        written, made = self.schema_of, dict[Shape, int]()

        @lru_cache(maxsize=64)
        @wraps(written)
        def schema_of(shape: Shape) -> Schema:
            with placed(f"the schema of {self.name}"):
                self._bounded(self._size(shape))
                schema = written(shape)
            self._bounded(sum(len(cells) for _, cells in schema.tables))
            self._own(schema, shape)
            if made.setdefault(shape, hash(schema)) != hash(schema):
                raise RuleError(f"the schema of {self.name} is another than before", hint="make it of the shape alone")
            return schema

        object.__setattr__(self, "schema_of", schema_of)

    def _size(self, shape: Shape) -> int:
        """Return `size_of` a shape, zero where it has other dimensions than the rule, which the schema will say."""
        try:
            return 0 if self.size_of is None else self.size_of(shape)
        except InputError:
            return 0

    def _own(self, schema: Schema, shape: Shape) -> None:
        """Raise RuleError for the schema of another rule or shape: what is compiled is the rule that a schema names."""
        if schema.rule != self.name:
            raise RuleError(
                f"the schema of {self.name} says that it is {schema.rule}'s", hint=f'Schema("{self.name}", shape, ...)'
            )
        if schema.shape != shape:
            raise RuleError(f"the schema of {self.name} is of another shape than was asked for", hint="pass shape on")

    def _bounded(self, size: int) -> None:
        """Raise InputError (code "shape") for more cells than a table may have."""
        if size > MOST_CELLS:
            raise InputError(
                f"the shape asks {self.name} for {size:,} cells, at most {MOST_CELLS:,} are served",
                code="shape",
                hint="lower the numbers of the shape that multiply each other",
            )


@lru_cache(maxsize=64)
def _columns_elsewhere(family: Family, schema: Schema, table: str) -> frozenset[str]:
    """Return the columns that a table has at other shapes than this schema's: at larger ones, and at `trial`."""
    found = frozenset[str]()
    for shape in [*_larger(schema.shape), *([family.trial] if family.trial else [])]:
        try:
            found |= columns_of(family.schema_of(shape).cells(table))
        except ZkmarginError:
            continue  # the rule has no such shape
    return found


def _larger(shape: Shape) -> list[Shape]:
    """Return the shape with one more of everything, then of each thing by itself, as far as shapes go."""
    numbers = shape.as_json()
    larger = [{name: value + 1 for name, value in numbers.items()}]
    larger += [{**numbers, name: value + 1} for name, value in numbers.items()]
    found = []
    for each in larger:
        try:
            found.append(Shape.of(each))
        except InputError:
            continue  # no circuit is so large
    return found


class BoundRule:
    """A family's expressions at one schema, built once: `surplus`, its parts, and the canonical form's hash."""

    def __init__(self, family: Family, schema: Schema) -> None:
        """Build the symbolic account and tables of the schema."""
        self.family = family
        self.schema = schema
        self.holdings = [
            HoldingRef(i, spec.name, unit_of(spec, family.units), (spec.minimum, spec.maximum))
            for i, spec in enumerate(schema.holdings)
        ]
        self.account = account_of(schema, self.holdings)
        self.tables = {
            name: table_view(schema, name, family.units, partial(_columns_elsewhere, family, schema))
            for name, _ in schema.tables
        }

    @cached_property
    def equity(self) -> Expression:
        """Return the equity, in money. Raises RuleError for an author's slip."""
        return self._money(self.family.equity, "equity")

    @cached_property
    def requirement(self) -> Expression:
        """Return the requirement, in money. Raises RuleError for an author's slip."""
        return self._money(self.family.requirement, "requirement")

    @cached_property
    def settled_cash(self) -> Expression | None:
        """Return cash and what settles in cash, in money; None where the rule does not write it. Raises RuleError."""
        written = self.family.settled_cash
        return None if written is None else self._money(written, "settled cash")

    @cached_property
    def net_value(self) -> Expression | None:
        """Return what the account is worth, in money; None where the rule does not write it.

        Raises RuleError for an author's slip, and when it depends on a parameter: whoever takes an account over is
        owed its worth, whatever a venue counts it for.
        """
        written = self.family.net_value
        if written is None:
            return None
        value = self._money(written, "net value")
        for node in walk(value):
            if isinstance(node, CellRef) and node.table != "market":
                raise RuleError(
                    f"the net value of {self.family.name} depends on {node}",
                    hint="net value is over market cells alone: factors and weights of one, options at their mark",
                )
        return value

    @cached_property
    def position_requirements(self) -> list[Expression]:
        """Return each position slot's own part of the requirement; none where the rule margins them together."""
        part = self.family.position_requirement
        if part is None:
            return []
        market, parameters, what = (
            self.tables["market"],
            self.tables["parameters"],
            self._called("position requirement"),
        )
        with placed(what):
            return [as_money(part, part(p, market, parameters), what) for p in self.account.positions]

    @cached_property
    def parts(self) -> dict[str, Expression]:
        """Return named parts that add up to the surplus: the family's own, or equity and requirement."""
        if self.family.parts is None:
            return {"equity": self.equity, "requirement": -self.requirement}
        return self._named(self.family.parts, "part")

    @cached_property
    def scenarios(self) -> dict[str, Expression]:
        """Return the account's profit in each scenario by name; empty where the rule has none."""
        return {} if self.family.scenarios is None else self._named(self.family.scenarios, "scenario")

    @cached_property
    def surplus(self) -> Expression:
        """Return equity − requirement, in money; margin is met when it is >= 0. Raises RuleError."""
        surplus = self.equity - self.requirement
        self._own_leaves(surplus)
        return surplus

    def _own_leaves(self, written: Expression) -> None:
        """Raise RuleError for a holding or cell that is not this schema's: by its index it would read another."""
        own = {id(holding) for holding in self.holdings}
        own.update(id(cell) for table in self.tables.values() for cell in table.cells.values())
        for node in walk(written):
            if isinstance(node, CellRef | HoldingRef) and id(node) not in own:
                raise RuleError(
                    f"{node} in {self._called('surplus')} is not of the account and tables that the rule was given",
                    hint="take holdings and cells from account, market and parameters alone",
                )

    def _money(self, written: Rule, word: str) -> Expression:
        with placed(self._called(word)):
            made = written(self.account, self.tables["market"], self.tables["parameters"])
        return as_money(written, made, self._called(word))

    def _named(self, written: Parts, word: str) -> dict[str, Expression]:
        with placed(self._called(f"{word}s")):
            made = written(self.account, self.tables["market"], self.tables["parameters"])
        return as_parts(written, made, self._called(f"{word} {{}}"), self._called(f"{word}s"))

    def _called(self, word: str) -> str:
        return f"the {word} of {self.family.name}"

    @cached_property
    def rule_hash(self) -> bytes:
        """Return keccak256 of the surplus's canonical form: nodes numbered children first, slots without names."""
        numbers: dict[int, int] = {}
        lines: list[str] = []
        for node in walk(self.surplus):
            numbers[id(node)] = len(numbers)
            lines.append(" ".join([node.key, "of", *(str(numbers[id(child)]) for child in node.children)]))
        return keccak256("\n".join(lines).encode())
