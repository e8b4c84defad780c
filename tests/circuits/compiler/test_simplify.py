"""Linear elimination changes nothing that a proof says: what satisfies the old rows satisfies the new, and back."""

import random

import pytest

from zkmargin.circuits.compiler.linear import Linear
from zkmargin.circuits.compiler.simplify import eliminate_linear, linear_rows
from zkmargin.circuits.compiler.system import ConstraintSystem
from zkmargin.circuits.r1cs import r1cs_bytes, read_r1cs
from zkmargin.kernel import R
from zkmargin.kernel.errors import MismatchError, RuleError

from ..circom_bytes import adders, product_and_sum
from ..conftest import FULL, SEED, SMALL, compiled

SYSTEMS = 400


def random_system(rng):
    """Rows that each define a wire from earlier ones, linear ones mostly, some public; and what fills them."""
    publics, inputs = rng.randint(0, 3), rng.randint(1, 4)
    count = publics + inputs + rng.randint(3, 25)
    system = ConstraintSystem([f"p{i}" for i in range(publics)])
    for i in range(count - publics):
        system.wire(f"w{i}")
    order = list(range(1, count + 1))
    rng.shuffle(order)  # a public input may be the last to be defined
    known, steps = [0, *order[:inputs]], []

    def combination(most):
        wires = rng.sample(known, rng.randint(0, min(most, len(known))))
        return {wire: rng.choice((1, 2, R - 1, rng.randrange(1, R))) for wire in wires}

    for wire in order[inputs:]:
        k = rng.choice((1, R - 1, rng.randrange(1, R)))
        if rng.random() < 0.65:
            b, c = combination(4), combination(3)
            factor = rng.choice(({}, {0: 1}, {0: rng.randrange(1, R)}))
            sides = (factor, b) if rng.random() < 0.5 else (b, factor)
        else:
            sides, c = (combination(3), combination(3)), combination(2)
        c.pop(wire, None)
        steps.append((wire, k, *sides, dict(c)))
        system.constrain(Linear(sides[0]), Linear(sides[1]), Linear(c | {wire: k}), f"row {len(steps)}")
        known.append(wire)
    return system, order[:inputs], steps


def fill(system, inputs, steps, rng):
    values = [1] + [0] * (system.wires - 1)
    for wire in inputs:
        values[wire] = rng.choice((0, 1, R - 1, rng.randrange(R)))
    for wire, k, a, b, c in steps:
        left, right, rest = (sum(values[w] * x for w, x in part.items()) for part in (a, b, c))
        values[wire] = (left * right - rest) * pow(k, -1, R) % R
    return values


def holds(system, values):
    return next(system.unsatisfied(values), None) is None


def test_no_witness_is_gained_or_lost(say):
    rng = random.Random(SEED)
    rows = gone = honest = lies = accepted = 0
    for _ in range(SYSTEMS):
        system, inputs, steps = random_system(rng)
        small = eliminate_linear(system)
        new = small.system
        rows, gone = rows + system.rows, gone + system.rows - new.rows
        assert new.nonzeros <= system.nonzeros
        assert (new.public, new.names) == (system.public, [system.names[wire] for wire in small.kept])
        for _ in range(3):
            values = fill(system, inputs, steps, rng)
            assert holds(system, values)
            reduced = small.reduce(values)
            assert holds(new, reduced)
            back = small.restore(reduced)
            assert holds(system, back)
            assert small.reduce(back) == reduced
            honest += 1
            for _ in range(4 if len(reduced) > 1 else 0):
                lie = list(reduced)
                lie[rng.randrange(1, len(lie))] = rng.choice((0, 1, rng.randrange(R)))
                assert holds(new, lie) == holds(system, small.restore(lie))
                accepted += holds(new, lie)
                lies += 1
    assert honest == 3 * SYSTEMS
    assert 0 < accepted < lies
    say(f"{rows} rows became {rows - gone}; {honest} witnesses both ways, {lies} lies judged alike, 0 mismatches")


def test_a_broken_witness_of_the_old_rows_is_not_mended(say):
    rng, broken = random.Random(SEED + 1), 0
    for _ in range(100):
        system, inputs, steps = random_system(rng)
        small = eliminate_linear(system)
        values = fill(system, inputs, steps, rng)
        for _ in range(4):
            lie = list(values)
            lie[rng.randrange(1, len(lie))] += 1
            if holds(small.system, small.reduce(lie)):
                # Only dropped wires can differ: what they should be follows from the wires that are kept.
                assert holds(system, small.restore(small.reduce(lie)))
                assert all(lie[wire] % R == small.restore(small.reduce(lie))[wire] % R for wire in small.kept)
            else:
                broken += 1
    assert broken > 50
    say(f"{broken} broken witnesses stay broken")


def test_the_same_rows_give_the_same_bytes():
    rng = random.Random(SEED + 2)
    for _ in range(20):
        data = r1cs_bytes(random_system(rng)[0])
        assert len({r1cs_bytes(eliminate_linear(read_r1cs(data)).system) for _ in range(3)}) == 1


def test_a_chain_of_linear_rows_becomes_one_square():
    made = adders(200)
    system = read_r1cs(made.r1cs())
    assert len(linear_rows(system)) == 401
    small = eliminate_linear(system)
    assert (small.system.rows, small.system.wires) == (1, 3)
    assert small.restore(small.reduce(made.values)) == made.values
    wrong = small.reduce(made.values)
    wrong[2] += 1
    assert list(small.system.unsatisfied(wrong)) == [0]


@pytest.mark.parametrize(
    ("statement", "shape", "saved"),
    [("sufficiency", SMALL, (2, 6)), ("shortfall", SMALL, (2, 6)), ("sufficiency", FULL, (2, 6))],
)
def test_our_own_circuits_have_next_to_nothing_to_eliminate(statement, shape, saved):
    system = compiled(statement, shape).system
    small = eliminate_linear(system).system
    assert (system.rows - small.rows, system.nonzeros - small.nonzeros) == saved


def test_a_public_input_is_never_lost():
    system = ConstraintSystem(["p"])
    x, y = system.wire("x"), system.wire("y")
    system.constrain(Linear.wire(y), Linear.wire(y), Linear.wire(x), "square")
    system.constrain(Linear.wire(1) - Linear.wire(system.wire("free")), Linear.constant(1), Linear(), "p = free")
    small = eliminate_linear(system).system
    assert small.rows == 2  # using up "p = free" would leave p in no row
    small.check()


def test_a_row_that_says_nothing_goes_unless_a_public_input_stands_only_there():
    system = ConstraintSystem(["p", "q"])
    x, one = Linear.wire(system.wire("x")), Linear.constant(1)
    for same in (Linear.wire(1), Linear.wire(2), x):
        system.constrain(same, one, same, "nothing")
    system.constrain(x, x, Linear.wire(2), "square")
    small = eliminate_linear(system).system
    assert [small.row(i) for i in range(small.rows)] == [({1: 1}, {0: 1}, {1: 1}), ({3: 1}, {3: 1}, {2: 1})]


def test_a_product_with_a_constant_found_on_the_way_is_linear_too():
    """x·y = z stands before x = 3 makes it linear: a second pass uses it up."""
    system = ConstraintSystem(["p"])
    x, y, z = (Linear.wire(system.wire(name)) for name in "xyz")
    system.constrain(x, y, z, "product")
    system.constrain(x, Linear.constant(1), Linear.constant(3), "x = 3")
    system.constrain(z, z, Linear.wire(1), "square")
    small = eliminate_linear(system)
    assert small.system.rows == 1
    assert small.restore([1, 36, 2 if small.kept[2] == 3 else 6]) == [1, 36, 3, 2, 6]


def test_an_unused_public_input_stays_in_its_place():
    small = eliminate_linear(read_r1cs(product_and_sum().r1cs()))
    assert small.kept == [0, 1, 2, 3, 4, 6]  # b is written out as s - a - key, the wire in no row is gone
    assert small.system.row(0) == ({3: R - 1}, {2: 1, 3: R - 1, 5: R - 1}, {1: R - 1})


def test_terms_never_rise():
    """x is in four rows and stands for five wires: writing it out would cost more than its row."""
    system = ConstraintSystem(["p"])
    x, *parts = (system.wire(name) for name in "xabcde")
    for part in parts[:4]:
        system.constrain(Linear.wire(x), Linear.wire(part), Linear.wire(1), "product")
    for part in parts:
        system.constrain(Linear.wire(part), Linear.wire(part), Linear.wire(part), "bit")
    system.constrain(Linear.sum([(1, Linear.wire(w)) for w in parts]), Linear.constant(1), Linear.wire(x), "sum")
    assert eliminate_linear(system).system.nonzeros == system.nonzeros


def test_rows_that_contradict_each_other_are_said_to():
    system = ConstraintSystem([])
    x = Linear.wire(system.wire("x"))
    system.constrain(x, Linear.constant(1), Linear.constant(3), "x = 3")
    system.constrain(x, Linear.constant(2), Linear.constant(7), "2x = 7")
    with pytest.raises(RuleError, match="can never hold") as caught:
        eliminate_linear(system)
    assert caught.value.code == "unsatisfiable"


def test_a_witness_of_another_length_is_refused():
    small = eliminate_linear(read_r1cs(adders(3).r1cs()))
    for wrong in (small.reduce, small.restore):
        with pytest.raises(MismatchError):
            wrong([1, 2])
