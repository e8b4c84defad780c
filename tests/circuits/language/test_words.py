"""Lost if these fail: a word of the language means something else than it says, or is taken where it cannot be sound.

Values against plain Python at every small value; refusals with their text; what is shared, counted in rows.
"""

import itertools
import math

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.lowering import Lowering, Side
from zkmargin.circuits.gadgets.bits import signed_input
from zkmargin.circuits.language.curvature import CONCAVE, CONVEX, NEITHER, curvature
from zkmargin.circuits.language.language import (
    DIMENSIONLESS,
    MONEY,
    Branch,
    CellRef,
    Constant,
    HoldingRef,
    Spread,
    Unit,
    absolute,
    by_sign,
    ceil_div,
    discounted,
    evaluate,
    exact,
    floor_div,
    floor_sqrt,
    in_units,
    kth_largest,
    maximum,
    minimum,
    piecewise_linear,
    positive,
    remainder,
    spread_credit,
    sum_largest,
    tiers,
    walk,
)
from zkmargin.kernel.errors import RuleError

from ..compiler.test_lowering_costs import rows

LOT = Unit.of(lot=1)
X, Y, Z = (HoldingRef(i, name, DIMENSIONLESS, (-6, 6)) for i, name in enumerate("xyz"))
SIZE = HoldingRef(3, "size", LOT, (-15, 15))
PRICE = CellRef("t", 0, "price", Unit.of(money=1, lot=-1), (0, 15))
A, B = CellRef("t", 1, "a", DIMENSIONLESS, (0, 5)), CellRef("t", 2, "b", DIMENSIONLESS, (0, 5), at_least=1)


def value(expression, **leaves):
    return evaluate(expression, lambda node: leaves[node.name])


def refusal(action):
    with pytest.raises(RuleError) as error:
        action()
    return f"{error.value} | {error.value.hint}"


def test_choices_and_ranks_are_what_python_says():
    branch = by_sign(X, positive=X * A + Y, negative=X * B + Y)
    rounded = by_sign(X, positive=floor_div(X, Constant(2)), negative=ceil_div(X, Constant(2)))
    slopes = piecewise_linear(
        X, slopes=[Constant(3), Constant(-1), Constant(2)], boundaries=[Constant(-2), Constant(1)]
    )
    for x, y, z in itertools.product(range(-6, 7), (-5, -2, 0, 2, 6), (-6, -2, 1, 2)):
        leaves = {"x": x, "y": y, "z": z, "a": 2, "b": 5}
        assert value(branch, **leaves) == (2 if x >= 0 else 5) * x + y
        assert value(rounded, **leaves) == int(x / 2)
        assert value(slopes, **leaves) == 3 * x - 4 * max(0, x + 2) + 3 * max(0, x - 1)
        for k in (1, 2, 3):
            ordered = sorted((x, y, z), reverse=True)
            assert value(sum_largest([X, Y, Z], k), **leaves) == sum(ordered[:k])
            assert value(kth_largest([X, Y, Z], k), **leaves) == ordered[k - 1]
        assert value(floor_sqrt(absolute(X * Y)), **leaves) == math.isqrt(abs(x * y))
        assert value(remainder(X, Constant(4)), **leaves) == x % 4
        assert value(discounted(X, B + Constant(1)), **leaves) == (x if x >= 0 else 6 * x)


def consume(deltas, spreads):
    """Return (charge, what is left), spread by spread, each side in turn."""
    pools = [[max(d, 0), max(-d, 0)] for d in deltas]
    total = 0
    for first, second, rate, first_ratio, second_ratio in spreads:
        for side in (0, 1):
            number = min(pools[first][side] // first_ratio, pools[second][1 - side] // second_ratio)
            total += rate * number
            pools[first][side] -= first_ratio * number
            pools[second][1 - side] -= second_ratio * number
    return total, [long - short for long, short in pools]


def test_spreads_consume_what_the_ones_before_them_left(rng, tally):
    tried = 0
    for _ in range(40):
        pairs = [rng.sample(range(3), 2) for _ in range(rng.randint(1, 4))]
        rates = [rng.randint(0, 4) for _ in pairs]
        ratios = [(rng.choice([1, 1, 2, 3]), rng.choice([1, 1, 2])) for _ in pairs]
        spreads = [
            Spread(*pair, Constant(rate), *(None if r == 1 else Constant(r) for r in ratio))
            for pair, rate, ratio in zip(pairs, rates, ratios, strict=True)
        ]
        total, left = spread_credit([X, Y, Z], spreads)
        plain = [(*p, rate, *ratio) for p, rate, ratio in zip(pairs, rates, ratios, strict=True)]
        for _ in range(40):
            deltas = [rng.randint(-6, 6) for _ in range(3)]
            leaves = dict(zip("xyz", deltas, strict=True))
            assert (value(total, **leaves), [value(pool.net, **leaves) for pool in left]) == consume(deltas, plain)
            tried += 1
    tally("S6", "spreads over three deltas against a plain simulation", tried)


def test_parts_of_a_spread_are_counted_to_the_digits_asked():
    total, left = spread_credit([X, Y], [Spread(0, 1, Constant(10), first_ratio=Constant(3), digits=2)])
    assert total.unit.decimals == 2
    assert value(total, x=5, y=-4) == 10 * 166  # 5 / 3 of a spread, in hundredths
    assert left[0].net.unit.decimals == 2
    assert value(left[0].net, x=5, y=-4) == 500 - 3 * 166
    assert value(left[1].net, x=5, y=-4) == -(400 - 166)
    assert value(left[1].gross, x=5, y=-4) == 400 - 166


def test_what_a_spread_is_not():
    helper = positive(X)
    none = "there is no spread, or one without a rate | leave the charge out"
    assert refusal(lambda: spread_credit([X, Y], [])) == none
    assert refusal(lambda: spread_credit([X, Y], [Spread(0, 1)])) == none
    assert refusal(lambda: spread_credit([X, Y], [Spread(1, 1, A)])).startswith("spread 0 is between deltas 1 and 1")
    assert refusal(lambda: spread_credit([X, Y], [Spread(0, 2, A)])).startswith("spread 0 is between deltas 0 and 2")
    assert refusal(lambda: spread_credit([helper, Y], [Spread(0, 1, A)])) == (
        "positive(x) is a helper, and what is left of it is consumed again | take exact(delta)"
    )
    assert refusal(lambda: spread_credit([X, SIZE], [Spread(0, 1, A)])).endswith("they cannot be compared | None")


def test_branches_that_part_at_zero_are_refused():
    sign = "cannot be shown to agree where it is zero, and there the sign is free"
    way_out = "write branches that are multiples of it, or that are the same at zero"
    for positive_, negative in [
        (X * A + Constant(1), X * B),
        (Y, Z),
        (Constant(1), Constant(0)),
        (absolute(X) + Y, Y + Z),
        (floor_div(X + Constant(1), Constant(2)), floor_div(X, Constant(2)) + Y - Y + A),
        (minimum(X, Y), maximum(X, Y)),
        (Y * Z, Z * Z),
    ]:
        text = refusal(lambda p=positive_, n=negative: by_sign(X, positive=p, negative=n))
        assert sign in text
        assert text.endswith(way_out)
    assert "they cannot be compared" in refusal(lambda: by_sign(X, positive=SIZE, negative=X))


def test_a_choice_by_a_helper_is_refused():
    helper = minimum(X, Y)
    assert refusal(lambda: by_sign(helper, positive=positive(helper), negative=absolute(helper))) == (
        "by_sign(minimum(sum(x), sum(y))) chooses by a helper | choose by exact(x)"
    )
    text = refusal(lambda: by_sign(helper, positive=helper * (A - Constant(2)), negative=helper * A * A))
    assert "is not declared, and minimum(sum(x), sum(y)) is a helper | declare the order of the cells" in text
    by_sign(exact(helper), positive=positive(helper), negative=absolute(helper))


def test_static_discounts_are_written_as_positive_parts():
    """Whatever the author wrote: one positive part, and no choice by sign, for factors whose order is declared."""
    helper = minimum(X, Y)
    for x in (X, helper):
        chosen = by_sign(x, positive=x * A, negative=x * B)
        assert not any(isinstance(node, Branch) for node in walk(chosen))
        for side in Side:
            lowered(chosen, side)
        for x_value in range(-6, 7):
            leaves = {"x": x_value, "y": 6, "a": 1, "b": 4}
            assert value(chosen, **leaves) == (1 if x_value >= 0 else 4) * x_value
    assert curvature(by_sign(X, positive=X * A, negative=X * B)) == CONCAVE
    assert curvature(by_sign(X, positive=X * B, negative=X * A)) == CONVEX


def lowered(node, side):
    builder, leaves = Builder([], [leaf.name for leaf in walk(node) if isinstance(leaf, HoldingRef)]), {}
    for leaf in walk(node):
        if isinstance(leaf, HoldingRef):
            leaves[id(leaf)] = signed_input(builder, leaf.name, leaf.interval[1].bit_length())
        elif isinstance(leaf, CellRef):
            leaves[id(leaf)] = Bound(Linear.wire(builder.system.wire(leaf.name)), *leaf.interval)
    return Lowering(builder, leaves).bound(node, side)


def test_discounts_roots_ranks_and_slopes_are_refused_where_they_say_nothing():
    ratio = CellRef("t", 3, "ratio", Unit.of(2), (99, 200))
    assert refusal(lambda: discounted(X, ratio)) == (
        "the rule relies on ratio >= 1, which the schema does not declare | give the cell a minimum of one at its "
        "scale, so that whoever admits a table enforces it"
    )
    assert refusal(lambda: floor_sqrt(X)) == (
        "x may be negative, and then it has no square root | take the root of a magnitude: absolute, positive"
    )
    assert refusal(lambda: floor_sqrt(absolute(SIZE))) == (
        "absolute(size) is in lot, which has no square root | take the root of a plain number: in_units(x)"
    )
    assert floor_sqrt(in_units(absolute(SIZE))).unit == DIMENSIONLESS
    assert floor_sqrt(absolute(SIZE) * absolute(SIZE)).unit == LOT
    for k in (0, 3):
        assert refusal(lambda k=k: sum_largest([X, Y], k)) == f"there is no {k}-th largest of 2 pieces | None"
        assert refusal(lambda k=k: kth_largest([X, Y], k)) == f"there is no {k}-th largest of 2 pieces | None"
    assert "they cannot be compared" in refusal(lambda: kth_largest([X, SIZE, Y], 2))
    assert (
        refusal(lambda: piecewise_linear(X, slopes=[A], boundaries=[Y])) == "1 slopes need 0 boundaries, not 1 | None"
    )
    text = refusal(lambda: piecewise_linear(positive(X), slopes=[A, PRICE * 0 + A * A], boundaries=[Constant(1)]))
    assert "cannot be added" in text
    text = refusal(lambda: piecewise_linear(positive(X), slopes=[A, A * A], boundaries=[Constant(1)]))
    assert text.startswith("the slope of positive(x) changes to product(a, a): the sign of")
    assert "may be zero or negative" in refusal(lambda: remainder(X, A))
    assert tiers(absolute(SIZE), rates=[A, B], boundaries=[Constant(3, LOT)]).unit == LOT
    assert "they cannot be added" in refusal(
        lambda: tiers(absolute(SIZE) * PRICE, rates=[A, B], boundaries=[Constant(3, LOT)])
    )
    assert (tiers(absolute(SIZE), rates=[A, B], boundaries=[Constant(3, LOT)]) * PRICE).unit == MONEY


def test_signs_are_made_once_for_a_value_its_opposite_and_its_multiples():
    x, y = (HoldingRef(i, f"h{i}", DIMENSIONLESS, (-255, 255)) for i in range(2))
    d = x - y
    alone = rows(absolute(d), Side.HI)
    assert alone == 9 + 2
    for side in Side:
        for node in (
            exact(positive(d)) + exact(positive(-d)),
            absolute(d) + exact(positive(y - x)),
            absolute(d) - absolute(3 * y - 3 * x),
            absolute(d) + exact(maximum(x, y)) - exact(minimum(5 * x, 5 * y)),
            absolute(d) + by_sign(d, positive=x, negative=y),
            absolute(d) + positive(d) + positive(-d),
        ):
            assert rows(node, side) == alone, str(node)
    assert rows(absolute(x) + exact(positive(x)) - exact(positive(-2 * x)), Side.LO) == 0  # the input's own sign
    branch = by_sign(d, positive=floor_div(d, Constant(2)), negative=ceil_div(d, Constant(2)))
    apart = rows(floor_div(d, Constant(2)), Side.LO) + rows(ceil_div(d, Constant(2)), Side.LO)
    assert rows(absolute(d) + branch, Side.LO) == alone + apart + 1


def test_what_rises_is_known_and_what_is_not_is_said():
    assert curvature(sum_largest([X * 3, positive(Y), Z], 2)) == CONVEX
    assert curvature(-sum_largest([X, Y, Z], 2)) == CONCAVE
    assert curvature(exact(minimum(X, Y))) == CONCAVE
    assert curvature(piecewise_linear(X, slopes=[B, A], boundaries=[Constant(1)])) == CONCAVE
    for node in (
        kth_largest([X, Y, Z], 2),
        floor_sqrt(absolute(X)),
        remainder(X, Constant(2)),
        -absolute(X) + absolute(Y),
    ):
        assert curvature(node) == NEITHER


def test_ends_of_every_word_are_reached_or_enclosed():
    """S9: at all combinations of their children's ends no node leaves its interval."""
    for node in (
        sum_largest([X, 2 * Y, Z], 2),
        kth_largest([X, 2 * Y, Z], 2),
        floor_sqrt(absolute(X) + A),
        remainder(X, A + Constant(1)),
        exact(minimum(X, Y)),
        by_sign(X, positive=floor_div(X, Constant(2)), negative=X * 4),
        X * X,
    ):
        for ends in itertools.product(*(child.interval for child in node.children)):
            if not (node.children[0] is node.children[-1] and ends[0] != ends[-1]):
                assert node.interval[0] <= node.evaluate(ends) <= node.interval[1], str(node)
