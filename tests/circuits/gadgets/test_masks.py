"""Lost if these fail: guardians subtract other masks than the circuit added, and an escrow decrypts to noise."""

from functools import cache

import pytest

from zkmargin.circuits.gadgets.masks import constrain_masks, mask_values
from zkmargin.circuits.gadgets.poseidon import permutation_template
from zkmargin.kernel import R, poseidon_constants, poseidon_permutation
from zkmargin.kernel.errors import FormatError

from .gadget import Gadget, holds_with

TAG = 77


@cache
def masks(count):
    def build(builder, wires):
        return constrain_masks(builder, TAG, [next(iter(wire.terms)) for wire in wires.values()], count, "mask")

    return Gadget(["S.x", "S.y", "commitment"], build, count)


@cache
def permutation(before):
    free = before.count(None)

    def build(builder, wires):
        places = [next(iter(wire.terms)) for wire in wires.values()]
        return builder.stamp_all(permutation_template(before), places, "state")

    return Gadget([f"v{i}" for i in range(free)], build, len(before))


def element(rng):
    return rng.choice([0, 1, R - 1, R - 2, 1 << 253]) if rng.random() < 0.2 else rng.randrange(R)


@pytest.mark.parametrize("width", range(2, 18))
def test_all_outputs_are_the_kernels_permutation(width, rng):
    _, partial, *_ = poseidon_constants(width)
    for constants in {0, rng.randrange(1, width)}:
        places = set(rng.sample(range(width), constants))
        values = [element(rng) for _ in range(width)]
        gadget = permutation.__wrapped__(tuple(v if i in places else None for i, v in enumerate(values)))
        free = [value for i, value in enumerate(values) if i not in places]
        assert gadget.honest(*free)[1] == poseidon_permutation(values)
        assert len(gadget.rows) == 3 * (8 * width + partial - constants)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 6, 15, 16, 17, 33])
def test_masks_are_what_the_encoding_says(count, rng):
    for _ in range(8):
        x, y, commitment = (element(rng) for _ in range(3))
        _, found = masks(count).honest(x, y, commitment)
        assert found == mask_values(TAG, (x, y), commitment, count)
        written_out = []
        for block in range(-(-count // 16)):
            n = min(16, count - 16 * block)
            state = [0, TAG + block, x, y, commitment, *[0] * 12][: max(n + 1, 5)]
            written_out += poseidon_permutation(state)[1 : n + 1]
        assert found == written_out


def test_masks_differ_with_everything_that_they_are_made_of(rng):
    """Equal masks of two openings would show the difference of their holdings."""
    x, y, commitment = (rng.randrange(R) for _ in range(3))
    seen = [
        *mask_values(TAG, (x, y), commitment, 40),
        *mask_values(TAG, (y, x), commitment, 40),
        *mask_values(TAG, (x, y), commitment + 1, 40),
        *mask_values(TAG + 9, (x, y), commitment, 40),
    ]
    assert len(set(seen)) == len(seen)
    for bad in ((R, y), (-1, y)):
        with pytest.raises(FormatError):
            mask_values(TAG, bad, commitment, 4)


def test_no_lie_about_a_mask_passes(rng, tally):
    gadget = masks(4)
    count, wrong = gadget.lies(gadget.honest(*(rng.randrange(R) for _ in range(3)))[0], rng)
    tally("S2", "masks of 4 values: changed wires, alone and re-solved", count, len(wrong))


def test_every_row_of_a_mask_is_needed_and_nothing_may_move(rng, tally):
    gadget = masks(4)
    tape, _ = gadget.honest(*(rng.randrange(R) for _ in range(3)))
    tally("S3", "masks of 4 values: rows, each seen to be needed", len(gadget.rows), len(gadget.needless([tape])))
    wires = defect = 0
    for count in (1, 6, 16, 17):
        tape, _ = masks(count).honest(*(rng.randrange(R) for _ in range(3)))
        wires, defect = wires + len(masks(count).subject().wires), defect + masks(count).defect(tape)
    tally("S10", "masks of 1, 6, 16 and 17 values: non-input wires at full rank", wires, defect)


def test_every_mask_binds(rng, tally):
    gadget, tried = masks(6), 0
    tape, _ = gadget.honest(*(rng.randrange(R) for _ in range(3)))
    for place in range(1, 7):
        for value in (tape[place] + 1, tape[place] - 1, 0):
            assert not holds_with(gadget, tape, {place: value})
            tried += 1
    tally("S4", "masks: changed public inputs, by the rows", tried)


def test_masks_cost_what_their_docstring_says():
    text = " ".join(constrain_masks.__doc__.split())
    assert "345 for 6 values, 570 for 16" in text
    costs = {count: len(masks(count).rows) for count in (1, 4, 6, 16, 17, 33)}
    assert costs == {1: 294, 4: 294, 6: 345, 16: 570, 17: 570 + 294, 33: 1140 + 294}
