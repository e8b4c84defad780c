"""The nodes of a rule at one account: their values, their intervals, and what a circuit makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...kernel.field import R
from ..compiler.lowering import Lowering
from ..language.expressions import CellRef, Constant, Expression, HoldingRef, Value, walk
from ..language.language import evaluate
from ..schema import Schema
from ..statements.engine import bind
from .accounts import Case
from .witnesses.machine import signed

__all__ = ["apart", "node_values", "outside"]


def node_values(schema: Schema, case: Case) -> Iterator[tuple[Expression, Value]]:
    """Yield every node of the surplus and its value at an account, children before their parents."""
    leaf = _Leaves(schema, case)
    values: dict[int, Value] = {}
    for node in walk(bind(schema).surplus):
        if isinstance(node, HoldingRef | CellRef):
            value = leaf(node)
        else:
            value = node.evaluate([values[id(child)] for child in node.children])
        values[id(node)] = value
        yield node, value


def outside(node: Expression, value: Value) -> bool:
    """Return whether a value leaves the interval that the compiler relies on."""
    return not node.interval[0] <= value <= node.interval[1]


def apart(lowering: Lowering, tape: Sequence[int], schema: Schema, case: Case) -> tuple[Expression, int, Value] | None:
    """Return (node, in the circuit, by its own evaluation) of the first node that an honest tape has another value for.

    None when circuit and engine agree on every node.
    """
    leaf = _Leaves(schema, case)
    known = {id(node): value for node, value in node_values(schema, case)}
    for node, bound in lowering.made:
        true = known[id(node)] if id(node) in known else evaluate(node, leaf)
        held = signed(sum(tape[wire] * k for wire, k in bound.linear.terms.items()) % R)
        if held != true and not isinstance(node, Constant):
            return node, held, true
    return None


class _Leaves:
    """The values of holdings and cells at an account."""

    def __init__(self, schema: Schema, case: Case) -> None:
        self.holdings = case.holdings.values
        self.cells = {
            table.name: [
                stored - spec.offset for spec, stored in zip(schema.cells(table.name), table.cells, strict=True)
            ]
            for table in (case.market, case.parameters)
        }

    def __call__(self, node: Expression) -> Value:
        if isinstance(node, HoldingRef):
            return self.holdings[node.index]
        if isinstance(node, CellRef):
            return self.cells[node.table][node.index]
        raise TypeError(f"{node} is no holding and no cell")
