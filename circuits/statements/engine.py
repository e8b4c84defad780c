"""The margin engine: a rule evaluated on integers, exact. `zkmargin check` shows it; the tests judge circuits by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from ...kernel.errors import InputError
from ..language.language import CellRef, Expression, HoldingRef, Value
from ..language.language import evaluate as evaluate_expression
from ..model import Holdings, Table
from ..rules.family import BoundRule, Family
from ..rules.registry import family
from ..schema import Schema

__all__ = ["Evaluation", "bind", "evaluate", "money_scale"]


def bind(schema: Schema) -> BoundRule:
    """Return the rule of a schema, its expressions built once a process; a box's at the worst of the box."""
    return _bound(family(schema.rule), schema)


@cache
def _bound(rule: Family, schema: Schema) -> BoundRule:
    if schema.plain is None:
        return BoundRule(rule, schema)
    from .price_box import BoxRule  # most proofs are over no box, and do without

    return BoxRule(rule, schema)


def money_scale(schema: Schema) -> int:
    """Return how many of the rule's smallest units one money unit is (10^9 for cross margin)."""
    return int(10 ** bind(schema).surplus.unit.decimals)


def evaluate(schema: Schema, holdings: Holdings, market: Table, parameters: Table, credit: int = 0) -> Evaluation:
    """Return the rule at the given holdings and tables (cells in offset form, as posted).

    Raises InputError when the shapes differ or a holding exceeds its width.
    """
    schema.fit(holdings)
    if (market.name, parameters.name) != ("market", "parameters"):
        raise InputError("the tables are not a market and its parameters, in this order", code="schema")
    cells: dict[str, Sequence[Value]] = {}
    for table in (market, parameters):
        specs = schema.cells(table.name)
        if len(specs) != len(table.cells):
            raise InputError(f"the {table.name} table has another shape than the circuit", code="shape")
        cells[table.name] = [stored - spec.offset for spec, stored in zip(specs, table.cells, strict=True)]
    return Evaluation(schema, holdings, cells, credit)


@dataclass(frozen=True)
class Evaluation:
    """A rule at given holdings and tables. Values are in the rule's smallest unit: money units / `scale`.

    Table cells may be fractions (a price between two cells); the results are then fractions too.
    """

    schema: Schema
    holdings: Holdings
    cells: dict[str, Sequence[Value]]
    credit: int = 0

    def at(self, table: str, index: int, value: Value) -> Evaluation:
        """Return the evaluation with one cell's true value replaced (what if the price were...)."""
        changed = list(self.cells[table])
        changed[index] = value
        return Evaluation(self.schema, self.holdings, {**self.cells, table: changed}, self.credit)

    @property
    def scale(self) -> int:
        """Return how many smallest units a money unit is."""
        return money_scale(self.schema)

    @property
    def surplus(self) -> Value:
        """Return equity − requirement + credit, in the smallest unit; margin is met when it is >= 0."""
        return self._value(bind(self.schema).surplus) + self.credit * self.scale

    @property
    def equity(self) -> Value:
        """Return the equity, in the smallest unit."""
        return self._value(bind(self.schema).equity)

    @property
    def requirement(self) -> Value:
        """Return the requirement, in the smallest unit."""
        return self._value(bind(self.schema).requirement)

    def position_requirement(self, slot: int) -> Value:
        """Return one position slot's part of the requirement, in the smallest unit."""
        return self._value(bind(self.schema).position_requirements[slot])

    @property
    def parts(self) -> dict[str, Value]:
        """Return the rule's named parts, in the smallest unit; they add up to the surplus without the credit."""
        return {name: self._value(part) for name, part in bind(self.schema).parts.items()}

    @property
    def scenarios(self) -> dict[str, Value]:
        """Return the account's profit in each of the rule's scenarios, in the smallest unit; empty without any."""
        return {name: self._value(profit) for name, profit in bind(self.schema).scenarios.items()}

    def scenario(self, name: str) -> Value:
        """Return the account's profit in one of the rule's scenarios, in the smallest unit."""
        return self._value(bind(self.schema).scenarios[name])

    def _value(self, expression: Expression) -> Value:
        flat = self.holdings.values

        def leaf(node: Expression) -> Value:
            if isinstance(node, HoldingRef):
                return flat[node.index]
            if isinstance(node, CellRef):
                return self.cells[node.table][node.index]
            raise InputError(f"{node} is no holding and no cell")

        value, finest = evaluate_expression(expression, leaf), int(10**expression.unit.decimals)
        if self.scale % finest:  # a scenario may be finer than the surplus
            return Fraction(value * self.scale, finest)
        return value * (self.scale // finest)
