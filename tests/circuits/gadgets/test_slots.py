"""Lost if these fail: a fill that touches two slots or none, or one whose carry makes 2^37 lots in the next."""

from functools import cache

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.range_checks import booleans
from zkmargin.circuits.gadgets.fields import CHANGE, pack_fields, unpack_fields
from zkmargin.circuits.gadgets.slots import change_slot, checked_change, chosen_value, packed_change, slot_flags
from zkmargin.kernel import R
from zkmargin.kernel.errors import RuleError, Unsatisfied

from .gadget import Gadget, holds_with

WIDE = 57  # bits of an amount's magnitude


def index_bits(builder, value, count):
    """Return the bits of an index, as unpacked fields bring them."""
    first = booleans(builder, count, "index")
    builder.program.bits(first, count, value, "index")
    builder.equal(Linear.weighted_bits(first, count), value, "index")
    return [Linear.wire(first + i) for i in range(count)]


@cache
def flags(slots, bits=8):
    def build(builder, wires):
        return slot_flags(builder, index_bits(builder, wires["index"], bits), slots, "slot")

    return Gadget(["index"], build, slots)


@cache
def changed(slots, bits, *, signed, checked):
    """Return the whole change of one slot; the values before are `checked` elsewhere, or any field elements."""

    def build(builder, wires):
        chosen = slot_flags(builder, index_bits(builder, wires["index"], 8), slots, "slot")
        low, high = ((1 - (1 << bits) if signed else 0), (1 << bits) - 1) if checked else (-(R // 2), R // 2)
        values = [Bound(wires[f"v{i}"], low, high) for i in range(slots)]
        amount = Bound(wires["amount"], -(1 << WIDE), (1 << WIDE) - 1)
        change = change_slot(builder, chosen, values, amount, bits, "size", signed=signed)
        return [change.before.linear, change.after.linear, *(value.linear for value in change.values)]

    return Gadget(["index", "amount", *(f"v{i}" for i in range(slots))], build, slots + 2)


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 5, 8, 13, 16, 32, 100, 128, 256])
def test_exactly_the_flag_of_the_index_is_one(slots, say):
    gadget = flags(slots)
    for index in range(256):
        tape = gadget.tape(index)
        assert gadget.machine.holds(tape) is (index < slots), index
        if index < slots:
            assert gadget.outputs(tape) == [int(i == index) for i in range(slots)]
    for index in (256, R - 1, R // 2):
        with pytest.raises(Unsatisfied):
            gadget.program.run([0] * slots, [index])
        assert not gadget.machine.holds(gadget.tape(index))
    say(f"256 indices of {slots} slots")


def draw(rng, bits, signed):
    low, high = (1 - (1 << bits) if signed else 0), (1 << bits) - 1
    return rng.choice([low, low + 1, 0, 1, high - 1, high, rng.randint(low, high), rng.randint(low, high)])


CASES = [(16, 35, True, True), (4, 56, False, True), (5, 56, False, False), (3, 35, True, False), (1, 56, False, False)]


@pytest.mark.parametrize(("slots", "bits", "signed", "checked"), CASES)
def test_one_slot_takes_the_amount_and_the_others_stay(slots, bits, signed, checked, rng, say):
    gadget, kept, refused = changed(slots, bits, signed=signed, checked=checked), 0, 0
    low, high = (1 - (1 << bits) if signed else 0), (1 << bits) - 1
    for _ in range(300):
        values, index = [draw(rng, bits, signed) for _ in range(slots)], rng.randrange(slots)
        amount = rng.choice([
            0, 1, -1, low - values[index], high - values[index], low - values[index] - 1, high - values[index] + 1,
            rng.randint(-(1 << 20), 1 << 20), rng.randint(-(1 << bits), 1 << bits),
        ])  # fmt: skip
        after = list(values)
        after[index] += amount
        if low <= after[index] <= high:
            _, found = gadget.honest(index, amount, *values)
            assert found == [v % R for v in (values[index], after[index], *after)]
            kept += 1
        else:
            assert not gadget.machine.holds(gadget.tape(index, amount, *values))
            with pytest.raises(Unsatisfied) as error:
                gadget.program.run([0] * (slots + 2), [index, amount, *values])
            assert error.value.hint == "size after"
            refused += 1
    say(f"{kept} changes made, {refused} beyond the range refused")
    assert min(kept, refused) > 30


@pytest.mark.parametrize("signed", [True, False])
def test_a_carry_into_the_next_slot_is_refused(signed, rng):
    """Values that are said to be (v0 + 2^w, v1 − 1) pack to the same element as (v0, v1)."""
    bits = 35
    width = bits + 1 if signed else bits
    gadget = changed(2, bits, signed=signed, checked=False)
    for said, carry in ((1 << width, -1), (-(1 << width), 1)):
        values = [5 + said, 7 + carry]
        assert values[0] + (values[1] << width) == 5 + (7 << width)
        for index, amount in ((0, -said), (0, 1), (0, 0)):
            assert not gadget.machine.holds(gadget.tape(index, amount, *values))
    full = (1 << bits) - 1
    assert not gadget.machine.holds(gadget.tape(0, 1, full, 0))
    if signed:  # −2^35 would have an offset form, and a magnitude of 36 bits
        assert not gadget.machine.holds(gadget.tape(0, -1, -full, 0))


def test_an_unchecked_neighbour_takes_up_what_the_chosen_slot_is_said_to_be():
    """As the docstring says: of a packed element all fields must be in range, or no single one is bound."""
    gadget, width = changed(2, 56, signed=False, checked=False), 56
    true = [5, 7]
    said = 1_000_000
    rest = (true[0] + (true[1] << width) - said) * pow(1 << width, -1, R) % R
    assert (said + (rest << width)) % R == true[0] + (true[1] << width)
    gadget.honest(0, -said, said, rest)


def test_a_slot_that_does_not_exist_is_refused(rng):
    gadget = changed(5, 56, signed=False, checked=True)
    for index in (5, 6, 7, 8, 16, 255):
        assert not gadget.machine.holds(gadget.tape(index, 0, 1, 2, 3, 4, 5))


GADGETS = {
    "flags of 16 slots": (lambda: flags(16), 16, None),
    "flags of 13 slots": (lambda: flags(13), 13, None),
    "a position of 5": (lambda: changed(5, 35, signed=True, checked=True), 5, 35),
    "an unchecked amount of 4": (lambda: changed(4, 56, signed=False, checked=False), 4, 56),
}


def inputs(rng, slots, bits, index=None):
    index = rng.randrange(slots) if index is None else index
    if bits is None:
        return [index]
    return [index, rng.randint(1, 1 << 20), *(rng.randint(1, 1 << 30) for _ in range(slots))]


@pytest.mark.parametrize("name", GADGETS)
def test_no_lie_about_a_slot_passes(name, rng, size, tally):
    make, slots, bits = GADGETS[name]
    gadget, told, wrong = make(), 0, []
    for _ in range(size(4, 100)):
        count, passed = gadget.lies(gadget.honest(*inputs(rng, slots, bits))[0], rng)
        told, wrong = told + count, wrong + passed
    tally("S2", f"{name}: lying answers to every hint and changed wires", told, len(wrong))


def other_statements(gadget, rng, slots, bits):
    """Yield tapes of false statements that each break one row: an index that is another's, or of no slot."""
    tape, _ = gadget.honest(*inputs(rng, slots, bits, 1))
    place, word = gadget.fixed[0], gadget.machine.named("index.bit")
    yield gadget.machine.replay(tape, {place: slots})[0]
    yield [*tape[:place], tape[place] + 1, *tape[place + 1 :]]
    needed = (slots - 1).bit_length()
    for j in range(needed, 8):  # a bit of −1, and one of 1 that takes it out of the sum of those
        k = 7 if j != 7 else 6
        bits_said = dict.fromkeys(word, 0) | {word[0]: 1, word[j]: -1, word[k]: 1}
        yield gadget.machine.replay(tape, {place: 1 - (1 << j) + (1 << k), **bits_said})[0]
    for index in range(slots, 1 << needed):  # a slot that does not exist, said to be another
        tape = gadget.tape(index, *inputs(rng, slots, bits)[1:])
        if f"slot.flag{index}" in gadget.system.names:
            yield gadget.machine.replay(tape, {gadget.system.names.index(f"slot.flag{index}"): 0})[0]


@pytest.mark.parametrize("name", GADGETS)
def test_every_row_of_a_slot_is_needed_and_nothing_may_move(name, rng, tally):
    make, slots, bits = GADGETS[name]
    gadget = make()
    tapes = [gadget.honest(*inputs(rng, slots, bits, index))[0] for index in range(slots)]
    idle = set(gadget.needless(tapes))
    for tape in other_statements(gadget, rng, slots, bits):
        broken = list(gadget.machine.broken(tape))
        if len(broken) == 1:
            idle -= set(broken)
    assert not idle, {gadget.system.cause(row) for row in idle}
    tally("S3", f"{name}: rows, each seen to be needed", len(gadget.rows), len(idle))
    tally("S10", f"{name}: non-input wires at full rank", len(gadget.subject().wires), gadget.defect(tapes[0]))


def test_every_number_after_binds(rng, tally):
    gadget, tried = changed(5, 35, signed=True, checked=True), 0
    tape, _ = gadget.honest(*inputs(rng, 5, 35))
    for place in range(1, 1 + len(gadget.system.public)):
        for value in (tape[place] + 1, tape[place] - 1, 0):
            assert not holds_with(gadget, tape, {place: value})
            tried += 1
    tally("S4", "a changed slot: changed public inputs, by the rows", tried)


def test_an_index_too_short_for_its_slots_is_refused_when_compiled():
    for slots, bits in ((257, 8), (5, 2), (0, 8)):
        with pytest.raises(RuleError, match="does not tell"):
            flags.__wrapped__(slots, bits)


def test_flags_without_a_number_are_refused_when_compiled():
    """A flag too many, and an index that chooses it would read the first number."""
    builder = Builder([], ["a", "b"])
    a, b = (Linear.wire(builder.hidden_wire(name)) for name in builder.hidden)
    for flags_given, values in (([a, b], [Bound(a, 0, 1)]), ([a], [Bound(a, 0, 1), Bound(b, 0, 1)])):
        with pytest.raises(RuleError, match="do not choose"):
            chosen_value(builder, flags_given, values, "size")


def test_a_packed_change_moves_the_slot_that_it_names(rng, say):
    """The fields' own bits are the index: what the contract packs is what the circuit adds."""

    def build(builder, wires):
        found = unpack_fields(builder, builder.public("change"), CHANGE, "change")
        chosen = slot_flags(builder, found["collateral_slot"].bits, 4, "asset")
        values = [Bound(wire, 0, (1 << 56) - 1) for wire in wires.values()]
        change = change_slot(builder, chosen, values, found["amount"].value, 56, "asset")
        return [value.linear for value in change.values]

    gadget, tried = Gadget([f"v{i}" for i in range(4)], build, 4, public=["change"]), 0
    for _ in range(300):
        values, slot = [rng.choice([0, 5, (1 << 56) - 1, rng.getrandbits(56)]) for _ in range(4)], rng.randrange(6)
        amount = rng.choice([0, 1, -1, -(1 << 57), (1 << 57) - 1, rng.randint(-(1 << 56), 1 << 56)])
        change = pack_fields({"cash": rng.getrandbits(60), "collateral_slot": slot, "amount": amount}, CHANGE)
        after = list(values)
        if slot < 4:
            after[slot] += amount
        if slot < 4 and 0 <= after[slot] < 1 << 56:
            assert gadget.honest(*values, public=[change])[1] == after
            tried += 1
        else:
            assert not gadget.machine.holds(gadget.tape(*values, public=[change]))
    say(f"300 changes, {tried} of them possible")
    assert 30 < tried < 270


@cache
def packed(slots=6, each=3, bits=35):
    """Return a change of one of six positions, three an element in offset form, and the elements after it."""

    def build(builder, wires):
        chosen = slot_flags(builder, index_bits(builder, wires["index"], 8), slots, "slot")
        values = [Bound(wires[f"v{i}"], 1 - (1 << bits), (1 << bits) - 1) for i in range(slots)]
        amount = Bound(wires["amount"], -(1 << WIDE), (1 << WIDE) - 1)
        checked_change(builder, chosen, values, amount, bits, "size", signed=True)
        elements = []
        for first in range(0, slots, each):
            weights = [1 << (bits + 1) * (i - first) if first <= i < first + each else 0 for i in range(slots)]
            before = Linear.sum(
                [(w, value.linear + Linear.constant(1 << bits)) for w, value in zip(weights, values, strict=True) if w]
            )
            elements.append(before + packed_change(builder, chosen, weights, amount.linear, f"element{first}"))
        return elements

    return Gadget(["index", "amount", *(f"v{i}" for i in range(slots))], build, slots // each)


def test_packed_elements_change_in_the_chosen_field_alone(rng, say, tally):
    gadget, tried = packed(), 0
    for _ in range(300):
        values, index = [draw(rng, 35, True) for _ in range(6)], rng.randrange(6)
        amount = rng.choice([0, 1, -1, rng.randint(-(1 << 36), 1 << 36), -values[index]])
        after = list(values)
        after[index] += amount
        if abs(after[index]) < 1 << 35:
            expected = [sum((v + (1 << 35)) << 36 * i for i, v in enumerate(after[k : k + 3])) for k in (0, 3)]
            tape, found = gadget.honest(index, amount, *values)
            assert found == expected
            tried += 1
        else:
            assert not gadget.machine.holds(gadget.tape(index, amount, *values))
    say(f"{tried} changes of packed positions")
    rows = [row for row in gadget.rows if ".packed" in gadget.system.cause(row)]
    assert len(rows) == 2
    tally("S3", "packed changes: rows, each seen to be needed", len(rows), len(gadget.needless([tape], rows)))
    told, wrong = gadget.lies(gadget.honest(*inputs(rng, 6, 35))[0], rng)
    tally("S2", "packed changes: lying answers to every hint and changed wires", told, len(wrong))
    with pytest.raises(RuleError, match="weights"):
        packed_change(Builder([], []), [Linear()], [1, 2], Linear(), "x")


def test_slots_cost_what_their_docstrings_say():
    index = 8 + 1
    for slots in (1, 2, 3, 5, 13, 16, 17, 32, 128, 200, 256):
        k = (slots - 1).bit_length()
        assert len(flags(slots).rows) == index + (1 << k) - 1 - k + (slots < 256)
    assert len(flags(16, 4).rows) == 4 + 1 + 11
    for slots, bits, signed, checked in CASES:
        k = (slots - 1).bit_length()
        check = bits + 1 + signed
        cost = 2 * (slots - 1) + check * (1 if checked else 2)
        rows = len(changed(slots, bits, signed=signed, checked=checked).rows)
        assert rows == index + (1 << k) - 1 - k + 1 + cost
    assert "costs n − 1 constraints and a range check" in " ".join(checked_change.__doc__.split())
    assert "Costs the same and n − 1 constraints more" in " ".join(change_slot.__doc__.split())
    assert "Costs 1 constraint" in packed_change.__doc__
    assert "a constraint a slot but the first" in " ".join(chosen_value.__doc__.split())
