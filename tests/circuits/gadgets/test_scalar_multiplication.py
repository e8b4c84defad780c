"""Lost if these fail: a ciphertext that no guardian can open, or one that its owner alone may choose after the fact."""

from functools import cache

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Linear
from zkmargin.circuits.gadgets.babyjubjub import CircuitPoint
from zkmargin.circuits.gadgets.scalar_multiplication import (
    MOST_DIGITS,
    fixed_base_multiple,
    scalar_digits,
    scalar_of,
    variable_base_multiple,
)
from zkmargin.kernel import R
from zkmargin.kernel.babyjubjub import BASE8, IDENTITY, SUBGROUP_ORDER, multiply
from zkmargin.kernel.errors import RuleError, Unsatisfied

from .gadget import Gadget, holds_with
from .test_babyjubjub_gadget import random_point, small_points

FULL = MOST_DIGITS - 2


@cache
def escrow(bits=FULL):
    """Return the escrow's circuit: E = e·B8 and S = e·K of one hidden scalar and a key that is given."""

    def build(builder, wires):
        digits = scalar_digits(builder, "s", bits)
        ephemeral = fixed_base_multiple(builder, digits, "ephemeral")
        key = CircuitPoint(builder.public("K.x"), builder.public("K.y"))
        shared = variable_base_multiple(builder, digits, key, "shared")
        return [ephemeral.x, ephemeral.y, shared.x, shared.y]

    return Gadget([], build, 4, ["s"], ["K.x", "K.y"])


@cache
def part(name, digits):
    """Return one gadget over digits that are given, not made from bits: n − 2 of them."""

    def build(builder, wires):
        signs = [*(wires[f"d{i}"] for i in range(digits - 2)), Linear.constant(1), Linear.constant(1)]
        if name == "fixed":
            result = fixed_base_multiple(builder, signs, "multiple")
        else:
            key = CircuitPoint(wires["K.x"], wires["K.y"])
            result = variable_base_multiple(builder, signs, key, "multiple")
        return [result.x, result.y]

    key = [] if name == "fixed" else ["K.x", "K.y"]
    return Gadget([*(f"d{i}" for i in range(digits - 2)), *key], build, 2)


def random_key(rng):
    return multiply(random_point(rng), 8)


def corners(bits):
    top = (1 << bits) - 1
    few = [0, 1, 2, 3, top, top - 1, top >> 1, 1 << bits - 1, sum(1 << i for i in range(0, bits, 2))]
    return [*few, top ^ few[-1]]


def test_digits_are_the_scalar_that_the_encoding_says(rng):
    for s in [*corners(FULL), *(rng.getrandbits(FULL) for _ in range(1000))]:
        e = scalar_of(s)
        digits = [2 * (s >> j & 1) - 1 for j in range(FULL)] + [1, 1]
        assert e == (1 << 249) + 2 * s + 1 == sum(digit << j for j, digit in enumerate(digits))
        assert 0 < e < 1 << 250 < SUBGROUP_ORDER < 1 << 251
    for s in (-1, 1 << FULL):
        with pytest.raises(ValueError, match="bits"):
            scalar_of(s)


def test_multiples_are_the_kernels(rng, size, say):
    count = size(30, 2000)
    keys = [BASE8, multiply(BASE8, SUBGROUP_ORDER - 1), multiply(BASE8, 3), *(random_key(rng) for _ in range(20))]
    for number, s in enumerate([*corners(FULL), *(rng.getrandbits(FULL) for _ in range(count))]):
        key = keys[number] if number < len(keys) else rng.choice(keys)
        _, (*ephemeral, x, y) = escrow().honest(s, public=key)
        assert tuple(ephemeral) == multiply(BASE8, scalar_of(s))
        assert (x, y) == multiply(key, scalar_of(s))
    say(f"{count + 10} scalars of 248 bits, both bases")


def test_multiples_by_every_short_scalar_are_the_kernels(say):
    """All digits of 4, 6 and 8: every window, every sign, every neighbour."""
    tried = 0
    for bits in (2, 4, 6):
        key = multiply(BASE8, 12345)
        for s in range(1 << bits):
            _, (*ephemeral, x, y) = escrow(bits).honest(s, public=key)
            assert tuple(ephemeral) == multiply(BASE8, scalar_of(s, bits))
            assert (x, y) == multiply(key, scalar_of(s, bits))
            tried += 1
    say(f"{tried} short scalars, all there are")


def test_multiples_by_scalars_of_middling_length_are_the_kernels(rng, say):
    for _ in range(300):
        s, key = rng.getrandbits(30), random_key(rng)
        _, (*ephemeral, x, y) = escrow(30).honest(s, public=key)
        assert tuple(ephemeral) == multiply(BASE8, scalar_of(s, 30))
        assert (x, y) == multiply(key, scalar_of(s, 30))
    say("300 scalars of 32 digits, each by both bases")


def test_a_scalar_beyond_its_bits_is_refused(rng):
    """Else one ephemeral scalar would have two encodings, and s + r or s + the order would prove as well as s."""
    for s in (1 << FULL, SUBGROUP_ORDER, (1 << FULL) + rng.getrandbits(FULL), -1, R - 1):
        with pytest.raises(Unsatisfied) as error:
            escrow().program.run([*BASE8, 0, 0, 0, 0], [s])
        assert error.value.code == "out-of-range"
        assert error.value.hint == "s"


def test_a_digit_that_is_doubled_zero_or_no_digit_is_refused(rng):
    """Digits come from bits: a bit that is 2, −1 or a half would be a digit of 3, −3 or 0."""
    gadget = escrow(6)
    key = random_key(rng)
    tape, _ = gadget.honest(rng.getrandbits(6), public=key)
    bits = gadget.machine.named("s.bit")
    assert len(bits) == 6
    for place in bits:
        for bit in (2, R - 1, 3, (R + 1) // 2, rng.randrange(R)):
            lie, changed = gadget.machine.replay(tape, {place: bit})
            assert not gadget.machine.accepts(lie, changed)
        for other in bits:  # the same sum of bits, a carry that is never done
            if other == place + 1:
                lie, changed = gadget.machine.replay(tape, {place: tape[place] + 2, other: tape[other] - 1})
                assert not gadget.machine.accepts(lie, changed)


def test_a_key_that_is_the_identity_has_no_witness(rng):
    """The circuit trusts the table for the key's order; its program refuses what has no Montgomery form."""
    for key in (IDENTITY, (0, R - 1)):
        with pytest.raises(Unsatisfied) as error:
            escrow(6).program.run([*key, 0, 0, 0, 0], [5])
        assert error.value.code == "division-by-zero"
        assert not escrow(6).machine.holds(escrow(6).tape(5, public=key)), key


def test_of_a_key_of_small_order_anything_can_be_proven(rng):
    """Why the gate multiplies by 8: a partial sum meets the key, a slope is free, and with it the shared point."""
    gadget, forged = escrow(6), 0
    for key in small_points():
        if multiply(key, 2)[0] == 0 and key[0]:  # of order 4: 3K = −K, to which a digit of −1 adds −K
            tape = gadget.tape(5, public=key)
            slope = gadget.system.names.index("shared.5.slope")
            points = set()
            for value in (1, 2, rng.randrange(R)):
                lie, changed = gadget.machine.replay(tape, {slope: value})
                assert changed
                assert gadget.machine.holds(lie)
                points.add(tuple(gadget.outputs(lie)[2:]))
            assert len(points) == 3
            with pytest.raises(Unsatisfied, match=r"shared\.5\.slope divides by zero"):
                gadget.program.run([*key, 0, 0, 0, 0], [5])
            forged += 1
    assert forged == 2


@pytest.mark.parametrize("digits", [2, 3, MOST_DIGITS + 1, MOST_DIGITS + 2])
def test_a_number_of_digits_that_could_wrap_around_the_order_is_refused(digits):
    for name in ("fixed", "variable"):
        with pytest.raises(RuleError):
            part.__wrapped__(name, digits)


@pytest.mark.parametrize("top", [[1, -1], [-1, 1], [-1, -1], [0, 1]])
def test_digits_without_the_two_on_top_are_refused(top):
    """Without them partial sums pass through the base itself, where a slope is free."""
    for gadget in (fixed_base_multiple, lambda b, d, n: variable_base_multiple(b, d, CircuitPoint(*d[:2]), n)):
        builder = Builder([], [f"d{i}" for i in range(6)])
        digits = [Linear.wire(builder.hidden_wire(name)) for name in builder.hidden]
        with pytest.raises(RuleError, match="top two"):
            gadget(builder, [*digits, *map(Linear.constant, top)], "multiple")


def test_no_partial_sum_ever_meets_what_is_added(rng, say):
    """The claim behind the incomplete formulas, on scalars: fixed base from the top window down, variable by digits."""
    tried = 0
    for s in [*corners(FULL), *(rng.getrandbits(FULL) for _ in range(300))]:
        digits = [2 * (s >> j & 1) - 1 for j in range(FULL)] + [1, 1]
        total = 3 << 248
        for i in range(123, -1, -1):
            window = (digits[2 * i] + 2 * digits[2 * i + 1]) << 2 * i
            assert window % SUBGROUP_ORDER not in (0, total % SUBGROUP_ORDER, -total % SUBGROUP_ORDER)
            total += window
        assert total == scalar_of(s)
        total = 3
        for i in range(FULL - 1, -1, -1):
            for other, added in ((digits[i], total), (total, total + digits[i])):
                assert added % SUBGROUP_ORDER not in (0, other % SUBGROUP_ORDER, -other % SUBGROUP_ORDER)
            total = 2 * total + digits[i]
            tried += 1
        assert total == scalar_of(s)
    say(f"{tried} steps")


@pytest.mark.parametrize("name", ["fixed", "variable"])
def test_no_lie_about_a_multiple_passes(name, rng, size, tally):
    gadget, told, wrong = part(name, 8), 0, []
    for _ in range(size(4, 100)):
        key = [] if name == "fixed" else random_key(rng)
        tape, _ = gadget.honest(*(rng.choice([1, R - 1]) for _ in range(6)), *key)
        count, passed = gadget.lies(tape, rng)
        told, wrong = told + count, wrong + passed
    tally("S2", f"{name} base: lying answers to every hint and changed wires", told, len(wrong))


@pytest.mark.parametrize("name", ["fixed", "variable"])
def test_no_lie_within_two_hundred_and_fifty_digits_passes(name, rng, say):
    """Changed wires of the full size, all others as they are; every one stands in a row of its own."""
    gadget = escrow()
    tape, _ = gadget.honest(rng.getrandbits(FULL), public=random_key(rng))
    wires = gadget.machine.named("ephemeral" if name == "fixed" else "shared")
    for wire in wires:
        for value in (tape[wire] + 1, -tape[wire], 0, rng.randrange(R)):
            if value % R != tape[wire]:
                rows = gadget.machine.rows_of[wire]
                lie = [*tape[:wire], value % R, *tape[wire + 1 :]]
                assert not gadget.machine.holds(lie, rows), gadget.system.names[wire]
    say(f"{len(wires)} wires of the {name} base changed four ways")


@pytest.mark.parametrize("name", ["fixed", "variable"])
def test_every_row_of_a_multiple_is_needed_and_nothing_may_move(name, rng, tally):
    rows = idle = wires = defect = 0
    for digits in (4, 8, 12):
        gadget = part(name, digits)
        key = [] if name == "fixed" else random_key(rng)
        tape, _ = gadget.honest(*(rng.choice([1, R - 1]) for _ in range(digits - 2)), *key)
        rows, idle = rows + len(gadget.rows), idle + len(gadget.needless([tape]))
        wires, defect = wires + len(gadget.subject().wires), defect + gadget.defect(tape)
    tally("S3", f"{name} base, 4, 8 and 12 digits: rows, each seen to be needed", rows, idle)
    tally("S10", f"{name} base, 4, 8 and 12 digits: non-input wires at full rank", wires, defect)


def test_every_row_of_the_full_size_is_needed(rng, size, tally):
    """A sample of rows each run: everything after a lie is filled anew, a thousand divisions."""
    gadget = escrow()
    tape, _ = gadget.honest(rng.getrandbits(FULL), public=random_key(rng))
    among = rng.sample(list(gadget.rows), size(60, len(gadget.rows)))
    tally("S3", "escrow of 250 digits: rows, each seen to be needed", len(among), len(gadget.needless([tape], among)))


def test_nothing_of_the_full_size_may_move(rng, tally):
    gadget = escrow()
    tape, _ = gadget.honest(rng.getrandbits(FULL), public=random_key(rng))
    subject = gadget.subject()
    tally("S10", "escrow of 250 digits: non-input wires at full rank", len(subject.wires), gadget.defect(tape))


def test_public_points_bind(rng, tally):
    """A changed key or a changed result, public inputs all, is another statement."""
    gadget, tried = escrow(), 0
    tape, _ = gadget.honest(rng.getrandbits(FULL), public=random_key(rng))
    for place in range(1, 1 + len(gadget.system.public)):
        for value in (tape[place] + 1, tape[place] - 1, 0):
            assert not holds_with(gadget, tape, {place: value})
            tried += 1
    tally("S4", "escrow's points: changed public inputs, by the rows", tried)


def test_gadgets_cost_what_their_docstrings_say():
    assert len(part("fixed", MOST_DIGITS).rows) == 498
    assert len(part("variable", MOST_DIGITS).rows) == 1499
    assert len(escrow().rows) == FULL + 498 + 1499
    for digits in (4, 12, 32):
        assert len(part("fixed", digits).rows) == 4 * (digits // 2 - 1) + 2
        assert len(part("variable", digits).rows) == 6 * (digits - 2) + 11
    assert "for 250 digits 498" in fixed_base_multiple.__doc__
    assert "for 250 digits 1,499" in " ".join(variable_base_multiple.__doc__.split())
    assert "Costs `bits` constraints" in scalar_digits.__doc__
