"""Rounded quotients: a helper that is half a unit in the field would round debts away."""

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.lowering import Lowering, Side
from zkmargin.circuits.compiler.range_checks import range_check
from zkmargin.circuits.gadgets.bits import offset_input
from zkmargin.circuits.language.language import (
    DIMENSIONLESS,
    MONEY,
    CellRef,
    Constant,
    HoldingRef,
    ceil_div,
    evaluate,
    floor_div,
)
from zkmargin.kernel import R, load_program
from zkmargin.kernel.errors import RuleError, Unsatisfied

X = HoldingRef(0, "x", MONEY, (-8, 7))
D = CellRef("t", 0, "d", DIMENSIONLESS, (1, 3))
RULES = {
    f"{word}{'+' if sign > 0 else '-'}": divide(X, D) * sign - Constant(1, MONEY)
    for word, divide in (("floor", floor_div), ("ceil", ceil_div))
    for sign in (1, -1)
}


def circuit(rule, side):
    """The circuit of rule >= 0 (LO) or rule < 0 (HI) for every hidden x of four bits."""
    builder = Builder(["d"], ["x"])
    x = offset_input(builder, "x", 4)
    bound = Lowering(builder, {id(X): x, id(D): Bound(builder.public("d"), 1, 3)}).bound(rule, side)
    low, high = bound.low, bound.high
    total, most = bound.linear, rule.interval[1]
    if side is Side.HI:
        total, low, high, most = -total - Linear.constant(1), -high - 1, -low - 1, -rule.interval[0] - 1
    range_check(builder, Bound(total, low, high), max(most, 0).bit_length(), "result")
    builder.finish()
    return builder


@pytest.mark.parametrize("name", RULES)
def test_exactly_one_side_of_a_rounded_quotient_is_provable(name):
    rule, counted = RULES[name], 0
    for side in Side:
        builder = circuit(rule, side)
        program = load_program(builder.program.to_bytes())
        for x in range(-8, 8):
            for d in (1, 2, 3):
                true = evaluate(rule, lambda leaf, x=x, d=d: x if leaf is X else d)
                try:
                    witness = builder.program.run([d], [x])
                    assert program.run([d], [x]) == b"".join(value.to_bytes(32, "little") for value in witness)
                    holds = not list(builder.system.unsatisfied(witness))
                except Unsatisfied:
                    holds = False
                assert holds == ((true >= 0) == (side is Side.LO)), (name, side, x, d)
                counted += 1
    print(f"{name}: {counted} cases, 0 wrong")


def test_no_other_quotient_than_one_bounded_by_the_true_one_is_provable():
    """Every value of the helper, field halves among them, with everything after it re-solved."""
    tried = accepted = 0
    for side, divide in ((Side.LO, floor_div), (Side.HI, floor_div), (Side.LO, ceil_div), (Side.HI, ceil_div)):
        builder = Builder(["d"], ["x"])
        x = offset_input(builder, "x", 4)
        node = divide(X, D)
        Lowering(builder, {id(X): x, id(D): Bound(builder.public("d"), 1, 3)}).bound(node, side)
        builder.finish()
        quotient = builder.system.names.index("quotient.0")
        for value in range(-8, 8):
            for d in (1, 2, 3):
                true = evaluate(node, lambda leaf, x=value, d=d: x if leaf is X else d)
                for lie in (*range(-9, 10), pow(2, -1, R), pow(3, -1, R) * 2, -pow(2, -1, R)):
                    tried += 1
                    if _provable(builder, quotient, lie % R, d, value):
                        accepted += 1
                        assert lie <= true if side is Side.LO else lie >= true, (side, value, d, lie)
    print(f"{tried} helpers tried, {accepted} legal, all of them on their side of the quotient")
    assert accepted > 100


def _provable(builder, wire, lie, d, x):
    """Whether the rows hold when the quotient is `lie` and the rest follows honestly."""
    program = builder.program
    tape = [0] * (program.wires + program.inputs)
    tape[0], tape[1], tape[program.wires] = 1, d, x % R
    for step in program.instructions:
        try:
            program._step(step, tape)
        except Unsatisfied:
            return False
        if step.wire == wire:
            tape[wire] = lie
    return not list(builder.system.unsatisfied(tape[: program.wires]))


def test_a_divisor_that_may_be_zero_is_refused():
    zero = CellRef("t", 0, "d", DIMENSIONLESS, (0, 3))
    with pytest.raises(RuleError, match="may be zero or negative"):
        floor_div(X, zero)
