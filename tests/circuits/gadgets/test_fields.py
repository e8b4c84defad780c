"""Lost if these fail: one element says two things, a deposit to the contract and a larger one to the circuit."""

from functools import cache

import pytest

from zkmargin.circuits.gadgets.fields import CHANGE, Field, pack_fields, unpack_fields
from zkmargin.kernel import R
from zkmargin.kernel.errors import InputError, RuleError, Unsatisfied

from .gadget import Gadget, holds_with

BITS = sum(field.bits for field in CHANGE)
SMALL = (Field("low", 2), Field("signed", 3, 4), Field("top", 1))


@cache
def unpacked(fields):
    def build(builder, wires):
        found = unpack_fields(builder, builder.public("packed"), fields, "change")
        assert list(found) == [field.name for field in fields]
        return [found[field.name].value.linear for field in fields]

    return Gadget([], build, len(fields), public=["packed"])


def draw(field, rng):
    low, high = -field.offset, (1 << field.bits) - 1 - field.offset
    return rng.choice([low, low + 1, -1 if low < 0 else 0, 0, 1, high - 1, high, rng.randint(low, high)])


def packed_by_hand(cash, slot, amount, debt_slot, shares, side):
    """Return a change as the encoding writes it."""
    return (
        cash + (1 << 64)
        | slot << 65
        | amount + (1 << 57) << 73
        | debt_slot << 131
        | shares + (1 << 57) << 139
        | side << 197
    )


def test_a_change_is_packed_as_the_encoding_says(rng, say):
    assert BITS == 199
    for _ in range(1000):
        values = {field.name: draw(field, rng) for field in CHANGE}
        assert pack_fields(values, CHANGE) == packed_by_hand(*values.values())
    assert pack_fields({}, CHANGE) == packed_by_hand(0, 0, 0, 0, 0, 0)
    say("1,000 changes, ends of every field among them")


def test_fields_are_read_back_as_they_were_packed(rng, say):
    for _ in range(300):
        values = {field.name: draw(field, rng) for field in CHANGE}
        _, found = unpacked(CHANGE).honest(public=[pack_fields(values, CHANGE)])
        assert found == [value % R for value in values.values()]
    say("300 changes")


def test_every_small_element_has_one_meaning(say):
    """All elements of 6 bits with all assignments of bits: one each, and none beyond."""
    gadget = unpacked(SMALL)
    bits, accepted = gadget.machine.named(".bit"), 0
    for packed in range(70):
        meanings = set()
        for assignment in range(1 << len(bits)):
            tape = gadget.tape(public=[packed])
            pins = {wire: assignment >> i & 1 for i, wire in enumerate(bits)}
            lie, _ = gadget.machine.replay(tape, pins)
            if gadget.machine.holds(lie):
                meanings.add(tuple(gadget.outputs(lie)))
        expected = {(packed & 3, ((packed >> 2 & 7) - 4) % R, packed >> 5)} if packed < 64 else set()
        assert meanings == expected
        accepted += len(meanings)
    say(f"70 elements, 64 assignments each, {accepted} accepted")


@pytest.mark.parametrize("beyond", [1 << BITS, (1 << BITS) + 5, R - 1, R // 2, 1 << 253])
def test_an_element_beyond_its_fields_is_refused(beyond):
    gadget = unpacked(CHANGE)
    assert not gadget.machine.holds(gadget.tape(public=[beyond]))
    with pytest.raises(Unsatisfied) as error:
        gadget.program.run([beyond, *[0] * len(CHANGE)], [])
    assert error.value.code == "out-of-range"


def test_a_field_never_spills_into_its_neighbour():
    for field in CHANGE:
        low, high = -field.offset, (1 << field.bits) - 1 - field.offset
        for value in (low - 1, high + 1):
            with pytest.raises(InputError, match=field.name) as error:
                pack_fields({field.name: value}, CHANGE)
            assert error.value.code == "out-of-range"
    with pytest.raises(InputError) as error:
        pack_fields({"amout": 1}, CHANGE)
    assert error.value.code == "unknown-field"


def test_fields_whose_bits_could_be_two_numbers_are_refused_when_compiled():
    for fields in ((Field("a", 254),), (Field("a", 200), Field("b", 54)), (), (Field("a", 1), Field("a", 1))):
        with pytest.raises(RuleError):
            unpacked.__wrapped__(fields)
        with pytest.raises(RuleError):
            pack_fields({}, fields)
    unpacked((Field("a", 253),)).honest(public=[(1 << 253) - 1])


def test_every_row_of_the_fields_is_needed_and_no_lie_passes(rng, tally):
    gadget = unpacked(CHANGE)
    values = {field.name: draw(field, rng) for field in CHANGE}
    tape, _ = gadget.honest(public=[pack_fields(values, CHANGE)])
    off = list(tape)
    off[1] = (tape[1] + 1) % R  # what the sum refuses is another element
    idle = [row for row in gadget.needless([tape]) if row not in gadget.machine.broken(off)]
    tally("S3", "a change's fields: rows, each seen to be needed", len(gadget.rows), len(idle))
    tally("S10", "a change's fields: wires at full rank", BITS, gadget.defect(tape))
    told, wrong = gadget.lies(tape, rng)
    tally("S2", "a change's fields: lying answers to every hint and changed wires", told, len(wrong))
    tried = 0
    for place in range(1, 1 + len(gadget.system.public)):
        for value in (tape[place] + 1, tape[place] - 1, 0):
            if value % R != tape[place]:
                assert not holds_with(gadget, tape, {place: value})
                tried += 1
    tally("S4", "a change's fields: changed public inputs, by the rows", tried)


def test_fields_cost_what_their_docstring_says():
    assert len(unpacked(CHANGE).rows) == BITS + 1 == 200
    assert "Costs a constraint a bit, and 1" in " ".join(unpack_fields.__doc__.split())
