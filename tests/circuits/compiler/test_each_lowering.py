"""Lost if these fail: one node, on one side, bounds nothing, whatever the random rules happened to draw.

Each node by itself and under a factor, a sign and another node: at every value of its leaves, just at and just beyond
the true value, a complete search finds a witness if and only if the claim is true.
"""

import itertools

import pytest

from zkmargin.circuits.compiler.lowering import Side
from zkmargin.circuits.language.language import (
    DIMENSIONLESS,
    CellRef,
    Constant,
    HoldingRef,
    Spread,
    absolute,
    by_sign,
    ceil_div,
    discounted,
    exact,
    floor_div,
    floor_sqrt,
    increase,
    kth_largest,
    maximum,
    minimum,
    piecewise_linear,
    positive,
    remainder,
    spread_counts,
    spread_credit,
    sum_largest,
)

from ..expressions import TinyRule

X = HoldingRef(0, "x", DIMENSIONLESS, (-2, 1))
Y = HoldingRef(1, "y", DIMENSIONLESS, (-1, 1))
POSITIVE = CellRef("t", 0, "positive", DIMENSIONLESS, (1, 3))
NEGATIVE = CellRef("t", 1, "negative", DIMENSIONLESS, (-2, 0))
LATER, EARLIER = CellRef("t", 3, "later", DIMENSIONLESS, (0, 2), 2), CellRef("t", 2, "earlier", DIMENSIONLESS, (0, 2))

TWO, RATIO = Constant(2), CellRef("t", 4, "ratio", DIMENSIONLESS, (1, 3))
SPREAD = spread_credit([X, Y, X - Y], [Spread(0, 1, POSITIVE), Spread(1, 2, Constant(1))])
COUNTS = spread_counts([X, Y, X - Y], [Spread(0, 1), Spread(1, 2)], kept=[0, 2])
SPREAD_BY_RATIO = spread_credit([2 * X, Y], [Spread(0, 1, Constant(1), first_ratio=TWO)])

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
    "sum of the two largest": sum_largest([X, Y, X - Y], 2),
    "sum of the two largest, turned": -sum_largest([X, Y, Constant(0)], 2),
    "sum of the two largest helpers": sum_largest([positive(X), minimum(X, Y), Y], 2),
    "second largest": kth_largest([X, Y, X - Y], 2),
    "second largest, turned": -kth_largest([X, Y, Constant(0)], 2),
    "second largest helper": kth_largest([positive(X), minimum(X, Y), Y], 2),
    "third of four": kth_largest([X, Y, X + Y, Constant(-1)], 3),
    "root": floor_sqrt(X * X + POSITIVE),
    "root, turned": -floor_sqrt(X * X + POSITIVE),
    "root of a helper": floor_sqrt(3 * positive(X) + absolute(Y)),
    "root times a magnitude": floor_sqrt(absolute(X) * 3) * absolute(X),
    "size times size": absolute(X) * absolute(X) * POSITIVE - absolute(X),
    "branches by factor": by_sign(X, positive=X * POSITIVE, negative=X * NEGATIVE),
    "branches of a helper": by_sign(minimum(X, Y), positive=minimum(X, Y) * EARLIER, negative=minimum(X, Y) * LATER),
    "branches of anything": by_sign(X - Y, positive=positive(X - Y) * POSITIVE + Y, negative=Y - floor_div(Y - X, TWO)),
    "branches of helpers": by_sign(Y, positive=minimum(X, X + Y), negative=maximum(X, X + 3 * Y)),
    "branches, turned": POSITIVE - 2 * by_sign(X, positive=floor_div(X, TWO), negative=ceil_div(3 * X, TWO)),
    "discount": discounted(X + Y, RATIO),
    "discount of a helper": discounted(minimum(X, Y) + maximum(X, Y) - Y, RATIO),
    "slopes that rise": piecewise_linear(X, slopes=[EARLIER, LATER], boundaries=[Y]),
    "slopes that fall": piecewise_linear(X + Y, slopes=[LATER, EARLIER], boundaries=[Constant(-1)]),
    "slopes of no order": piecewise_linear(X, slopes=[NEGATIVE, POSITIVE, NEGATIVE], boundaries=[Constant(-1), Y]),
    "slopes of a helper": piecewise_linear(positive(X) - Y, slopes=[EARLIER, LATER], boundaries=[Constant(1)]),
    "exact positive by any sign": exact(positive(X)) * Y,
    "exact minimum by any sign": exact(minimum(X, Y)) * NEGATIVE * X,
    "exact maximum of three by any sign": exact(maximum(X, Y, -X)) * Y,
    "exact quotient by any sign": exact(floor_div(X, POSITIVE)) * Y,
    "exact quotient up by any sign": exact(ceil_div(3 * X, POSITIVE)) * Y,
    "exact root by any sign": exact(floor_sqrt(X * X + Constant(1))) * Y,
    "exact second largest by any sign": exact(kth_largest([X, Y, Constant(0)], 2)) * Y,
    "exact sum of largest by any sign": exact(sum_largest([X, Y, Constant(0)], 2)) * Y,
    "absolute of what is exact": absolute(exact(minimum(X, Y))),
    "chosen by what is exact": by_sign(exact(minimum(X, Y)), positive=X - X, negative=minimum(X, Y) * POSITIVE),
    "remainder": remainder(3 * X + Y, POSITIVE) * Y,
    "remainder and quotient": floor_div(X, TWO) * 2 + remainder(X, TWO) - X + Y,
    "division by a constant": floor_div(7 * X, Constant(3)) - ceil_div(5 * Y, Constant(2)),
    "one decomposition": positive(X - Y) + positive(Y - X) - absolute(X - Y) + by_sign(X - Y, positive=X, negative=Y),
    "a spread": SPREAD[0] * 1 - SPREAD[1][0].net - 2 * SPREAD[1][1].net,
    "a spread, of which the rest is kept": COUNTS[0][0] * 2 - COUNTS[1][0].gross + COUNTS[0][1] - COUNTS[1][2].net,
    "a spread by ratios": SPREAD_BY_RATIO[1][1].net + SPREAD_BY_RATIO[1][0].gross - SPREAD_BY_RATIO[0],
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
