"""Lost if these fail: a gadget has a row that another implies, hiding one that nothing implies; or a wire may move.

Rows S3 and S10 for gadgets; tests/circuits/test_assurance.py asks the same of whole circuits.
"""

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.range_checks import range_check, sign_and_magnitude
from zkmargin.circuits.gadgets.bits import offset_input, signed_input, unsigned_input
from zkmargin.circuits.gadgets.poseidon import poseidon_template
from zkmargin.circuits.trials.witnesses.rows import needless_rows, rank_defect
from zkmargin.circuits.trials.witnesses.subject import Subject
from zkmargin.kernel import R

GADGETS = (range_check, sign_and_magnitude, signed_input, unsigned_input, offset_input)


def bits(gadget, width, without=()):
    """Return one gadget over a hidden input x, whose wire, where there is one, stands for the input."""
    builder = Builder([], ["x"])
    if gadget in (range_check, sign_and_magnitude):
        wire = builder.hidden_wire("x")
        gadget(builder, Bound(Linear.wire(wire), -(1 << width), 1 << width), width, "checked")
    else:
        gadget(builder, "x", width)
    builder.finish()
    inputs = [wire for wire, name in enumerate(builder.system.names) if name == "x"]
    return Subject(builder.system, builder.program, inputs, without)


def poseidon(width, without=()):
    builder = Builder([], [f"v{i}" for i in range(width - 1)])
    wires = [builder.hidden_wire(name) for name in builder.hidden]
    builder.stamp(poseidon_template((None,) * (width - 1)), wires, "hash")
    builder.finish()
    return Subject(builder.system, builder.program, wires, without)


def tape_of(subject, rng, largest):
    inputs = [rng.randrange(2, largest) for _ in range(subject.machine.program.inputs)]
    tape = subject.machine.fill([], inputs)
    assert subject.machine.holds(tape)
    return tape


@pytest.mark.parametrize("gadget", GADGETS)
def test_every_row_of_a_bits_gadget_is_needed(gadget, rng, tally):
    rows = idle = 0
    for width in (3, 8, 36, 64):
        subject = bits(gadget, width)
        rows += subject.system.rows
        idle += len(needless_rows(subject, [tape_of(subject, rng, 1 << width - 1) for _ in range(2)]))
    tally("S3", f"{gadget.__name__} of 3, 8, 36 and 64 bits: rows, each seen to be needed", rows, idle)


@pytest.mark.parametrize("width", [2, 3, 6])
def test_every_row_of_poseidon_is_needed(width, rng, tally):
    subject = poseidon(width)
    idle = needless_rows(subject, [tape_of(subject, rng, R)])
    tally("S3", f"Poseidon of width {width}: rows, each seen to be needed", subject.system.rows, len(idle))


@pytest.mark.parametrize("gadget", GADGETS)
def test_bits_are_determined_to_first_order_at_values_that_are_not_zero(gadget, rng, tally):
    defects = wires = 0
    for width in range(3, 65):
        subject = bits(gadget, width)
        defects += rank_defect(subject, tape_of(subject, rng, 1 << width - 1))
        wires += len(subject.wires)
    tally("S10", f"{gadget.__name__} of 3 to 64 bits: non-input wires at full rank", wires, defects)


def test_poseidon_is_determined_to_first_order_at_every_width(rng, tally):
    defects = wires = 0
    for width in range(2, 18):
        subject = poseidon(width)
        defects += rank_defect(subject, tape_of(subject, rng, R))
        wires += len(subject.wires)
    tally("S10", "Poseidon of widths 2 to 17: non-input wires at full rank", wires, defects)


def test_the_rank_sees_a_missing_row(rng):
    """So that full rank means something: every row left out frees one direction."""
    for make, value in ((lambda without: bits(unsigned_input, 12, without), 1 << 11), (lambda w: poseidon(2, w), R)):
        whole = make(())
        tape = tape_of(whole, rng, value)
        for number in rng.sample(range(whole.system.rows), 12):
            assert rank_defect(make([number]), tape) == 1, whole.system.cause(number)
