"""Lost if these fail: what a desk writes costs more than it must, and nobody is told.

Rows of each word beyond its leaves, for sizes of 36 bits, prices of 28 and cash of 62, on both sides. The figures stand
in `lowering_costs.csv`; whoever changes them on purpose runs `python -m tests.circuits.compiler.test_lowering_costs`.
"""

import csv
from functools import reduce
from operator import add
from pathlib import Path

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound
from zkmargin.circuits.compiler.lowering import Lowering, Side
from zkmargin.circuits.gadgets.bits import offset_input, signed_input, unsigned_input
from zkmargin.circuits.language.language import (
    DIMENSIONLESS,
    MONEY,
    CellRef,
    Constant,
    HoldingRef,
    Spread,
    Unit,
    absolute,
    by_sign,
    ceil_div,
    discounted,
    exact,
    floor_div,
    floor_sqrt,
    in_units,
    increase,
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

COSTS = Path(__file__).with_name("lowering_costs.csv")
LOT, PRICE = Unit.of(lot=1), Unit.of(money=1, lot=-1)


def holding(number, unit=LOT, bits=36):
    return HoldingRef(number, f"h{number}", unit, (-(1 << bits) + 1, (1 << bits) - 1))


def cell(number, unit, bits=28, low=0, at_least=None):
    return CellRef("t", number, f"c{number}", unit, (low, (1 << bits) - 1), at_least)


SIZE, OTHER, THIRD = (holding(i) for i in range(3))
CASH = HoldingRef(3, "cash", MONEY, (-(1 << 62), (1 << 62) - 1))
PRICES = [cell(i, PRICE) for i in range(10, 26)]
RATES = [cell(0, Unit.of(6), 20), cell(1, Unit.of(6), 20, at_least=0), cell(2, Unit.of(6), 20, at_least=1)]
NOTIONALS = [cell(3, MONEY, 64), cell(4, MONEY, 64)]
SIZES = [cell(5, LOT, 36), cell(6, LOT, 36)]
RATIO = CellRef("t", 7, "ratio", Unit.of(6), (10**6, 2 * 10**6))
FACTOR, LOWER = cell(9, Unit.of(6), 20, at_least=8), cell(8, Unit.of(6), 20)
DIVISOR = cell(26, DIMENSIONLESS, 20, low=1)
VALUE = SIZE * PRICES[0] + OTHER * PRICES[1] + THIRD * PRICES[2]
LOSSES = [SIZE * price for price in PRICES]
NOTIONAL = absolute(SIZE) * PRICES[0]


def words():
    """Return expressions by name."""
    spreads = [Spread(0, 1, cell(27, PRICE)), Spread(1, 2, cell(28, PRICE))]
    return {
        "positive": positive(VALUE),
        "absolute of a size": absolute(SIZE),
        "absolute": absolute(VALUE),
        "absolute, both positives and by_sign of one value": (
            absolute(VALUE) + positive(VALUE) - positive(-VALUE) + by_sign(VALUE, positive=VALUE, negative=VALUE * 3)
        ),
        "minimum of two": minimum(VALUE, CASH),
        "maximum of two": maximum(VALUE, CASH),
        "minimum of sixteen": minimum(*LOSSES),
        "exact minimum of two": exact(minimum(VALUE, CASH)),
        "by_sign, factors in order": by_sign(VALUE, positive=VALUE * LOWER, negative=VALUE * FACTOR),
        "by_sign, factors in no order": by_sign(VALUE, positive=VALUE * RATIO, negative=VALUE * FACTOR),
        "by_sign, rounded": by_sign(SIZE, positive=floor_div(SIZE, DIVISOR), negative=ceil_div(SIZE, DIVISOR)),
        "discounted": discounted(VALUE, RATIO),
        "discounted minimum": discounted(minimum(VALUE, CASH), RATIO),
        "tiers by notional, three": tiers(NOTIONAL, rates=RATES, boundaries=NOTIONALS),
        "tiers by quantity, three": tiers(absolute(SIZE), rates=RATES, boundaries=SIZES) * PRICES[0],
        "slopes that fall, three": piecewise_linear(absolute(SIZE), slopes=RATES[::-1], boundaries=SIZES),
        "slopes of no order, three": (
            piecewise_linear(absolute(SIZE), slopes=[RATES[1], RATES[0], RATES[2]], boundaries=SIZES)
        ),
        "increase times positive": increase(FACTOR, LOWER) * positive(VALUE),
        "floor_div by a cell of 20 bits": floor_div(VALUE, DIVISOR),
        "floor_div by a million": floor_div(VALUE, Constant(10**6)),
        "ceil_div by a million": ceil_div(VALUE, Constant(10**6)),
        "exact floor_div by a million and remainder": (
            exact(floor_div(VALUE, Constant(10**6))) + remainder(VALUE, Constant(10**6))
        ),
        "floor_sqrt of a size": floor_sqrt(in_units(absolute(SIZE))),
        "exact floor_sqrt of a size": exact(floor_sqrt(in_units(absolute(SIZE)))),
        "size times size times price": absolute(SIZE) * in_units(absolute(SIZE)) * PRICES[0],
        "root of size times size times price": floor_sqrt(in_units(absolute(SIZE)) * 10) * absolute(SIZE) * PRICES[0],
        "sum_largest 4 of 16": sum_largest(LOSSES, 4),
        "kth_largest 4 of 16": kth_largest(LOSSES, 4),
        "exact kth_largest 4 of 16": exact(kth_largest(LOSSES, 4)),
        "two spreads over three deltas": spread_credit([SIZE, OTHER, THIRD], spreads)[0],
    }


def rows(expression, side):
    """Return the rows of an expression beyond those of its holdings."""
    leaves = [node for node in walk(expression) if isinstance(node, HoldingRef | CellRef)]
    hidden = [leaf for leaf in leaves if isinstance(leaf, HoldingRef)]
    builder = Builder([leaf.name for leaf in leaves if isinstance(leaf, CellRef)], [leaf.name for leaf in hidden])
    bounds = {}
    for leaf in leaves:
        low, high = leaf.interval
        if isinstance(leaf, CellRef):
            bounds[id(leaf)] = Bound(builder.public(leaf.name), low, high)
        elif low == 0:
            bounds[id(leaf)] = unsigned_input(builder, leaf.name, high.bit_length())
        elif low == -high:
            bounds[id(leaf)] = signed_input(builder, leaf.name, high.bit_length())
        else:
            bounds[id(leaf)] = offset_input(builder, leaf.name, 1 + high.bit_length())
    before = builder.system.rows
    Lowering(builder, bounds).bound(expression, side)
    return builder.system.rows - before


def counted():
    table = [("word", "lower", "upper")]
    for name, expression in words().items():
        table.append((name, *(str(rows(expression, side)) for side in (Side.LO, Side.HI))))
    return table


def write():
    with COSTS.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(counted())


def test_no_word_changes_its_cost_unnoticed(say):
    table = counted()
    say("rows of each word, lower and upper side:\n" + "\n".join(f"    {a:>6} {b:>6}  {n}" for n, a, b in table[1:]))
    with COSTS.open(newline="") as file:
        assert [tuple(row) for row in csv.reader(file)] == table


def test_boundaries_in_quantity_are_the_cheap_ones():
    by_notional, by_quantity = (words()[f"tiers by {what}, three"] for what in ("notional", "quantity"))
    assert rows(by_quantity, Side.HI) * 3 < rows(by_notional, Side.HI) * 2


def test_a_chain_of_minima_has_rows_of_bounded_length():
    """Each one writes its long pieces to a wire; written out, the last would hold the terms of all before it."""
    leaves = [holding(i, MONEY, 20) for i in range(60)]
    pieces = [reduce(add, (leaf * (1 + (i * k) % 7) for i, leaf in enumerate(leaves))) for k in range(1, 40)]
    chain = reduce(minimum, pieces)
    builder = Builder([], [leaf.name for leaf in leaves])
    bounds = {id(leaf): unsigned_input(builder, leaf.name, 20) for leaf in leaves}
    before = builder.system.nonzeros
    Lowering(builder, bounds).bound(chain, Side.LO)
    assert builder.system.nonzeros - before < len(pieces) * 2 * (60 * 20 + 200)


if __name__ == "__main__":
    write()
