"""Lost if these fail: one node, on one side, bounds nothing, whatever the random rules happened to draw.

Each node by itself and under a factor, a sign and another node: at every value of its leaves, just at and just beyond
the true value, a complete search finds a witness if and only if the claim is true.
"""

import itertools

import pytest

from zkmargin.circuits.compiler.lowering import Side
from zkmargin.circuits.rules.language import (
    DIMENSIONLESS,
    CellRef,
    Constant,
    HoldingRef,
    absolute,
    ceil_div,
    floor_div,
    increase,
    maximum,
    minimum,
    positive,
)

from .expressions import TinyRule

X = HoldingRef(0, "x", DIMENSIONLESS, (-2, 1))
Y = HoldingRef(1, "y", DIMENSIONLESS, (-1, 1))
POSITIVE = CellRef("t", 0, "positive", DIMENSIONLESS, (1, 3))
NEGATIVE = CellRef("t", 1, "negative", DIMENSIONLESS, (-2, 0))
LATER, EARLIER = CellRef("t", 3, "later", DIMENSIONLESS, (0, 2), 2), CellRef("t", 2, "earlier", DIMENSIONLESS, (0, 2))

RULES = {
    "positive": positive(X),
    "absolute": absolute(X),
    "minimum": minimum(X, Y),
    "maximum": maximum(X, Y),
    "minimum of three": minimum(X, Y, X + Y),
    "maximum of three": maximum(X, Y, Constant(0)),
    "floor": floor_div(X, POSITIVE),
    "ceil": ceil_div(X, POSITIVE),
    "positive, turned": -positive(X),
    "absolute of a helper": absolute(minimum(X, Y)),
    "positive of a helper": positive(Y - positive(X)),
    "floor of a helper": floor_div(minimum(X, Y) + Y, POSITIVE),
    "ceil of a helper": ceil_div(positive(X) - Y, POSITIVE),
    "minimum of helpers": minimum(positive(X), maximum(X, Y)),
    "maximum of helpers": maximum(-positive(X), minimum(X, Y)),
    "positive times a positive": positive(X) * POSITIVE,
    "positive times a negative": positive(X) * NEGATIVE,
    "negative times minimum": NEGATIVE * minimum(X, Y),
    "negative times maximum": NEGATIVE * maximum(X, Y),
    "negative times floor": NEGATIVE * floor_div(X, POSITIVE),
    "increase times positive": increase(LATER, EARLIER) * positive(X),
    "the same helper twice": positive(X) * POSITIVE - positive(X),
    "one helper on both sides": positive(X) - minimum(Y, positive(X)),
}


def everything(rule):
    """Yield every assignment of the rule's leaves that keeps the cells' declared order."""
    leaves = [*rule.holdings, *rule.cells]
    for values in itertools.product(*(range(leaf.interval[0], leaf.interval[1] + 1) for leaf in leaves)):
        assignment = dict(zip((leaf.name for leaf in leaves), values, strict=True))
        if assignment.get("later", 0) >= assignment.get("earlier", 0):
            yield assignment


@pytest.mark.parametrize("name", RULES)
def test_a_node_proves_its_value_and_nothing_beyond(name):
    expression = RULES[name]
    values = {
        expression.interval[0],
        expression.interval[1],
        *(TinyRule(expression).value(v) for v in some(expression)),
    }
    checked = 0
    for threshold in sorted({v + beyond for v in values for beyond in (0, 1)}):
        rule = TinyRule(expression - Constant(threshold))
        for assignment in everything(rule):
            truth = rule.value(assignment) >= 0
            for side, circuit in rule.circuits.items():
                found = circuit.solver.exists(rule.known(side, assignment), most_branches=200_000)
                assert found is (truth is (side is Side.LO)), (threshold, side, assignment)
                checked += 1
    assert checked > 20


def some(expression):
    """Return a few assignments, for thresholds that are reached."""
    return list(everything(TinyRule(expression)))[::7]
