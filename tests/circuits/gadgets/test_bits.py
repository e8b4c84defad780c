"""Lost if these fail: a range check lets a number wrap around the field, and every comparison with it.

At tiny widths every value meets every assignment of helper bits: accepted if and only if it is true. A complete search
says the same for bits that are any field element.
"""

import itertools

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.range_checks import booleans, range_check, sign_and_magnitude
from zkmargin.circuits.gadgets.bits import offset_input, signed_input, unsigned_input
from zkmargin.circuits.trials.witnesses.machine import Machine
from zkmargin.kernel import R
from zkmargin.kernel.errors import RuleError, Unsatisfied

from ..solver import Solver

HALF = (R + 1) // 2


def built(gadget, width, low=-64, high=64):
    """Return (builder, value wire or None, bound) of one gadget over a hidden input x."""
    builder = Builder([], ["x"])
    if gadget in (range_check, sign_and_magnitude):
        wire = builder.hidden_wire("x")
        bound = gadget(builder, Bound(Linear.wire(wire), low, high), width, "x.checked")
    else:
        bound = gadget(builder, "x", width)
        wire = builder.system.names.index("x") if "x" in builder.system.names else None
    builder.program.finish(builder.system.wires, 1)
    return builder, wire, bound


def value_of(linear, tape):
    return sum(tape[w] * k for w, k in linear.terms.items()) % R


def corners(width):
    """Return every value near the width's ends, and what the field makes of halves and opposites."""
    top = 1 << width
    few = range(-top - 3, top + 4) if width < 6 else (-top - 1, -top, 1 - top, -1, 0, 1, top - 1, top, top + 1)
    near = {*few, 2 * top, 1 << 100, R // 2, HALF, HALF + 1, -HALF, R - top}
    return sorted(value % R for value in near | {value * HALF for value in range(-9, 10)})


RULES = {
    range_check: lambda x, w: x < 1 << w,
    sign_and_magnitude: lambda x, w: x < 1 << w or R - x < 1 << w,
    signed_input: lambda x, w: x < 1 << w or R - x < 1 << w,
    unsigned_input: lambda x, w: x < 1 << w,
    offset_input: lambda x, w: x < 1 << (w - 1) or R - x <= 1 << (w - 1),
}


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("gadget", [range_check, sign_and_magnitude, signed_input])
def test_every_value_with_every_assignment_of_bits(gadget, width, say):
    builder, wire, bound = built(gadget, width)
    machine, accepted, tried = Machine(builder.system, builder.program), 0, 0
    bits = machine.named(".bit")
    for x in corners(width):
        holds = []
        for assignment in itertools.product((0, 1), repeat=len(bits)):
            tape = [0] * machine.wires
            tape[0], tape[wire] = 1, x
            for place, bit in zip(bits, assignment, strict=True):
                tape[place] = bit
            tried += 1
            if machine.holds(tape):
                holds.append(tape)
                if bound is not None:
                    magnitude = value_of(bound.magnitude, tape)
                    assert magnitude == min(x, R - x)
                    assert value_of(bound.linear, tape) == x
        free_sign = gadget is not range_check and x == 0
        assert len(holds) == (2 if free_sign else 1) * RULES[gadget](x, width), x
        accepted += len(holds)
    say(f"{gadget.__name__}({width}): {tried} assignments, {accepted} accepted")


@pytest.mark.parametrize("width", [1, 2, 3, 4, 36, 63, 103, 252])
@pytest.mark.parametrize("gadget", list(RULES))
def test_no_field_elements_as_bits_make_a_value_fit(gadget, width):
    """The search leaves no field element out; the machine fills what the search finds."""
    low, high = (0, (1 << width) - 1) if width > 200 else (-(1 << width), 1 << width)
    if gadget is sign_and_magnitude and width > 200:
        low, high = -(1 << 251), 1 << 251
    builder, wire, bound = built(gadget, width, low, high)
    solver, machine = Solver(builder.system), Machine(builder.system, builder.program)
    for x in corners(width):
        expected = RULES[gadget](x, width)
        tape = machine.fill([], [x])
        fits = machine.holds(tape) and value_of(bound.linear if bound else Linear.wire(wire), tape) == x
        assert fits is expected, x
        if wire is not None:
            assert solver.exists({wire: x}) is expected, x
        if not expected:
            with pytest.raises(Unsatisfied):
                builder.program.run([], [x])


@pytest.mark.parametrize("bit", [2, -1, HALF, R - 2, 1 << 128])
def test_a_bit_that_is_no_bit_is_refused(bit):
    builder = Builder([], [])
    first = booleans(builder, 2, "b")
    machine = Machine(builder.system, builder.program)
    for pair in ((bit, 0), (1, bit), (bit, bit)):
        assert not machine.holds([1, *(value % R for value in pair)])
    for pair in itertools.product((0, 1), repeat=2):
        assert machine.holds([1, *pair])
    assert first == 1


@pytest.mark.parametrize(
    ("gadget", "bits", "low", "high"),
    [
        (range_check, 253, 0, R),  # the top wraps
        (range_check, 253, -(1 << 253), 1),  # low - (2^253 - 1) reaches -r
        (range_check, 254, 0, 1),  # 254 bits hold numbers above r
        (range_check, 4, 15 - R, 0),
        (sign_and_magnitude, 253, -(1 << 252), 1 << 253),
        (sign_and_magnitude, 4, 0, R - 15),
        (sign_and_magnitude, 4, 15 - R, 0),
    ],
)
def test_a_check_whose_values_could_wrap_is_refused_when_compiled(gadget, bits, low, high):
    with pytest.raises(RuleError, match="is not sound: its values may wrap around the field"):
        built(gadget, bits, low, high)


@pytest.mark.parametrize(
    ("gadget", "bits", "low", "high"),
    [(range_check, 4, 16 - R, R - 1), (sign_and_magnitude, 4, 16 - R, R - 16), (range_check, 253, 0, R - 1)],
)
def test_the_widest_interval_that_cannot_wrap_is_taken(gadget, bits, low, high):
    built(gadget, bits, low, high)


@pytest.mark.parametrize("width", [1, 2, 3, 36, 64, 103])
def test_gadgets_cost_what_their_docstrings_say(width):
    costs = {
        unsigned_input: width,
        range_check: width + 1,
        sign_and_magnitude: width + 2,
        signed_input: width + 2,
        offset_input: width,
    }
    for gadget, cost in costs.items():
        builder, _, _ = built(gadget, width, -(1 << width), 1 << width)
        assert builder.system.rows == cost, gadget.__name__
        words = {unsigned_input: "`bits`", offset_input: "`bits`", range_check: "`bits` + 1"}
        assert f"Costs {words.get(gadget, '`bits` + 2')} constraints" in " ".join(gadget.__doc__.split())
