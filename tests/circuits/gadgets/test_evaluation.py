"""Lost if these fail: a posted opening or ciphertext is accepted that is not the committed one."""

from functools import cache

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.gadgets.evaluation import bind_evaluation, evaluation
from zkmargin.kernel import R
from zkmargin.kernel.errors import RuleError

from .gadget import Gadget, holds_with


@cache
def bound(count):
    def build(builder, wires):
        bind_evaluation(builder, list(wires.values()), "z", "y")

    return Gadget([f"v{i}" for i in range(count)], build, public=["z", "y"])


def element(rng):
    return rng.choice([0, 1, R - 1, R // 2, 1 << 253]) if rng.random() < 0.2 else rng.randrange(R)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20, 33])
def test_the_evaluation_is_the_sum_of_powers(count, rng, say):
    corners = [0, 1, R - 1, (1 << 248) - 1]
    for number in range(200):
        values = [element(rng) for _ in range(count)]
        z = corners[number] if number < len(corners) else rng.getrandbits(248)
        expected = sum(value * pow(z, i, R) for i, value in enumerate(values, 1)) % R
        assert evaluation(values, z) == expected
        tape, outputs = bound(count).honest(*values, public=[z, expected])
        assert tape[1:3] == [z, expected]
        assert outputs == []
        assert bound(count).program.run([z, 0], values)[2] == expected  # the program computes y
    say(f"200 lists of {count} values")


@pytest.mark.parametrize("count", [1, 3, 8])
def test_other_values_at_the_same_point_are_refused(count, rng, tally):
    """Changed, swapped, dropped by one: each is another polynomial."""
    tried = wrong = 0
    for _ in range(200):
        values, z = [rng.randrange(R) for _ in range(count)], 1 + rng.getrandbits(247)
        y = evaluation(values, z)
        others = [[*values[:i], (value + d) % R, *values[i + 1 :]] for i, value in enumerate(values) for d in (1, -1)]
        others += [[*values[1:], values[0]]] if count > 1 else []
        others += [[*values[1:], 0], [0, *values[:-1]]]
        for other in others:
            gadget = bound(count)
            tape = gadget.tape(*other, public=[z, y])
            tape[2] = y  # the program would write the true one
            tried, wrong = tried + 1, wrong + gadget.machine.holds(tape)
    tally("S11", f"evaluation of {count} values: other values under the same y", tried, wrong)


def test_a_point_known_before_the_values_binds_nothing(rng):
    """As the docstring says: whoever knows z first moves two values and keeps y."""
    values, z = [rng.randrange(R) for _ in range(4)], rng.getrandbits(248)
    forged = [(values[0] + z) % R, (values[1] - 1) % R, *values[2:]]
    assert evaluation(forged, z) == evaluation(values, z)
    bound(4).honest(*forged, public=[z, evaluation(values, z)])


def test_every_public_input_binds(rng, tally):
    gadget, tried = bound(6), 0
    values, z = [rng.randrange(R) for _ in range(6)], rng.getrandbits(248)
    tape, _ = gadget.honest(*values, public=[z, evaluation(values, z)])
    for place in (1, 2):
        for value in (tape[place] + 1, tape[place] - 1, 0):
            changed = gadget.tape(*values, public=[value, 0]) if place == 1 else list(tape)
            changed[2] = tape[2] if place == 1 else value % R
            assert not gadget.machine.holds(changed)
            assert not holds_with(gadget, tape, {place: value})
            tried += 2
    tally("S4", "evaluation: changed public inputs, by the rows, alone and re-solved", tried)


def test_no_lie_about_an_evaluation_passes_and_every_row_is_needed(rng, tally):
    told, wrong = 0, []
    for count in (1, 2, 7):
        gadget = bound(count)
        values, z = [rng.randrange(1, R) for _ in range(count)], 1 + rng.getrandbits(247)
        tape, _ = gadget.honest(*values, public=[z, evaluation(values, z)])
        passed = gadget.lies(tape, rng)
        told, wrong = told + passed[0], wrong + passed[1]
        others = [list(tape)]
        others[0][2] = (tape[2] + 1) % R
        idle = [row for row in gadget.needless([tape]) if row not in gadget.machine.broken(others[0])]
        tally("S3", f"evaluation of {count} values: rows, each seen to be needed", len(gadget.rows), len(idle))
        tally("S10", f"evaluation of {count} values: wires at full rank", count, gadget.defect(tape))
    tally("S2", "evaluation: changed wires, alone and re-solved", told, len(wrong))


def test_an_evaluation_costs_what_its_docstring_says():
    for count in (1, 2, 8, 33):
        assert len(bound(count).rows) == count
    assert "Costs n constraints" in bind_evaluation.__doc__
    with pytest.raises(RuleError, match="no values"):
        bind_evaluation(Builder(["z", "y"], []), [], "z", "y")
